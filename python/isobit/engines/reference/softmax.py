"""Softmax by definition: nnet_activation.h, and the trees of nnet_common.h, on exact numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, in_lane, largest, where
from isobit.engines.reference.table import centred, entries_of, steps
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.softmax import LEGACY_TABLE, ArgMax, Softmax
from isobit.model.ops import Tensor, Tensors
from isobit.model.weights import Weight

__all__ = ["argmax", "softmax"]


@register_kernel(Softmax)
def softmax(op: Softmax, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``softmax`` and ``softmax_multidim``: slices, each by its implementation."""
    (tensor,), (data,) = tensors, inputs
    raw = np.empty(data.shape, dtype=object)
    for i in range(op.outer):
        for k in range(op.inner):
            places = [(i * op.size + j) * op.inner + k for j in range(op.size)]
            values = _SLICES[op.implementation](op, tensor, [data[place] for place in places])
            for place, value in zip(places, values, strict=True):
                raw[place] = value.finer(op.output.type.fraction)
    return Numbers.of(raw, op.output.type)


def _reduced(values: list[Numbers], join: Callable[[Numbers, Numbers], Numbers]) -> Numbers:
    """``reduce``: the left part takes the largest power of two below the count."""
    if len(values) == 1:
        return values[0]
    left = 1
    while left * 2 <= len(values) - 1:
        left *= 2
    return join(_reduced(values[:left], join), _reduced(values[left:], join))


def _by_top_bits(table: Weight, values: Numbers, type: FixedType) -> Numbers:
    """The entries that the top bits of the numbers' ``width`` bits address."""
    bits = 0
    while 2**bits < len(table.raw):
        bits += 1
    word = in_lane(values.finer(type.fraction), type.width) % 2**type.width
    return entries_of(table, (word // 2 ** (type.width - bits)).astype(np.int64))


def _normalised(op: Softmax, exponentials: list[Numbers]) -> list[Numbers]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    assert op.accum is not None
    assert op.inv_inp is not None
    accum = op.accum
    terms = [assign(value, accum, op.exp_table.type) for value in exponentials]
    total = _reduced(terms, lambda a, b: assign(a + b, accum, accum.sum_with(accum)))
    inverse = _by_top_bits(op.inv_table, assign(total, op.inv_inp, accum), op.inv_inp)
    exact = accum.product_with(op.inv_table.type)
    return [assign(term * inverse, op.output.type, exact) for term in terms]


def _latency(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    assert op.exp_table is not None
    return _normalised(op, [_by_top_bits(op.exp_table, value, tensor.type) for value in data])


def _stable(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    assert op.exp_table is not None
    assert op.inp_norm is not None
    most = largest(data)
    difference = growth.difference(tensor.type, tensor.type)
    distances = [assign(most - value, op.inp_norm, difference) for value in data]
    return _normalised(op, [_by_top_bits(op.exp_table, value, op.inp_norm) for value in distances])


def _stable_signed(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    """``softmax_stable`` before hls4ml 1.2.0: ``d_xi_xmax[i] = data[i] - x_max``."""
    assert op.exp_table is not None
    assert op.address is not None
    most = largest(data)
    difference = growth.difference(tensor.type, tensor.type)
    differences = [assign(value - most, op.address, difference) for value in data]
    return _normalised(op, [_by_top_bits(op.exp_table, value, op.address) for value in differences])


def _legacy(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    difference = growth.difference(tensor.type, tensor.type)
    result = []
    for i, value in enumerate(data):
        total = Numbers.exactly(0)
        for j, other in enumerate(data):
            term = Numbers.exactly(1) if i == j else centred(other - value, op.exp_table, 16, difference)
            total = assign(total + term, LEGACY_TABLE)
        inverse = entries_of(op.inv_table, steps(total, len(op.inv_table.raw), 64, LEGACY_TABLE))
        result.append(assign(inverse, op.output.type, LEGACY_TABLE))
    return result


def _argmax(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    winner, most = np.zeros(data[0].shape, dtype=np.int64), data[0]
    for i, value in enumerate(data):
        winner, most = np.where(value > most, i, winner), where(value > most, value, most)
    one, zero = assign(1, op.output.type), assign(0, op.output.type)
    return [where(winner == i, one, zero) for i in range(len(data))]


_SLICES: dict[str, Callable[[Softmax, Tensor, list[Numbers]], list[Numbers]]] = {
    "latency": _latency,
    "stable": _stable,
    "stable_signed": _stable_signed,
    "legacy": _legacy,
    "argmax": _argmax,
}


@register_kernel(ArgMax)
def argmax(op: ArgMax, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``int place = 0; for (i) if (x[i] > x[place]) place = i;``."""
    del tensors
    (data,) = inputs
    place, most = Numbers.exactly(0).spread(1, data.shape[1]), data[[0]]
    for i in range(1, len(data)):
        larger = data[[i]] > most
        place, most = where(larger, Numbers.exactly(i), place), where(larger, data[[i]], most)
    return assign(place, op.output.type)
