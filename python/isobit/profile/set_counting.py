"""Accumulators of layers on sets, for profiling: where measured inputs prove that nothing overflows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from isobit.bounds.ranges import BoolArray, IntArray, Range
from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import op_bounds
from isobit.model.ops import Tensor
from isobit.model.reduce import Reduce
from isobit.model.set_ops import PointwiseConv
from isobit.profile.counting import Accumulator

__all__ = ["SetAccumulator"]


class SetAccumulator:
    """The accumulators of a pointwise convolution or of a reduction; no lane counts their overflows.

    Parameters
    ----------
    op, tensor
        The layer and its input tensor.
    """

    def __init__(self, op: PointwiseConv | Reduce, tensor: Tensor) -> None:
        self.op = op
        self.tensor = tensor

    @cached_property
    def _position(self) -> Accumulator | None:
        return (
            Accumulator(self.op.dense, self.op.at_position(self.tensor)) if isinstance(self.op, PointwiseConv) else None
        )

    @property
    def products(self) -> int:
        """As :attr:`Accumulator.products`; a reduction's inputs count as such."""
        if isinstance(self.op, PointwiseConv):
            return self.op.positions * self.op.weight.raw.size
        return self.tensor.size

    @cached_property
    def bias(self) -> BoolArray:
        """As :attr:`Accumulator.bias`, shape (size,)."""
        size = self.op.output.size
        if self._position is None:
            return np.zeros(size, dtype=bool)
        return np.tile(self._position.bias, size // len(self._position.bias))

    def unproven(self, low: IntArray, high: IntArray) -> tuple[BoolArray, BoolArray]:
        """As :meth:`Accumulator.unproven`, shape (size,)."""
        if self._position is not None:
            n_in = self._position.tensor.size
            parts = [slice(first, first + n_in) for first in range(0, len(low), n_in)]
            found = [self._position.unproven(low[part], high[part]) for part in parts]
            terms, either = zip(*found, strict=True)
            return np.concatenate(terms), np.concatenate(either)
        of = op_bounds(self.op, (self.tensor,), (Range(low, high, self.tensor.type.fraction),))
        assert isinstance(of, ReduceBounds)
        return of.accum_overflow, of.accum_overflow
