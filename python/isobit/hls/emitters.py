"""From an op to the C++ that calls its kernel: one emitter per op, in a registry that a user can add to.

An emitter gets its op and a :class:`Layer`, declares on it the formats, constants and kernel headers that it needs, and
returns the statements of the layer's function. There, ``data`` is the input array (of several, ``data0``, ``data1``,
...) and ``results`` the output array, of the types :attr:`Layer.kinds` and :attr:`Layer.result`; ``kernels`` is the
namespace of ``cpp/include/isobit/kernels``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from isobit.errors import RegistrationError
from isobit.fixed.types import FixedType
from isobit.hls.constants import Constant, digest_of, flat, integer_rows, native_type, structure_rows
from isobit.hls.names import Names
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.weights import Encoding, Weight

__all__ = [
    "EMITTERS",
    "PRIMITIVES",
    "Emitter",
    "Helper",
    "Layer",
    "Passing",
    "block",
    "pragma",
    "register_emitter",
    "register_primitive",
]

#: Text that stands before a layer's function, for a function that begins a new event every so many clocks.
Helper = Callable[[int], str]


def pragma(text: str) -> str:
    """A directive for synthesis, which vanishes on a host."""
    return f"ISOBIT_PRAGMA(HLS {text.replace(' = ', '=')})"


def block(head: str, body: str) -> str:
    """A function: its head, and its statements indented."""
    lines = (" " * 4 + line if line else "" for line in body.splitlines())
    return "\n".join([f"{head} {{", *lines, "}\n"])


class Passing(NamedTuple):
    """How a layer takes packets one after the other.

    Attributes
    ----------
    statements
        What reads packets from the stream ``from`` and writes packets to the stream ``to``.
    taken, given
        How many numbers they have.
    header
        Of the kernel that does it.
    """

    statements: str
    taken: int
    given: int
    header: str


@dataclass
class Layer:
    """One layer on its way into C++: what an emitter declares.

    Attributes
    ----------
    op
        The layer.
    tensors
        Its inputs.
    name
        Its identifier, that of its function and the beginning of its other names.
    kinds
        C++ names of the types of every input's numbers.
    result
        C++ name of the type of the output's numbers.
    names
        Hands out identifiers.
    headers
        Kernel headers, such as ``dense.hpp``.
    types
        Formats by their C++ names, in the order of declaration.
    constants
        Arrays of raw integers.
    interval
        Clocks between two events that the layer alone needs, at least.
    dataflow
        Whether the layer works over several clocks in a loop of its own, which is pipelined there, so that layers must
        run side by side. Any other layer's function becomes a pipeline as it is wired; its body has no PIPELINE.
    products
        Multiplications of an event that may share multipliers: those that are not unrolled by a loop of the layer's.
    multipliers
        How many they may have; 0: as many as it takes to begin an event in the function's interval.
    what
        The layer in words.
    helpers
        What stands before the layer's function: functions of its parts, structures.
    packets
        If the layer can take packets one after the other: how it does.
    """

    op: Op
    tensors: Tensors
    name: str
    kinds: tuple[str, ...]
    result: str
    names: Names
    headers: list[str] = field(default_factory=list)
    types: dict[str, FixedType] = field(default_factory=dict)
    constants: list[Constant] = field(default_factory=list)
    interval: int = 1
    dataflow: bool = False
    products: int = 0
    multipliers: int = 0
    what: str = ""
    helpers: list[Helper] = field(default_factory=list)
    packets: Passing | None = None

    def part(self, slot: str, op: Op, tensors: Tensors, kinds: tuple[str, ...], result: str) -> Layer:
        """A layer within this one, which declares everything here and becomes a function of its own.

        Parameters
        ----------
        slot
            What its name ends in.
        op, tensors, kinds, result
            As for a layer.
        """
        name = self.names.take(f"{self.name}_{slot}")
        return Layer(op, tensors, name, kinds, result, self.names, self.headers, self.types, self.constants)

    def function(self, part: Layer, body: str) -> None:
        """Add the function of a part, which reads ``data`` and writes ``results``.

        Within a layer that loops over several clocks it is a pipeline of its own interval, else of that of the layer.
        """

        def text(clocks: int) -> str:
            own = part.interval if self.dataflow else clocks
            function = block(part.head, "\n".join([*part.schedule(own), body]))
            return "\n".join([*(helper(own) for helper in part.helpers), f"// {part.what or part.op.tag}\n{function}"])

        self.helpers.append(text)

    @property
    def parameters(self) -> list[str]:
        """Arrays that its function reads: ``data``; of several ``data0``, ``data1``, ..."""
        names = ["data"] if len(self.tensors) == 1 else [f"data{k}" for k in range(len(self.tensors))]
        return [
            f"const {kind} {name}[{tensor.size}]"
            for kind, name, tensor in zip(self.kinds, names, self.tensors, strict=True)
        ]

    @property
    def head(self) -> str:
        """The first line of a function that computes the layer from arrays."""
        parameters = ", ".join([*self.parameters, f"{self.result} results[{self.op.output.size}]"])
        return f"static void {self.name}({parameters})"

    @property
    def tensor(self) -> Tensor:
        """The input of an op with one."""
        (tensor,) = self.tensors
        return tensor

    @property
    def data(self) -> str:
        """C++ name of the type of its numbers."""
        (kind,) = self.kinds
        return kind

    def schedule(self, clocks: int) -> list[str]:
        """Directives at the head of the function that computes the layer, a new event every so many clocks."""
        pipeline = [] if self.dataflow else [pragma(f"PIPELINE II = {clocks}")]
        return [*pipeline, *self.limits(clocks)]

    def limits(self, clocks: int) -> list[str]:
        """The directive of shared multipliers, if any are shared; where it is inlined it is lost (UG1399, INLINE)."""
        limit = self.multipliers or -(-self.products // clocks)
        if 0 < limit < self.products:
            return [pragma(f"ALLOCATION operation instances = mul limit = {limit}")]
        return []

    def type(self, slot: str, type: FixedType) -> str:
        """Declare a format; returns its C++ name."""
        name = self.names.take(f"{self.name}_{slot}_t")
        self.types[name] = type
        return name

    def weight_type(self, weight: Weight) -> str:
        """Declare the type of a weight, which for powers of two is a pair; returns what to write in C++."""
        if weight.encoding is not Encoding.EXPONENT:
            return self.type(weight.name, weight.type)
        sign = self.type(f"{weight.name}_sign", FixedType.int_type(1, signed=False))
        exponent = self.type(f"{weight.name}_exponent", weight.type)
        return f"kernels::exponential<{sign}, {exponent}>"

    def constant(self, weight: Weight, *, transposed: bool = False) -> str:
        """Declare a weight's raw integers, flat; returns the array's name.

        Powers of two are stored as 2 * exponent + sign, 1 for plus.
        """
        raw, kind = weight.raw, weight.type
        if weight.signs is not None:
            raw, kind = 2 * weight.raw + weight.signs, FixedType.int_type(weight.type.width + 1)
        shape = " x ".join(map(str, raw.T.shape if transposed else raw.shape))
        what = f"{shape}, {weight.type}" + {
            Encoding.EXPONENT: ", powers of two: 2 * exponent + sign (1 is plus)",
            Encoding.XNOR: ", 0 stands for -1",
        }.get(weight.encoding, "")
        return self.array(weight.name, raw.T if transposed else raw, kind, what)

    def array(self, slot: str, raw: Any, type: FixedType, what: str) -> str:
        """Declare raw integers of a format, flat; returns the array's name."""
        values = flat(raw)
        name = self.names.take(f"{self.name}_{slot}")
        comment = f"{self.op.name}.{slot}: {what}"
        rows, digest = integer_rows(values, type), digest_of([(values, type)])
        self.constants.append(Constant(name, native_type(type), rows, len(values), comment, digest))
        return name

    def stored_weights(self, weight: Weight, kept: Any) -> tuple[str, int]:
        """Declare the weights that ``compressed`` stores, neuron by neuron, each with its place.

        Parameters
        ----------
        weight
            Plain weights, shape (n_in, n_out).
        kept
            Which are stored: bool, the same shape.

        Returns
        -------
        tuple of str and int
            The array's name, and its length.
        """
        columns, rows = np.nonzero(kept.T)
        index = FixedType.int_type(max(1, (max(weight.shape) - 1).bit_length()), signed=False)
        members = [(rows.tolist(), index), (columns.tolist(), index), (weight.raw[rows, columns].tolist(), weight.type)]
        name = self.names.take(f"{self.name}_{weight.name}")
        element = f"isobit::kernels::compressed_weight<{native_type(index)}, {self.raw_type(weight)}>"
        comment = f"{self.op.name}.{weight.name}: {len(rows)} of {kept.size}, {weight.type}: input, neuron, weight"
        text = structure_rows(members)
        digest = digest_of(members)
        self.constants.append(Constant(name, element, text, len(rows), comment, digest, "dense_compressed.hpp"))
        return name, len(rows)

    def raw_type(self, weight: Weight) -> str:
        """C++ type of the elements of :meth:`constant`."""
        exponent = weight.encoding is Encoding.EXPONENT
        return native_type(FixedType.int_type(weight.type.width + 1) if exponent else weight.type)

    def number(self, weight: Weight) -> str:
        """Declare a single constant and its format; returns an expression of it."""
        return self.literal(weight.name, int(weight.raw.ravel()[0]), weight.type)

    def literal(self, slot: str, raw: int, type: FixedType) -> str:
        """Declare a raw integer and its format; returns an expression of the number."""
        name = self.type(slot, type)
        return f"kernels::raw_constant<{name}>::of({self.array(slot, [raw], type, str(type))}[0])"

    def include(self, *headers: str) -> None:
        """Declare kernel headers."""
        self.headers += [header for header in headers if header not in self.headers]


Emitter = Callable[[Any, Layer], str]
EmitterT = TypeVar("EmitterT", bound=Emitter)

#: Emitter by op.
EMITTERS: dict[type[Op], Emitter] = {}
#: Emitter by primitive, for layers that are lowered to it and have none of their own.
PRIMITIVES: dict[type[Op], Emitter] = {}


def register_emitter(op: type[Op]) -> Callable[[EmitterT], EmitterT]:
    """Make an op exportable (decorator of its emitter).

    Raises
    ------
    RegistrationError
        If it has an emitter already.
    """

    def register(emitter: EmitterT) -> EmitterT:
        if op in EMITTERS:
            raise RegistrationError(
                f"op {op.tag!r} has an emitter already, {EMITTERS[op].__qualname__}; allowed is one "
                "(isobit.layers.forget takes back those of your layers)"
            )
        EMITTERS[op] = emitter
        return emitter

    return register


def register_primitive(op: type[Op]) -> Callable[[EmitterT], EmitterT]:
    """Make a primitive exportable (decorator of its emitter)."""

    def register(emitter: EmitterT) -> EmitterT:
        PRIMITIVES[op] = emitter
        return emitter

    return register
