"""Which layers work position by position, and what they are at one: the ops that packets of a stream pass through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, BatchNorm, Dense, Op
from isobit.model.set_ops import PointwiseConv
from isobit.model.table_ops import Softmax, TableActivation

__all__ = ["POSITION_OPS", "position_op", "register_position_op"]

AtPosition = Callable[[Any, int], "Op | None"]
OpT = TypeVar("OpT", bound=Op)
AtPositionT = TypeVar("AtPositionT", bound=AtPosition)

#: By op: from an op and the numbers in a packet of its input to the op of one packet, None where there is none.
POSITION_OPS: dict[type[Op], AtPosition] = {}


def register_position_op(op: type[Op]) -> Callable[[AtPositionT], AtPositionT]:
    """Make an op streamable (decorator of the function that gives the op of one packet)."""

    def register(function: AtPositionT) -> AtPositionT:
        POSITION_OPS[op] = function
        return function

    return register


def position_op(op: Op, width: int) -> Op | None:
    """The op of one packet of the input, which gives one packet of the output; None if it needs the whole tensor.

    Parameters
    ----------
    op
        A layer.
    width
        Numbers in a packet of its input.
    """
    found = POSITION_OPS.get(type(op))
    return None if found is None else found(op, width)


@register_position_op(PointwiseConv)
def pointwise_conv(op: PointwiseConv, width: int) -> Dense | None:
    """The dense layer of one position."""
    return op.dense if width == op.weight.shape[0] else None


@register_position_op(Activation)
@register_position_op(TableActivation)
def elementwise(op: Activation | TableActivation, width: int) -> Op | None:
    """The same function of fewer numbers."""
    return _narrowed(op, width)


@register_position_op(BatchNorm)
def batchnorm(op: BatchNorm, width: int) -> Op | None:
    """The same, if every position has the same scales: with one a number, positions differ."""
    return _narrowed(op, width) if width % op.scale.raw.size == 0 else None


@register_position_op(Threshold)
def threshold(op: Threshold, width: int) -> Op | None:
    """As for scales."""
    return _narrowed(op, width) if width % op.high.raw.size == 0 else None


@register_position_op(Softmax)
def softmax(op: Softmax, width: int) -> Op | None:
    """Over the channels: slices must lie within a packet, one after the other."""
    if op.inner > 1 or width % op.size:
        return None
    narrowed = _narrowed(op, width)
    return None if narrowed is None else replace(narrowed, outer=width // op.size)


def _narrowed(op: OpT, width: int) -> OpT | None:
    """An op whose output is one packet as wide as the input's; None where packets of the two differ."""
    if op.output.shape[-1:] != (width,):
        return None
    return replace(op, output=replace(op.output, shape=(width,)))
