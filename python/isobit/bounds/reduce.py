"""Bounds of reductions: what is cast into the accumulator of a window, in its order, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.bounds.ranges import BoolArray, CastRange, IntArray, Range, add, cast_range, hull
from isobit.bounds.rules import OpBounds, Ranges, register_bounds
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.ops import Tensors
from isobit.model.reduce import Reduce

__all__ = ["ReduceBounds", "reduce_bounds"]


@dataclass(frozen=True, eq=False)
class ReduceBounds(OpBounds):
    """Bounds of a reduction; every range has the shape (size,) and the accumulator's fraction.

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


@register_bounds(Reduce)
def reduce_bounds(op: Reduce, tensors: Tensors, ranges: Ranges) -> ReduceBounds:
    """Every window at once: one number of each, shape (outputs,), after the other."""
    (tensor,), (values,) = tensors, ranges
    size, kind = op.output.size, tensor.type
    seen = _Casts(op.accum, size)
    summed = op.function == "sum"
    pools: list[Range] = []
    for taken in op.view.T:
        padded = taken < 0
        low, high = (np.where(padded, op.padding, end[np.maximum(taken, 0)]) for end in (values.low, values.high))
        zeros = np.where(padded, 0, np.asarray(values.zeros)[np.maximum(taken, 0)])
        pool = Range(low, high, kind.fraction, zeros)
        pools.append(seen.cast(pool, kind) if op.cast_first or not summed else pool)
    if summed:
        total = _tree(pools, seen) if op.order == "tree" else _sequence(pools, op.added(tensor), seen)
    else:
        lows, highs = ([getattr(pool, end) for pool in pools] for end in ("low", "high"))
        total = Range(np.maximum.reduce(lows), np.maximum.reduce(highs), op.accum.fraction)
    held = total
    if op.divisors is not None:
        low, high = (_quotient(end, op.divisors) for end in (total.low, total.high))
        held = Range(low, high, op.accum.fraction)
    result = cast_range(held, op.accum, op.output.type)
    return ReduceBounds(
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
