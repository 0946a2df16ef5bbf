"""Table activations and softmax by definition: nnet_activation.h, and the trees of nnet_common.h, on exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, in_lane, largest, where
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.softmax import LEGACY_TABLE, Softmax
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Tensor, Tensors
from isobit.model.weights import Weight

__all__ = ["softmax", "table_activation"]


def _as_int(value: Any) -> Any:
    """What is left of integers in C++ ints."""
    return ((value + 2**31) % 2**32 - 2**31).astype(np.int64)


def _steps(values: Numbers, entries: int, span: int, type: FixedType) -> Any:
    """``int(x * entries / span)``: a quotient with the fraction bits of x, cut toward zero, in an int."""
    scaled = values * entries
    assert scaled.fraction == type.fraction
    magnitude = np.abs(scaled.raw) // abs(span)
    quotient = np.where((scaled.raw < 0) != (span < 0), -magnitude, magnitude)
    return _as_int(truncated(Numbers(quotient, scaled.fraction, scaled.bits), 0).raw)


def _entries(table: Weight, index: Any) -> Numbers:
    """The entries, or the nearest that there are."""
    return Numbers.of(table.raw[np.clip(index, 0, len(table.raw) - 1)], table.type)


def _centred(values: Numbers, table: Weight, span: int, type: FixedType) -> Numbers:
    return _entries(table, _as_int(_steps(values, len(table.raw), span, type) + len(table.raw) // 2))


@register_kernel(TableActivation)
def table_activation(op: TableActivation, tensors: Tensors, inputs: Inputs) -> Numbers:
    """The functions of nnet_activation.h and nnet_activation_stream.h that have a table."""
    (tensor,), (data,) = tensors, inputs
    table, result = op.table, op.output.type
    if op.function not in ("selu", "elu"):
        return assign(_centred(data, table, 8 if op.function == "tanh" else 16, tensor.type), result, table.type)
    entries = _entries(table, _steps(data, len(table.raw), -8, tensor.type))
    if op.function == "selu":
        # With io_stream the constant has the data's type (nnet_activation_stream.h).
        kind = FixedType(16, 1, False) if op.param is None else tensor.type
        factor = assign(Numbers.exactly(Fraction(1.0507009873554805)), kind)
        exact = kind.product_with(tensor.type)
        above, below = assign(data * factor, result, exact), assign(entries, result, table.type)
    else:
        assert op.param is not None
        exact = op.param.type.product_with(table.type)
        above, below = assign(data, result, tensor.type), assign(entries * values_of(op.param), result, exact)
    return where(data >= 0, above, below)


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
    return _entries(table, (word // 2 ** (type.width - bits)).astype(np.int64))


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


def _legacy(op: Softmax, tensor: Tensor, data: list[Numbers]) -> list[Numbers]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    difference = growth.difference(tensor.type, tensor.type)
    result = []
    for i, value in enumerate(data):
        total = Numbers.exactly(0)
        for j, other in enumerate(data):
            term = Numbers.exactly(1) if i == j else _centred(other - value, op.exp_table, 16, difference)
            total = assign(total + term, LEGACY_TABLE)
        inverse = _entries(op.inv_table, _steps(total, len(op.inv_table.raw), 64, LEGACY_TABLE))
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
    "legacy": _legacy,
    "argmax": _argmax,
}
