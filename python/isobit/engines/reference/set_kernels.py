"""Layers on sets by definition: the dense kernel at every position, pooling, transposition."""

from __future__ import annotations

from fractions import Fraction
from math import trunc

from isobit.engines.reference.kernels import Vector, assign, dense, register_kernel
from isobit.fixed import growth
from isobit.model.ops import Tensor
from isobit.model.set_ops import PointwiseConv, Pooling, Transpose

__all__ = ["pointwise_conv", "pooling", "transpose"]


@register_kernel(PointwiseConv)
def pointwise_conv(op: PointwiseConv, tensor: Tensor, data: Vector) -> list[Fraction]:
    """``pointwise_conv_1d_cl`` and ``pointwise_conv_2d_cl``, whose loops over a position's products are dense ones."""
    n_in = op.weight.shape[0]
    here = op.at_position(tensor)
    found: list[Fraction] = []
    for position in range(op.positions):
        found += dense(op.dense, here, data[position * n_in : (position + 1) * n_in])
    return found


@register_kernel(Pooling)
def pooling(op: Pooling, tensor: Tensor, data: Vector) -> list[Fraction]:
    """nnet_pooling.h; with io_stream nnet_pooling_stream.h and ``nnet::reduce`` of nnet_common.h."""
    found = []
    padding = op.padding * op.accum.lsb if op.function == "max" else Fraction(0)
    for window, divisor in zip(op.windows.tolist(), op.divisors.tolist(), strict=True):
        for channel in range(op.channels):
            pool = [padding if place < 0 else data[place * op.channels + channel] for place in window]
            if op.order != "parallel":
                pool = [assign(value, op.accum, tensor.type) for value in pool]
            if op.function == "max":
                held = _maximum(op, pool)
            else:
                total = _tree(op, pool) if op.order == "tree" else _sequence(op, tensor, pool)
                # A quotient of ap_fixed has the dividend's LSB and is cut toward zero there.
                held = trunc(total / op.accum.lsb / divisor) * op.accum.lsb
            found.append(assign(held, op.output.type, op.accum))
    return found


def _maximum(op: Pooling, pool: list[Fraction]) -> Fraction:
    """The largest; with io_stream and over all positions, one that begins with the accumulator's least number."""
    return max([op.accum.raw_min * op.accum.lsb, *pool] if op.order == "stream" else pool)


def _sequence(op: Pooling, tensor: Tensor, pool: list[Fraction]) -> Fraction:
    """One number after the other, each sum cast to the accumulator's format."""
    added = tensor.type if op.order == "parallel" else op.accum
    total = Fraction(0)
    for value in pool:
        total = assign(total + value, op.accum, growth.sum_of(op.accum, added))
    return total


def _tree(op: Pooling, pool: list[Fraction]) -> Fraction:
    """Halves, the left one as large as a power of two allows."""
    if len(pool) == 1:
        return pool[0]
    left = 1
    while 2 * left < len(pool):
        left *= 2
    both = _tree(op, pool[:left]) + _tree(op, pool[left:])
    return assign(both, op.accum, growth.sum_of(op.accum, op.accum))


@register_kernel(Transpose)
def transpose(op: Transpose, tensor: Tensor, data: Vector) -> list[Fraction]:
    """``nnet::transpose``."""
    return [assign(data[place], op.output.type, tensor.type) for place in op.sources.tolist()]
