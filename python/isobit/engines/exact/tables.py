"""Table activations and softmax on columns of events, for :mod:`.vector`: int64 or Python integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.tallies import Tally, ignore
from isobit.fixed import growth
from isobit.fixed.assign import Cast, assign
from isobit.fixed.law import INT64_BITS
from isobit.fixed.types import FixedType
from isobit.model.lookup import Lookup
from isobit.model.ops import Tensor, Tensors
from isobit.model.softmax import Softmax
from isobit.model.table_index import centred_index, index_from_zero, top_bits
from isobit.model.weights import Weight

__all__ = ["look_up", "lookup", "softmax"]

Column = Any
#: Of every input of an op.
Columns = tuple[Column, ...]
Count = Callable[[Cast], None]
#: Called with (slot of a table, indices that were looked up).
Look = Callable[[str, Any], None]


def _unwatched(slot: str, index: Any) -> None:
    """Look at nothing."""


def _counter(tally: Tally, slot: str, index: int) -> Count:
    return lambda cast: tally(slot, index, cast)


def _raw(table: Weight, like: Column) -> Column:
    return table.raw.astype(like.dtype)


def _looked_up(table: Weight, index: Any, like: Column, look: Look) -> Column:
    look(table.name, index)
    return _raw(table, like)[index]


def lookup(op: Lookup, tensors: Tensors, inputs: Columns, tally: Tally, look: Look = _unwatched) -> Column:
    """Every number by itself; where not all look up, each branch is cast where it holds, and counts as 0 elsewhere."""
    (tensor,), (data,) = tensors, inputs
    parts, target = op.columns(data.dtype), op.output.type
    entry_form, other_form = op.forms(tensor.type)
    columns = []
    for i, x in enumerate(data):
        index = op.indices(x, tensor.type)
        if not op.index.sided:
            look(op.table.name, index)
            for k, part in enumerate(parts, i * op.row):
                columns.append(assign(part[index], entry_form, target, _counter(tally, "result", k)))
            continue
        negative = np.asarray(x < 0, dtype=bool)
        look(op.table.name, index[negative])
        count = _counter(tally, "result", i)
        lower = assign(parts[0][index] * negative, entry_form, target, count)
        upper = assign(op.others(x) * ~negative, other_form, target, count)
        columns.append(np.where(negative, lower, upper))
    return np.stack(columns)


def softmax(op: Softmax, tensors: Tensors, inputs: Columns, tally: Tally, look: Look = _unwatched) -> Column:
    """Groups, each by its implementation. A partial sum counts where the values that it adds begin."""
    (tensor,), (data,) = tensors, inputs
    result = np.empty(data.shape, dtype=data.dtype)
    for places in op.groups.tolist():
        columns = _SLICES[op.implementation](op, tensor, [data[place] for place in places], places, tally, look)
        result[places] = np.stack(columns)
    return result


def look_up(op: Lookup | Softmax, tensors: Tensors, inputs: Columns, look: Look) -> None:
    """Tell which entries of its tables an op looks up; its result is not asked for."""
    if isinstance(op, Softmax):
        softmax(op, tensors, inputs, ignore, look)
    else:
        lookup(op, tensors, inputs, ignore, look)


def _normalised(op: Softmax, exponentials: list[Column], places: list[int], tally: Tally, look: Look) -> list[Column]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    assert op.accum is not None
    assert op.inv_inp is not None
    accum = op.accum
    terms = [
        assign(value, op.exp_table.type, accum, _counter(tally, "accum", place))
        for value, place in zip(exponentials, places, strict=True)
    ]
    sums, apart = list(terms), 1
    while apart < len(sums):
        for i in range(0, len(sums) - apart, 2 * apart):
            count = _counter(tally, "accum", places[i])
            sums[i] = assign(sums[i] + sums[i + apart], accum.sum_with(accum), accum, count)
        apart *= 2
    total = assign(sums[0], accum, op.inv_inp, _counter(tally, "inv_inp", places[0]))
    inverse = _looked_up(op.inv_table, top_bits(total, op.inv_table, op.inv_inp.width), total, look)
    exact = accum.product_with(op.inv_table.type)
    return [
        assign(term * inverse, exact, op.output.type, _counter(tally, "result", place))
        for term, place in zip(terms, places, strict=True)
    ]


def _latency(
    op: Softmax, tensor: Tensor, data: list[Column], places: list[int], tally: Tally, look: Look
) -> list[Column]:
    assert op.exp_table is not None
    table = op.exp_table
    width = tensor.type.width
    terms = [_looked_up(table, top_bits(x, table, width), x, look) for x in data]
    return _normalised(op, terms, places, tally, look)


def _stable(
    op: Softmax, tensor: Tensor, data: list[Column], places: list[int], tally: Tally, look: Look
) -> list[Column]:
    assert op.exp_table is not None
    assert op.inp_norm is not None
    table, kind = op.exp_table, op.inp_norm
    largest = np.maximum.reduce(data)
    difference = growth.difference(tensor.type, tensor.type)
    distances = [
        assign(largest - x, difference, kind, _counter(tally, "inp_norm", place))
        for x, place in zip(data, places, strict=True)
    ]
    terms = [_looked_up(table, top_bits(x, table, kind.width), x, look) for x in distances]
    return _normalised(op, terms, places, tally, look)


def _legacy(
    op: Softmax, tensor: Tensor, data: list[Column], places: list[int], tally: Tally, look: Look
) -> list[Column]:
    assert op.exp_table is not None
    assert op.inv_table is not None
    kind, fraction = op.exp_table.type, tensor.type.fraction
    exponentials, inverses = _raw(op.exp_table, data[0]), _raw(op.inv_table, data[0])
    one = assign(np.ones_like(data[0]), FixedType.int_type(32), kind)
    columns = []
    for i, x in enumerate(data):
        total = x * 0
        for j, other in enumerate(data):
            index = centred_index(other - x, len(exponentials), 16, fraction)
            if i != j:
                look(op.exp_table.name, index)
            term = one if i == j else exponentials[index]
            total = assign(total + term, kind.sum_with(kind), kind)
        place = index_from_zero(total, len(inverses), 64, kind.fraction)
        look(op.inv_table.name, place)
        inverse = inverses[place]
        columns.append(assign(inverse, kind, op.output.type, _counter(tally, "result", places[i])))
    return columns


def _argmax(
    op: Softmax, tensor: Tensor, data: list[Column], places: list[int], tally: Tally, look: Look
) -> list[Column]:
    winner = np.argmax(np.stack(data), axis=0)
    return [
        assign((winner == i) * (x * 0 + 1), FixedType.int_type(32), op.output.type, _counter(tally, "result", place))
        for i, (x, place) in enumerate(zip(data, places, strict=True))
    ]


_SLICES: dict[str, Callable[[Softmax, Tensor, list[Column], list[int], Tally, Look], list[Column]]] = {
    "latency": _latency,
    "stable": _stable,
    "legacy": _legacy,
    "argmax": _argmax,
}


@register_int64(Lookup)
def _lookup_fits(op: Lookup, tensors: Tensors) -> bool:
    (tensor,) = tensors
    bits = op.index.bits(tensor.type, op.entries)
    forms = op.forms(tensor.type)[: 2 if op.index.sided else 1]
    return bits <= INT64_BITS and all(cast_fits(form.width, form.fraction, op.output.type) for form in forms)


@register_int64(Softmax)
def _softmax_fits(op: Softmax, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind, target = tensor.type, op.output.type
    if op.implementation == "argmax":
        return kind.width <= INT64_BITS and cast_fits(2, 0, target)
    assert op.exp_table is not None
    assert op.inv_table is not None
    exp, inv = op.exp_table.type, op.inv_table.type
    if op.implementation == "legacy":
        bits = kind.width + 2 + op.exp_table.raw.size.bit_length() + max(0, -kind.fraction)
        return max(bits, exp.width + op.inv_table.raw.size.bit_length()) < INT64_BITS and cast_fits(
            inv.width, inv.fraction, target
        )
    assert op.accum is not None
    assert op.inv_inp is not None
    accum = op.accum
    return (
        (op.inp_norm is None or cast_fits(kind.width + 2, kind.fraction, op.inp_norm))
        and kind.width <= INT64_BITS
        and cast_fits(exp.width, exp.fraction, accum)
        and cast_fits(accum.width + 1, accum.fraction, accum)
        and cast_fits(accum.width, accum.fraction, op.inv_inp)
        and cast_fits(accum.width + inv.width, accum.fraction + inv.fraction, target)
    )
