"""Layers on sets, on columns of events: what :mod:`.vector` has for a Dense layer, at every position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.tallies import Tally, ignore, of_index
from isobit.fixed import growth
from isobit.fixed.assign import Cast, assign
from isobit.fixed.law import INT64_BITS
from isobit.model.layers.pooling import Pooling
from isobit.model.ops import Tensor, Tensors
from isobit.model.set_ops import PointwiseConv

__all__ = ["at_every_position", "pooling"]

#: As in :mod:`isobit.engines.exact.vector`: one number of every event.
Column = Any
#: As there, those of every input.
Columns = tuple[Column, ...]
#: Told of every cast of one output; None: nobody is.
Count = Callable[[Cast], None] | None


def at_every_position(dense: Callable[..., Column]) -> Callable[..., Column]:
    """The kernel of a pointwise convolution, from that of a Dense layer."""

    def kernel(op: PointwiseConv, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
        (tensor,), (data,) = tensors, inputs
        n_in, n_out = op.weight.shape
        here, columns = op.at_position(tensor), []
        for position in range(op.positions):

            def moved(slot: str, index: int, cast: Cast, first: int = position * n_out) -> None:
                tally(slot, first + index, cast)

            part = data[position * n_in : (position + 1) * n_in]
            columns.append(dense(op.dense, (here,), (part,), ignore if tally is ignore else moved))
        return np.concatenate(columns)

    return kernel


def pooling(op: Pooling, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    """Maximum or average over windows; see :class:`isobit.model.Pooling` for the orders."""
    (tensor,), (data,) = tensors, inputs
    columns = []
    for place, (window, divisor) in enumerate(zip(op.windows.tolist(), op.divisors.tolist(), strict=True)):
        for channel in range(op.channels):
            index = place * op.channels + channel
            pool = [None if source < 0 else data[source * op.channels + channel] for source in window]
            held = _held(op, tensor, pool, divisor, of_index(tally, "accum", index))
            columns.append(assign(held, op.accum, op.output.type, of_index(tally, "result", index)))
    return np.stack(columns)


def _held(op: Pooling, tensor: Tensor, pool: list[Any], divisor: int, count: Count) -> Column:
    """The accumulator at the end; None stands for padding."""
    some = next(column for column in pool if column is not None)
    if op.order != "parallel":
        pool = [assign(column, tensor.type, op.accum, count) for column in pool]
    if op.function == "max":
        held = [np.full_like(some, op.padding) if column is None else column for column in pool]
        return np.maximum.reduce([np.full_like(some, op.accum.raw_min), *held] if op.order == "stream" else held)
    if op.order == "tree":
        total = _tree(op, pool, count)
    else:
        total, kind = np.zeros_like(some), tensor.type if op.order == "parallel" else op.accum
        exact = growth.sum_of(op.accum, kind)
        up, added = exact.fraction - op.accum.fraction, exact.fraction - kind.fraction
        for column in pool:
            total = (total << up) + (0 if column is None else column << added)
            total = assign(total, exact, op.accum, count)
    return np.where(total < 0, -(-total // divisor), total // divisor).astype(some.dtype)


def _tree(op: Pooling, pool: list[Column], count: Count) -> Column:
    """A balanced sum: the left half is the largest power of two below the whole."""
    if len(pool) == 1:
        return pool[0]
    left = 1 << ((len(pool) - 1).bit_length() - 1)
    both = _tree(op, pool[:left], count) + _tree(op, pool[left:], count)
    return assign(both, op.accum.sum_with(op.accum), op.accum, count)


@register_int64(Pooling)
def _pooling_fits(op: Pooling, tensors: Tensors) -> bool:
    (tensor,) = tensors
    exact = op.accum.sum_with(tensor.type if op.order == "parallel" else op.accum)
    return (
        cast_fits(tensor.type.width, tensor.type.fraction, op.accum)
        and exact.width + 1 <= INT64_BITS
        and cast_fits(exact.width, exact.fraction, op.accum)
        and cast_fits(op.accum.width, op.accum.fraction, op.output.type)
    )
