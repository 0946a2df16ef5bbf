"""Pointwise convolutions as stages: a Dense map at every position."""

from __future__ import annotations

import numpy as np

from isobit.bounds.dense import dense_bounds
from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import hull
from isobit.bounds.sets import part_of
from isobit.model.ops import Tensors
from isobit.model.set_ops import PointwiseConv
from isobit.plan.maps import Linear, Sequential
from isobit.plan.stages import MAPS, dense_map, into_result
from isobit.plan.steps import Affine, Step

__all__ = ["pointwise_map"]


def pointwise_map(op: PointwiseConv, tensors: Tensors, bounds: Bounds) -> tuple[Linear | Sequential, list[Step], int]:
    """The map of one position, proven for the numbers of all."""
    (tensor,) = tensors
    n_in = op.weight.shape[0]
    values = bounds.tensors[tensor.name]
    data = hull(part_of(values, first, n_in) for first in range(0, values.low.size, n_in))
    here = op.at_position(tensor)
    chosen, steps, source = dense_map(op.dense, here, dense_bounds(op.dense, (here,), (data,)), data)
    steps = [_at_every_position(step, op.positions) for step in steps]
    return chosen, [*steps, *into_result(op, source, source.fraction, bounds)], op.positions


def _at_every_position(step: Step, positions: int) -> Step:
    if not isinstance(step, Affine):
        return step
    return Affine(np.tile(step.a, positions), np.tile(step.b, positions), watch=step.watch)


MAPS[PointwiseConv] = pointwise_map
