"""Accumulators of reductions, for profiling: where measured inputs prove that nothing overflows."""

from __future__ import annotations

import numpy as np

from isobit.bounds.ranges import BoolArray, IntArray, Range
from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import op_bounds
from isobit.model.ops import Tensor
from isobit.model.reduce import Reduce

__all__ = ["ReduceAccumulator"]


class ReduceAccumulator:
    """The accumulators of a reduction.

    Parameters
    ----------
    op, tensor
        The layer and its input tensor.
    """

    #: No lane counts their overflows.
    measured = False

    def __init__(self, op: Reduce, tensor: Tensor) -> None:
        self.op = op
        self.tensor = tensor

    @property
    def products(self) -> int:
        """As :attr:`Accumulator.products`; a reduction's inputs count as such."""
        return self.tensor.size

    @property
    def bias(self) -> BoolArray:
        """As :attr:`Accumulator.bias`: there is none."""
        return np.zeros(self.op.output.size, dtype=bool)

    def unproven(self, low: IntArray, high: IntArray) -> tuple[BoolArray, BoolArray]:
        """As :meth:`Accumulator.unproven`, shape (size,)."""
        of = op_bounds(self.op, (self.tensor,), (Range(low, high, self.tensor.type.fraction),))
        assert isinstance(of, ReduceBounds)
        return of.accum_overflow, of.accum_overflow
