"""Margins of the accumulators of layers on sets; see :mod:`isobit.witness.margins`."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray
from isobit.bounds.rules import DenseBounds, OpBounds
from isobit.bounds.sets import PointwiseBounds, PoolingBounds
from isobit.fixed import law
from isobit.model.layers.pooling import Pooling
from isobit.model.ops import Dense, Op, Tensor, Tensors
from isobit.model.set_ops import PointwiseConv
from isobit.witness.margins import AccumMargins, Margins, outside

__all__ = ["PointwiseMargins", "PoolingMargins", "accum_margins"]


def accum_margins(op: Op, tensors: Tensors, of: OpBounds) -> AccumMargins | PointwiseMargins | PoolingMargins:
    """What is known of an op's accumulator."""
    (tensor,) = tensors
    if isinstance(op, PointwiseConv) and isinstance(of, PointwiseBounds):
        return PointwiseMargins(op, tensor, of)
    if isinstance(op, Pooling) and isinstance(of, PoolingBounds):
        return PoolingMargins(op, tensor, of)
    assert isinstance(op, Dense)
    assert isinstance(of, DenseBounds)
    return AccumMargins(op, tensor, of)


class PointwiseMargins:
    """Those of the Dense layer at every position; a neuron is a channel of a position."""

    def __init__(self, op: PointwiseConv, tensor: Tensor, of: PointwiseBounds) -> None:
        self.op, self.tensor, self.of = op, tensor, of
        self.n_in, self.n_out = op.weight.shape
        self.count = self.n_in
        self._made: dict[int, AccumMargins] = {}

    def _at(self, neuron: int) -> tuple[AccumMargins, int, int]:
        """Margins of the neuron's position, its first input, the neuron's channel."""
        position, channel = divmod(neuron, self.n_out)
        if position not in self._made:
            here = self.op.at_position(self.tensor)
            self._made[position] = AccumMargins(self.op.dense, here, self.of.positions[position])
        return self._made[position], position * self.n_in, channel

    def of_events(self, data: IntArray, neuron: int) -> Margins:
        """As :meth:`AccumMargins.of_events`; ``data`` has the shape (events, size)."""
        margins, first, channel = self._at(neuron)
        return margins.of_events(data[:, first : first + self.n_in], channel)

    def aims(self, neuron: int) -> list[int]:
        """As :meth:`AccumMargins.aims`."""
        margins, _, channel = self._at(neuron)
        return margins.aims(channel)

    def drive(self, neuron: int, place: int, side: int) -> Any:
        """As :meth:`AccumMargins.drive`."""
        margins, first, channel = self._at(neuron)
        slope = np.zeros(self.tensor.size)
        slope[first : first + self.n_in] = margins.drive(channel, place, side)
        return slope


class PoolingMargins:
    """Partial sums of a window, or what is cast on its way into a maximum."""

    def __init__(self, op: Pooling, tensor: Tensor, of: PoolingBounds) -> None:
        self.op, self.tensor, self.of = op, tensor, of
        self.count = op.windows.shape[1]

    def _inputs(self, neuron: int) -> IntArray:
        window, channel = divmod(neuron, self.op.channels)
        places = self.op.windows[window]
        return np.asarray(places[places >= 0] * self.op.channels + channel)

    def of_events(self, data: IntArray, neuron: int) -> Margins:
        """As :meth:`AccumMargins.of_events`; sums are taken as if nothing was rounded on the way."""
        accum, numbers = self.op.accum, data[:, self._inputs(neuron)].astype(object)
        places = np.arange(1, numbers.shape[1] + 1)
        if self.op.function == "average":
            sums = np.cumsum(numbers, axis=1)
            numbers = sums if self.op.order == "parallel" else np.concatenate([numbers, sums], axis=1)
            places = places if self.op.order == "parallel" else np.concatenate([-places, places])
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
