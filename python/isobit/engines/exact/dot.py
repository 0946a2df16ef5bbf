"""Sums over windows, on columns of events: one product and one sum after the other, in the kernel's order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.products import product, product_bits
from isobit.engines.exact.tallies import Count, Tally, of_indices
from isobit.fixed.assign import assign
from isobit.fixed.law import INT64_BITS
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order, kept_weights, turns_of
from isobit.model.dot import Dot
from isobit.model.ops import Tensor, Tensors
from isobit.model.weights import Weight

__all__ = ["constants", "dot"]

#: As in :mod:`isobit.engines.exact.vector`: one number of every event.
Column = Any
#: As there, those of every input.
Columns = tuple[Column, ...]
#: Numbers of positions and events that are computed together.
_NUMBERS = 1 << 19


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
    """Every output of every position: all positions of one output together, some at a time to bound the memory."""
    (tensor,), (data,) = tensors, inputs
    n_out = op.weight.shape[1]
    places = np.arange(op.output.size).reshape(-1, n_out)
    together = max(1, _NUMBERS // max(1, data.shape[1]))
    results = np.zeros((op.output.size, data.shape[1]), dtype=data.dtype)
    order, kept = accumulation_order(op), kept_weights(op)
    sums = _Sums(op, tensor, data, constants(op.weight), turns_of(op) if op.in_turns else None, tally)
    for first in range(0, len(places), together):
        for j in range(n_out):
            some = places[first : first + together, j]
            windows = op.view[some // n_out * op.groups + j * op.groups // n_out]
            results[some] = sums.of(some, windows, j, order[j][kept[order[j], j]])
    return results


@dataclass(frozen=True)
class _Sums:
    """What the sums of one :class:`Dot` have in common.

    Attributes
    ----------
    op, tensor, data
        The primitive, its input and that input's columns.
    constants
        Raw weights and signs, flat.
    turns
        The turn of each weight, shape (inputs, outputs), where sums of turns are added.
    tally
        Told of every cast.
    """

    op: Dot
    tensor: Tensor
    data: Column
    constants: tuple[list[int], list[int]]
    turns: Any
    tally: Tally

    def of(self, places: Any, windows: Any, j: int, terms: Iterable[int]) -> Column:
        """Results of output ``j`` at some positions, shape (positions, events).

        Parameters
        ----------
        places
            Where these results are in the output.
        windows
            Of each position, the elements that it reads; -1 is padding.
        j
            The output.
        terms
            The inputs whose products are added, in this order.
        """
        op, tensor, turns = self.op, self.tensor, self.turns
        grown = op.accum.sum_with(op.accum)
        count = of_indices(self.tally, "accum", places)
        start = np.full((len(places), self.data.shape[1]), op.bias.raw.astype(object)[j], dtype=self.data.dtype)
        total = assign(start, op.bias.type, op.accum, count)
        parts: dict[int, list[int]] = {}  # by turn, where sums of turns are added
        for i in map(int, terms):
            if turns is None:
                total = assign(total + self._term(windows[:, i], i, j, count), grown, op.accum, count)
            else:
                parts.setdefault(int(turns[i, j]), []).append(i)
        # After the first turn, which casts even where it is empty, empty ones change nothing.
        for turn in sorted({0, *parts}) if turns is not None else ():
            part = np.zeros_like(total)
            for i in parts.get(turn, ()):
                part = assign(part + self._term(windows[:, i], i, j, count), grown, op.accum, count)
            total = assign(total + part, grown, op.accum, count)
        source = op.accum
        if op.counts_matches(tensor):
            source = op.signs
            one = 1 << max(0, op.accum.fraction)
            scale = 1 << max(0, -op.accum.fraction)
            exact = FixedType.from_bits(op.accum.width + 64, fraction=max(0, op.accum.fraction))
            total = assign(2 * total * scale - op.weight.shape[0] * one, exact, source)
        return assign(total, source, op.output.type, of_indices(self.tally, "result", places))

    def _term(self, elements: Any, i: int, j: int, count: Count | None) -> Column:
        """The product of one weight with the elements that some positions read, cast into the accumulator."""
        op, (weights, signs) = self.op, self.constants
        number = self.data[elements]
        number[elements < 0] = 0
        k = i * op.weight.shape[1] + j
        term = product(op.product, number, weights[k], signs[k], self.tensor.type, op.weight.type)
        return assign(term, op.form(self.tensor), op.accum, count)
