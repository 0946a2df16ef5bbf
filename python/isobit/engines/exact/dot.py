"""Sums over windows, on columns of events: one product and one sum after the other, in the kernel's order."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.products import product, product_bits
from isobit.engines.exact.tallies import Tally, of_index
from isobit.fixed.assign import assign
from isobit.fixed.law import INT64_BITS
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order, kept_weights, turns_of
from isobit.model.dot import Dot
from isobit.model.ops import Tensors
from isobit.model.weights import Weight

__all__ = ["constants", "dot"]

#: As in :mod:`isobit.engines.exact.vector`: one number of every event.
Column = Any
#: As there, those of every input.
Columns = tuple[Column, ...]


@register_int64(Dot)
def _fits(op: Dot, tensors: Tensors) -> bool:
    (tensor,) = tensors
    signs = 0  # bits of the sum of signs that matches of one-bit numbers become
    if op.counts_matches(tensor):
        signs = abs(op.accum.fraction) + op.weight.shape[0].bit_length() + 2
    return (
        cast_fits(product_bits(op.product, tensor.type, op.weight), op.form(tensor).fraction, op.accum)
        and cast_fits(op.bias.type.width, op.bias.type.fraction, op.accum)
        and op.accum.width + 1 <= INT64_BITS
        and cast_fits(op.accum.width, op.accum.fraction, op.output.type)
        and op.accum.width + signs <= INT64_BITS
    )


def constants(weight: Weight) -> tuple[list[int], list[int]]:
    """Raw integers of a weight, flat, and its signs: 1 where it has none."""
    raw = [int(v) for v in weight.raw.ravel()]
    return raw, [1] * len(raw) if weight.signs is None else [int(v) for v in weight.signs.ravel()]


def dot(op: Dot, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    """Every output of every position."""
    (tensor,), (data,) = tensors, inputs
    n_in, n_out = op.weight.shape
    kind, form = op.product, op.form(tensor)
    weights, signs = constants(op.weight)
    order, grown, kept = accumulation_order(op), op.accum.sum_with(op.accum), kept_weights(op)
    turns = turns_of(op) if op.in_turns else None
    biases = op.bias.raw.astype(data.dtype)
    padding = np.zeros_like(data[0])
    columns = []
    for place in range(op.output.size):
        position, j = divmod(place, n_out)
        window = op.view[position * op.groups + j * op.groups // n_out]
        count = of_index(tally, "accum", place)
        start = np.full(data.shape[1], biases[j], dtype=data.dtype)
        total = assign(start, op.bias.type, op.accum, count)
        terms: dict[int, list[Column]] = {0: []}  # by turn, where sums of turns are added
        for i in order[j][kept[order[j], j]]:
            k = int(i) * n_out + j
            number = padding if window[i] < 0 else data[window[i]]
            term = product(kind, number, weights[k], signs[k], tensor.type, op.weight.type)
            term = assign(term, form, op.accum, count)
            if turns is None:
                total = assign(total + term, grown, op.accum, count)
            else:
                terms.setdefault(int(turns[i, j]), []).append(term)
        # After the first turn, which casts even where it is empty, empty ones change nothing.
        for turn in sorted(terms) if turns is not None else ():
            part = np.zeros_like(total)
            for term in terms[turn]:
                part = assign(part + term, grown, op.accum, count)
            total = assign(total + part, grown, op.accum, count)
        count = of_index(tally, "result", place)
        source = op.accum
        if op.counts_matches(tensor):
            source = op.signs
            one = 1 << max(0, op.accum.fraction)
            scale = 1 << max(0, -op.accum.fraction)
            exact = FixedType.from_bits(op.accum.width + 64, fraction=max(0, op.accum.fraction))
            total = assign(2 * total * scale - n_in * one, exact, source)
        columns.append(assign(total, source, op.output.type, count))
    return np.stack(columns) if columns else data[:0]
