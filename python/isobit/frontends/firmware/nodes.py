"""A project's layers in the form in which hls4ml's ``ModelGraph`` gives them, so that the same handlers read both.

Only what the handlers of :mod:`isobit.frontends.hls4ml` ask for is here. Classes are named as hls4ml's, since the
handlers tell kinds of numbers apart by these names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from types import SimpleNamespace
from typing import Any

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.frontends.firmware.cpp.structs import Config, Declarations, Kind

__all__ = [
    "BINARY",
    "FirmwareModel",
    "NamedType",
    "Node",
    "UnknownCodeError",
    "Variable",
    "WeightVariable",
    "index_of",
    "named_type",
    "named_xnor",
    "product_of",
    "rendered",
]


#: One bit, which means -1 or 1 in some products.
BINARY = FixedType.int_type(1, signed=False)


@dataclass(frozen=True)
class FixedPrecisionType:
    """A fixed-point format."""

    type: FixedType

    @property
    def width(self) -> int:
        """Bits."""
        return self.type.width

    @property
    def integer(self) -> int:
        """Integer bits."""
        return self.type.integer

    @property
    def signed(self) -> bool:
        """Whether it has a sign."""
        return self.type.signed

    @property
    def rounding_mode(self) -> Any:
        """The rounding."""
        return SimpleNamespace(name=self.type.rounding.name)

    @property
    def saturation_mode(self) -> Any:
        """The overflow mode."""
        return SimpleNamespace(name=self.type.overflow.name)

    @property
    def saturation_bits(self) -> int:
        """N."""
        return self.type.saturation_bits

    def __str__(self) -> str:
        return str(self.type)


class IntegerPrecisionType(FixedPrecisionType):
    """An ``ap_int``."""


class XnorPrecisionType(IntegerPrecisionType):
    """``ap_uint<1>`` of which 0 means -1."""


class ExponentPrecisionType(IntegerPrecisionType):
    """The exponent of a power of two."""


@dataclass(frozen=True)
class NamedType:
    """A type with its name in C++; of a stream, with the numbers of a packet."""

    name: str
    precision: FixedPrecisionType
    n_elem: int = 1
    n_pack: int = 1


def named_type(kind: Kind, *, xnor: bool = False, exponent: bool = False) -> NamedType:
    """The type in hls4ml's form."""
    found = IntegerPrecisionType if kind.type.is_int else FixedPrecisionType
    cls = XnorPrecisionType if xnor else ExponentPrecisionType if exponent else found
    return NamedType(kind.name, cls(kind.type), kind.packet or 1)


@dataclass
class Variable:
    """A tensor of the top function.

    Attributes
    ----------
    name, type, shape
        Its name and type in C++, and its shape; () for a stream of which no layer has said it yet.
    tensor
        What the graph calls it.
    """

    name: str
    type: NamedType
    shape: tuple[int, ...]
    tensor: str

    def size(self) -> int:
        """Numbers in one event."""
        return prod(self.shape)


@dataclass
class WeightVariable:
    """An array of weights; ``data`` in the shape of the layer."""

    name: str
    type: NamedType
    data: Any
    weight_class: str = "WeightVariable"
    storage: str = "register"

    @property
    def data_length(self) -> int:
        """Numbers in the array."""
        return int(self.data.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the data."""
        return tuple(self.data.shape)


@dataclass
class Node:
    """A layer."""

    class_name: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]
    weights: dict[str, WeightVariable]
    model: FirmwareModel
    index: str = ""
    mask_kbi: Any = None
    ref_impl: bool = False
    RND: str = ""
    SAT: str = ""

    def get_attr(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def get_input_variable(self, name: str | None = None) -> Variable:
        """An input, by default the first."""
        return self.model.tensors[self.inputs[0] if name is None else name]

    def get_output_variable(self, name: str | None = None) -> Variable:
        """An output, by default the first."""
        return self.model.tensors[self.outputs[0] if name is None else name]

    def get_weights(self) -> list[WeightVariable]:
        """All arrays of weights."""
        return list(self.weights.values())

    def get_layer_precision(self) -> dict[str, NamedType]:
        """The types of its tensors by name."""
        kinds = [self.model.tensors[name].type for name in (*self.inputs, *self.outputs) if name in self.model.tensors]
        return {kind.name: kind for kind in kinds}

    def _get_act_function_name(self) -> str:
        return str(self.attributes["activation"])


@dataclass
class FirmwareModel:
    """A project.

    Attributes
    ----------
    name, backend, io_type
        Its name, hls4ml's back end and I/O type.
    inputs, outputs
        Names of tensors.
    nodes
        Layers in order.
    tensors
        Variables by what the graph calls them.
    """

    name: str
    backend: str
    io_type: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Variable] = field(default_factory=dict)

    @property
    def config(self) -> Any:
        """The configuration, as far as it is known."""
        return SimpleNamespace(
            backend=SimpleNamespace(name=self.backend),
            config={},
            get_config_value={"IOType": self.io_type}.get,
            get_project_name=lambda: self.name,
        )

    @property
    def graph(self) -> dict[str, Node]:
        """Layers by name."""
        return {node.name: node for node in self.nodes}

    def get_layers(self) -> list[Node]:
        """Layers in order."""
        return self.nodes

    def get_weight_variables(self) -> list[WeightVariable]:
        """All arrays of weights."""
        return [weights for node in self.nodes for weights in node.weights.values()]


def named_xnor() -> XnorPrecisionType:
    """The format of one bit that means -1 or 1."""
    return XnorPrecisionType(BINARY)


def product_of(config: Config) -> str:
    """The product of a struct: ``mult`` of ``nnet::product::mult``."""
    return config.templates.get("product", "mult").rpartition("::")[2]


def rendered(config: Config, declared: Declarations) -> str:
    """A struct as hls4ml's templates write it, every type written out."""
    lines = [f"struct {config.name} {{"]
    for name, value in config.values.items():
        text = str(value).lower() if isinstance(value, bool) else f"nnet::{value}" if isinstance(value, str) else value
        lines.append(f"    static const unsigned {name} = {text};")
    for name, kind in config.types.items():
        found = declared.kinds.get(kind)
        lines.append(f"    typedef {found.type if found else kind} {name};")
    lines += [f"    using {name} = {text}<data_T, res_T, CONFIG_T>;" for name, text in config.templates.items()]
    return "\n".join([*lines, "};"])


def index_of(name: str) -> str:
    """The number in a struct's name: ``12`` of ``config12``."""
    found = re.search(r"config(\d+)", name)
    return found[1] if found else ""


class UnknownCodeError(UnsupportedError):
    """A call whose code is none of hls4ml's.

    Attributes
    ----------
    reason
        What is not known.
    inputs, place, shape
        What it reads, the argument that it writes, and its shape; empty where that is not known either.
    """

    def __init__(
        self,
        message: str,
        reason: str,
        inputs: Sequence[Variable] = (),
        place: int = 0,
        shape: tuple[int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.reason, self.inputs, self.place, self.shape = reason, list(inputs), place, shape
