"""What happens to a number after a linear map, step by step, in exact integers; and the bounds that go through it.

A step does not depend on a lane: it says what is computed, not with which machine arithmetic. Numbers are integers in
units of an LSB that each rounding makes coarser. Every step knows how it changes bounds and how many bits it needs;
``plan/lanes.py`` uses this to prove a lane exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from isobit.bounds.ranges import IntArray, add, compact, fold, magnitude_bits, multiply
from isobit.fixed import law
from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType

__all__ = [
    "FACTOR_BITS",
    "FLOOR_BITS",
    "Affine",
    "AtLeast",
    "Between",
    "Clamp",
    "Expect",
    "Law",
    "LookUp",
    "Mark",
    "Observe",
    "Round",
    "ScaleFloor",
    "Slopes",
    "Step",
    "Wrap",
    "Zero",
]

#: Bits of a rounded product, and of its factors, that one fused multiply-add of float32 gets right.
FLOOR_BITS = 22
FACTOR_BITS = 24


@dataclass(frozen=True, eq=False)
class Step(ABC):
    """One step; ``low``, ``high`` below are bounds per output, shape (n_out,).

    Attributes
    ----------
    watch
        Layer to whose result cast the step belongs, or which it observes; profiling counts what it does. Else None.
    """

    watch: str | None = field(default=None, kw_only=True)

    @abstractmethod
    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits of everything that is held on the way, at the LSB of the argument."""
        return max(magnitude_bits(low, high), magnitude_bits(*self.bounds(low, high)))


@dataclass(frozen=True, eq=False)
class Affine(Step):
    """``v * a + b``; ``a``, ``b`` of shape (n_out,)."""

    a: IntArray
    b: IntArray

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        ends = [add(multiply(end, self.a), self.b) for end in (low, high)]
        return np.minimum(*ends), np.maximum(*ends)

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        product = multiply(np.maximum(np.abs(low), np.abs(high)), np.abs(self.a))
        return max(magnitude_bits(low, high, self.a), magnitude_bits(add(product, np.abs(self.b))))

    @property
    def positive(self) -> bool:
        """Whether larger numbers give larger results, for every output."""
        return bool((self.a > 0).all())


@dataclass(frozen=True, eq=False)
class Round(Step):
    """Division by 2**shift (shift of 1 or more), rounded."""

    shift: int
    rounding: Rounding

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        return self.of(low), self.of(high)

    def of(self, values: IntArray) -> IntArray:
        """The step itself, on int64 or Python integers."""
        wide = magnitude_bits(values) > law.INT64_BITS
        shift = self.shift if wide or values.dtype == object else law.int64_shift(self.shift)
        return compact(law.round_shift(values.astype(object) if wide else values, shift, int(self.rounding)))

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        # The half that is added, or the comparison with it.
        return max(magnitude_bits(low, high), self.shift) + 1


@dataclass(frozen=True, eq=False)
class ScaleFloor(Step):
    """``floor(v * a / 2**shift) + b``: an affine step and a rounding down where the summand has no fraction.

    ``a``, ``b`` of shape (n_out,); what is rounded must stay below 2**22, its factors within float32.
    """

    a: IntArray
    b: IntArray
    shift: int

    @classmethod
    def of(cls, affine: Affine, rounding: Round) -> ScaleFloor | None:
        """The two steps in one, if they are."""
        if rounding.rounding is not Rounding.TRN or rounding.shift > law.INT64_BITS:
            return None
        whole = affine.b >> rounding.shift
        exact = ((whole << rounding.shift) == affine.b).all()
        return cls(affine.a, whole, rounding.shift, watch=rounding.watch) if exact else None

    def products(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the rounded products."""
        ends = [multiply(end, self.a) for end in (low, high)]
        return Round(self.shift, Rounding.TRN).bounds(np.minimum(*ends), np.maximum(*ends))

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        least, most = self.products(low, high)
        return add(least, self.b), add(most, self.b)

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        products = self.products(low, high)
        fits = magnitude_bits(*products) <= FLOOR_BITS and magnitude_bits(low, high, self.a) <= FACTOR_BITS
        return max(super().bits(low, high), magnitude_bits(self.b)) if fits else 1 << 20


@dataclass(frozen=True, eq=False)
class Clamp(Step):
    """Into low .. high; None where there is no bound."""

    low: int | None
    high: int | None

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        return self.of(low), self.of(high)

    def of(self, values: IntArray) -> IntArray:
        """The step itself."""
        # With a bound beyond int64 NumPy would compute in float64; no int64 reaches such a bound.
        low, high = ((end if end is None or abs(end) < 1 << 63 else None) for end in (self.low, self.high))
        if values.dtype == object:
            low, high = self.low, self.high
        if low is not None:
            values = np.maximum(values, low)
        return values if high is None else np.minimum(values, high)


@dataclass(frozen=True, eq=False)
class Folding(Step):
    """What overflow makes of numbers of a format."""

    type: FixedType

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        wide = max(magnitude_bits(low, high), self.type.width) > law.INT64_BITS
        least, most = (end.astype(object) if wide else end for end in (low, high))
        least, most, _ = fold(least, most, self.type)
        return compact(least), compact(most)

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        # A wrap counts turns of the whole range, and begins at the lowest number.
        return max(magnitude_bits(low, high), self.type.width) + 1


class Wrap(Folding):
    """Modulo 2**width (WRAP without saturation bits)."""


class Zero(Folding):
    """0 outside of the range (SAT_ZERO)."""


@dataclass(frozen=True, eq=False)
class Law(Folding):
    """Rounding and overflow of the rare modes (WRAP with saturation bits, WRAP_SM), one number at a time."""

    shift: int = 0

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        if self.shift > 0:
            low, high = Round(self.shift, self.type.rounding).bounds(low, high)
        return super().bounds(low, high)


@dataclass(frozen=True, eq=False)
class Slopes(Step):
    """``v * above`` where v > bound, else ``v * below``; ``bound`` and ``below`` of shape (n_out,)."""

    bound: IntArray
    above: int
    below: IntArray

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result: those of the numbers on either side of the bound, where there are any."""
        one = compact(np.array(1, dtype=object))
        over = [multiply(np.maximum(end, add(self.bound, one)), self.above_array) for end in (low, high)]
        under = [multiply(np.minimum(end, self.bound), self.below) for end in (low, high)]
        some_over, some_under = high > self.bound, low <= self.bound
        least = np.where(some_over, np.minimum(*over), np.minimum(*under))
        most = np.where(some_over, np.maximum(*over), np.maximum(*under))
        both = some_over & some_under
        least = np.where(both, np.minimum(least, np.minimum(*under)), least)
        most = np.where(both, np.maximum(most, np.maximum(*under)), most)
        return compact(least), compact(most)

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        # The product that is not taken may wrap or be rounded, but the lane must hold both factors.
        return max(super().bits(low, high), magnitude_bits(self.bound, self.above_array, self.below))

    @property
    def monotone(self) -> bool:
        """Whether larger numbers never give smaller results."""
        one = compact(np.array(1, dtype=object))
        step = add(multiply(add(self.bound, one), self.above_array), -multiply(self.bound, self.below))
        return self.above >= 0 and bool((self.below >= 0).all() and (step >= 0).all())

    @property
    def above_array(self) -> IntArray:
        """``above`` as an array."""
        return compact(np.array(self.above, dtype=object))


@dataclass(frozen=True, eq=False)
class AtLeast(Step):
    """``above`` where v >= bound, else ``below``; bound of shape (n_out,)."""

    bound: IntArray
    above: int
    below: int

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        shape = np.broadcast_shapes(low.shape, self.bound.shape)
        least, most = sorted((self.above, self.below))
        return compact(np.full(shape, least, dtype=object)), compact(np.full(shape, most, dtype=object))

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        return max(super().bits(low, high), magnitude_bits(self.bound))


@dataclass(frozen=True, eq=False)
class Between(Step):
    """``above`` where v > upper, else ``middle`` where v > lower, else ``below``; bounds of shape (n_out,)."""

    upper: IntArray
    lower: IntArray
    above: int
    middle: int
    below: int

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        values = (self.above, self.middle, self.below)
        shape = np.broadcast_shapes(low.shape, self.upper.shape)
        return (
            compact(np.full(shape, min(values), dtype=object)),
            compact(np.full(shape, max(values), dtype=object)),
        )

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        return max(super().bits(low, high), magnitude_bits(self.upper, self.lower))


@dataclass(frozen=True, eq=False)
class LookUp(Step):
    """``entries[v - first]``, the first or the last entry where there is none."""

    first: int
    entries: IntArray

    @property
    def last(self) -> int:
        """Largest number that has an entry of its own."""
        return self.first + len(self.entries) - 1

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result: the smallest and largest entry between those of both ends."""
        ends = [np.clip(end, self.first, self.last).astype(np.int64) - self.first for end in (low, high)]
        pairs, where = np.unique(np.stack(ends), axis=1, return_inverse=True)
        parts = [self.entries[one : other + 1] for one, other in pairs.T.tolist()]
        least, most = (np.array([end(part) for part in parts])[where.ravel()] for end in (np.min, np.max))
        return compact(least), compact(most)

    def bits(self, low: IntArray, high: IntArray) -> int:
        """Magnitude bits held on the way; see :class:`Step`."""
        return max(super().bits(low, high), abs(self.first).bit_length(), abs(self.last).bit_length())


@dataclass(frozen=True, eq=False)
class Observe(Step):
    """Nothing; the smallest and largest value are kept."""

    def bounds(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Bounds of the result."""
        return low, high


class Mark(Observe):
    """Nothing at all: here ends a layer."""


@dataclass(frozen=True, eq=False)
class Expect(Mark):
    """Nothing: a result's format, which numbers must not leave; else what follows is wrong.

    Attributes
    ----------
    least, most
        The smallest and largest number of the format.
    """

    least: int
    most: int
