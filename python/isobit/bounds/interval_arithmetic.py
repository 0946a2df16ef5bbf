"""Sums, differences and products of numbers within bounds: the bounds of the results, exactly."""

from __future__ import annotations

import numpy as np

from isobit.bounds.ranges import Range, add, multiply

__all__ = ["halved", "minus", "plus", "times"]


def plus(a: Range, b: Range) -> Range:
    """``a + b``, at the finer of their fractions."""
    a, b = _aligned(a, b)
    return Range(add(a.low, b.low), add(a.high, b.high), a.fraction, np.minimum(a.zeros, b.zeros))


def minus(a: Range, b: Range) -> Range:
    """``a - b``, at the finer of their fractions."""
    a, b = _aligned(a, b)
    return Range(add(a.low, -b.high), add(a.high, -b.low), a.fraction, np.minimum(a.zeros, b.zeros))


def times(a: Range, b: Range) -> Range:
    """``a * b``, at the sum of their fractions; the same object twice stands for a square."""
    zeros = np.asarray(a.zeros) + np.asarray(b.zeros)
    if a is b:
        ends = [multiply(end, end) for end in (a.low, a.high)]
        spans = np.asarray((a.low <= 0) & (a.high >= 0), dtype=bool)
        return Range(np.where(spans, 0, np.minimum(*ends)), np.maximum(*ends), 2 * a.fraction, zeros)
    ends = [multiply(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(np.minimum.reduce(ends), np.maximum.reduce(ends), a.fraction + b.fraction, zeros)


def halved(a: Range) -> Range:
    """``a / 2``: the same raw integers, at one fraction bit more."""
    return Range(a.low, a.high, a.fraction + 1, a.zeros)


def _aligned(a: Range, b: Range) -> tuple[Range, Range]:
    fraction = max(a.fraction, b.fraction)
    return a.at(fraction), b.at(fraction)
