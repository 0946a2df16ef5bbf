"""Pooling by definition: nnet_pooling.h, and nnet_pooling_stream.h with io_stream."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, joined, largest
from isobit.fixed import growth
from isobit.model.layers.pooling import Pooling, Sum
from isobit.model.ops import Tensor, Tensors

__all__ = ["pooling", "sum_of_all"]


@register_kernel(Pooling)
def pooling(op: Pooling, tensors: Tensors, inputs: Inputs) -> Numbers:
    """nnet_pooling.h; with io_stream nnet_pooling_stream.h and ``nnet::reduce`` of nnet_common.h."""
    (tensor,), (data,) = tensors, inputs
    found = []
    channels = np.arange(op.channels)
    unit = Numbers(np.ones(1, dtype=np.int64), op.accum.fraction, 0)
    if op.function == "average":
        padding = unit * 0
    else:  # pad_val: only the top bit is set
        padding = unit * (op.accum.raw_min if op.accum.signed else 1 << (op.accum.width - 1))
    padding = padding.spread(op.channels, data.shape[1])
    for window, divisor in zip(op.windows.tolist(), op.divisors.tolist(), strict=True):
        pool = [padding if place < 0 else data[place * op.channels + channels] for place in window]
        if op.order != "parallel":
            pool = [assign(value, op.accum, tensor.type) for value in pool]
        if op.function == "max":
            held = _maximum(op, unit, pool)
        else:
            total = _tree(op, pool) if op.order == "tree" else _sequence(op, tensor, pool)
            # A quotient of ap_fixed has the dividend's LSB and is cut toward zero there.
            held = _quotient(total, int(divisor), op.accum.fraction)
        found.append(assign(held, op.output.type, op.accum))
    return joined(found)


@register_kernel(Sum)
def sum_of_all(op: Sum, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``accum_t sum = 0; for (i) sum += x[i]; return sum;``."""
    (tensor,), (data,) = tensors, inputs
    total = assign(data[[0]] * 0, op.accum)
    for i in range(len(data)):
        total = assign(total + data[[i]], op.accum, growth.sum_of(op.accum, tensor.type))
    return assign(total, op.output.type, op.accum)


def _quotient(total: Numbers, divisor: int, fraction: int) -> Numbers:
    dividend = truncated(total, fraction)
    magnitude = np.abs(dividend.raw) // divisor
    return Numbers(np.where(dividend.raw < 0, -magnitude, magnitude), fraction, dividend.bits)


def _maximum(op: Pooling, unit: Numbers, pool: list[Numbers]) -> Numbers:
    """The largest; with io_stream and over all positions, one that begins with the accumulator's least number."""
    return largest([unit * op.accum.raw_min, *pool] if op.order == "stream" else pool)


def _sequence(op: Pooling, tensor: Tensor, pool: list[Numbers]) -> Numbers:
    """One number after the other, each sum cast to the accumulator's format."""
    added = tensor.type if op.order == "parallel" else op.accum
    total = Numbers.exactly(0)
    for value in pool:
        total = assign(total + value, op.accum, growth.sum_of(op.accum, added))
    return total


def _tree(op: Pooling, pool: list[Numbers]) -> Numbers:
    """Halves, the left one as large as a power of two allows."""
    if len(pool) == 1:
        return pool[0]
    left = 1
    while 2 * left < len(pool):
        left *= 2
    both = _tree(op, pool[:left]) + _tree(op, pool[left:])
    return assign(both, op.accum, growth.sum_of(op.accum, op.accum))
