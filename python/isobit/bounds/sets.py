"""Bounds of layers on sets: pointwise convolutions, pooling, transposition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from isobit.bounds.dense import dense_bounds
from isobit.bounds.ranges import BoolArray, CastRange, IntArray, Range, add, cast_range, hull
from isobit.bounds.rules import DenseBounds, OpBounds, Ranges, register_bounds
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.pooling import Pooling
from isobit.model.ops import Tensors
from isobit.model.set_ops import PointwiseConv

__all__ = [
    "PointwiseBounds",
    "PoolingBounds",
    "of_positions",
    "part_of",
    "pointwise_bounds",
    "pooling_bounds",
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


@dataclass(frozen=True, eq=False)
class PoolingBounds(OpBounds):
    """Bounds of a pooling layer; every range has the shape (size,) and the accumulator's fraction.

    Attributes
    ----------
    needed
        What the accumulator would have to hold: hull of everything that is cast into it, rounded. None: nothing is.
    accum_overflow
        Where that may leave the accumulator's range.
    accum
        The accumulator at the end, before a division.
    """

    needed: Range | None
    accum_overflow: BoolArray
    accum: Range


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


@register_bounds(Pooling)
def pooling_bounds(op: Pooling, tensors: Tensors, ranges: Ranges) -> PoolingBounds:
    """Every window at once: numbers of a window, shape (windows * channels,), one after the other."""
    (tensor,), (values,) = tensors, ranges
    size, kind = op.output.size, tensor.type
    seen = _Casts(op.accum, size)
    average = op.function == "average"
    pools: list[Range] = []
    for places in op.windows.T:
        taken = (places[:, None] * op.channels + np.arange(op.channels)).ravel()
        padded = taken < 0
        fill = 0 if average else op.padding
        low, high = (np.where(padded, fill, end[np.maximum(taken, 0)]) for end in (values.low, values.high))
        zeros = np.where(padded, 0, np.asarray(values.zeros)[np.maximum(taken, 0)])
        pool = Range(low, high, kind.fraction, zeros)
        pools.append(pool if op.order == "parallel" else seen.cast(pool, kind))
    if average:
        added = kind if op.order == "parallel" else op.accum
        total = _tree(pools, seen) if op.order == "tree" else _sequence(pools, added, seen)
        divisor = np.repeat(op.divisors, op.channels)
        held = Range(_quotient(total.low, divisor), _quotient(total.high, divisor), op.accum.fraction)
    else:
        first = [Range(*(np.full(size, op.accum.raw_min, dtype=object),) * 2, op.accum.fraction)]
        pools = first + pools if op.order == "stream" else pools
        lows, highs = ([getattr(pool, end) for pool in pools] for end in ("low", "high"))
        total = held = Range(np.maximum.reduce(lows), np.maximum.reduce(highs), op.accum.fraction)
    result = cast_range(held, op.accum, op.output.type)
    return PoolingBounds(
        op, held, result.rounded, result.result, result.overflow, seen.needed, seen.overflow, accum=total
    )


class _Casts:
    """Casts into an accumulator: what it would have to hold, and where that does not fit."""

    def __init__(self, accum: FixedType, size: int) -> None:
        self.accum = accum
        self.needed: Range | None = None
        self.overflow: BoolArray = np.zeros(size, dtype=bool)

    def cast(self, values: Range, source: FixedType) -> Range:
        """The values in the accumulator."""
        if source == self.accum:
            return values
        found: CastRange = cast_range(values, source, self.accum)
        self.needed = found.rounded if self.needed is None else hull([self.needed, found.rounded])
        self.overflow = self.overflow | found.overflow
        return found.result

    def sum(self, a: Range, b: Range, kind: FixedType) -> Range:
        """Both, added exactly and cast; ``kind`` is b's format."""
        exact = growth.sum_of(self.accum, kind)
        a, b = a.at(exact.fraction), b.at(exact.fraction)
        total = Range(add(a.low, b.low), add(a.high, b.high), exact.fraction, np.minimum(a.zeros, b.zeros))
        return self.cast(total, exact)


def _sequence(pools: list[Range], kind: FixedType, seen: _Casts) -> Range:
    nothing = np.zeros(pools[0].shape, dtype=np.int64)
    total = Range.constant(nothing, seen.accum.fraction)
    for pool in pools:
        total = seen.sum(total, pool, kind)
    return total


def _tree(pools: list[Range], seen: _Casts) -> Range:
    if len(pools) == 1:
        return pools[0]
    left = 1 << ((len(pools) - 1).bit_length() - 1)
    return seen.sum(_tree(pools[:left], seen), _tree(pools[left:], seen), seen.accum)


def _quotient(values: IntArray, divisor: Any) -> IntArray:
    """Toward zero, which keeps the order."""
    return np.where(values < 0, -(-values // divisor), values // divisor)
