"""Bounds of table activations and softmax: what the entries that can be reached hold.

Entries are cast one by one, so the bounds of a looked-up result are exact. A softmax is followed through its sum;
that a `stable` one has a distance of zero in every slice is known, so that its sum has a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.bounds.formula import joined_casts
from isobit.bounds.ranges import BoolArray, CastRange, IntArray, Range, add, cast_range, compact, hull, multiply
from isobit.bounds.rules import InnerBounds, OpBounds, Ranges, register_bounds
from isobit.fixed import growth
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.lookup import Lookup
from isobit.model.ops import Tensor, Tensors
from isobit.model.softmax import Softmax

__all__ = ["distances_of", "lookup_bounds", "softmax_bounds"]


class _Entries:
    """A table whose entries are cast once: what the entries between two indices hold."""

    def __init__(self, raw: IntArray, source: FixedType, target: FixedType) -> None:
        values = compact(raw.astype(object))
        cast = cast_range(Range(values, values, source.fraction), source, target)
        exact = compact(assign(values.astype(object), source, target))
        self.parts = (values, cast.rounded.low, exact, np.asarray(cast.overflow, dtype=bool))
        self.fractions = (source.fraction, cast.rounded.fraction, target.fraction)

    def between(self, first: Any, last: Any) -> tuple[Range, CastRange]:
        """Entries (as they are), and what their cast gives, for arrays of first and last indices."""
        pairs, places = np.unique(np.stack([first.ravel(), last.ravel()], axis=1), axis=0, return_inverse=True)
        places = places.reshape(first.shape)
        found = []
        for part, fraction in zip(self.parts[:3], self.fractions, strict=True):
            lows = compact(np.array([part[a : b + 1].min() for a, b in pairs], dtype=object))
            highs = compact(np.array([part[a : b + 1].max() for a, b in pairs], dtype=object))
            found.append(Range(lows[places], highs[places], fraction))
        overflow = np.array([self.parts[3][a : b + 1].any() for a, b in pairs], dtype=bool)[places]
        return found[0], CastRange(found[1], found[2], overflow)


@register_bounds(Lookup)
def lookup_bounds(op: Lookup, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """Entries between the indices of the ends: the index is monotone, unless it leaves an int."""
    (tensor,), (values,) = tensors, ranges
    low, high = values.low.astype(object), values.high.astype(object)
    if not op.index.sided:
        source, cast = _looked_up(op, tensor, low, high)
        return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)
    _, form = op.forms(tensor.type)
    # Negative numbers, from -1 at most; the greatest has the first entry.
    lower, below = _looked_up(op, tensor, np.minimum(low, -1), np.minimum(high, -1))
    least = np.minimum(np.maximum(low, 0), np.maximum(high, 0))
    upper = Range(least, np.maximum(high, 0), form.fraction, values.zeros)
    if (factor := op.other_factor) is not None:
        scale = compact(factor.raw.ravel()[:1].astype(object))
        ends = multiply(upper.low, scale), multiply(upper.high, scale)
        upper = Range(np.minimum(*ends), np.maximum(*ends), form.fraction)
    above = cast_range(upper, form, op.output.type)
    no_lower, no_upper = np.asarray(low >= 0, dtype=bool), np.asarray(high < 0, dtype=bool)
    source, cast = joined_casts((upper, above, no_upper), (lower, below, no_lower))
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)


def _looked_up(op: Lookup, tensor: Tensor, low: Any, high: Any) -> tuple[Range, CastRange]:
    """Entries that numbers within bounds (Python integers) look up, and their casts; shape (output size,)."""
    ends = [op.indices(end, tensor.type) for end in (low, high)]
    lost = np.logical_or(*(op.index.is_lost(end, op.entries, tensor.type.fraction) for end in (low, high)))
    first = np.where(lost, 0, np.minimum(*ends))
    last = np.where(lost, op.entries - 1, np.maximum(*ends))
    form, _ = op.forms(tensor.type)
    found = [_Entries(column, form, op.output.type).between(first, last) for column in op.columns(object)]
    entries, casts = zip(*found, strict=True)
    if op.row == 1:
        return entries[0], casts[0]
    rounded, result = ([getattr(cast, part) for cast in casts] for part in ("rounded", "result"))
    overflow = np.stack([cast.overflow for cast in casts], axis=1).ravel()
    return _side_by_side(entries), CastRange(_side_by_side(rounded), _side_by_side(result), overflow)


def _side_by_side(ranges: Sequence[Range]) -> Range:
    """Ranges of the first entry of every row, of the second, ..., as those of every row, one after the other."""
    low, high = (np.stack([getattr(r, end) for r in ranges], axis=1).ravel() for end in ("low", "high"))
    return Range(low, high, ranges[0].fraction)


@register_bounds(Softmax)
def softmax_bounds(op: Softmax, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """By implementation."""
    (tensor,), (values,) = tensors, ranges
    if op.implementation == "argmax":
        return _argmax(op, values)
    return _legacy(op) if op.implementation == "legacy" else _normalised(op, tensor, values)


def _argmax(op: Softmax, values: Range) -> OpBounds:
    """One or zero: zero where another element of the slice is certainly larger (or as large and earlier)."""
    shape = values.shape
    source = Range(np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64), 0)
    cast = cast_range(source, FixedType.int_type(32), op.output.type)
    one = cast_range(Range.constant(np.ones(shape, dtype=np.int64), 0), FixedType.int_type(32), op.output.type)
    zero = Range.constant(np.zeros(shape, dtype=np.int64), op.output.type.fraction)
    return OpBounds(op, source, cast.rounded, hull([zero, one.result]), one.overflow)


def _legacy(op: Softmax) -> OpBounds:
    """Any entry of the table of inverses: its sums wrap."""
    assert op.inv_table is not None
    shape = op.output.size
    first, last = np.zeros(shape, dtype=np.int64), np.full(shape, op.inv_table.raw.size - 1, dtype=np.int64)
    source, cast = _Entries(op.inv_table.raw, op.inv_table.type, op.output.type).between(first, last)
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)


def _top_bits(values: Range, width: int, entries: int, signed: bool) -> tuple[Any, Any]:
    """First and last index that the top bits give, in the order of the numbers (negative ones first)."""
    bits = max(1, (entries - 1).bit_length())
    half = entries // 2 if signed else 0
    ends = ((end.astype(object) >> (width - bits)) + half for end in (values.low, values.high))
    first, last = (np.clip(end, 0, entries - 1).astype(np.int64) for end in ends)
    return first, last


def _in_order(raw: IntArray, signed: bool) -> IntArray:
    """A table in the order of the numbers that address it: their sign is the index's top bit."""
    return np.roll(raw, raw.size // 2) if signed else raw


def _normalised(op: Softmax, tensor: Tensor, values: Range) -> OpBounds:
    assert op.exp_table is not None
    assert op.inv_table is not None
    assert op.accum is not None
    assert op.inv_inp is not None
    accum, table, slices = op.accum, op.exp_table, op.groups
    inner: dict[str, InnerBounds] = {}
    addresses, address = values, tensor.type
    if op.inp_norm is not None:
        address = op.inp_norm
        distances = cast_range(distances_of(values, slices), growth.difference(tensor.type, tensor.type), address)
        inner["inp_norm"] = InnerBounds(address, distances.rounded, distances.overflow)
        addresses = distances.result
    entries = _Entries(_in_order(table.raw, address.signed), table.type, accum)
    _, terms = entries.between(*_top_bits(addresses, address.width, table.raw.size, address.signed))
    sums, held, overflow = _sums(terms, slices, accum)
    if op.inp_norm is not None and not overflow.any():
        nothing = table.raw.size // 2 if address.signed else 0  # a distance of zero
        sums = _with_first_entry(sums, terms.result, slices, int(entries.parts[2][nothing]))
    inner["accum"] = InnerBounds(accum, held, overflow)
    inverted = cast_range(sums, accum, op.inv_inp)
    inverses = _Entries(_in_order(op.inv_table.raw, op.inv_inp.signed), op.inv_table.type, op.inv_table.type)
    signed, size = op.inv_inp.signed, op.inv_table.raw.size
    factors, _ = inverses.between(*_top_bits(inverted.result, op.inv_inp.width, size, signed))
    of_slice = _spread(slices)
    inner["inv_inp"] = InnerBounds(op.inv_inp, _taken(inverted.rounded, of_slice), inverted.overflow[of_slice])
    source = _product(terms.result, _taken(factors, of_slice))
    exact = accum.product_with(op.inv_table.type)
    cast = cast_range(source, exact, op.output.type)
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow, inner=inner)


def _spread(slices: Any) -> Any:
    """Slice of every element."""
    of_slice = np.empty(slices.size, dtype=np.int64)
    of_slice[slices] = np.arange(len(slices))[:, None]
    return of_slice


def _taken(values: Range, places: Any) -> Range:
    return Range(values.low[places], values.high[places], values.fraction)


def distances_of(values: Range, slices: Any) -> Range:
    """The largest value of the slice minus each: zero, or the largest of the others minus it."""
    low, high = values.low.astype(object)[slices], values.high.astype(object)[slices]
    least, most = np.zeros(low.shape, dtype=object), np.zeros(low.shape, dtype=object)
    size = low.shape[1]
    if size > 1:
        for ends, own, found in ((low, high, least), (high, low, most)):
            order = np.argsort(ends, axis=1)
            first, second = order[:, -1], order[:, -2]
            rows = np.arange(len(ends))
            others = np.where(
                np.arange(size) == first[:, None], ends[rows, second][:, None], ends[rows, first][:, None]
            )
            found[:] = np.maximum(others - own, 0)
    flat_low, flat_high = np.empty(slices.size, dtype=object), np.empty(slices.size, dtype=object)
    flat_low[slices], flat_high[slices] = least, most
    return Range(flat_low, flat_high, values.fraction)


def _sums(terms: CastRange, slices: Any, accum: FixedType) -> tuple[Range, Range, BoolArray]:
    """Sums of the slices by the balanced tree; and by element what accumulators must hold, and where they may not.

    A partial sum belongs to the element with which it begins.
    """
    held = [_taken(terms.rounded, slices[:, j]) for j in range(slices.shape[1])]
    over = [terms.overflow[slices[:, j]] for j in range(slices.shape[1])]
    sums = [_taken(terms.result, slices[:, j]) for j in range(slices.shape[1])]
    apart = 1
    while apart < len(sums):
        for i in range(0, len(sums) - apart, 2 * apart):
            a, b = sums[i], sums[i + apart]
            total = Range(add(a.low, b.low), add(a.high, b.high), accum.fraction)
            cast = cast_range(total, accum.sum_with(accum), accum)
            sums[i], held[i], over[i] = cast.result, hull([held[i], cast.rounded]), over[i] | cast.overflow
        apart *= 2
    low, high = np.empty(slices.size, dtype=object), np.empty(slices.size, dtype=object)
    overflow = np.zeros(slices.size, dtype=bool)
    for j, (holds, overflows) in enumerate(zip(held, over, strict=True)):
        low[slices[:, j]], high[slices[:, j]], overflow[slices[:, j]] = holds.low, holds.high, overflows
    return sums[0], Range(low, high, accum.fraction), overflow


def _with_first_entry(sums: Range, terms: Range, slices: Any, first: int) -> Range:
    """The same sums, one of whose terms is the entry for a distance of zero, while the others keep to their bounds."""
    lows, highs = (end.astype(object)[slices] for end in (terms.low, terms.high))
    least = first + (lows.sum(axis=1)[:, None] - lows).min(axis=1)
    most = first + (highs.sum(axis=1)[:, None] - highs).max(axis=1)
    return Range(np.maximum(sums.low, least), np.minimum(sums.high, most), sums.fraction)


def _product(a: Range, b: Range) -> Range:
    corners = [multiply(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(np.minimum.reduce(corners), np.maximum.reduce(corners), a.fraction + b.fraction)
