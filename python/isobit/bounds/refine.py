"""Bounds that take into account that a layer's inputs depend on each other, for verdicts closer to the truth.

Every Dense layer's sums are bounded both by back-substitution (:mod:`isobit.bounds.affine`) and by interval
arithmetic; the tighter bound is used. As rigorous as :func:`isobit.bounds.intervals.graph_bounds`, and slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds import set_refine
from isobit.bounds.affine import Elementwise, Linear, Stage, enclosed, rounding_slack, upper_bounds
from isobit.bounds.dense import free_partial_sums, source_of
from isobit.bounds.intervals import Bounds, DenseBounds, OpBounds, input_bounds, op_bounds
from isobit.bounds.lines import Leaf, NotALine, Pieces, pieces_of
from isobit.bounds.product_lines import product_lines
from isobit.bounds.ranges import BoolArray, IntArray, Range, cast_range, compact, lowest, shift_left
from isobit.bounds.sets import PointwiseBounds
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order, in_turns
from isobit.model.graph import Graph
from isobit.model.ops import Activation, Dense, Op, Tensor
from isobit.model.primitives import Formula, identity_view, is_alias
from isobit.model.set_ops import PointwiseConv

__all__ = ["refined_bounds"]

#: Partial sums of one layer that are bounded by back-substitution, at most.
_PARTIAL_SUMS = 2048


def refined_bounds(graph: Graph, inputs: Mapping[str, Range] | None = None) -> Bounds:
    """Bounds of every number in a network, by interval arithmetic and back-substitution.

    Parameters and errors are those of :func:`isobit.bounds.intervals.graph_bounds`; every range lies within the one
    that it gives.
    """
    graph = graph.lowered
    starts = input_bounds(graph, inputs)
    tensors, ops = dict(starts), {}
    chains: dict[str, list[Stage]] = {name: [] for name in starts}
    for op in graph.ops:
        given = graph.inputs_of(op)
        of = op_bounds(op, given, tuple(tensors[name] for name in op.inputs))
        if len(given) != 1:  # a chain has one beginning: here a new one begins, of which the bounds are known
            ops[op.name], tensors[op.output.name], chains[op.output.name] = of, of.result, []
            continue
        (tensor,) = given
        values, chain = tensors[tensor.name], chains[tensor.name]
        if isinstance(op, Dense) and isinstance(of, DenseBounds):
            of, stages = _dense(op, tensor, values, of, chain)
        elif isinstance(op, PointwiseConv) and isinstance(of, PointwiseBounds):
            found = set_refine.pointwise_conv(op, tensor, values, of, chain, _dense)
            of, stages = found if found is not None else (of, [_constants(values, of.result)])
        else:
            stages = _elementwise(op, tensor, values, of)
        ops[op.name], tensors[op.output.name] = of, of.result
        chains[op.output.name] = chain + stages
    return Bounds(starts, tensors, ops)


# -- Dense ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Sums:
    """Terms between ``r * weight + least`` and ``r * weight + most``, in units of 2**-scale of the accumulator's LSB.

    Shapes (n_in, n_out).
    """

    weight: IntArray
    least: IntArray
    most: IntArray
    scale: int

    @classmethod
    def of(cls, op: Dense, tensor: Tensor, values: Range, of: DenseBounds) -> _Sums:
        """The terms of a layer."""
        signs = op.weight.signs
        lines = product_lines(tensor, values.magnitude[:, None], op.weight, compact(op.weight.raw), signs, of.products)
        drop = of.products.fraction - op.accum.fraction
        weight, least, most = (shift_left(part, max(0, -drop)) for part in (lines.factor, lines.least, lines.most))
        exact = np.asarray(of.products.zeros >= drop, dtype=bool) | of.terms_exact
        slacks = rounding_slack(op.accum.rounding, drop, -1, 1)
        below, above = (np.where(exact, 0, np.array(slack, dtype=object)) for slack in slacks)
        if op.accum.rounding is Rounding.TRN_ZERO:
            below = np.where(np.asarray(of.products.high > 0, dtype=bool), below, 0)
            above = np.where(np.asarray(of.products.low < 0, dtype=bool), above, 0)
        if op.accum.is_int and drop > 0:  # B13: toward zero or down, by the product's format
            below = above = np.where(exact, 0, np.array((1 << drop) - 1, dtype=object))
        least, most = compact(least - (below << lines.scale)), compact(most + (above << lines.scale))
        return cls(weight, least, most, max(0, drop) + lines.scale)


def _dense(op: Dense, tensor: Tensor, values: Range, of: DenseBounds, chain: list[Stage]) -> tuple[Any, list[Stage]]:
    sums = _Sums.of(op, tensor, values, of)
    scale, start = sums.scale, of.start.low.astype(object) << sums.scale
    lower, upper = (part.astype(object).sum(axis=0) + start for part in (sums.least, sums.most))
    wraps = op.accum.overflow is Overflow.WRAP and not op.accum.saturation_bits
    # Behind nothing but constants every input is free, and the intervals are exact.
    if any(isinstance(stage, Linear) and stage.weight.any() for stage in chain):
        most = (upper_bounds(chain, sums.weight.T, values) + upper) >> scale
        least = -((upper_bounds(chain, -sums.weight.T, values) - lower) >> scale)
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
        compact(np.where(sound, sums.weight, 0)),
        compact(np.where(sound, lower, of.accum.low.astype(object) << scale)),
        compact(np.where(sound, upper, of.accum.high.astype(object) << scale)),
        scale,
    )
    source, kind = source_of(op, tensor, of.accum)
    if kind != op.accum:  # a sum of signs
        return of, [stage, _constants(of.accum, of.result)]
    if kind == op.output.type:
        return of, [stage]
    kinks: list[tuple[int, ...]] = [()] * op.output.size
    cast = enclosed(source, _same, kinks, kind.fraction, op.output.type, of.result, of.result_overflow)
    return of, [stage, cast]


def _accumulator(op: Dense, of: DenseBounds, wraps: bool) -> Range:
    """The final accumulator from the sum without overflow, where that says something."""
    accum, free, calm = of.accum, of.free_sum, ~of.accum_overflow
    if wraps:
        image = cast_range(free, None, op.accum).result
        accum = _within(accum, image.low, image.high)
    accum = _within(accum, np.where(calm, free.low, accum.low), np.where(calm, free.high, accum.high))
    clamped, under, over = _clamping(op, of)
    low, high = free.low.astype(object) - over, free.high.astype(object) + under
    return _within(accum, np.where(clamped, low, accum.low), np.where(clamped, high, accum.high))


def _clamping(op: Dense, of: DenseBounds) -> tuple[BoolArray, Any, Any]:
    """Where a saturating accumulator stays near the sum without saturation: (where, most that it lifts, and lowers).

    A sum that is clamped from below only ends at the free sum plus the largest depth of a partial sum under the bound;
    clamping it from above as well can but lower it, for each step is monotone in the sum. And the other way round.
    """
    bottom, top = lowest(op.accum), op.accum.raw_max
    nothing = np.zeros(of.accum.shape, dtype=object)
    if op.accum.overflow not in (Overflow.SAT, Overflow.SAT_SYM) or in_turns(op):
        return np.zeros(of.accum.shape, dtype=bool), nothing, nothing
    where = np.asarray(of.accum_overflow & ~of.term_overflow.any(axis=0) & (of.start.low >= bottom), dtype=bool)
    lows, highs = free_partial_sums(op, of.start, of.terms)
    under = np.maximum(bottom - lows[1:].min(axis=0).astype(object), 0)
    over = np.maximum(highs[1:].max(axis=0).astype(object) - top, 0)
    return where, np.where(where, under, 0), np.where(where, over, 0)


def _partial_sums(op: Dense, values: Range, of: DenseBounds, chain: list[Stage], sums: _Sums) -> DenseBounds:
    """Clear neurons whose partial sums, each bounded by back-substitution, all stay inside."""
    biased = cast_range(Range.constant(op.bias.raw.ravel(), op.bias.type.fraction), op.bias.type, op.accum).overflow
    n_in = len(sums.weight)
    neurons = np.flatnonzero(of.accum_overflow & ~of.term_overflow.any(axis=0) & ~biased)[: _PARTIAL_SUMS // n_in]
    if not len(neurons) or in_turns(op):
        return of
    order = accumulation_order(op)[neurons]
    # One target per neuron and number of terms: the weights of the terms that are in.
    taken = np.argsort(order, axis=1)[:, None, :] < np.arange(1, n_in + 1)[None, :, None]
    targets = compact(np.where(taken, sums.weight.T[neurons][:, None, :], 0).reshape(-1, n_in))
    first, shape = of.start.low[neurons].astype(object), (len(neurons), n_in)

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


def _with_accum(op: Dense, tensor: Tensor, of: DenseBounds, accum: Range) -> DenseBounds:
    source, kind = source_of(op, tensor, accum)
    cast = cast_range(source, kind, op.output.type)
    return replace(
        of, accum=accum, source=source, rounded=cast.rounded, result=cast.result, result_overflow=cast.overflow
    )


def _within(outer: Range, low: Any, high: Any) -> Range:
    return Range(np.maximum(outer.low, low), np.minimum(outer.high, high), outer.fraction, outer.zeros)


def _same(i: int, raw: int) -> int:
    return raw


# -- elementwise ---------------------------------------------------------------------------------------------------


def _constants(values: Range, result: Range) -> Stage:
    """An op of which only the range of its results is told."""
    if values.shape == result.shape:
        zero = np.zeros(values.shape, dtype=np.int64)
        return Elementwise(values, zero, zero, result.low, result.high, 0)
    return Linear(values, np.zeros((*values.shape, *result.shape), dtype=np.int64), result.low, result.high, 0)


def _elementwise(op: Op, tensor: Tensor, values: Range, of: OpBounds) -> list[Stage]:
    if is_alias(op, (tensor,)):
        return []
    pieces = _pieces(op, tensor, values)
    if pieces is None:
        return [_constants(values, of.result)]
    return [enclosed(values, *pieces, op.output.type, of.result, of.result_overflow)]


Kinked = tuple[Callable[[int, int], int], list[tuple[int, ...]], int]


def _pieces(op: Op, tensor: Tensor, values: Range) -> Kinked | None:
    """A piecewise linear op before its cast: the function, the integers at its kinks, the fraction of its values."""
    size = tensor.size
    if isinstance(op, Formula):
        return _formula(op, tensor, values)
    if not isinstance(op, Activation):
        return None
    if op.function == "linear":
        return _same, [()] * size, tensor.type.fraction
    if op.function == "relu":
        return (lambda i, r: max(r, 0)), [(0,)] * size, tensor.type.fraction
    if op.function == "leaky_relu" and op.param is not None:
        slope, extra = int(op.param.raw.ravel()[0]), op.param.type.fraction
        up, down = max(0, extra), max(0, -extra)
        return (
            (lambda i, r: r << up if r > 0 else (r * slope) << down),
            [(0, 1)] * size,
            tensor.type.fraction + up,
        )
    return None


def _formula(op: Formula, tensor: Tensor, values: Range) -> Kinked | None:
    if not np.array_equal(op.views[0], identity_view(tensor.size)):
        return None
    try:
        return _joined(pieces_of(op.outcome, (tensor,), (values,)), op.output.type)
    except NotALine:
        return None


def _joined(pieces: Pieces, target: FixedType) -> Kinked:
    """All pieces as one function. A constant counts as its cast makes it."""
    if isinstance(pieces, Leaf):
        constant = pieces.constant(target)
        if constant is not None:
            raws = constant.tolist()
            return (lambda i, r: raws[i]), [()] * len(raws), target.fraction
        factors, summands = pieces.line.factors[0].tolist(), pieces.line.summand.tolist()
        return (lambda i, r: factors[i] * r + summands[i]), [()] * len(factors), pieces.line.fraction
    above, above_breaks, above_fraction = _joined(pieces.above, target)
    below, below_breaks, below_fraction = _joined(pieces.below, target)
    fraction, bound = max(above_fraction, below_fraction), pieces.bound.tolist()
    over, under = fraction - above_fraction, fraction - below_fraction

    def function(i: int, r: int) -> int:
        return above(i, r) << over if r > bound[i] else below(i, r) << under

    def at_bound(i: int) -> tuple[int, ...]:
        """One place where the pieces meet there, else both sides of it."""
        meets = above(i, bound[i]) << over == below(i, bound[i]) << under
        return (bound[i],) if meets else (bound[i], bound[i] + 1)

    breaks = [(*above_breaks[i], *at_bound(i), *below_breaks[i]) for i in range(len(bound))]
    return function, breaks, fraction
