"""Overflows of accumulators: where measured inputs prove that there is none, and how the others are counted.

An accumulator can overflow at each product and each sum, in the kernel's order. Bounds of a layer's inputs, measured
on the same events, prove for most neurons that none overflows. The others are counted by a separate stage.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from isobit.bounds.dot import dot_bounds
from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import BoolArray, IntArray, Range, compact, lowest, magnitude_bits, shift_left
from isobit.bounds.rules import DotBounds
from isobit.fixed import law
from isobit.fixed.assign import assign, outside_range
from isobit.fixed.modes import Overflow, Rounding
from isobit.model.accumulation import shared_order
from isobit.model.dot import Dot
from isobit.model.ops import Tensor
from isobit.model.products import Product
from isobit.plan.lanes import BITS, Lane
from isobit.plan.maps import Counting, FloatArray
from isobit.plan.stages import Stage, Unfit, factors_of, folding_of
from isobit.plan.steps import FACTOR_BITS, FLOOR_BITS, Wrap

__all__ = ["Accumulator", "counting_lane"]

#: Widest accumulator whose overflow the sums of biased float32 products show (``floor_bias`` in vectors.hpp).
_FLOOR_CHECK = 21


class Accumulator:
    """The accumulators of sums over windows.

    Parameters
    ----------
    op, tensor
        The sums and their input tensor.
    """

    def __init__(self, op: Dot, tensor: Tensor) -> None:
        self.op = op
        self.tensor = tensor

    @property
    def products(self) -> int:
        """How many products an event takes."""
        return int(self.op.weight.raw.size) * self.op.positions

    @property
    def measured(self) -> bool:
        """Whether a lane spares events whose inputs are small, see :meth:`limits`."""
        return self.op.plain(self.tensor)

    @cached_property
    def bias(self) -> BoolArray:
        """Neurons whose bias does not fit the accumulator: they overflow once more in every event; shape (size,)."""
        found = np.zeros(self.op.bias.raw.size, dtype=bool)

        def tally(cast: Any) -> None:
            found[:] = outside_range(cast.rounded, cast.type)

        assign(self.op.bias.raw.ravel().astype(object), self.op.bias.type, self.op.accum, tally)
        return np.tile(found, self.op.positions)

    @cached_property
    def _plain(self) -> tuple[IntArray, IntArray, int, IntArray] | None:
        """Weights, start, shift and order, if products are plain and sums of them fit int64."""
        op, tensor = self.op, self.tensor
        raw = compact(op.weight.raw)
        shift = op.form(tensor).fraction - op.accum.fraction
        bits = tensor.type.width + magnitude_bits(raw) + max(0, -shift) + len(raw).bit_length()
        order = shared_order(op)
        if order is None or op.product is not Product.MULT or max(bits, op.accum.width + 1) > law.INT64_BITS:
            return None
        start = assign(op.bias.raw.ravel().astype(object), op.bias.type, op.accum).astype(np.int64)
        return raw, start, law.int64_shift(shift), order

    def unproven(self, low: IntArray, high: IntArray) -> tuple[BoolArray, BoolArray]:
        """Which neurons may overflow.

        Parameters
        ----------
        low, high
            Bounds of the input, shape (input size,).

        Returns
        -------
        Where a product may leave the accumulator's range, and where a product or a sum may, shape (size,).
        """
        op = self.op
        if op.positions == 1 and op.consecutive(self.tensor):
            return self._unproven(low, high)
        windows = zip(*(op.windows(end).reshape(op.positions, -1) for end in (low, high)), strict=True)
        terms, either = zip(*(self._unproven(*ends) for ends in windows), strict=True)
        return np.concatenate(terms), np.concatenate(either)

    def _unproven(self, low: IntArray, high: IntArray) -> tuple[BoolArray, BoolArray]:
        """The same at one position, by its windows."""
        if self._plain is None:
            values, window = Range(low, high, self.tensor.type.fraction), self.op.window(self.tensor)
            bounds = dot_bounds(self.op.alone, (window,), (values,))
            return bounds.hull.term_overflow.any(axis=0), bounds.accum_overflow
        weights, start, shift, order = self._plain
        accum = self.op.accum.as_assigned(self.op.form(self.tensor))
        one, other = weights * self.op.beside_weights(low), weights * self.op.beside_weights(high)
        least = law.round_shift(np.minimum(one, other), shift, int(accum.rounding))[order]
        most = law.round_shift(np.maximum(one, other), shift, int(accum.rounding))[order]
        bottom, top = lowest(accum), accum.raw_max
        terms = (least.min(axis=0) < bottom) | (most.max(axis=0) > top)
        down, up = np.cumsum(least, axis=0).min(axis=0) + start, np.cumsum(most, axis=0).max(axis=0) + start
        return terms, terms | (down < bottom) | (up > top)

    def largest(self, neurons: IntArray) -> IntArray | None:
        """Magnitude of each input, shape (n_in,), up to which no single product of these neurons overflows.

        None if not known, or less than 1.
        """
        if self._plain is None:
            return None
        accum = self.op.accum
        shift = self.op.form(self.tensor).fraction - accum.fraction
        most = np.maximum(np.abs(self._plain[0][:, neurons]).max(axis=1), 1)
        room = min(accum.raw_max, -lowest(accum)) - 1  # rounding may add one
        found = (room << shift if shift > 0 else room >> -shift) // most.astype(object)
        return compact(found) if room > 0 and (found >= 1).all() else None

    def limits(self, most: IntArray, positive: BoolArray, neurons: IntArray) -> tuple[FloatArray, FloatArray] | None:
        """How much input each neuron tolerates without an overflow.

        Parameters
        ----------
        most
            Magnitudes that inputs seldom exceed, 1 or more, shape (n_in,).
        positive
            Whether an input cannot be negative, shape (n_in,).
        neurons
            Indices of the neurons.

        Returns
        -------
        Measures of the inputs, shape (n_in,), and limits, one for each of the neurons: where the magnitudes of an
        event's inputs, each times its measure, sum up to no more than the limit and are no more than 1, no sum in any
        order overflows. None if not known.

        Notes
        -----
        Measured by ``most``, an input adds at most 1. What n of them can add to a sum is then what those
        n add that add most; the limit is where that uses up the range. Rounding adds up to one LSB a product.
        """
        if self._plain is None:
            return None
        weights, start = self._plain[0].T[neurons].astype(np.float64), self._plain[1][neurons].astype(np.float64)
        accum = self.op.accum
        shift = self.op.form(self.tensor).fraction - accum.fraction
        count = len(most)
        row = np.arange(len(weights))
        least = np.full(len(weights), np.inf)
        for sign, end in ((1, accum.raw_max), (-1, -lowest(accum))):
            added = np.where(positive, np.maximum(sign * weights, 0), np.abs(weights)) * (most * 2.0**-shift)
            added = -np.sort(-added, axis=1)
            room = end - sign * start - count - 1
            filled = np.cumsum(added, axis=1)
            whole = (filled <= room[:, None]).sum(axis=1)
            before = np.where(whole > 0, filled[row, np.maximum(whole, 1) - 1], 0.0)
            part = (room - before) / np.maximum(added[row, np.minimum(whole, count - 1)], 1e-300)
            limit = np.where(whole == count, count + 1.0, np.where(room < 0, -1.0, whole + np.minimum(part, 1)))
            least = np.minimum(least, limit)
        # The kernels sum up in float32.
        slack = (count + 4) * 2.0**-22
        return 1.0 / most, least * (1 - slack) - slack


def counting_lane(
    accumulator: Accumulator,
    source: str,
    neurons: IntArray,
    terms: bool,
    bounds: Bounds,
    limits: tuple[FloatArray, FloatArray] | None = None,
    as_int16: bool = False,
    window: int | None = None,
) -> Lane | None:
    """How overflows of some neurons are counted; None if no lane can.

    Parameters
    ----------
    accumulator
        The layer's.
    source
        Tensor that holds its input.
    neurons
        Indices of the neurons; of those of a position where there are several windows.
    terms
        Whether their products may overflow by themselves.
    bounds
        Bounds of the graph, for every input that the formats allow.
    limits
        See :meth:`Accumulator.limits`, of these neurons; where products may overflow, measured by no more than
        :meth:`Accumulator.largest`.
    as_int16
        Whether the layer reads its input as int16.
    window
        Which window they read; None: the whole input.
    """
    op, tensor = accumulator.op, accumulator.tensor
    found, accum = bounds.ops[op.name], op.accum.as_assigned(op.form(tensor))
    assert isinstance(found, DotBounds)
    data, sums = bounds.tensors[tensor.name], found.hull
    try:
        factors, summands = factors_of(op.product, tensor, op.weight, data)
    except Unfit:
        return None
    order = shared_order(op)
    if summands is not None or order is None:
        return None
    shift = op.form(tensor).fraction - accum.fraction
    factors = shift_left(factors[:, neurons], max(0, -shift))
    shift = max(0, shift)
    if shift and terms and accum.overflow is Overflow.WRAP_SM:
        return None  # it looks at the bits before rounding
    plain_wrap = accum.overflow is Overflow.WRAP and not accum.saturation_bits
    fold = Wrap(accum) if plain_wrap else folding_of(accum)
    start = sums.start.low[neurons]
    # Without an even number of values in the range, the bit beyond the width does not tell.
    check = -1 if lowest(accum) != accum.raw_min else accum.width
    held = max(magnitude_bits(sums.terms.low[:, neurons], sums.terms.high[:, neurons]), accum.width) + 1
    products = data.bits + magnitude_bits(factors)
    measured = () if limits is None else limits

    def lane(multiply: str, compute: str) -> Lane:
        counted = Counting(factors, start, order, shift, accum, fold, check, terms, *measured)
        name = f"{op.name}.accum{' (products)' if terms else ''}{'' if window is None else f' of window {window}'}"
        view = None if window is None else op.view[window : window + 1]
        stage = Stage((), (source,), name, counted, (), data, Range(start, start, accum.fraction), view=view)
        return Lane(stage, multiply, compute, 0, held, 0.0)

    floors = (
        shift and accum.rounding is Rounding.TRN and data.bits <= FACTOR_BITS and products - shift <= FLOOR_BITS - 1
    )
    if floors and shift <= 60 and magnitude_bits(factors) <= FACTOR_BITS and held <= BITS["int32"]:
        check = check if check <= _FLOOR_CHECK else -1
        return lane("floor16" if as_int16 else "floor32", "int32")
    needed = max(held, products + 1, shift + 2)
    if needed <= BITS["int32"]:
        return lane("int32", "int32")
    return lane("int64", "int64") if needed <= BITS["int64"] else None
