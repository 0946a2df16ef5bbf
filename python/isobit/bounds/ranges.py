"""Intervals of raw integers, exactly: arithmetic on arrays of bounds, and what a cast makes of an interval.

Bounds are int64 where a check of magnitudes shows that nothing leaves 61 bits (the domain of ``isobit.fixed.law``),
else object arrays of Python integers; no float is involved. Every function here makes this check itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.bounds.alike import chained
from isobit.bounds.plain import bit_lengths, plain_zeros
from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed import law
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType

__all__ = [
    "MOST_ZEROS",
    "CastRange",
    "IntArray",
    "Range",
    "add",
    "cast_range",
    "compact",
    "fold",
    "folded_zeros",
    "hull",
    "intersection",
    "lowest",
    "magnitude_bits",
    "multiply",
    "one_after_another",
    "shift_left",
    "trailing_zeros",
]

#: Low zero bits are counted up to here, so that shifts by them stay within int64.
MOST_ZEROS = law.INT64_BITS

#: int64 with at most 61 magnitude bits, or Python integers in an object array.
IntArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]


def magnitude_bits(*arrays: IntArray) -> int:
    """Bits of the largest magnitude, sign excluded."""
    bits = 0
    for array in arrays:
        if array.size:  # the ufuncs themselves: most arrays are small, and the methods' way to them is twice as long
            least, most = np.minimum.reduce(array, axis=None), np.maximum.reduce(array, axis=None)
            bits = max(bits, int(least).bit_length(), int(most).bit_length())
    return bits


def compact(values: npt.ArrayLike) -> IntArray:
    """The same integers, as int64 where 61 bits hold them all."""
    # NumPy would make floats of lists that mix numbers beyond int64 with negative ones.
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    if array.dtype.kind not in "iuO":
        raise TypeMismatchError(f"bounds must be integers, got dtype {array.dtype}")
    if array.dtype == np.uint64:
        array = array.astype(object)
    wide = magnitude_bits(array) > law.INT64_BITS
    return array.astype(object if wide else np.int64, copy=False)


def _at(bits: int, array: IntArray) -> IntArray:
    """The array in a form in which results of so many bits are exact."""
    return array if bits <= law.INT64_BITS else array.astype(object, copy=False)


def add(a: IntArray, b: IntArray) -> IntArray:
    """``a + b``."""
    bits = max(magnitude_bits(a), magnitude_bits(b)) + 1
    return compact(_at(bits, a) + _at(bits, b))


def multiply(a: IntArray, b: IntArray) -> IntArray:
    """``a * b``."""
    bits = magnitude_bits(a) + magnitude_bits(b)
    return compact(_at(bits, a) * _at(bits, b))


def shift_left(a: IntArray, shift: int) -> IntArray:
    """``a << shift``, for a shift of 0 or more."""
    return compact(_at(magnitude_bits(a) + shift, a) << shift) if shift else a


def accumulate(terms: IntArray, start: IntArray) -> IntArray:
    """Every partial sum along the first axis, the start before all of them: shape (n + 1, ...)."""
    stacked = np.concatenate([np.asarray(start)[None], terms])
    bits = magnitude_bits(stacked) + len(stacked).bit_length()
    return compact(np.cumsum(_at(bits, stacked), axis=0))


def total(terms: IntArray, start: IntArray) -> IntArray:
    """Sum along the first axis, and the start."""
    bits = max(magnitude_bits(terms), magnitude_bits(start)) + (len(terms) + 1).bit_length()
    return compact(np.sum(_at(bits, terms), axis=0) + _at(bits, start))


def trailing_zeros(values: IntArray) -> IntArray:
    """Low zero bits of every integer, at most :data:`MOST_ZEROS`; those of 0 are as many."""
    if values.dtype == object:
        counts = [min((v & -v).bit_length() - 1, MOST_ZEROS) if v else MOST_ZEROS for v in values.ravel().tolist()]
        return np.array(counts, dtype=np.int64).reshape(values.shape)
    # The lowest set bit alone: a power of two, which float64 holds exactly.
    exponents = np.frexp((values & -values).astype(np.float64))[1].astype(np.int64) - 1
    return np.where(values == 0, MOST_ZEROS, exponents)


def lowest(target: FixedType) -> int:
    """Smallest raw integer that does not count as overflow: for SAT_SYM that of the symmetric range."""
    if target.overflow is Overflow.SAT_SYM and target.signed and target.width > 1:
        return -target.raw_max
    return target.raw_min


@dataclass(frozen=True, eq=False)
class Range:
    """Inclusive bounds of every element of an array of numbers, and how many low bits of it are always zero.

    Attributes
    ----------
    low, high
        Any one shape; int64 or Python integers, in units of 2**-fraction.
    fraction
        Fraction bits of the unit; may be negative.
    zeros
        Every number is a multiple of 2**zeros: an array of the same shape, or one number for all; at most
        :data:`MOST_ZEROS`. Bounds are drawn in to such multiples.

    Raises
    ------
    ShapeError
        If the two shapes differ.
    RangeError
        If a lower bound exceeds its upper bound.
    """

    low: IntArray
    high: IntArray
    fraction: int
    zeros: IntArray | int = 0

    def __post_init__(self) -> None:
        if (plain := plain_zeros(self.low, self.high, self.zeros)) is not None:
            object.__setattr__(self, "zeros", plain)
            return
        low, high = compact(self.low), compact(self.high)
        if low.shape != high.shape:
            raise ShapeError(f"bounds have shapes {low.shape} and {high.shape}, expected the same")
        zeros = np.asarray(self.zeros, dtype=np.int64)
        zeros = np.minimum(zeros if zeros.shape == low.shape else np.broadcast_to(zeros, low.shape), MOST_ZEROS)
        if zeros.any():
            low, high = -((-low >> zeros) << zeros), high >> zeros << zeros
        if (wrong := np.asarray(low > high, dtype=bool)).any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise RangeError(f"lower bound {low[where]} at index {list(where)} exceeds the upper bound {high[where]}")
        for name, value in (("low", low), ("high", high), ("zeros", zeros)):
            object.__setattr__(self, name, value)

    @classmethod
    def of_type(cls, type: FixedType, shape: int | tuple[int, ...]) -> Range:
        """Everything that the bits of a format can hold."""
        return cls(_full(shape, type.raw_min), _full(shape, type.raw_max), type.fraction)

    @classmethod
    def constant(cls, raw: npt.ArrayLike, fraction: int) -> Range:
        """Known numbers."""
        values = compact(raw)
        return cls(values, values, fraction, trailing_zeros(values))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that is bounded."""
        return self.low.shape

    @cached_property
    def magnitude(self) -> IntArray:
        """Largest magnitude of every element, in units of 2**-fraction."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    @cached_property
    def bits(self) -> int:
        """Magnitude bits of the whole array, sign excluded: ``abs(raw) < 2**bits`` for every element."""
        return magnitude_bits(self.low, self.high)

    def widths(self, signed: bool = True) -> npt.NDArray[np.int64]:
        """Total bits that each element needs: two's complement, or without a sign where no bound is negative."""
        sign = np.asarray(signed | (self.low < 0), dtype=np.int64)
        above, below = (bit_lengths(np.maximum(end, 0)) for end in (self.high, -self.low - 1))
        found: npt.NDArray[np.int64] = np.maximum(1, sign + np.maximum(above, below))
        return found

    def at(self, fraction: int) -> Range:
        """The same bounds in a finer unit."""
        shift = fraction - self.fraction
        if shift < 0:
            raise RangeError(f"bounds at {self.fraction} fraction bits cannot be given at {fraction}, which is coarser")
        return Range(shift_left(self.low, shift), shift_left(self.high, shift), fraction, self.zeros + shift)

    def contains(self, raw: npt.ArrayLike) -> bool:
        """Whether raw integers (units of 2**-fraction; shape (..., *shape)) all lie within, low zeros included."""
        values = np.asarray(raw)
        inside = (values >= self.low) & (values <= self.high)
        return bool(np.all(inside) and np.all(values >> self.zeros << self.zeros == values))

    def __str__(self) -> str:
        return f"Range of shape {self.shape}, {self.bits} bits at fraction {self.fraction}"


def _full(shape: int | tuple[int, ...], value: int) -> IntArray:
    wide = abs(value).bit_length() > law.INT64_BITS
    return np.full(shape, value, dtype=object if wide else np.int64)


def hull(ranges: Iterable[Range]) -> Range:
    """Smallest range around several of one shape, at the finest of their fractions."""
    parts = list(ranges)
    fraction = max(part.fraction for part in parts)
    aligned = [part.at(fraction) for part in parts]
    low, high, zeros = aligned[0].low, aligned[0].high, aligned[0].zeros
    for part in aligned[1:]:
        low, high, zeros = np.minimum(low, part.low), np.maximum(high, part.high), np.minimum(zeros, part.zeros)
    return Range(low, high, fraction, zeros)


def one_after_another(ranges: Sequence[Range], order: IntArray | None = None) -> Range:
    """Bounds of several arrays in one, raw integers as they are; the fraction is that of the first.

    ``order``: which of them, all of one size, come one after another; None: each once.
    """
    if len(ranges) == 1 and order is None:
        return ranges[0]
    low, high, zeros = (chained([getattr(part, end) for part in ranges], order) for end in ("low", "high", "zeros"))
    return Range(low, high, ranges[0].fraction, zeros)


def intersection(a: Range, b: Range) -> Range:
    """What lies within both, at the fraction that both have."""
    return Range(np.maximum(a.low, b.low), np.minimum(a.high, b.high), a.fraction, np.maximum(a.zeros, b.zeros))


@dataclass(frozen=True, eq=False)
class CastRange:
    """What a cast makes of a range, element by element.

    Attributes
    ----------
    rounded
        After rounding into the target's LSB, before overflow; exact, since rounding is monotone.
    result
        What the cast gives. Exact where nothing overflows, for SAT, SAT_SYM, and for WRAP unless the interval spans
        a wrap; elsewhere it holds the exact image but may be wider.
    overflow
        Whether some number of the range leaves the target's range, as ``fixed.assign.outside_range`` counts it.
    """

    rounded: Range
    result: Range
    overflow: BoolArray


def cast_range(values: Range, source: FixedType | None, target: FixedType, shift: int | None = None) -> CastRange:
    """The image of a range under a cast.

    Parameters
    ----------
    values
        Exact numbers.
    source
        Format of the variable that holds them: the target's own format means a copy of the bits. None for
        numbers without one (a product or sum that has just been computed, in a format unlike the target's).
    target
        Format of the result.
    shift
        Fraction bits to drop, where it is not the difference of the fractions.
    """
    if source == target and shift is None:
        return CastRange(values, values, np.zeros(values.shape, dtype=bool))
    kind = target if source is None else target.as_assigned(source)
    drop = values.fraction - kind.fraction if shift is None else shift
    wide = values.bits + max(0, -drop) > law.INT64_BITS
    places = drop if wide else law.int64_shift(drop)
    low, high = (end.astype(object) if wide else end for end in (values.low, values.high))
    mode = int(kind.rounding)
    zeros = np.maximum(values.zeros - max(-MOST_ZEROS, min(drop, MOST_ZEROS)), 0)
    rounded = Range(law.round_shift(low, places, mode), law.round_shift(high, places, mode), kind.fraction, zeros)
    result, overflow = _folded(rounded, kind)
    return CastRange(rounded, result, overflow)


def _folded(rounded: Range, kind: FixedType) -> tuple[Range, BoolArray]:
    """What overflow makes of rounded numbers, and where it may happen."""
    wide = max(rounded.bits, kind.width) > law.INT64_BITS
    low, high = (end.astype(object) if wide else end for end in (rounded.low, rounded.high))
    low, high, outside = fold(low, high, kind)
    if not outside.any():
        return rounded, outside
    return Range(low, high, kind.fraction, np.where(outside, folded_zeros(rounded.zeros, kind), rounded.zeros)), outside


def folded_zeros(zeros: IntArray | int, kind: FixedType) -> Any:
    """Low zero bits that overflow leaves: modulo 2**W all, and in a zero; other modes put ones or invert."""
    keeps = kind.overflow in (Overflow.WRAP, Overflow.SAT_ZERO) and not kind.saturation_bits
    return np.minimum(zeros, kind.width) if keeps else np.zeros_like(zeros)


def fold(low: IntArray, high: IntArray, kind: FixedType) -> tuple[IntArray, IntArray, BoolArray]:
    """Bounds after overflow, and where it may happen; int64 only if 61 bits hold the bounds and the format."""
    bottom, top = lowest(kind), kind.raw_max
    below, above = np.asarray(low < bottom, dtype=bool), np.asarray(high > top, dtype=bool)
    outside = below | above
    if not outside.any():
        return low, high, outside
    if kind.overflow is Overflow.WRAP and not kind.saturation_bits:
        turn = (low - kind.raw_min) >> kind.width
        one_turn = np.asarray(turn == (high - kind.raw_min) >> kind.width, dtype=bool)
        back = turn << kind.width
        return np.where(one_turn, low - back, bottom), np.where(one_turn, high - back, top), outside
    if kind.overflow is Overflow.WRAP_SM and not kind.saturation_bits:
        return np.where(outside, bottom, low), np.where(outside, top, high), outside
    floor, ceiling = np.minimum(np.maximum(low, bottom), top), np.minimum(np.maximum(high, bottom), top)
    if kind.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return floor, ceiling, outside
    # What overflow makes of the numbers above and of those below, joined with the numbers that stay inside.
    if kind.overflow is Overflow.SAT_ZERO:
        from_above = from_below = (0, 0)
    elif not kind.signed:  # B2: N ones, for negative sources, too
        from_above = from_below = (top - (top >> kind.saturation_bits), top)
    else:  # the sign stays, and the N - 1 bits below it saturate
        free = (1 << (kind.width - kind.saturation_bits)) - 1
        from_above, from_below = (top - free, top), (bottom, bottom + free)
    inside = np.asarray((low <= top) & (high >= bottom), dtype=bool)
    floor, ceiling = np.where(inside, floor, top), np.where(inside, ceiling, bottom)
    for where, (least, most) in ((above, from_above), (below, from_below)):
        floor = np.where(where, np.minimum(floor, least), floor)
        ceiling = np.where(where, np.maximum(ceiling, most), ceiling)
    return floor, ceiling, outside
