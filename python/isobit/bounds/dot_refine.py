"""Back-substitution through sums over windows, position by position; see :mod:`isobit.bounds.refine`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds.affine import Elementwise, Linear, Stage, enclosed, rounding_slack, upper_bounds
from isobit.bounds.dot import at_position, dot_bounds, free_partial_sums, joined, source_of
from isobit.bounds.product_lines import product_lines
from isobit.bounds.ranges import (
    BoolArray,
    IntArray,
    Range,
    cast_range,
    compact,
    lowest,
    one_after_another,
    shift_left,
)
from isobit.bounds.rules import DotBounds
from isobit.fixed.modes import Overflow, Rounding
from isobit.model.accumulation import accumulation_order
from isobit.model.dot import Dot
from isobit.model.ops import Tensor

__all__ = ["dot_stages"]

#: Numbers of a matrix from all inputs to all outputs, at most.
_MATRIX = 1 << 20
#: Partial sums of one position that are bounded by back-substitution, at most.
_PARTIAL_SUMS = 2048


def dot_stages(
    op: Dot, tensor: Tensor, values: Range, of: DotBounds, chain: list[Stage]
) -> tuple[DotBounds, list[Stage] | None]:
    """Bounds that are as tight or tighter, and what encloses the op; no stages for windows too many for one matrix."""
    if op.positions == 1 and op.consecutive(tensor):
        return _at_position(op, tensor, values, of, chain)
    if tensor.size * op.output.size > _MATRIX:
        return of, None
    depends = any(isinstance(stage, Linear) and stage.weight.any() for stage in chain)
    none = np.zeros(op.view.shape[1] * op.groups, dtype=np.int64)
    found, stages = [], []
    for position in range(op.positions):
        part, here = at_position(op, values, position), op.window(tensor)
        own = [Linear(values, _taken(op, tensor, position), none, none, 0)] if depends else []
        before = dot_bounds(op.alone, (here,), (part,))
        after, made = _at_position(op.alone, here, part, before, [*chain, *own] if depends else [])
        found.append(after)
        stages.append(made)
    refined = joined(op, values, of.hull, found)
    whole = [_side_by_side(op, tensor, values, [made[place] for made in stages]) for place in range(len(stages[0]))]
    known = [stage for stage in whole if stage is not None]
    return refined, known if len(known) == len(whole) else None


def _taken(op: Dot, tensor: Tensor, position: int) -> IntArray:
    """Which numbers of the input a position's windows hold: 0 and 1, shape (input size, groups * n_in)."""
    index = op.windows(np.arange(tensor.size), -1)[position * op.groups : (position + 1) * op.groups].ravel()
    return np.asarray(np.arange(tensor.size)[:, None] == index, dtype=np.int64)


def _side_by_side(op: Dot, tensor: Tensor, values: Range, stages: list[Stage]) -> Stage | None:
    """Stages of all positions in one; None where they do not have one unit."""
    if len({(type(stage), stage.scale) for stage in stages}) > 1:
        return None
    scale = stages[0].scale
    lower, upper = (_joined([getattr(stage, end) for stage in stages]) for end in ("lower", "upper"))
    blocks = [stage.weight for stage in stages if isinstance(stage, Linear)]
    if not blocks:
        below, above = (_joined([getattr(stage, f"{end}_slope") for stage in stages]) for end in ("lower", "upper"))
        return Elementwise(one_after_another([stage.values for stage in stages]), below, above, lower, upper, scale)
    n_out = op.weight.shape[1]
    weight = np.zeros((tensor.size + 1, op.output.size), dtype=object)
    for position, block in enumerate(blocks):
        index = op.view[position * op.groups : (position + 1) * op.groups].ravel()
        np.add.at(weight[:, position * n_out : (position + 1) * n_out], index, block.astype(object))  # -1: the last
    return Linear(values, compact(weight[:-1]), lower, upper, scale)


def _joined(parts: list[IntArray]) -> IntArray:
    return compact(np.concatenate([np.asarray(part).astype(object) for part in parts]))


def _over_windows(op: Dot, weight: IntArray) -> IntArray:
    """Weights of one position's windows, one after another: shape (groups * n_in, n_out) from (n_in, n_out)."""
    if op.groups == 1:
        return weight
    n_in, n_out = weight.shape
    group = np.arange(n_out) * op.groups // n_out
    own = np.arange(op.groups)[:, None, None] == group
    return np.asarray(np.where(own, weight, 0).reshape(op.groups * n_in, n_out))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Terms of one position, between ``r * weight + least`` and ``r * weight + most``.

    In units of 2**-scale of the accumulator's LSB; shapes (n_in, n_out).
    """

    weight: IntArray
    least: IntArray
    most: IntArray
    scale: int

    @classmethod
    def of(cls, op: Dot, tensor: Tensor, values: Range, of: DotBounds) -> _Sums:
        """The terms of a layer."""
        signs = op.weight.signs
        lines = product_lines(
            tensor, op.beside_weights(values.magnitude), op.weight, compact(op.weight.raw), signs, of.hull.products
        )
        drop = of.hull.products.fraction - op.accum.fraction
        weight, least, most = (shift_left(part, max(0, -drop)) for part in (lines.factor, lines.least, lines.most))
        exact = np.asarray(of.hull.products.zeros >= drop, dtype=bool) | of.hull.terms_exact
        slacks = rounding_slack(op.accum.rounding, drop, -1, 1)
        below, above = (np.where(exact, 0, np.array(slack, dtype=object)) for slack in slacks)
        if op.accum.rounding is Rounding.TRN_ZERO:
            below = np.where(np.asarray(of.hull.products.high > 0, dtype=bool), below, 0)
            above = np.where(np.asarray(of.hull.products.low < 0, dtype=bool), above, 0)
        if op.accum.is_int and drop > 0:  # B13: toward zero or down, by the product's format
            below = above = np.where(exact, 0, np.array((1 << drop) - 1, dtype=object))
        least, most = compact(least - (below << lines.scale)), compact(most + (above << lines.scale))
        return cls(weight, least, most, max(0, drop) + lines.scale)


def _at_position(
    op: Dot, tensor: Tensor, values: Range, of: DotBounds, chain: list[Stage]
) -> tuple[DotBounds, list[Stage]]:
    """Those of :attr:`Dot.alone`."""
    sums = _Sums.of(op, tensor, values, of)
    weight = _over_windows(op, sums.weight)
    scale, start = sums.scale, of.hull.start.low.astype(object) << sums.scale
    lower, upper = (part.astype(object).sum(axis=0) + start for part in (sums.least, sums.most))
    wraps = op.accum.overflow is Overflow.WRAP and not op.accum.saturation_bits
    # Behind nothing but constants every input is free, and the intervals are exact.
    if any(isinstance(stage, Linear) and stage.weight.any() for stage in chain):
        most = (upper_bounds(chain, weight.T, values) + upper) >> scale
        least = -((upper_bounds(chain, -weight.T, values) - lower) >> scale)
        of = replace(of, free_sum=_within(of.free_sum, least, most))
        if of.accum_overflow.any():
            of = _partial_sums(op, values, of, chain, sums)
        of = _with_accum(op, tensor, of, _accumulator(op, of, wraps))
    clamped, under, over = _clamping(op, of)
    lower, upper = lower - (over << scale), upper + (under << scale)
    # The sum is what the accumulator holds, where nothing clamped it and no wrap is left.
    inside = (of.free_sum.low >= lowest(op.accum)) & (of.free_sum.high <= op.accum.raw_max)
    sound = np.asarray(~of.accum_overflow | (wraps & inside) | clamped, dtype=bool)
    stage = Linear(
        values,
        compact(np.where(sound, weight, 0)),
        compact(np.where(sound, lower, of.accum.low.astype(object) << scale)),
        compact(np.where(sound, upper, of.accum.high.astype(object) << scale)),
        scale,
    )
    source, kind = source_of(op, tensor, of.accum)
    if kind != op.accum:  # a sum of signs
        zero = np.zeros(of.accum.shape, dtype=np.int64)
        return of, [stage, Elementwise(of.accum, zero, zero, of.result.low, of.result.high, 0)]
    if kind == op.output.type:
        return of, [stage]
    kinks: list[tuple[int, ...]] = [()] * op.output.size
    cast = enclosed(source, _same, kinks, kind.fraction, op.output.type, of.result, of.result_overflow)
    return of, [stage, cast]


def _accumulator(op: Dot, of: DotBounds, wraps: bool) -> Range:
    """The final accumulator from the sum without overflow, where that says something."""
    accum, free, calm = of.accum, of.free_sum, ~of.accum_overflow
    if wraps:
        image = cast_range(free, None, op.accum).result
        accum = _within(accum, image.low, image.high)
    accum = _within(accum, np.where(calm, free.low, accum.low), np.where(calm, free.high, accum.high))
    clamped, under, over = _clamping(op, of)
    low, high = free.low.astype(object) - over, free.high.astype(object) + under
    return _within(accum, np.where(clamped, low, accum.low), np.where(clamped, high, accum.high))


def _clamping(op: Dot, of: DotBounds) -> tuple[BoolArray, Any, Any]:
    """Where a saturating accumulator stays near the sum without saturation: (where, most that it lifts, and lowers).

    A sum that is clamped from below only ends at the free sum plus the largest depth of a partial sum under the bound;
    clamping it from above as well can but lower it, for each step is monotone in the sum. And the other way round.
    """
    bottom, top = lowest(op.accum), op.accum.raw_max
    nothing = np.zeros(of.accum.shape, dtype=object)
    if op.accum.overflow not in (Overflow.SAT, Overflow.SAT_SYM) or op.in_turns:
        return np.zeros(of.accum.shape, dtype=bool), nothing, nothing
    where = np.asarray(
        of.accum_overflow & ~of.hull.term_overflow.any(axis=0) & (of.hull.start.low >= bottom), dtype=bool
    )
    lows, highs = free_partial_sums(op, of.hull.start, of.hull.terms)
    under = np.maximum(bottom - lows[1:].min(axis=0).astype(object), 0)
    over = np.maximum(highs[1:].max(axis=0).astype(object) - top, 0)
    return where, np.where(where, under, 0), np.where(where, over, 0)


def _partial_sums(op: Dot, values: Range, of: DotBounds, chain: list[Stage], sums: _Sums) -> DotBounds:
    """Clear neurons whose partial sums, each bounded by back-substitution, all stay inside."""
    biased = cast_range(Range.constant(op.bias.raw.ravel(), op.bias.type.fraction), op.bias.type, op.accum).overflow
    n_in = len(sums.weight)
    neurons = np.flatnonzero(of.accum_overflow & ~of.hull.term_overflow.any(axis=0) & ~biased)[: _PARTIAL_SUMS // n_in]
    if not len(neurons) or op.in_turns:
        return of
    order = accumulation_order(op)[neurons]
    # One target per neuron and number of terms: the weights of the terms that are in.
    taken = np.argsort(order, axis=1)[:, None, :] < np.arange(1, n_in + 1)[None, :, None]
    shape = len(neurons), n_in
    parts = np.where(taken, sums.weight.T[neurons][:, None, :], 0)
    own = np.zeros((*shape, op.groups, n_in), dtype=parts.dtype)
    own[np.arange(len(neurons)), :, neurons * op.groups // op.output.size] = parts
    targets = compact(own.reshape(-1, op.groups * n_in))
    first = of.hull.start.low[neurons].astype(object)

    def added(constants: IntArray) -> IntArray:
        """Start and constants of the terms that are in, shape (neurons, n_in)."""
        inside = np.take_along_axis(constants.T[neurons].astype(object), order, axis=1)
        return np.asarray(np.cumsum(inside, axis=1) + (first << sums.scale)[:, None])

    high = (upper_bounds(chain, targets, values).reshape(shape) + added(sums.most)) >> sums.scale
    low = -((upper_bounds(chain, -targets, values).reshape(shape) - added(sums.least)) >> sums.scale)
    inside = np.asarray((high <= op.accum.raw_max).all(axis=1) & (low >= lowest(op.accum)).all(axis=1), dtype=bool)
    cleared = neurons[inside]
    overflow = of.accum_overflow.copy()
    overflow[cleared] = False
    partial_low, partial_high = of.partial.low.astype(object), of.partial.high.astype(object)
    partial_low[cleared] = np.minimum(low.min(axis=1), first)[inside]
    partial_high[cleared] = np.maximum(high.max(axis=1), first)[inside]
    return replace(
        of, accum_overflow=overflow, partial=Range(partial_low, partial_high, of.partial.fraction, of.partial.zeros)
    )


def _with_accum(op: Dot, tensor: Tensor, of: DotBounds, accum: Range) -> DotBounds:
    source, kind = source_of(op, tensor, accum)
    cast = cast_range(source, kind, op.output.type)
    return replace(
        of, accum=accum, source=source, rounded=cast.rounded, result=cast.result, result_overflow=cast.overflow
    )


def _within(outer: Range, low: Any, high: Any) -> Range:
    return Range(np.maximum(outer.low, low), np.minimum(outer.high, high), outer.fraction, outer.zeros)


def _same(i: int, raw: int) -> int:
    return raw
