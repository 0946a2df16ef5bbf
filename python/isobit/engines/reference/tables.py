"""Table activations and softmax by definition: nnet_activation.h, and the trees of nnet_common.h, on fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import trunc

from isobit.engines.reference.kernels import Vector, assign, register_kernel, values_of
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.ops import Tensor
from isobit.model.table_ops import LEGACY_TABLE, Softmax, TableActivation
from isobit.model.weights import Weight

__all__ = ["softmax", "table_activation"]


def _as_int(value: int) -> int:
    """What is left of an integer in a C++ int."""
    return (value + 2**31) % 2**32 - 2**31


def _steps(value: Fraction, entries: int, span: int, type: FixedType) -> int:
    """``int(x * entries / span)``: a quotient with the fraction bits of x, cut toward zero, in an int."""
    quotient = trunc(value * entries / span / type.lsb) * type.lsb
    return _as_int(trunc(quotient))


def _entry(table: Weight, index: int) -> Fraction:
    """The entry, or the nearest that there is."""
    return int(table.raw[min(max(index, 0), len(table.raw) - 1)]) * table.type.lsb


def _centred(value: Fraction, table: Weight, span: int, type: FixedType) -> Fraction:
    return _entry(table, _as_int(_steps(value, len(table.raw), span, type) + len(table.raw) // 2))


@register_kernel(TableActivation)
def table_activation(op: TableActivation, tensor: Tensor, data: Vector) -> list[Fraction]:
    """The functions of nnet_activation.h that have a table."""
    table, entries = op.table, len(op.table.raw)
    result = []
    for value in data:
        if op.function == "selu" and value >= 0:
            factor = assign(Fraction(1.0507009873554805), FixedType(16, 1, False))
            exact = FixedType(16, 1, False).product_with(tensor.type)
            result.append(assign(factor * value, op.output.type, exact))
        elif op.function == "elu" and value >= 0:
            result.append(assign(value, op.output.type, tensor.type))
        elif op.function == "selu":
            result.append(assign(_entry(table, _steps(value, entries, -8, tensor.type)), op.output.type, op.table.type))
        elif op.function == "elu":
            assert op.param is not None
            exact = op.param.type.product_with(op.table.type)
            entry = _entry(table, _steps(value, entries, -8, tensor.type))
            result.append(assign(values_of(op.param)[0] * entry, op.output.type, exact))
        else:
            entry = _centred(value, table, 8 if op.function == "tanh" else 16, tensor.type)
            result.append(assign(entry, op.output.type, op.table.type))
    return result


@register_kernel(Softmax)
def softmax(op: Softmax, tensor: Tensor, data: Vector) -> list[Fraction]:
    """``softmax`` and ``softmax_multidim``: slices, each by its implementation."""
    result = list(data)
    for i in range(op.outer):
        for k in range(op.inner):
            places = [(i * op.size + j) * op.inner + k for j in range(op.size)]
            values = _SLICES[op.implementation](op, tensor, [data[place] for place in places])
            for place, value in zip(places, values, strict=True):
                result[place] = value
    return result


def _reduced(values: list[Fraction], join: Callable[[Fraction, Fraction], Fraction]) -> Fraction:
    """``reduce``: the left part takes the largest power of two below the count."""
    if len(values) == 1:
        return values[0]
    left = 1
    while left * 2 <= len(values) - 1:
        left *= 2
    return join(_reduced(values[:left], join), _reduced(values[left:], join))


def _by_top_bits(table: Weight, value: Fraction, type: FixedType) -> Fraction:
    """The entry that the top bits of a number's ``width`` bits address."""
    bits = 0
    while 2**bits < len(table.raw):
        bits += 1
    word = int(value / type.lsb) % 2**type.width
    return _entry(table, word // 2 ** (type.width - bits))


def _normalised(op: Softmax, exponentials: list[Fraction]) -> list[Fraction]:
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


def _latency(op: Softmax, tensor: Tensor, data: list[Fraction]) -> list[Fraction]:
    assert op.exp_table is not None
    return _normalised(op, [_by_top_bits(op.exp_table, value, tensor.type) for value in data])


def _stable(op: Softmax, tensor: Tensor, data: list[Fraction]) -> list[Fraction]:
    assert op.exp_table is not None
    assert op.inp_norm is not None
    largest = max(data)
    difference = growth.difference(tensor.type, tensor.type)
    distances = [assign(largest - value, op.inp_norm, difference) for value in data]
    return _normalised(op, [_by_top_bits(op.exp_table, value, op.inp_norm) for value in distances])


def _legacy(op: Softmax, tensor: Tensor, data: list[Fraction]) -> list[Fraction]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    difference = growth.difference(tensor.type, tensor.type)
    result = []
    for i, value in enumerate(data):
        total = Fraction(0)
        for j, other in enumerate(data):
            term = Fraction(1) if i == j else _centred(other - value, op.exp_table, 16, difference)
            total = assign(total + term, LEGACY_TABLE)
        inverse = _entry(op.inv_table, _steps(total, len(op.inv_table.raw), 64, LEGACY_TABLE))
        result.append(assign(inverse, op.output.type, LEGACY_TABLE))
    return result


def _argmax(op: Softmax, tensor: Tensor, data: list[Fraction]) -> list[Fraction]:
    winner = data.index(max(data))
    return [assign(Fraction(1 if i == winner else 0), op.output.type) for i in range(len(data))]


_SLICES: dict[str, Callable[[Softmax, Tensor, list[Fraction]], list[Fraction]]] = {
    "latency": _latency,
    "stable": _stable,
    "legacy": _legacy,
    "argmax": _argmax,
}
