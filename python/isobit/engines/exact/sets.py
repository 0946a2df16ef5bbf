"""Layers on sets, on columns of events: what :mod:`.vector` has for a Dense layer, at every position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isobit.engines.exact.tallies import Tally, ignore
from isobit.fixed.assign import Cast
from isobit.model.ops import Tensors
from isobit.model.set_ops import PointwiseConv

__all__ = ["at_every_position"]

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
