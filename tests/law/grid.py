"""The exhaustive grid of casts: which formats, in which order. Vendor, laws, hashes and mutants all walk this one list.

A *target* is a width, a signedness and its modes; its binary point stays at zero, because a cast knows the two binary
points only by their distance (the test of random formats moves both). For a target of width W every *source* (width w,
signedness) is cast at every shift from -(W + 2) to w + 2 (fraction bits dropped; negative: gained), and at every shift
every one of its 2**w values. A result is one byte: the low 8 bits of the target's raw integer.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["Cell", "Points", "cells", "digest", "points", "sources", "targets", "walk"]

#: Law on arrays: (raw values, shift, target) -> raw results.
Law = Callable[[npt.NDArray[np.int64], int, FixedType], npt.NDArray[np.int64]]

MARGIN = 2  # alignments beyond 'all bits dropped' and 'all bits shifted out'


@dataclass(frozen=True)
class Cell:
    """All values of one source at one shift."""

    width: int
    signed: bool
    shift: int

    @property
    def source(self) -> FixedType:
        """Format of the source for a target with no fraction bits."""
        return FixedType(self.width, self.width - self.shift, self.signed)

    @property
    def values(self) -> npt.NDArray[np.int64]:
        """Raw integers, in the order of their bit patterns 0, 1, ..., 2**width - 1."""
        patterns = np.arange(1 << self.width, dtype=np.int64)
        return np.where(patterns >> (self.width - 1) & self.signed, patterns - (1 << self.width), patterns)


@dataclass(frozen=True)
class Points:
    """The grid of one target, flat."""

    raw: npt.NDArray[np.int64]
    shift: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int64]  # index into cells(...)


def targets(width: int, signed: bool, rounding: Rounding) -> list[FixedType]:
    """Every target of one width, signedness and rounding: all overflow modes, saturation bits 0 to 3."""
    modes: list[tuple[Overflow, int]] = []
    for mode in Overflow:
        if mode is Overflow.WRAP or (mode is Overflow.WRAP_SM and signed):
            modes += [(mode, n) for n in range(min(3, width) + 1)]
        elif mode is not Overflow.WRAP_SM:
            modes.append((mode, 0))
    return [FixedType(width, width, signed, rounding, mode, n) for mode, n in modes]


def walk(max_width: int) -> Iterator[tuple[int, bool, Rounding]]:
    """Give the chunks of the grid: one translation unit of the vendor's headers each."""
    return ((w, s, q) for w in range(1, max_width + 1) for s in (False, True) for q in Rounding)


def sources(max_width: int) -> list[tuple[int, bool]]:
    """Give the sources' (width, signed), narrow first: a grid of narrower sources is a prefix of a wider one."""
    return [(w, s) for w in range(1, max_width + 1) for s in (False, True)]


@functools.cache
def cells(target_width: int, max_source: int) -> tuple[Cell, ...]:
    """Give the cells of a target in their order."""
    return tuple(
        Cell(w, s, shift) for w, s in sources(max_source) for shift in range(-(target_width + MARGIN), w + MARGIN + 1)
    )


@functools.cache
def points(target_width: int, max_source: int) -> Points:
    """Give all points of a target in their order."""
    row = cells(target_width, max_source)
    lengths = [1 << c.width for c in row]
    return Points(
        np.concatenate([c.values for c in row]),
        np.repeat(np.array([c.shift for c in row]), lengths),
        np.repeat(np.arange(len(row)), lengths),
    )


@functools.cache
def _by_shift(target_width: int, max_source: int) -> tuple[tuple[int, npt.NDArray[np.intp]], ...]:
    shift = points(target_width, max_source).shift
    return tuple((int(s), np.flatnonzero(shift == s)) for s in np.unique(shift))


def apply(law: Law, target: FixedType, max_source: int) -> npt.NDArray[np.uint8]:
    """Cast all points of a target by a law that takes arrays: the bytes of the grid."""
    raw = points(target.width, max_source).raw
    result = np.empty(raw.shape, dtype=np.uint8)
    for shift, where in _by_shift(target.width, max_source):
        result[where] = np.asarray(law(raw[where], shift, target)).astype(np.int64) & 0xFF
    return result


def digest(data: npt.NDArray[np.uint8]) -> str:
    """SHA-256 of a target's bytes."""
    return hashlib.sha256(data.tobytes()).hexdigest()
