"""From calls to layers: what every layer of a project has in common, and the registry of functions that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NoReturn

from isobit.errors import RegistrationError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.firmware.cpp.structs import Config, Declarations
from isobit.frontends.firmware.cpp.top import Array, Call, Top
from isobit.frontends.firmware.fingerprints import Library
from isobit.frontends.firmware.nodes import (
    BINARY,
    FirmwareModel,
    NamedType,
    Node,
    UnknownCodeError,
    Variable,
    WeightVariable,
    index_of,
    named_type,
    named_xnor,
    product_of,
    rendered,
)
from isobit.frontends.firmware.older import KERNELS, Since
from isobit.frontends.firmware.weights import Weights

__all__ = ["IGNORED", "LAYERS", "Builder", "reads"]

#: What makes a node of a call, by the name of the function that is called.
LAYERS: dict[str, Callable[[Builder, Call], None]] = {}

#: Members that change no bit: how work is spread over time and multipliers.
IGNORED = frozenset(
    {
        *("io_type", "reuse_factor", "n_zeros", "n_nonzeros", "multiplier_limit", "store_weights_in_bram", "index_t"),
        *("n_partitions", "n_pixels", "parallelization_factor", "unroll_factor", "weight_t", "bias_t", "strategy"),
    }
)


def reads(*functions: str) -> Callable[[Callable[[Builder, Call], None]], Callable[[Builder, Call], None]]:
    """Register what makes nodes of calls of these functions (decorator)."""

    def register(make: Callable[[Builder, Call], None]) -> Callable[[Builder, Call], None]:
        for name in functions:
            if LAYERS.setdefault(name, make) is not make:
                raise RegistrationError(f"{name} is read twice")
        return make

    return register


class Builder:
    """A project on its way into layers.

    Parameters
    ----------
    model
        Takes the layers.
    declared, top, weights
        What its files hold.
    library
        The functions that its sources include.
    """

    def __init__(
        self,
        model: FirmwareModel,
        declared: Declarations,
        top: Top,
        weights: Weights,
        library: Library,
    ) -> None:
        self.model, self.declared, self.top, self.weights, self.library = model, declared, top, weights, library
        #: Variables by their name in C++, as soon as a layer has written them.
        self.written: dict[str, Variable] = {}
        #: Code that hls4ml generated for single layers.
        self.generated = ""
        self._reshaped = 0

    # -- refusals ------------------------------------------------------------------------------------------------

    def fail(self, call: Call, what: str) -> NoReturn:
        """Refuse a call.

        Raises
        ------
        UnsupportedError
            With file and line.
        """
        raise UnsupportedError(f"{call.place}: {call.text!r:.120}: {what}")

    def arguments(self, call: Call, templates: int, arguments: int) -> None:
        """Check how many arguments a call has."""
        given = len(call.templates), len(call.arguments)
        if given != (templates, arguments):
            self.fail(call, f"{given} template arguments and arguments; expected {(templates, arguments)}")

    # -- what a call reads -------------------------------------------------------------------------------------

    def config(self, call: Call, place: int = -1) -> Config:
        """The configuration struct that is a template argument of a call."""
        name = call.templates[place]
        if name not in self.declared.configs:
            self.fail(call, f"parameters.h declares no struct {name!r}")
        return self.declared.configs[name]

    def named(self, call: Call, name: str) -> Config:
        """A configuration struct by name."""
        if name not in self.declared.configs:
            self.fail(call, f"parameters.h declares no struct {name!r}")
        return self.declared.configs[name]

    def input(
        self, call: Call, place: int, shape: tuple[int, ...] | None = None, *, template: int | None = 0
    ) -> Variable:
        """A tensor that a call reads, in this shape; a reshape is put before the call where it has another.

        Parameters
        ----------
        call, place
            The argument.
        shape
            What the layer reads; None for any.
        template
            The template argument that names its type; None if there is none.
        """
        name = call.arguments[place]
        seen, alias = {name}, False
        while name not in self.written and (array := self.top.arrays.get(name)) is not None and array.alias:
            name, alias = array.alias, True
            if name in seen:
                break
            seen.add(name)
        if name not in self.written:
            self.fail(call, f"{name!r} is read before anything is written into it")
        variable = self.written[name]
        if template is not None:
            self._same_type(call, call.templates[template], variable)
        if shape is None or variable.shape == shape:
            return variable
        if prod(shape) != variable.size():
            self.fail(
                call, f"{name!r} has {variable.size()} numbers in the shape {variable.shape}; it is read as {shape}"
            )
        reshaped = f"reshape{self._reshaped}_{call.arguments[place] if alias else name}"
        self._reshaped += 1
        found = Variable(variable.name, variable.type, shape, reshaped)
        self.model.tensors[reshaped] = found
        self.model.nodes.append(Node("Reshape", reshaped, [variable.tensor], [reshaped], {}, {}, self.model))
        return found

    def _same_type(self, call: Call, text: str, variable: Variable) -> None:
        text = text.removeprefix("typename ").removesuffix("::value_type")
        kind = self.declared.format_of(text, call.place)
        if kind.type != variable.type.precision.type or (kind.packet or 1) != variable.type.n_elem:
            self.fail(call, f"{variable.name!r} is of {variable.type.name!r}, but is read as {text!r}")

    def weight(
        self, call: Call, place: int, shape: tuple[int, ...] | None = None, *, xnor: bool = False
    ) -> WeightVariable:
        """An array of weights that a call reads, in this shape."""
        name = call.arguments[place]
        found = self.weights.variable(name, xnor=xnor)
        if shape is not None:
            if found.data.size != prod(shape):
                self.fail(call, f"{name} has {found.data.size} numbers; expected {' x '.join(map(str, shape))}")
            found.data = found.data.reshape(shape)
        return found

    def extents(self, call: Call, place: int) -> tuple[int, ...] | None:
        """The extents of a call's output as they are declared; None for streams."""
        array = self._declared(call, place)
        return array.shape

    def packet(self, call: Call, place: int) -> int:
        """Numbers in a packet of a call's output."""
        return self.declared.format_of(self._declared(call, place).kind, call.place).packet or 1

    def _declared(self, call: Call, place: int) -> Array:
        name = call.arguments[place]
        array = self.top.parameters.get(name) or self.top.arrays.get(name)
        if array is None or array.alias:
            self.fail(call, f"{name!r} is not declared as a tensor")
        return array

    # -- what it becomes ---------------------------------------------------------------------------------------

    def output(
        self, call: Call, place: int, shape: tuple[int, ...], *, template: int | None = 1, tensor: str
    ) -> Variable:
        """The tensor that a call writes."""
        array = self._declared(call, place)
        if array.name in self.written:
            self.fail(call, f"{array.name!r} is written twice")
        if array.shape is not None and prod(array.shape) != prod(shape):
            self.fail(call, f"{array.name!r} has {prod(array.shape)} numbers; the layer writes {shape}")
        kind = self.declared.format_of(array.kind, call.place)
        if kind.packet is not None and kind.packet != shape[-1]:
            self.fail(call, f"{array.name!r} has packets of {kind.packet} numbers; the layer writes {shape}")
        found = Variable(array.name, named_type(kind), shape, tensor)
        if template is not None:
            self._same_type(call, call.templates[template], found)
        self.written[array.name] = found
        self.model.tensors[tensor] = found
        return found

    def add(
        self,
        call: Call,
        class_name: str,
        inputs: Sequence[Variable],
        shape: tuple[int, ...],
        configs: Sequence[Config] = (),
        *,
        ignored: frozenset[str] = frozenset(),
        place: int | None = None,
        template: int | None = 1,
        weights: dict[str, WeightVariable] | None = None,
        used: Sequence[str] = (),
        since: Since | None = None,
        **attributes: Any,
    ) -> Node:
        """Add a layer.

        Parameters
        ----------
        call
            The call.
        class_name
            hls4ml's.
        inputs, shape
            What it reads, and the shape of what it writes.
        configs
            Its structs; each member must have been read, or change no bit.
        ignored
            Other members that change no bit in this layer.
        place, template
            The argument that is written (by default the one behind the inputs), and the template argument of its type.
        used
            Functions that it calls, beside those that the call and its structs name.
        since
            Definitions of which some releases alone compute this layer; see :meth:`Library.unknown`.
        weights, attributes
            Those of hls4ml's node beside the members of the first struct.

        Raises
        ------
        UnsupportedError
            For members that nobody knows.
        """
        for config in configs:
            if unknown := config.members() - config.read - IGNORED - ignored:
                config.fail(f"has the member {min(unknown)!r}, which is not known")
        written = len(inputs) if place is None else place
        if (reason := self.unknown_functions(call, configs, used, since)) is not None:
            raise UnknownCodeError(f"{call.place}: {call.text!r:.120}: {reason}", reason, inputs, written, shape)
        name = self.name(call, written)
        output = self.output(call, written, shape, template=template, tensor=name)
        found: dict[str, Any] = {}
        for config in configs[:1]:
            found |= config.values
            for slot, text in config.types.items():
                if text not in self.declared.configs:
                    found[slot] = named_type(self.declared.format_of(text, config.place))
        text = "\n\n".join(rendered(config, self.declared) for config in reversed(configs))
        found |= {"function_cpp": call.text, "config_cpp": text} | attributes
        names = [variable.tensor for variable in inputs]
        index = index_of(configs[0].name) if configs else ""
        node = Node(class_name, name, names, [output.tensor], found, dict(weights or {}), self.model, index)
        self.model.nodes.append(node)
        return node

    def name(self, call: Call, place: int) -> str:
        """The name of a call's layer: hls4ml's, or that of the tensor that it writes."""
        name = call.layer or call.arguments[place].removesuffix("_out")
        if name in self.model.tensors or "/" in name:
            self.fail(call, f"the layer's name {name!r} is taken")
        return name

    def unknown_functions(
        self,
        call: Call,
        configs: Sequence[Config] = (),
        more: Sequence[str] = (),
        since: Since | None = None,
    ) -> str | None:
        """Which of a layer's functions, and of those that they call, are not hls4ml's own; None if all are."""
        used, taken = [call.kernel, *more], dict(since or {})
        for config in configs:
            names = (*config.templates.values(), *config.functions.values(), *config.types.values(), config.base)
            used += [word for text in names for word in re.findall(r"\w+", text)]
            if product_of(config) == "both_binary":
                taken.setdefault("nnet_mult.h:cast", ("1.2.0", None))
            dense = config.base.rpartition("::")[2] == "dense_config"
            if "kernel" in config.templates or (dense and config.values.get("strategy") in ("latency", "resource")):
                named = "kernel" in config.templates
                taken |= dict.fromkeys(KERNELS, ("1.0.0", None) if named else ("0.6.0", "1.0.0"))
        if not (unknown := self.library.unknown(used, taken)):
            return None
        shown = ", ".join(key.replace(":#", " (its directives)").replace(":", ": ") for key in unknown[:4])
        more_of_them = f" and {len(unknown) - 4} more" if len(unknown) > 4 else ""
        return f"its code is none of hls4ml's releases that isobit emulates: {shown}{more_of_them}"

    def vouch(self, name: str) -> None:
        """A definition of nnet_code_gen.h has been read."""
        self.library.vouched.add(f"nnet_code_gen.h:{name}")

    # -- products ----------------------------------------------------------------------------------------------

    def product(self, call: Call, config: Config, data: Variable) -> bool:
        """Whether a layer's weights are one bit that means -1 or 1; the product must be that of its formats.

        Data of one bit mean the same in some products; the variable's type then says so.
        """
        config.read.add("product")
        product = product_of(config)
        if product in ("both_binary", "data_binary"):
            if data.type.precision.type != BINARY:
                self.fail(call, f"the product {product!r} of data of {data.type.precision}")
            data.type = NamedType(data.type.name, named_xnor(), data.type.n_elem)
        return product in ("both_binary", "weight_binary")

    def check_product(self, call: Call, config: Config, data: Variable, weight: NamedType) -> None:
        """Check that the product is the one that hls4ml chooses for the formats, whose semantics the layers have."""
        config.read.add("product")
        product = product_of(config)
        kinds = [{cls.__name__ for cls in type(part).__mro__} for part in (data.type.precision, weight.precision)]
        if "ExponentPrecisionType" in kinds[1]:
            expected = "weight_exponential"
        elif "XnorPrecisionType" in kinds[1]:
            expected = "both_binary" if "XnorPrecisionType" in kinds[0] else "weight_binary"
        elif "XnorPrecisionType" in kinds[0]:
            expected = "data_binary"
        elif weight.precision.type == FixedType.int_type(2, signed=True):
            expected = "weight_ternary"
        else:
            expected = "mult"
        if product != expected:
            self.fail(call, f"{config.name} has the product {product!r}; hls4ml's for these formats is {expected!r}")
