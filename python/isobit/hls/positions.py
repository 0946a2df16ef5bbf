"""Which layers work position by position, and what they are at one: the ops that packets of a stream pass through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from isobit.model.expressions import with_weights
from isobit.model.layers.activation import Activation
from isobit.model.layers.convolution import PointwiseConv
from isobit.model.layers.dense import Dense
from isobit.model.layers.distributed import DistributedDense
from isobit.model.layers.layernorm import LayerNorm
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.layers.softmax import Softmax
from isobit.model.layers.table import TableActivation
from isobit.model.layers.unary_lut import UnaryLUT
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Select, is_alias
from isobit.model.weights import Weight

__all__ = ["POSITION_OPS", "position_op", "primitive_at_position", "register_position_op"]

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


@register_position_op(DistributedDense)
def distributed_dense(op: DistributedDense, width: int) -> DistributedDense | None:
    """The layer of one position."""
    n_in, n_out = op.weight.shape
    return replace(op, output=replace(op.output, shape=(n_out,))) if width == n_in else None


@register_position_op(Activation)
@register_position_op(TableActivation)
@register_position_op(UnaryLUT)
def elementwise(op: Activation | TableActivation | UnaryLUT, width: int) -> Op | None:
    """The same function of fewer numbers."""
    return _narrowed(op, width)


@register_position_op(BatchNorm)
def batchnorm(op: BatchNorm, width: int) -> Op | None:
    """The same, if every position has the same scales: with one a number, positions differ."""
    return _narrowed(op, width) if width % op.scale.raw.size == 0 else None


@register_position_op(LayerNorm)
def layernorm(op: LayerNorm, width: int) -> Op | None:
    """Of one position."""
    return _narrowed(op, width) if width == op.dim else None


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


def primitive_at_position(op: Op, tensors: Tensors, widths: Sequence[int], count: int) -> Op | None:
    """The primitive of one position of a layer that is lowered to a single selection or formula.

    None if positions differ (in their constants, too), if an output takes numbers of other positions, or if nothing is
    computed.

    Parameters
    ----------
    op, tensors
        A layer and its inputs.
    widths
        Numbers in a packet of each input.
    count
        Packets of every input, and of the output.
    """
    parts = op.lower(*tensors)
    output = replace(op.output, shape=op.output.shape[-1:] or (1,))
    if len(parts) != 1 or output.size * count != op.output.size or is_alias(parts[0], tensors):
        return None
    (part,) = parts
    starts = np.cumsum([0, *(tensor.size for tensor in tensors)])
    if isinstance(part, Select):
        first = part.view[: output.size]
        origins = part.origins(tensors)[: output.size]
        steps = np.where(first < 0, 0, np.array(widths)[origins])
        inside = first - starts[origins]
        if not _repeats(part.view, first, steps, count) or (inside >= steps)[first >= 0].any():
            return None
        packed = np.cumsum([0, *widths])[origins] + inside
        return replace(part, output=output, view=np.where(first < 0, -1, packed))
    if not isinstance(part, Formula):
        return None
    views = []
    for view, width in zip(part.views, widths, strict=True):
        first = view[: output.size]
        if not _repeats(view, first, np.full(output.size, width), count) or (first >= width).any():
            return None
        views.append(first)
    rows: dict[int, Weight | None] = {}

    def first_row(weight: Weight) -> Weight:
        if id(weight) not in rows:
            rows[id(weight)] = _first_row(weight, output.size)
        return rows[id(weight)] or weight

    outcome = with_weights(part.outcome, first_row)
    return None if None in rows.values() else replace(part, output=output, outcome=outcome, views=tuple(views))


def _repeats(view: Any, first: Any, steps: Any, count: int) -> bool:
    """Whether every position takes what the first one takes, so many numbers further."""
    return np.array_equal(view.reshape(count, -1), first + np.arange(count)[:, None] * steps)


def _first_row(weight: Weight, size: int) -> Weight | None:
    """The constants of one position; None if positions differ."""
    if weight.raw.size == 1:
        return weight
    rows = weight.raw.reshape(-1, size)
    if (rows != rows[0]).any():
        return None
    written, unquantised = (part.reshape(-1, size)[0] for part in (weight.written, weight.unquantised))
    return replace(weight, raw=rows[0], written=written, unquantised=unquantised)
