"""Bounds of elementwise ops: activations, merged thresholds, reshape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isobit.bounds.ranges import (
    BoolArray,
    CastRange,
    IntArray,
    Range,
    add,
    cast_range,
    compact,
    hull,
    multiply,
    shift_left,
    trailing_zeros,
)
from isobit.bounds.rules import OpBounds, Ranges, register_bounds
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, Op, Tensor, Tensors

__all__ = ["activation_bounds", "join_branches", "threshold_bounds"]


def _of_cast(op: Op, source: Range, cast: CastRange) -> OpBounds:
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)


@register_bounds(Activation)
def activation_bounds(op: Activation, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """The functions of nnet_activation.h that need no table; all are monotone before the last cast."""
    (tensor,), (values,) = tensors, ranges
    return _FUNCTIONS[op.function](op, tensor, values)


def _linear(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    return _of_cast(op, values, cast_range(values, tensor.type, op.output.type))


def _positive(values: Range) -> Range:
    return Range(np.maximum(values.low, 0), np.maximum(values.high, 0), values.fraction, values.zeros)


def _relu(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    return _linear(op, tensor, _positive(values))


def _leaky_relu(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    """Two branches, each with its own cast: numbers above zero as they are, the others times the slope."""
    assert op.param is not None
    exact = tensor.type.product_with(op.param.type)
    slope = compact(op.param.raw.ravel()[:1])
    ends = [multiply(np.minimum(end, 0), slope) for end in (values.low, values.high)]
    lower = Range(np.minimum(*ends), np.maximum(*ends), exact.fraction, trailing_zeros(slope) + values.zeros)
    # Where a branch is never taken its range is the other's, so that it adds nothing to the hull.
    upper = Range(np.minimum(np.maximum(values.low, 1), values.high), values.high, values.fraction, values.zeros)
    above, below = cast_range(upper, tensor.type, op.output.type), cast_range(lower, exact, op.output.type)
    no_upper, no_lower = np.asarray(values.high <= 0, dtype=bool), np.asarray(values.low > 0, dtype=bool)
    return join_branches(op, (upper, above, no_upper), (lower, below, no_lower))


def join_branches(
    op: Op, first: tuple[Range, CastRange, BoolArray], second: tuple[Range, CastRange, BoolArray]
) -> OpBounds:
    """Bounds of an op with two branches: of each the numbers, their cast, and where it is never taken."""
    (upper, above, no_upper), (lower, below, no_lower) = first, second

    def joined(a: Range, b: Range) -> Range:
        fraction = max(a.fraction, b.fraction)
        a, b = a.at(fraction), b.at(fraction)
        return hull([_either(no_upper, b, a), _either(no_lower, a, b)])

    overflow = (above.overflow & ~no_upper) | (below.overflow & ~no_lower)
    rounded, result = joined(above.rounded, below.rounded), joined(above.result, below.result)
    return OpBounds(op, joined(upper, lower), rounded, result, overflow)


def _either(where: BoolArray, a: Range, b: Range) -> Range:
    """``a`` where the condition holds, else ``b``."""
    pairs = ((a.low, b.low), (a.high, b.high), (a.zeros, b.zeros))
    low, high, zeros = (np.where(where, x, y) for x, y in pairs)
    return Range(low, high, a.fraction, zeros)


def _chosen(op: Op, choices: list[int], possible: list[IntArray]) -> OpBounds:
    """One of few constants, each an ``int`` that is cast into the result; ``possible`` says which can occur."""
    kind = op.output.type
    raw = assign(np.array(choices, dtype=object), FixedType.int_type(32), kind).tolist()
    exact = cast_range(Range.constant(np.array(choices, dtype=object), 0), FixedType.int_type(32), kind)

    def over(numbers: list[int], fraction: int) -> Range:
        """Hull of the possible ones."""
        # Pairs (impossible: harmless, possible: the number); Python integers, which may be those of 64 bits.
        lows = np.array([[max(numbers), number] for number in numbers], dtype=object)
        highs = np.array([[min(numbers), number] for number in numbers], dtype=object)
        taken = [np.asarray(can, dtype=np.int64) for can in possible]
        low = np.minimum.reduce([pair[can] for pair, can in zip(lows, taken, strict=True)])
        high = np.maximum.reduce([pair[can] for pair, can in zip(highs, taken, strict=True)])
        return Range(low, high, fraction)

    none = np.zeros(possible[0].shape, dtype=bool)
    return OpBounds(
        op, over(choices, 0), over(exact.rounded.low.tolist(), kind.fraction), over(raw, kind.fraction), none
    )


def _bits(op: Op, low: IntArray, high: IntArray) -> OpBounds:
    """A result that is written without a cast: a bit, or minus one, zero, one."""
    values = Range(low, high, op.output.type.fraction)
    return OpBounds(op, values, values, values, np.zeros(values.shape, dtype=bool))


def _at_least(values: IntArray, bound: IntArray | int) -> IntArray:
    return np.asarray(values >= bound, dtype=np.int64)


def _binary_tanh(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    if op.output.type == FixedType.int_type(1, signed=False):
        return _bits(op, _at_least(values.low, 0), _at_least(values.high, 0))
    return _chosen(op, [1, -1], [_at_least(values.high, 0) == 1, _at_least(values.low, 0) == 0])


def _ternary_tanh(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    """Twice the number, in the number's own format, is compared with 1."""
    twice = Range(shift_left(values.low, 1), shift_left(values.high, 1), values.fraction)
    twice = cast_range(twice, tensor.type.sum_with(tensor.type), tensor.type).result
    twice = twice.at(max(0, twice.fraction))
    one = 1 << twice.fraction
    can_be_one, can_be_minus_one = twice.high > one, twice.low <= -one
    can_be_zero = (twice.high > -one) & (twice.low <= one)
    possible = [np.asarray(can, dtype=bool) for can in (can_be_one, can_be_zero, can_be_minus_one)]
    return _chosen(op, [1, 0, -1], possible)


def _hard(op: Activation, tensor: Tensor, values: Range) -> tuple[Range, FixedType]:
    """The line, cut to 0..1."""
    assert op.slope is not None
    assert op.shift is not None
    finest = max(tensor.type.fraction + op.slope.type.fraction, op.shift.type.fraction)
    fraction = max(finest, 0)
    up = fraction - tensor.type.fraction - op.slope.type.fraction
    slope = compact(op.slope.raw.ravel()[:1])
    shift = shift_left(compact(op.shift.raw.ravel()[:1]), fraction - op.shift.type.fraction)
    one = compact(np.array(1 << fraction if finest >= 0 else 0, dtype=object))
    ends = [add(shift_left(multiply(end, slope), up), shift) for end in (values.low, values.high)]
    ends = [np.minimum(np.maximum(end, 0), one) for end in ends]
    line = Range(np.minimum(*ends), np.maximum(*ends), fraction)
    return line, FixedType.from_bits(fraction + 2, fraction=fraction)


def _hard_sigmoid(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    line, exact = _hard(op, tensor, values)
    return _of_cast(op, line, cast_range(line, exact, op.output.type))


def _hard_tanh(op: Activation, tensor: Tensor, values: Range) -> OpBounds:
    line, exact = _hard(op, tensor, values)
    minus_one = compact(np.array(-1 << exact.fraction, dtype=object))
    source = Range(add(shift_left(line.low, 1), minus_one), add(shift_left(line.high, 1), minus_one), exact.fraction)
    return _of_cast(op, source, cast_range(source, exact, op.output.type))


_FUNCTIONS: dict[str, Callable[[Activation, Tensor, Range], OpBounds]] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}


@register_bounds(Threshold)
def threshold_bounds(op: Threshold, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """Steps at the thresholds."""
    (tensor,), (values,) = tensors, ranges
    fraction = max(values.fraction, op.high.type.fraction)
    values = values.at(fraction)
    channel = np.arange(tensor.size) % op.high.raw.size
    high = Range.constant(op.high.raw.ravel()[channel], op.high.type.fraction).at(fraction).low
    if op.low is None:
        return _bits(op, _at_least(values.low, high), _at_least(values.high, high))
    # Both thresholds have one format, see Threshold.check_inputs.
    low = Range.constant(op.low.raw.ravel()[channel], op.high.type.fraction).at(fraction).low

    def step(value: IntArray) -> IntArray:
        above, below = value > high, (value <= low) & (value <= high)
        return np.asarray(above, dtype=np.int64) - np.asarray(below, dtype=np.int64)

    return _bits(op, step(values.low), step(values.high))
