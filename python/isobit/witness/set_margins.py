"""Margins of the accumulators of layers on sets; see :mod:`isobit.witness.margins`."""

from __future__ import annotations

from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import DotBounds, OpBounds
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensors
from isobit.model.reduce import Reduce
from isobit.witness.margins import AccumMargins
from isobit.witness.reduce_margins import ReduceMargins

__all__ = ["accum_margins"]


def accum_margins(op: Op, tensors: Tensors, of: OpBounds) -> AccumMargins | ReduceMargins:
    """What is known of an op's accumulator."""
    (tensor,) = tensors
    if isinstance(op, Reduce) and isinstance(of, ReduceBounds):
        return ReduceMargins(op, tensor, of)
    assert isinstance(op, Dot)
    assert isinstance(of, DotBounds)
    return AccumMargins(op, tensor, of)
