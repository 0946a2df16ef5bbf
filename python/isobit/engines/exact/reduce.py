"""The primitive of maxima and sums, on columns of events; as of :mod:`.vector`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.tallies import Tally, of_index
from isobit.fixed import growth
from isobit.fixed.assign import Cast, assign
from isobit.fixed.law import INT64_BITS
from isobit.model.ops import Tensor, Tensors
from isobit.model.reduce import Reduce

__all__ = ["reduced"]

#: As in :mod:`isobit.engines.exact.vector`: one number of every event.
Column = Any
#: As there, those of every input.
Columns = tuple[Column, ...]
#: Told of every cast of one output; None: nobody is.
Count = Callable[[Cast], None] | None


def reduced(op: Reduce, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    """Maximum or sum of every window; see :class:`isobit.model.reduce.Reduce` for the orders."""
    (tensor,), (data,) = tensors, inputs
    columns = []
    for index, window in enumerate(op.view.tolist()):
        pool = [np.full_like(data[0], op.padding) if place < 0 else data[place] for place in window]
        held = _held(op, tensor, pool, of_index(tally, "accum", index))
        if op.divisors is not None:
            divisor = int(op.divisors[index])
            held = np.where(held < 0, -(-held // divisor), held // divisor).astype(data.dtype)
        columns.append(assign(held, op.accum, op.output.type, of_index(tally, "result", index)))
    return np.stack(columns)


def _held(op: Reduce, tensor: Tensor, pool: list[Column], count: Count) -> Column:
    """The accumulator before the division."""
    if op.cast_first or op.function == "max":
        pool = [assign(column, tensor.type, op.accum, count) for column in pool]
    if op.function == "max":
        return np.maximum.reduce(pool)
    if op.order == "tree":
        return _tree(op, pool, count)
    total, kind = np.zeros_like(pool[0]), op.added(tensor)
    exact = growth.sum_of(op.accum, kind)
    up, added = exact.fraction - op.accum.fraction, exact.fraction - kind.fraction
    for column in pool:
        total = assign((total << up) + (column << added), exact, op.accum, count)
    return total


def _tree(op: Reduce, pool: list[Column], count: Count) -> Column:
    """A balanced sum: the left half is the largest power of two below the whole."""
    if len(pool) == 1:
        return pool[0]
    left = 1 << ((len(pool) - 1).bit_length() - 1)
    both = _tree(op, pool[:left], count) + _tree(op, pool[left:], count)
    return assign(both, op.accum.sum_with(op.accum), op.accum, count)


@register_int64(Reduce)
def _fits(op: Reduce, tensors: Tensors) -> bool:
    (tensor,) = tensors
    exact = op.accum.sum_with(op.added(tensor))
    return (
        cast_fits(tensor.type.width, tensor.type.fraction, op.accum)
        and exact.width + 1 <= INT64_BITS
        and cast_fits(exact.width, exact.fraction, op.accum)
        and cast_fits(op.accum.width, op.accum.fraction, op.output.type)
    )
