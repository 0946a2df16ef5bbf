"""Margins of the accumulators of layers on sets; see :mod:`isobit.witness.margins`."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray
from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import DenseBounds, OpBounds
from isobit.bounds.sets import PointwiseBounds
from isobit.model.ops import Dense, Op, Tensor, Tensors
from isobit.model.reduce import Reduce
from isobit.model.set_ops import PointwiseConv
from isobit.witness.margins import AccumMargins, Margins
from isobit.witness.reduce_margins import ReduceMargins

__all__ = ["PointwiseMargins", "accum_margins"]


def accum_margins(op: Op, tensors: Tensors, of: OpBounds) -> AccumMargins | PointwiseMargins | ReduceMargins:
    """What is known of an op's accumulator."""
    (tensor,) = tensors
    if isinstance(op, PointwiseConv) and isinstance(of, PointwiseBounds):
        return PointwiseMargins(op, tensor, of)
    if isinstance(op, Reduce) and isinstance(of, ReduceBounds):
        return ReduceMargins(op, tensor, of)
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
