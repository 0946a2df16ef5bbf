"""Layers on sets as stages: a Dense map at every position, sums over windows, another order of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.analysis.dense_bounds import dense_bounds
from isobit.analysis.intervals import Bounds
from isobit.analysis.maps import Linear, Sequential
from isobit.analysis.ranges import IntArray, Range, compact, hull, lowest, magnitude_bits, shift_left
from isobit.analysis.set_bounds import PoolingBounds, part_of
from isobit.analysis.stages import MAPS, Unfit, dense_map, folding_of, into_result
from isobit.analysis.steps import Affine, Round, Step, Wrap
from isobit.fixed.modes import Overflow, Rounding
from isobit.model.ops import Tensor, Tensors
from isobit.model.set_ops import PointwiseConv, Pooling, Transpose

__all__ = ["division_steps", "pointwise_map", "pooling_map", "transpose_map"]

#: Numbers of a matrix of zeros and ones, at most; larger windows go the wide road, where nothing is multiplied by zero.
_MATRIX = 1 << 17


def pointwise_map(op: PointwiseConv, tensors: Tensors, bounds: Bounds) -> tuple[Linear | Sequential, list[Step], int]:
    """The map of one position, proven for the numbers of all."""
    (tensor,) = tensors
    n_in = op.weight.shape[0]
    values = bounds.tensors[tensor.name]
    data = hull(part_of(values, first, n_in) for first in range(0, values.low.size, n_in))
    here = op.at_position(tensor)
    chosen, steps, source = dense_map(op.dense, here, dense_bounds(op.dense, (here,), (data,)), data)
    steps = [_at_every_position(step, op.positions) for step in steps]
    return chosen, [*steps, *into_result(op, source, source.fraction, bounds)], op.positions


def _at_every_position(step: Step, positions: int) -> Step:
    if not isinstance(step, Affine):
        return step
    return Affine(np.tile(step.a, positions), np.tile(step.b, positions), watch=step.watch)


def pooling_map(op: Pooling, tensors: Tensors, bounds: Bounds) -> tuple[Linear | Sequential, list[Step], int]:
    """Sums over windows as a map of zeros and ones, and the division."""
    (tensor,) = tensors
    if op.function != "average":
        raise Unfit("a maximum is no sum")
    if tensor.size * op.output.size > _MATRIX:
        raise Unfit(f"sums of {tensor.size} numbers for {op.output.size} outputs")
    found = bounds.ops[op.name]
    assert isinstance(found, PoolingBounds)
    matrix = np.zeros((tensor.size, op.output.size), dtype=np.int64)
    channel = np.arange(op.channels)
    for place, window in enumerate(op.windows.tolist()):
        for source in window:
            if source >= 0:
                matrix[source * op.channels + channel, place * op.channels + channel] += 1
    chosen, steps = _sums(op, tensor, matrix, bounds.tensors[tensor.name], found)
    ends = magnitude_bits(found.accum.low, found.accum.high)
    steps += division_steps(np.repeat(op.divisors, op.channels), ends)
    return chosen, [*steps, *into_result(op, op.accum, op.accum.fraction, bounds)], 1


def _sums(
    op: Pooling, tensor: Tensor, matrix: IntArray, data: Range, found: PoolingBounds
) -> tuple[Linear | Sequential, list[Step]]:
    accum, drop = op.accum, tensor.type.fraction - op.accum.fraction
    overflows = bool(found.accum_overflow.any())
    wraps = accum.overflow is Overflow.WRAP and not accum.saturation_bits
    if drop > 0:
        raise Unfit("sums that are rounded, number by number")
    weights = shift_left(compact(matrix), -drop)
    low, high = (_matmul(end, weights) for end in (data.low, data.high))
    magnitude = _matmul(data.magnitude, weights)
    start = np.zeros(op.output.size, dtype=np.int64)
    if wraps or not overflows:
        return Linear(weights, start, low, high, magnitude), [Wrap(accum)] if overflows else []
    if op.order == "tree":
        raise Unfit("a sum in the shape of a tree that may overflow on the way")
    terms = (data.low[:, None] * weights, data.high[:, None] * weights)
    if int(terms[0].min()) < lowest(accum) or int(terms[1].max()) > accum.raw_max:
        # With io_parallel it meets the accumulator as it is, with io_stream it is cast before.
        raise Unfit("a number that may not fit the accumulator by itself")
    # Beside the numbers of a window zeros are added, which change nothing.
    folding, needed = folding_of(accum), found.needed
    assert needed is not None
    bits = max(magnitude_bits(needed.low, needed.high, *terms, weights), folding.bits(needed.low, needed.high))
    order, ends = np.arange(tensor.size), found.accum
    return Sequential(weights, start, order, (), (folding,), ends.low, ends.high, *terms, bits), []


def _matmul(values: IntArray, weights: IntArray) -> IntArray:
    """``values @ weights`` of weights that are not negative."""
    bits = magnitude_bits(values) + magnitude_bits(weights) + int(values.size).bit_length()
    exact: Any = object if bits > 61 else np.int64
    return compact(values.astype(exact) @ weights.astype(exact))


def division_steps(divisors: IntArray, bits: int) -> list[Step]:
    """Division by positive integers, cut toward zero, of numbers with so many magnitude bits.

    ``v / d`` is ``v * m / 2**s`` with ``m = ceil(2**s / d)`` but for less than ``|v| / 2**s``, which is below ``1 / d``
    where ``2**s > d |v|``: too little to reach the next integer away from zero.
    """
    largest = int(divisors.max())
    if largest == 1:
        return []
    if largest == int(divisors.min()) and largest & (largest - 1) == 0:
        return [Round(largest.bit_length() - 1, Rounding.TRN_ZERO)]
    shift = bits + largest.bit_length()
    factors = compact(np.array([-(-(1 << shift) // int(d)) for d in divisors], dtype=object))
    return [Affine(factors, np.zeros(factors.shape, dtype=np.int64)), Round(shift, Rounding.TRN_ZERO)]


def transpose_map(op: Transpose, tensors: Tensors, bounds: Bounds) -> tuple[Linear | Sequential, list[Step], int]:
    """A permutation as a map of zeros and ones."""
    (tensor,) = tensors
    if tensor.size * tensor.size > _MATRIX:
        raise Unfit(f"another order of {tensor.size} numbers")
    weights = np.zeros((tensor.size, tensor.size), dtype=np.int64)
    weights[op.sources, np.arange(tensor.size)] = 1
    data = bounds.tensors[tensor.name]
    low, high, magnitude = data.low[op.sources], data.high[op.sources], data.magnitude[op.sources]
    chosen = Linear(weights, np.zeros(tensor.size, dtype=np.int64), low, high, magnitude)
    return chosen, list(into_result(op, tensor.type, tensor.type.fraction, bounds)), 1


MAPS.update({PointwiseConv: pointwise_map, Pooling: pooling_map, Transpose: transpose_map})
