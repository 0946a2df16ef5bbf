"""Activations without a table and merged thresholds as steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import IntArray, Range, compact, multiply, shift_left
from isobit.fixed.assign import assign
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, Op, Tensor, Tensors
from isobit.plan.stages import Unfit, into_result, scaled
from isobit.plan.step_lists import cast_steps
from isobit.plan.steps import AtLeast, Between, Clamp, Slopes, Step

__all__ = ["ELEMENTWISE"]


def _leaky_relu(op: Activation, tensor: Tensor, bounds: Bounds) -> list[Step]:
    assert op.param is not None
    exact, target = tensor.type.product_with(op.param.type), op.output.type
    if target.as_assigned(exact) != target.as_assigned(tensor.type) or (
        exact == target and target.overflow is Overflow.SAT_SYM
    ):
        raise Unfit("leaky_relu whose branches are cast in different ways")
    fraction = max(tensor.type.fraction, exact.fraction)
    slope = int(op.param.raw.ravel()[0]) << (fraction - exact.fraction)
    overflows = bool(bounds.ops[op.name].result_overflow.any())
    cast = cast_steps(None, fraction, target.as_assigned(exact), overflows, tensor.size, op.name)
    size, up = tensor.size, 1 << (fraction - tensor.type.fraction)
    return [Slopes(_same(size, 0), up, _same(size, slope)), *cast]


def _whole(value: int, target: FixedType) -> int:
    return int(assign(np.array([value], dtype=object), FixedType.int_type(32), target)[0])


def _same(size: int, value: int) -> IntArray:
    return compact(np.full(size, value, dtype=object))


def _tanh(op: Activation, tensor: Tensor, bounds: Bounds) -> list[Step]:
    size, kind, target = tensor.size, tensor.type, op.output.type
    if op.function == "binary_tanh":
        bit = target == FixedType.int_type(1, signed=False)
        above, below = (1, 0) if bit else (_whole(1, target), _whole(-1, target))
        return [AtLeast(_same(size, 0), above, below)]
    values = bounds.tensors[tensor.name]
    twice = Range(multiply(values.low, _same(size, 2)), multiply(values.high, _same(size, 2)), values.fraction)
    inside = (twice.low >= kind.raw_min).all() and (twice.high <= kind.raw_max).all()
    symmetric = kind.overflow is Overflow.SAT_SYM
    cast = cast_steps(kind.sum_with(kind), kind.fraction, kind, not inside or symmetric, size)
    extra, one = max(0, -kind.fraction), 1 << max(0, kind.fraction)
    chosen = [_whole(value, target) for value in (1, 0, -1)]
    return [scaled(size, 2), *cast, scaled(size, 1 << extra), Between(_same(size, one), _same(size, -one), *chosen)]


def _hard(op: Activation, tensor: Tensor, bounds: Bounds) -> list[Step]:
    assert op.slope is not None
    assert op.shift is not None
    finest = max(tensor.type.fraction + op.slope.type.fraction, op.shift.type.fraction)
    fraction = max(finest, 0)
    slope = int(op.slope.raw.ravel()[0]) << (fraction - tensor.type.fraction - op.slope.type.fraction)
    shift = int(op.shift.raw.ravel()[0]) << (fraction - op.shift.type.fraction)
    steps: list[Step] = [scaled(tensor.size, slope, shift), Clamp(0, 1 << fraction if finest >= 0 else 0)]
    if op.function == "hard_tanh":
        steps.append(scaled(tensor.size, 2, -(1 << fraction)))
    exact = FixedType.from_bits(fraction + 2, fraction=fraction)
    return [*steps, *into_result(op, exact, fraction, bounds)]


def _activation(op: Activation, tensors: Tensors, bounds: Bounds) -> list[Step]:
    (tensor,) = tensors
    if op.function in ("linear", "relu"):
        first: list[Step] = [Clamp(0, None)] if op.function == "relu" else []
        return [*first, *into_result(op, tensor.type, tensor.type.fraction, bounds)]
    if op.function == "leaky_relu":
        return _leaky_relu(op, tensor, bounds)
    return (_tanh if op.function in ("binary_tanh", "ternary_tanh") else _hard)(op, tensor, bounds)


def _threshold(op: Threshold, tensors: Tensors, bounds: Bounds) -> list[Step]:
    (tensor,) = tensors
    channel = np.arange(tensor.size) % op.high.raw.size
    shift = tensor.type.fraction - op.high.type.fraction
    high = shift_left(compact(op.high.raw.ravel()[channel]), max(0, shift))
    steps: list[Step] = [scaled(tensor.size, 1 << -shift)] if shift < 0 else []
    if op.low is None:
        return [*steps, AtLeast(high, 1, 0)]
    low = shift_left(compact(op.low.raw.ravel()[channel]), max(0, shift))
    return [*steps, Between(high, low, 1, 0, -1)]


#: Steps of an elementwise op of one input, from (op, input tensors, bounds).
ELEMENTWISE: dict[type[Op], Any] = {Activation: _activation, Threshold: _threshold}
