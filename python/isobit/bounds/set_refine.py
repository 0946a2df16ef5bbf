"""Back-substitution through pointwise convolutions, position by position; see :mod:`isobit.bounds.refine`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isobit.bounds.affine import Elementwise, Linear, Stage
from isobit.bounds.ranges import IntArray, Range, compact
from isobit.bounds.sets import PointwiseBounds, of_positions, part_of
from isobit.model.ops import Tensor
from isobit.model.set_ops import PointwiseConv

__all__ = ["pointwise_conv"]

#: Numbers of a matrix from all inputs to all outputs, at most.
_MATRIX = 1 << 20

#: What :mod:`isobit.bounds.refine` does with a Dense layer.
DenseRule = Callable[..., tuple[Any, list[Stage]]]


def pointwise_conv(
    op: PointwiseConv, tensor: Tensor, values: Range, of: PointwiseBounds, chain: list[Stage], dense: DenseRule
) -> tuple[PointwiseBounds, list[Stage]] | None:
    """Bounds that are as tight or tighter, and what encloses the layer; None for layers too large for one matrix."""
    n_in, here = op.weight.shape[0], op.at_position(tensor)
    if tensor.size * op.output.size > _MATRIX:
        return None
    depends = any(isinstance(stage, Linear) and stage.weight.any() for stage in chain)
    none = np.zeros(n_in, dtype=np.int64)
    found, stages = [], []
    for position, before in enumerate(of.positions):
        first = position * n_in
        own = [Linear(values, np.eye(tensor.size, n_in, -first, dtype=np.int64), none, none, 0)]
        part = part_of(values, first, n_in)
        after, made = dense(op.dense, here, part, before, [*chain, *own] if depends else [])
        found.append(after)
        stages.append(made)
    refined = of_positions(op, found)
    joined = [_side_by_side([made[place] for made in stages]) for place in range(len(stages[0]))]
    whole = [stage for stage in joined if stage is not None]
    return (refined, whole) if len(whole) == len(joined) else (refined, [_constants(values, refined.result)])


def _side_by_side(stages: list[Stage]) -> Stage | None:
    """Stages of neighbouring parts in one; None where they do not have one unit."""
    if len({(type(stage), stage.scale) for stage in stages}) > 1:
        return None
    lows, highs, zeros = (np.concatenate([getattr(s.values, end) for s in stages]) for end in ("low", "high", "zeros"))
    values, scale = Range(lows, highs, stages[0].values.fraction, zeros), stages[0].scale
    lower, upper = (_joined([getattr(stage, end) for stage in stages]) for end in ("lower", "upper"))
    blocks = [stage.weight for stage in stages if isinstance(stage, Linear)]
    if not blocks:
        below, above = (_joined([getattr(stage, f"{end}_slope") for stage in stages]) for end in ("lower", "upper"))
        return Elementwise(values, below, above, lower, upper, scale)
    n_in, n_out = blocks[0].shape
    weight = np.zeros((len(blocks) * n_in, len(blocks) * n_out), dtype=object)
    for place, block in enumerate(blocks):
        weight[place * n_in : (place + 1) * n_in, place * n_out : (place + 1) * n_out] = block
    return Linear(values, compact(weight), lower, upper, scale)


def _joined(parts: list[IntArray]) -> IntArray:
    return compact(np.concatenate([np.asarray(part).astype(object) for part in parts]))


def _constants(values: Range, result: Range) -> Stage:
    zeros = np.zeros((*values.shape, *result.shape), dtype=np.int64)
    return Linear(values, zeros, result.low, result.high, 0)
