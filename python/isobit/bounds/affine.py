"""Linear bounds of one op at a time, and their substitution back to a network's inputs, in exact integers.

Interval arithmetic forgets that the inputs of a layer depend on each other. Here every op is enclosed between linear
functions of its input, ``(slope * r + offset) / 2**scale`` on raw integers; a sum of a deep layer is then bounded by
substituting these functions into each other, layer by layer back to the inputs, where the worst case is taken (the
back-substitution of DeepPoly and CROWN: Singh et al., POPL 2019; Zhang et al., NeurIPS 2018). Rounding widens the
offsets. Floats are only used where float64 holds every integer of a matrix product exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray, Range, compact, magnitude_bits
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["Elementwise", "Linear", "Stage", "enclosed", "exact_matmul", "rounding_slack", "upper_bounds"]

#: Bits of a coefficient that are kept; what is cut off goes into the offset.
_COEFFICIENT_BITS = 24
#: Fraction bits of slopes.
_SLOPE_BITS = 16


def exact_matmul(a: IntArray, b: IntArray) -> IntArray:
    """``a @ b`` of integers: by BLAS where float64 holds every partial sum, else on int64, else on Python integers."""
    bits = magnitude_bits(a) + magnitude_bits(b) + a.shape[-1].bit_length()
    if bits <= 53:
        return np.asarray(a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    if bits <= 61:
        return np.asarray(a.astype(np.int64) @ b.astype(np.int64))
    return compact(np.asarray(a.astype(object) @ b.astype(object)))


@dataclass(frozen=True, eq=False)
class Linear:
    """A matrix: ``lower <= 2**scale * out - r @ weight <= upper`` for the raw input r within ``values``.

    ``weight`` has shape (n_in, n_out); a column of zeros leaves its output between two constants.
    """

    values: Range
    weight: IntArray
    lower: IntArray
    upper: IntArray
    scale: int

    def slopes(self, positive: IntArray, negative: IntArray) -> IntArray:
        """Coefficients of the input from those of the output, split by sign; shape (targets, n)."""
        return exact_matmul(compact(positive + negative), self.weight.T)


@dataclass(frozen=True, eq=False)
class Elementwise:
    """A line below and one above: ``2**scale * out <= r * upper_slope + upper``, and likewise below."""

    values: Range
    lower_slope: IntArray
    upper_slope: IntArray
    lower: IntArray
    upper: IntArray
    scale: int

    def slopes(self, positive: IntArray, negative: IntArray) -> IntArray:
        """As :meth:`Linear.slopes`."""
        bits = magnitude_bits(positive, negative) + magnitude_bits(self.lower_slope, self.upper_slope) + 1
        kind = np.int64 if bits <= 61 else object
        return compact(
            positive.astype(kind) * self.upper_slope.astype(kind)
            + negative.astype(kind) * self.lower_slope.astype(kind)
        )


Stage = Linear | Elementwise


def upper_bounds(stages: Sequence[Stage], coefficients: IntArray, limits: Range) -> IntArray:
    """Upper bounds of ``out @ coefficients`` for the output of the last stage.

    Parameters
    ----------
    stages
        From the network's input on; each encloses the output of the one before.
    coefficients
        Shape (targets, n): each row is one sum to bound.
    limits
        Bounds of the last stage's output, shape (n,).

    Returns
    -------
    Shape (targets,), Python integers: the least bound found on the way back.
    """
    current = compact(coefficients)
    offset, scale = np.zeros(len(current), dtype=object), 0
    best = _worst(current, limits)
    for stage in reversed(stages):
        positive, negative = np.maximum(current, 0), np.minimum(current, 0)
        added = exact_matmul(positive, stage.upper).astype(object) + exact_matmul(negative, stage.lower).astype(object)
        current = stage.slopes(positive, negative)
        offset = offset * (1 << stage.scale) + added
        scale += stage.scale
        excess = magnitude_bits(current) - _COEFFICIENT_BITS
        if excess > 0:
            kept = current >> excess
            rest = current - (kept << excess)  # never negative, so largest with the input
            offset = offset + exact_matmul(rest, stage.values.high).astype(object)
            offset, scale = -((-offset) >> excess), scale - excess
            current = compact(kept)
        total = _worst(current, stage.values) + offset
        best = np.minimum(best, total >> scale if scale >= 0 else total << -scale)
    return best


def _worst(coefficients: IntArray, limits: Range) -> IntArray:
    """Largest value of ``r @ coefficients`` within limits, Python integers."""
    high = exact_matmul(np.maximum(coefficients, 0), limits.high).astype(object)
    return np.asarray(high + exact_matmul(np.minimum(coefficients, 0), limits.low).astype(object))


def rounding_slack(rounding: Rounding, drop: int, low: int, high: int) -> tuple[int, int]:
    """How far rounding may lead below and above a number, in units of 2**-drop of the target's LSB.

    ``low`` and ``high`` bound the number: truncation toward zero goes one way on either side of it.
    """
    if drop <= 0:
        return 0, 0
    if rounding is Rounding.TRN:
        return (1 << drop) - 1, 0
    if rounding is Rounding.TRN_ZERO:
        return ((1 << drop) - 1 if high > 0 else 0), ((1 << drop) - 1 if low < 0 else 0)
    return 1 << (drop - 1), 1 << (drop - 1)


def enclosed(
    values: Range,
    function: Callable[[int, int], int],
    breaks: Sequence[Sequence[int]],
    fraction: int,
    kind: FixedType,
    result: Range,
    overflow: Any,
) -> Elementwise:
    """Lines around a piecewise linear function of every element that is then cast.

    Parameters
    ----------
    values
        Bounds of the input's raw integers, shape (n,).
    function
        (element, raw integer) -> exact value at ``fraction``; linear between neighbouring breaks.
    breaks
        For every element the raw integers at both sides of each kink.
    fraction
        Of the values.
    kind
        Format of the result.
    result
        Bounds of the result, for the elements that no line encloses.
    overflow
        Where the cast may overflow. What saturates gets kinks of its own, what wraps gets constants.
    """
    drop = fraction - kind.fraction
    up, scale = max(0, -drop), max(0, drop)
    symmetric = kind.overflow is Overflow.SAT_SYM and kind.signed and kind.width > 1
    bottom, top = (-kind.raw_max if symmetric else kind.raw_min) << scale, kind.raw_max << scale
    saturates = kind.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    columns: list[tuple[int, int, int, int]] = []
    for i, (low, high) in enumerate(zip(values.low.tolist(), values.high.tolist(), strict=True)):
        if overflow[i] and not saturates:
            shift = scale + _SLOPE_BITS
            columns.append((0, 0, int(result.low[i]) << shift, int(result.high[i]) << shift))
            continue
        places = sorted({low, high, *(min(max(place, low), high) for place in breaks[i])})
        points = [(place, function(i, place) << up) for place in places]
        if overflow[i]:
            points = _clamped(points, lambda r, i=i: function(i, r) << up, bottom, top)
        heights = [height for _, height in points]
        below, above = rounding_slack(kind.rounding, drop, min(heights), max(heights))
        if kind.is_int and drop > 0:  # B13: toward zero or down, by the source's format
            below = above = (1 << drop) - 1
        upper_slope, upper = _line(points, 1)
        lower_slope, lower = _line(points, -1)
        columns.append((lower_slope, upper_slope, lower - (below << _SLOPE_BITS), upper + (above << _SLOPE_BITS)))
    table = np.array(columns, dtype=object)
    lower_slopes, upper_slopes, lowers, uppers = (compact(table[:, place]) for place in range(4))
    return Elementwise(values, lower_slopes, upper_slopes, lowers, uppers, scale + _SLOPE_BITS)


def _clamped(points: list[tuple[int, int]], function: Any, bottom: int, top: int) -> list[tuple[int, int]]:
    """The points of a saturated function: with the integers at both sides of where it reaches the bounds."""
    places = {place for place, _ in points}
    for (left, a), (right, b) in pairwise(points):
        for bound in (bottom, top):
            if min(a, b) < bound < max(a, b):
                near = left + (bound - a) * (right - left) // (b - a)
                places |= {min(max(place, left), right) for place in (near, near + 1)}
    return [(place, min(max(function(place), bottom), top)) for place in sorted(places)]


def _line(points: list[tuple[int, int]], side: int) -> tuple[int, int]:
    """Slope (at ``_SLOPE_BITS``) and offset of a line over (side 1) or under (side -1) all points.

    Of the lines through two of the points and the horizontal one, the one that is nearest in the middle.
    """
    (low, _), (high, _) = points[0], points[-1]
    slopes = {0}
    for (left, a), (right, b) in [*pairwise(points), (points[0], points[-1])]:
        if right > left:
            slopes.add(((b - a) << _SLOPE_BITS) // (right - left))
    for left, a in points[1:-1]:
        for right, b in (points[0], points[-1]):
            slopes.add(((b - a) << _SLOPE_BITS) // (right - left))
    best: tuple[int, int, int] | None = None
    for slope in sorted(slopes):
        offset = max(side * ((height << _SLOPE_BITS) - slope * place) for place, height in points)
        height = 2 * offset + side * slope * (low + high)
        if best is None or height < best[0]:
            best = (height, slope, side * offset)
    assert best is not None
    return best[1], best[2]
