"""Bounds of pointwise convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isobit.bounds.dense import dense_bounds
from isobit.bounds.ranges import BoolArray, Range
from isobit.bounds.rules import DenseBounds, OpBounds, Ranges, register_bounds
from isobit.model.ops import Tensors
from isobit.model.set_ops import PointwiseConv

__all__ = [
    "PointwiseBounds",
    "of_positions",
    "part_of",
    "pointwise_bounds",
]


@dataclass(frozen=True, eq=False)
class PointwiseBounds(OpBounds):
    """Bounds of a pointwise convolution.

    Attributes
    ----------
    positions
        Those of the Dense layer at every position.
    """

    positions: tuple[DenseBounds, ...]

    @cached_property
    def accum_overflow(self) -> BoolArray:
        """Where a term, the bias or a sum may leave the accumulator's range, shape (size,)."""
        return np.concatenate([of.accum_overflow for of in self.positions])


def part_of(values: Range, first: int, count: int) -> Range:
    """Some neighbouring elements."""
    part = slice(first, first + count)
    return Range(values.low[part], values.high[part], values.fraction, np.asarray(values.zeros)[part])


def _joined(ranges: list[Range]) -> Range:
    """Ranges of one fraction, one after the other."""
    lows, highs, zeros = (np.concatenate([getattr(r, end) for r in ranges]) for end in ("low", "high", "zeros"))
    return Range(lows, highs, ranges[0].fraction, zeros)


@register_bounds(PointwiseConv)
def pointwise_bounds(op: PointwiseConv, tensors: Tensors, ranges: Ranges) -> PointwiseBounds:
    """Those of a Dense layer, position by position; positions with equal inputs are computed once."""
    (tensor,), (values,) = tensors, ranges
    n_in, here = op.weight.shape[0], op.at_position(tensor)
    parts: list[tuple[Range, DenseBounds]] = []
    for position in range(op.positions):
        part = part_of(values, position * n_in, n_in)
        if parts and _equal(parts[-1][0], part):
            parts.append(parts[-1])
        else:
            parts.append((part, dense_bounds(op.dense, (here,), (part,))))
    return of_positions(op, [of for _, of in parts])


def of_positions(op: PointwiseConv, found: list[DenseBounds]) -> PointwiseBounds:
    """Bounds of the layer from those of its positions."""
    source, rounded, result = (_joined([getattr(of, name) for of in found]) for name in ("source", "rounded", "result"))
    overflow = np.concatenate([of.result_overflow for of in found])
    return PointwiseBounds(op, source, rounded, result, overflow, tuple(found))


def _equal(a: Range, b: Range) -> bool:
    return all(np.array_equal(getattr(a, end), getattr(b, end)) for end in ("low", "high", "zeros"))
