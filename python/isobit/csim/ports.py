"""What goes in and out of a simulated design: names, sizes and number types, and their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.errors import CSimError, FormatError, RangeError, TypeMismatchError
from isobit.fixed.array import FixedArray, finite
from isobit.fixed.quantise import refuse_masked
from isobit.fixed.types import FixedType

__all__ = ["FLOATS", "Port", "doubles", "parse_ports", "split", "to_words"]

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


def parse_ports(text: str) -> list[tuple[str, Port]]:
    """Read what the bridge says: lines ``direction type numbers name``; shapes are flat."""
    ports = []
    for line in filter(None, text.splitlines()):
        fields = line.split(" ", 3)
        try:
            direction, kind, size, name = fields
            number = None if kind in FLOATS else FixedType.parse(kind)
            ports.append((direction, Port(name, (int(size),), number, kind if number is None else "double")))
        except (ValueError, FormatError) as error:
            raise CSimError(f"the C-simulation describes itself wrongly: {line!r} ({error})") from None
    return ports


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


def to_words(values: Any, port: Port, raw: bool) -> Any:
    """Events of one input, shape (events, size), as 8-byte words: raw bits, or doubles."""
    if not isinstance(values, FixedArray):
        return np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    integers = values.raw
    if not raw or port.type is None:
        raise CSimError(f"the input {port.name!r} cannot be handed over as raw bits")  # the caller's bug
    if port.limbs == 1 and integers.dtype == np.int64:
        words = np.ascontiguousarray(integers).view(np.uint64)
        return words & np.uint64((1 << port.type.width) - 1) if port.type.width < 64 else words
    if port.limbs == 1 and not port.type.signed:
        return integers.astype(np.uint64)
    mask = (1 << 64) - 1
    grid = np.empty((*integers.shape, port.limbs), dtype=np.uint64)
    for k in range(port.limbs):
        grid[:, :, k] = (integers.astype(object) >> (64 * k)) & mask
    return grid.reshape(len(integers), port.size * port.limbs)


def split(table: Any, ports: Sequence[Port]) -> list[Any]:
    """Numbers of each port from the words of events: FixedArray, or float64 for floating-point types."""
    found = []
    start = 0
    for port in ports:
        count = port.size * port.limbs
        words = np.ascontiguousarray(table[:, start : start + count])
        found.append(words.view(np.float64) if port.type is None else _numbers(words, port, port.type))
        start += count
    return found


def _numbers(words: Any, port: Port, kind: FixedType) -> FixedArray:
    """Raw integers from words: low word first, bits beyond the width are zero."""
    grid = words.reshape(len(words), port.size, port.limbs)
    if kind.fits_int64:
        up = 64 - kind.width if kind.signed else 0
        return FixedArray((grid[:, :, 0] << np.uint64(up)).view(np.int64) >> np.int64(up), kind)
    total = sum(grid[:, :, k].astype(object) << (64 * k) for k in range(port.limbs))
    sign = 1 << (kind.width - 1)
    return FixedArray(np.where(total >= sign, total - (sign << 1), total) if kind.signed else np.asarray(total), kind)
