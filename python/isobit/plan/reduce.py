"""Reductions as stages: the numbers of every window, combined, and what is done to the accumulator."""

from __future__ import annotations

import numpy as np

from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import IntArray, Range, compact, lowest, magnitude_bits, shift_left
from isobit.bounds.reduce import ReduceBounds
from isobit.fixed.modes import Overflow, Rounding
from isobit.model.ops import Tensor, Tensors
from isobit.model.reduce import Reduce
from isobit.plan.maps import Gather
from isobit.plan.stages import MAPS, Unfit, folding_of, into_result
from isobit.plan.step_lists import cast_steps
from isobit.plan.steps import Affine, Round, Step, Wrap

__all__ = ["division_steps", "reduce_map"]


def reduce_map(op: Reduce, tensors: Tensors, bounds: Bounds) -> tuple[Gather, list[Step], int]:
    """The numbers of every window, combined; then what is done to the accumulator."""
    (tensor,) = tensors
    found = bounds.ops[op.name]
    assert isinstance(found, ReduceBounds)
    data = bounds.tensors[tensor.name]
    index = np.ascontiguousarray(op.view.T)
    if op.function == "max":
        gather, steps = _largest(op, tensor, index, data, found)
    else:
        gather, steps = _sums(op, tensor, index, data, found)
    if op.divisors is not None:
        steps += division_steps(op.divisors, found.accum)
    return gather, [*steps, *into_result(op, op.accum, op.accum.fraction, bounds)], 1


def _picked(data: Range, index: IntArray, fill: int) -> tuple[IntArray, IntArray]:
    """Bounds of every number of every turn."""
    at = np.maximum(index, 0)
    low, high = (compact(np.where(index < 0, fill, end[at])) for end in (data.low, data.high))
    return low, high


def _largest(
    op: Reduce, tensor: Tensor, index: IntArray, data: Range, found: ReduceBounds
) -> tuple[Gather, list[Step]]:
    """The largest number, cast into the accumulator: a cast that keeps the order may as well come last."""
    accum, overflows = op.accum, bool(found.accum_overflow.any())
    if overflows and accum.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise Unfit("a maximum of numbers that do not fit the accumulator")
    lows, highs = _picked(data, index, op.padding)
    low, high = lows.max(axis=0), highs.max(axis=0)
    one = np.ones((1, 1), dtype=np.int64)
    gather = Gather("maximum", index, one, low, high, magnitude_bits(lows, highs), op.padding if op.padded else 0)
    return gather, cast_steps(tensor.type, tensor.type.fraction, accum, overflows, op.output.size)


def _sums(op: Reduce, tensor: Tensor, index: IntArray, data: Range, found: ReduceBounds) -> tuple[Gather, list[Step]]:
    accum, drop = op.accum, tensor.type.fraction - op.accum.fraction
    overflows = bool(found.accum_overflow.any())
    wraps = accum.overflow is Overflow.WRAP and not accum.saturation_bits
    if drop > 0:
        raise Unfit("sums that are rounded, number by number")
    lows, highs = (shift_left(end, -drop) for end in _picked(data, index, 0))
    factors = compact(np.full((1, 1), 1 << -drop, dtype=object))
    sizes = np.maximum(np.abs(lows), np.abs(highs))
    low, high, magnitude = (_total(values) for values in (lows, highs, sizes))
    if wraps or not overflows:
        gather = Gather("sum", index, factors, low, high, magnitude_bits(magnitude, factors))
        return gather, [Wrap(accum)] if overflows else []
    if op.order == "tree":
        raise Unfit("a sum in the shape of a tree that may overflow on the way")
    if int(lows.min()) < lowest(accum) or int(highs.max()) > accum.raw_max:
        # With io_parallel it meets the accumulator as it is, with io_stream it is cast before.
        raise Unfit("a number that may not fit the accumulator by itself")
    folding, needed = folding_of(accum), found.needed
    assert needed is not None
    held = needed.at(accum.fraction)
    bits = max(magnitude_bits(held.low, held.high, lows, highs, factors), folding.bits(held.low, held.high))
    ends = found.accum
    return Gather("sum", index, factors, ends.low, ends.high, bits, 0, (folding,)), []


def _total(values: IntArray) -> IntArray:
    """Sums over all turns."""
    wide = magnitude_bits(values) + len(values).bit_length() > 61
    return compact(values.astype(object).sum(axis=0) if wide else values.sum(axis=0))


def division_steps(divisors: IntArray, accum: Range) -> list[Step]:
    """Division by positive integers, truncated toward zero, of numbers within bounds.

    ``v * m / 2**s`` with ``m = ceil(2**s / d)`` exceeds ``v / d`` by less than ``|v| / 2**s``, which is below ``1 / d``
    if ``2**s > d |v|``: too little to reach the next integer away from zero.
    """
    largest, bits = int(divisors.max()), magnitude_bits(accum.low, accum.high)
    if largest == 1:
        return []
    cut = Rounding.TRN_ZERO if int(accum.low.min(initial=0)) < 0 else Rounding.TRN  # the same where none is negative
    if largest == int(divisors.min()) and largest & (largest - 1) == 0:
        return [Round(largest.bit_length() - 1, cut)]
    shift = bits + largest.bit_length()
    factors = compact(np.array([-(-(1 << shift) // int(d)) for d in divisors], dtype=object))
    return [Affine(factors, np.zeros(factors.shape, dtype=np.int64)), Round(shift, cut)]


MAPS[Reduce] = reduce_map
