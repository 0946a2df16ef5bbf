"""The edges of a network, and the names of what lies inside a layer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from isobit.errors import FormatError, RangeError, ShapeError, TypeMismatchError
from isobit.fixed.types import FixedType

__all__ = ["Tensor", "Tensors", "layer_of", "reported", "step_of", "with_limits"]

#: What the names of primitives inside a layer end with, and its part that tells steps.
_INNER = re.compile(r"(/\d+(@\d+)?)+$")
_STEP = re.compile(r"@\d+")
#: Most numbers of an event in one tensor.
MAX_SIZE = 1 << 28


@dataclass(frozen=True)
class Tensor:
    """An edge of the graph.

    Attributes
    ----------
    name
        Unique name (hls4ml's output name of the layer).
    shape
        Shape of one event.
    type
        Format of every element.
    xnor
        True for the one-bit activations of binary networks, where 0 stands for minus one.
    limits
        Of an input: the smallest and the largest number that it will ever hold, as the user says; data outside are
        refused. None: every number of the format.
    slot
        Inside of a lowering: the slot of the layer whose format it has, by which reports call it.
    """

    name: str
    shape: tuple[int, ...]
    type: FixedType
    xnor: bool = False
    limits: tuple[float, float] | None = None
    slot: str = "result"

    def __post_init__(self) -> None:
        if any(extent < 1 for extent in self.shape) or self.size > MAX_SIZE:
            raise ShapeError(
                f"tensor {self.name!r} has the shape {self.shape}; its extents must be at least 1, its size {MAX_SIZE} "
                "at most"
            )
        if self.xnor and self.type != FixedType.int_type(1, signed=False):
            raise FormatError(
                f"tensor {self.name!r} is binary (xnor) but has the format {self.type}; expected ap_uint<1>"
            )
        if self.limits is not None:
            low, high = self.limits
            if not (math.isfinite(low) and math.isfinite(high)) or self.raw_range[0] > self.raw_range[1]:
                raise RangeError(f"no number of {self.type} lies in the range {low:g} to {high:g} of {self.name!r}")

    @property
    def raw_range(self) -> tuple[int, int]:
        """Smallest and largest raw integer that an element may have: those of the format, within the limits."""
        least, most = self.type.raw_min, self.type.raw_max
        if self.limits is None:
            return least, most
        low, high = (Fraction(limit) / self.type.lsb for limit in self.limits)
        return max(least, math.ceil(low)), min(most, math.floor(high))

    @property
    def size(self) -> int:
        """Number of elements in one event."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size


#: All input tensors of an op, in its order.
Tensors = tuple[Tensor, ...]


def with_limits(tensors: Tensors, ranges: Mapping[str, tuple[float, float]]) -> Tensors:
    """Inputs with the ranges that the user gives for some of them, by name.

    Raises
    ------
    TypeMismatchError
        For the name of no input, and for anything but two numbers.
    RangeError
        If the format has no number within a range.
    """
    if unknown := sorted(set(ranges) - {tensor.name for tensor in tensors}):
        names = ", ".join(tensor.name for tensor in tensors)
        raise TypeMismatchError(f"input_ranges has {unknown[0]!r}, which is no input; inputs: {names}")
    for name, limits in ranges.items():
        if not isinstance(limits, (tuple, list)) or len(limits) != 2 or not all(_is_number(end) for end in limits):
            raise TypeMismatchError(f"the range of input {name!r} is {limits!r}; expected (smallest, largest)")
    given = {name: (float(low), float(high)) for name, (low, high) in ranges.items()}
    return tuple(replace(tensor, limits=given.get(tensor.name, tensor.limits)) for tensor in tensors)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def layer_of(name: str) -> str:
    """The layer that a primitive belongs to, by its name; see :meth:`Op.lower`."""
    return _INNER.sub("", name)


def step_of(name: str) -> int:
    """The step of a sequence that a primitive belongs to, by its name; 0 of one that belongs to none."""
    found = _STEP.search(name, len(layer_of(name)))
    return int(found[0].lstrip("@")) if found else 0


def reported(name: str, slot: str, output: Tensor) -> tuple[str, str]:
    """Layer and slot by which reports call a slot of a primitive.

    ``accum/2`` is that of the primitive ``layer/2``, and of ``layer/2@0``, ``layer/2@1``, ... together: one after the
    other, step by step. A result is of the slot that gave the inner tensor its format.

    Parameters
    ----------
    name, slot
        The primitive and its slot.
    output
        What it gives.
    """
    layer = layer_of(name)
    inner = _STEP.sub("", name[len(layer) :])
    return layer, (output.slot if slot == "result" else slot) + inner
