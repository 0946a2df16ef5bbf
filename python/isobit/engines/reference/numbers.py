"""Exact numbers, many at once: integers over one power of two, as wide as they must be.

What ``fractions.Fraction`` is for one number, :class:`Numbers` is for the same number of many events. Every result is
exact. Machine integers hold the numerators where a bound, carried along with them, proves that they fit; otherwise
Python integers do.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from isobit.fixed.types import FixedType

__all__ = ["Numbers", "in_lane", "joined", "largest", "where"]

#: Magnitudes of up to 2**62 leave room for one addition in int64.
_INT64_BITS = 62


class Numbers:
    """An array of numbers ``raw * 2**-fraction``.

    Parameters
    ----------
    raw
        Numerators: int64, or Python integers (dtype object).
    fraction
        Of all of them; may be negative.
    bits
        A bound that the caller vouches for: no magnitude of ``raw`` exceeds ``2**bits``.
    """

    __slots__ = ("bits", "fraction", "raw")

    def __init__(self, raw: Any, fraction: int, bits: int) -> None:
        self.raw = raw
        self.fraction = fraction
        self.bits = bits

    @classmethod
    def of(cls, raw: Any, type: FixedType) -> Numbers:
        """Take raw integers of a format."""
        bits = type.width - type.signed
        return cls(in_lane(raw, bits), type.fraction, bits)

    @classmethod
    def exactly(cls, value: Fraction | int) -> Numbers:
        """One number, whose denominator is a power of two, shape (1,)."""
        exact = Fraction(value)
        fraction = exact.denominator.bit_length() - 1
        assert exact.denominator == 2**fraction, value
        bits = abs(exact.numerator).bit_length()
        return cls(in_lane(np.array([exact.numerator], dtype=object), bits), fraction, bits)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.raw.shape)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, places: Any) -> Numbers:
        return Numbers(self.raw[places], self.fraction, self.bits)

    def spread(self, *shape: int) -> Numbers:
        """The same numbers in a larger shape."""
        return Numbers(np.broadcast_to(self.raw, shape), self.fraction, self.bits)

    def finer(self, fraction: int) -> Any:
        """Numerators over ``2**fraction``, which is no coarser than their own."""
        return _scaled(in_lane(self.raw, self.bits + fraction - self.fraction), fraction - self.fraction)

    def _with(self, other: Numbers | int) -> tuple[Any, Any, int, int]:
        """Numerators of both over the finer of the two powers, that power, and a bound of both."""
        if not isinstance(other, Numbers):
            other = Numbers.exactly(other)
        fraction = max(self.fraction, other.fraction)
        bits = max(one.bits + fraction - one.fraction for one in (self, other))
        left, right = (_scaled(in_lane(one.raw, bits + 1), fraction - one.fraction) for one in (self, other))
        return left, right, fraction, bits

    def __add__(self, other: Numbers | int) -> Numbers:
        one, two, fraction, bits = self._with(other)
        return Numbers(one + two, fraction, bits + 1)

    def __sub__(self, other: Numbers | int) -> Numbers:
        one, two, fraction, bits = self._with(other)
        return Numbers(one - two, fraction, bits + 1)

    def __neg__(self) -> Numbers:
        return Numbers(-self.raw, self.fraction, self.bits)

    def __mul__(self, other: Numbers | int) -> Numbers:
        if not isinstance(other, Numbers):
            other = Numbers.exactly(other)
        bits = self.bits + other.bits
        return Numbers(in_lane(self.raw, bits) * in_lane(other.raw, bits), self.fraction + other.fraction, bits)

    def __gt__(self, other: Numbers | int) -> Any:
        one, two, _, _ = self._with(other)
        return one > two

    def __lt__(self, other: Numbers | int) -> Any:
        one, two, _, _ = self._with(other)
        return one < two

    def __le__(self, other: Numbers | int) -> Any:
        one, two, _, _ = self._with(other)
        return one <= two

    def __ge__(self, other: Numbers | int) -> Any:
        one, two, _, _ = self._with(other)
        return one >= two

    def equals(self, other: Numbers | int) -> Any:
        """Where both are equal: bool."""
        one, two, _, _ = self._with(other)
        return one == two


def in_lane(raw: Any, bits: int) -> Any:
    """Integers whose magnitudes stay within ``2**bits``: int64 where that fits, else Python integers."""
    dtype = np.dtype(np.int64 if bits <= _INT64_BITS else object)
    return raw if raw.dtype == dtype else raw.astype(dtype)


def _scaled(raw: Any, gap: int) -> Any:
    return raw * 2**gap if gap else raw


def where(choice: Any, one: Numbers, other: Numbers) -> Numbers:
    """One number where ``choice`` holds, else the other."""
    left, right, fraction, bits = one._with(other)
    return Numbers(np.where(choice, left, right), fraction, bits)


def joined(parts: list[Numbers]) -> Numbers:
    """Numbers over one power of two, one part after the other."""
    assert len({part.fraction for part in parts}) == 1
    bits = max(part.bits for part in parts)
    return Numbers(np.concatenate([in_lane(part.raw, bits) for part in parts]), parts[0].fraction, bits)


def largest(numbers: list[Numbers]) -> Numbers:
    """The largest of several, event by event."""
    found = numbers[0]
    for other in numbers[1:]:
        found = where(other > found, other, found)
    return found
