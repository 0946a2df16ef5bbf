"""What a simulated design says of its arguments, and their numbers as the 8-byte words that travel to it and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.errors import CSimError, FormatError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.ports import FLOATS, Port

__all__ = ["parse_ports", "split", "to_words"]


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
