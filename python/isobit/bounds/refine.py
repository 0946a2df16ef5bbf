"""Bounds that take into account that a layer's inputs depend on each other, for verdicts closer to the truth.

Sums over windows are bounded both by back-substitution (:mod:`isobit.bounds.affine`) and by interval arithmetic; the
tighter bound is used. As rigorous as :func:`isobit.bounds.intervals.graph_bounds`, and slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from isobit.bounds.affine import Elementwise, Linear, Stage, enclosed
from isobit.bounds.dot_refine import dot_stages
from isobit.bounds.intervals import Bounds, DotBounds, OpBounds, input_bounds, op_bounds
from isobit.bounds.lines import Leaf, NotALine, Pieces, pieces_of
from isobit.bounds.ranges import Range
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import Formula, identity_view, is_alias

__all__ = ["refined_bounds"]


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
        stages: list[Stage] | None = None
        if len(given) == 1:
            (tensor,) = given
            values, chain = tensors[tensor.name], chains[tensor.name]
            if isinstance(op, Dot) and isinstance(of, DotBounds):
                of, stages = dot_stages(op, tensor, values, of, chain)
            else:
                stages = _elementwise(op, tensor, values, of)
        ops[op.name], tensors[op.output.name] = of, of.result
        # A chain has one beginning: where there is none, a new one begins, of which the bounds are known.
        chains[op.output.name] = [] if stages is None else chain + stages
    return Bounds(starts, tensors, ops)


# -- elementwise ---------------------------------------------------------------------------------------------------


def _constants(values: Range, result: Range) -> Stage:
    """An op of which only the range of its results is told."""
    if values.shape == result.shape:
        zero = np.zeros(values.shape, dtype=np.int64)
        return Elementwise(values, zero, zero, result.low, result.high, 0)
    return Linear(values, np.zeros((*values.shape, *result.shape), dtype=np.int64), result.low, result.high, 0)


def _same(i: int, raw: int) -> int:
    return raw


def _elementwise(op: Op, tensor: Tensor, values: Range, of: OpBounds) -> list[Stage]:
    if is_alias(op, (tensor,)):
        return []
    pieces = _pieces(op, tensor, values)
    if pieces is None:
        return [_constants(values, of.result)]
    return [enclosed(values, *pieces, op.output.type, of.result, of.result_overflow)]


Kinked = tuple[Callable[[int, int], int], list[tuple[int, ...]], int]


def _pieces(op: Op, tensor: Tensor, values: Range) -> Kinked | None:
    """A formula before its cast: the function, the integers at its kinks, the fraction of its values."""
    if not isinstance(op, Formula) or not np.array_equal(op.views[0], identity_view(tensor.size)):
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
