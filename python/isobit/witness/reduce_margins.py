"""Margins of the accumulators of reductions, and of whatever accumulates; see :mod:`isobit.witness.margins`."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray
from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import DotBounds, OpBounds
from isobit.fixed import law
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.reduce import Reduce
from isobit.witness.margins import AccumMargins, Margins, outside

__all__ = ["ReduceMargins", "accum_margins"]


class ReduceMargins:
    """Partial sums of a window, or what is cast on its way into a maximum."""

    def __init__(self, op: Reduce, tensor: Tensor, of: ReduceBounds) -> None:
        self.op, self.tensor, self.of = op, tensor, of
        self.count = op.view.shape[1]

    def _inputs(self, neuron: int) -> IntArray:
        places = self.op.view[neuron]
        return np.asarray(places[places >= 0])

    def of_events(self, data: IntArray, neuron: int) -> Margins:
        """As :meth:`AccumMargins.of_events`; sums are taken as if nothing was rounded on the way."""
        accum, numbers = self.op.accum, data[:, self._inputs(neuron)].astype(object)
        places = np.arange(1, numbers.shape[1] + 1)
        if self.op.function == "sum":
            sums = np.cumsum(numbers, axis=1)
            numbers = np.concatenate([numbers, sums], axis=1) if self.op.cast_first else sums
            places = np.concatenate([-places, places]) if self.op.cast_first else places
        shift = self.tensor.type.fraction - accum.fraction
        return outside(law.round_shift(numbers, shift, int(accum.rounding)), accum, places)

    def aims(self, neuron: int) -> list[int]:
        """All of the window, upwards and downwards."""
        return [len(self._inputs(neuron))] * 2

    def drive(self, neuron: int, place: int, side: int) -> Any:
        """Slope of a partial sum, or of one number."""
        inputs = self._inputs(neuron)
        slope = np.zeros(self.tensor.size)
        slope[inputs[:place] if place > 0 else inputs[-place - 1 : -place]] = side
        return slope


def accum_margins(op: Op, tensors: Tensors, of: OpBounds) -> AccumMargins | ReduceMargins:
    """What is known of an op's accumulator."""
    (tensor,) = tensors
    if isinstance(op, Reduce) and isinstance(of, ReduceBounds):
        return ReduceMargins(op, tensor, of)
    assert isinstance(op, Dot)
    assert isinstance(of, DotBounds)
    return AccumMargins(op, tensor, of)
