"""What goes in and out of a simulated design: names, sizes and number types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.errors import CSimError, RangeError, TypeMismatchError
from isobit.fixed.array import FixedArray, finite
from isobit.fixed.quantise import refuse_masked
from isobit.fixed.types import FixedType

__all__ = ["FLOATS", "Port", "doubles"]

#: Number types of C++ that are no fixed point; their values travel as float64.
FLOATS = ("float", "double", "std::float16_t", "std::bfloat16_t")
#: From which magnitude on a double becomes infinity in them: half a step beyond the largest number.
_LIMITS = {
    "float": (2 - 2.0**-24) * 2.0**127,
    "std::float16_t": (2 - 2.0**-11) * 2.0**15,
    "std::bfloat16_t": (2 - 2.0**-8) * 2.0**127,
}


@dataclass(frozen=True)
class Port:
    """One input, output or tapped layer of a simulated design.

    Attributes
    ----------
    name
        Name of the argument or layer.
    shape
        Shape of one event.
    type
        Format of every number; None for the floating-point types of C++, whose values are float64.
    real
        Which one of those, if so.
    """

    name: str
    shape: tuple[int, ...]
    type: FixedType | None
    real: str = "double"

    @property
    def size(self) -> int:
        """Numbers in one event."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    @property
    def limbs(self) -> int:
        """8-byte words of one number's raw bits."""
        return 1 if self.type is None else -(-self.type.width // 64)

    def reshaped(self, shape: tuple[int, ...]) -> Port:
        """The same with another shape of the same size."""
        other = replace(self, shape=shape)
        if other.size != self.size:
            raise CSimError(f"{self.name!r} holds {self.size} numbers an event, not {other.size} (shape {shape})")
        return other


def doubles(values: Any, port: Port) -> Any:
    """Numbers for a port of a C++ floating-point type, as float64 of the same shape.

    A fraction is rounded by the port's type, as an assignment in C++ does.

    Raises
    ------
    TypeMismatchError
        For what holds no real numbers.
    RangeError
        For NaN, infinity, integers that no float64 equals, and numbers beyond the type: with the port and the index.
    """
    if isinstance(values, FixedArray):
        real = values.to_float()
    else:
        refuse_masked(values, f"input {port.name!r}")
        given = np.asarray(values)
        if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
            raise TypeMismatchError(
                f"input {port.name!r} must hold real numbers (float16, float32, float64 or integers), got dtype "
                f"{given.dtype}"
            )
        real = finite(given.astype(np.float64), port.name)
        if given.dtype.kind in "iu" and (np.abs(real) >= 2.0**53).any():
            inexact = np.array([int(a) != int(b) for a, b in zip(given.flat, real.flat, strict=True)])
            _refuse(given, inexact.reshape(given.shape), port, "which no float64 equals")
    _refuse(real, np.abs(real) >= _LIMITS.get(port.real, np.inf), port, f"which is beyond the type {port.real}")
    return real


def _refuse(values: Any, bad: Any, port: Port, why: str) -> None:
    if np.any(bad):
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise RangeError(f"{port.name} holds {values[where]} at index {where}, {why}")
