"""Bounds of sums over windows: products, terms, partial sums in the kernel's order, the accumulator, the result.

Windows that hold numbers of the same bounds are looked at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.alike import alike, chained
from isobit.bounds.ranges import (
    MOST_ZEROS,
    BoolArray,
    IntArray,
    Range,
    accumulate,
    add,
    cast_range,
    compact,
    fold,
    folded_zeros,
    hull,
    intersection,
    multiply,
    one_after_another,
    shift_left,
    total,
    trailing_zeros,
)
from isobit.bounds.rules import DotBounds, Ranges, SumBounds, register_bounds
from isobit.bounds.turns import turn_sums
from isobit.fixed import law
from isobit.fixed.assign import assign
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order, adds_nothing
from isobit.model.dot import Dot
from isobit.model.ops import Tensor, Tensors
from isobit.model.products import Product
from isobit.model.weights import Weight

__all__ = [
    "at_position",
    "distinct",
    "dot_bounds",
    "factors",
    "free_partial_sums",
    "joined",
    "product_range",
    "source_of",
]


def factors(kind: Product, raw: IntArray) -> tuple[IntArray, IntArray] | None:
    """Products of nnet_mult.h as ``factor * data + constant``; None for powers of two, which shift bits out."""
    zero = np.zeros_like(raw)
    match kind:
        case Product.MULT:
            return raw, zero
        case Product.WEIGHT_TERNARY:
            return np.where(raw == 0, 0, np.where(raw == -1, -1, 1)), zero
        case Product.WEIGHT_BINARY:
            return np.where(raw == 0, -1, 1), zero
        case Product.DATA_BINARY:
            return 2 * raw, -raw
        case Product.BOTH_BINARY:
            return 2 * raw - 1, 1 - raw
    return None


def product_range(kind: Product, values: Range, weight: Weight, raw: IntArray, signs: Any, tensor: Tensor) -> Range:
    """Bounds of ``vector.product``; ``values`` broadcasts against ``raw``, the weights."""
    fraction = kind.exact_type(tensor.type, weight.type).fraction
    low, high = values.low, values.high
    found = factors(kind, raw)
    if found is None:
        return _exponential(values, weight, raw, signs, tensor)
    factor, constant = found
    one, other = add(multiply(low, factor), constant), add(multiply(high, factor), constant)
    zeros: IntArray = np.zeros(factor.shape, dtype=np.int64)
    if kind in (Product.MULT, Product.WEIGHT_BINARY, Product.WEIGHT_TERNARY):
        zeros = trailing_zeros(factor) + values.zeros
    elif kind is Product.DATA_BINARY:
        zeros = trailing_zeros(constant)
    return Range(np.minimum(one, other), np.maximum(one, other), fraction, zeros)


def _weight_zeros(kind: Product, weight: Weight, raw: IntArray, tensor: Tensor) -> IntArray:
    """Low zero bits that every product has from its weight, whatever the data."""
    found = factors(kind, raw)
    if found is None:
        align = kind.exact_type(tensor.type, weight.type).fraction - tensor.type.fraction
        return np.maximum(raw + align, 0)
    if kind is Product.BOTH_BINARY:
        return np.zeros_like(raw)
    return trailing_zeros(found[1] if kind is Product.DATA_BINARY else found[0])


def _exponential(values: Range, weight: Weight, raw: IntArray, signs: Any, tensor: Tensor) -> Range:
    register = Product.WEIGHT_EXPONENTIAL.exact_type(tensor.type, weight.type)
    plain = FixedType(register.width, register.integer)  # the shift keeps the register's type, by TRN and WRAP
    aligned = cast_range(values, tensor.type, register).result
    low = np.zeros(np.broadcast_shapes(values.shape, raw.shape), dtype=object)
    high, zeros = low.copy(), np.zeros(low.shape, dtype=np.int64)
    for exponent in np.unique(raw).tolist():
        shifted = cast_range(aligned, None, plain, shift=-exponent).result
        negated = Range(-shifted.high, -shifted.low, register.fraction, shifted.zeros)
        negated = cast_range(negated, register.sum_with(register), register).result
        for sign, part in ((1, shifted), (0, negated)):
            here = np.broadcast_to((raw == exponent) & (signs == sign), low.shape)
            low = np.where(here, part.low, low)
            high = np.where(here, part.high, high)
            zeros = np.where(here, part.zeros, zeros)
    return Range(low, high, register.fraction, zeros)


@register_bounds(Dot)
def dot_bounds(op: Dot, tensors: Tensors, ranges: Ranges) -> DotBounds:
    """Bounds of sums over windows, see :class:`DotBounds`."""
    (tensor,), (values,) = tensors, ranges
    if op.positions == 1 and op.consecutive(tensor):
        sums = _sums(op, tensor, values)
        ends = sums.partial, sums.accum_overflow, sums.free_sum, sums.accum
        return DotBounds(op, *_cast(op, tensor, sums.accum), values, sums, *ends)
    first, which = distinct(op, values)
    parts = [at_position(op, values, position) for position in first.tolist()]
    found = [dot_bounds(op.alone, (op.window(tensor),), (part,)) for part in parts]
    whole = found[0].hull if len(found) == 1 else _sums(op.alone, tensor, hull(parts))
    return joined(op, values, whole, found, which)


def distinct(op: Dot, values: Range) -> tuple[IntArray, IntArray]:
    """Positions whose windows have different bounds, and which of these every position is like."""
    if op.positions == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    ends = [np.unique(end, return_inverse=True)[1] for end in (values.low, values.high, values.zeros)]
    kinds = np.unique(np.stack(ends), axis=1, return_inverse=True)[1].ravel()
    return alike(op.windows(kinds, -1).reshape(op.positions, -1))


def at_position(op: Dot, values: Range, position: int) -> Range:
    """The numbers of a position's windows, one after another: the input of :attr:`Dot.alone`."""
    index = op.view[position * op.groups : (position + 1) * op.groups].ravel()
    padded, zeros = index < 0, np.asarray(values.zeros)[index]
    low, high = (np.where(padded, 0, end[index]) for end in (values.low, values.high))
    return Range(low, high, values.fraction, np.where(padded, MOST_ZEROS, zeros))


def joined(
    op: Dot, values: Range, whole: SumBounds, found: list[DotBounds], which: IntArray | None = None
) -> DotBounds:
    """Bounds of every output from those of :attr:`Dot.alone`, of which every position has one; None: each its own."""

    def every(name: str) -> Range:
        return one_after_another([getattr(of, name) for of in found], which)

    result_overflow, overflow = (
        chained([getattr(of, name) for of in found], which) for name in ("result_overflow", "accum_overflow")
    )
    ends = every("source"), every("rounded"), every("result"), result_overflow
    return DotBounds(op, *ends, values, whole, every("partial"), overflow, every("free_sum"), every("accum"))


def _cast(op: Dot, tensor: Tensor, accum: Range) -> tuple[Range, Range, Range, BoolArray]:
    """What the cast into the result takes, rounds, and gives, and where it overflows."""
    source, source_type = source_of(op, tensor, accum)
    cast = cast_range(source, source_type, op.output.type)
    return source, cast.rounded, cast.result, cast.overflow


def _sums(op: Dot, tensor: Tensor, values: Range) -> SumBounds:
    """Those of one position, whose windows the values are."""
    form, accum, raw = op.form(tensor), op.accum, compact(op.weight.raw)
    low, high, zeros = (op.beside_weights(end) for end in (values.low, values.high, np.asarray(values.zeros)))
    rows = Range(low, high, values.fraction, zeros)
    products = product_range(op.product, rows, op.weight, raw, op.weight.signs, tensor)
    cast = cast_range(products, form, accum)
    drop = form.fraction - accum.fraction
    nothing = np.asarray((products.low == 0) & (products.high == 0), dtype=bool)
    exact = np.asarray(_weight_zeros(op.product, op.weight, raw, tensor) >= drop, dtype=bool) | nothing
    bias = cast_range(Range.constant(op.bias.raw.ravel(), op.bias.type.fraction), op.bias.type, accum)
    # The numbers themselves, not their range: the image of a range under an overflow mode may be much wider.
    folded = assign(op.bias.raw.ravel().astype(object), op.bias.type, accum)
    start, terms = Range.constant(folded, accum.fraction), cast.rounded
    zeros = np.minimum(np.min(terms.zeros, axis=0), start.zeros)
    free = Range(total(terms.low, start.low), total(terms.high, start.high), accum.fraction, zeros)
    partial, final, overflow = _partial_sums(op, start, cast.result)
    if accum.overflow is Overflow.WRAP and not accum.saturation_bits:
        # Modulo 2**W the order and the earlier wraps do not matter.
        final = intersection(final, cast_range(free, None, accum).result)
    return SumBounds(
        products=products,
        terms=terms,
        terms_exact=exact,
        term_overflow=cast.overflow,
        start=start,
        partial=partial,
        accum_overflow=overflow | bias.overflow | cast.overflow.any(axis=0),
        free_sum=free,
        free_magnitude=total(terms.magnitude, np.abs(start.low)),
        accum=final,
    )


def free_partial_sums(op: Dot, start: Range, terms: Range) -> tuple[IntArray, IntArray]:
    """Bounds of start and every sum in the kernel's order, nothing wrapped nor clamped: shape (n_in + 1, n_out)."""
    order = accumulation_order(op).T
    columns = np.arange(order.shape[1])
    return accumulate(terms.low[order, columns], start.low), accumulate(terms.high[order, columns], start.high)


def _partial_sums(op: Dot, start: Range, terms: Range) -> tuple[Range, Range, BoolArray]:
    """Hull of all sums before overflow, the last one after it, and where one may overflow.

    ``terms`` are those after their own overflow.
    """
    if op.in_turns:
        return turn_sums(op, start, terms)
    lows, highs = free_partial_sums(op, start, terms)
    zeros = np.minimum(np.min(terms.zeros, axis=0), start.zeros)
    partial = Range(lows.min(axis=0), highs.max(axis=0), start.fraction, zeros)
    # The start is in the accumulator already: a copy may even hold SAT_SYM's minimum, and is not cast again.
    sums = Range(lows[1:].min(axis=0), highs[1:].max(axis=0), start.fraction)
    overflow = cast_range(sums, None, op.accum).overflow & ~adds_nothing(op)
    last = Range(lows[-1], highs[-1], start.fraction, zeros)
    if not overflow.any():
        return partial, last, overflow
    where = np.flatnonzero(overflow)
    order = accumulation_order(op).T[:, where]
    wide = max(terms.bits, op.accum.width) + 1 > law.INT64_BITS
    step_low, step_high = (
        array[order, where].astype(object if wide else np.int64) for array in (terms.low, terms.high)
    )
    ends = None if wide else _wrapped(op.accum, lows[:, where], highs[:, where], step_low, step_high)
    least, most, sum_low, sum_high = ends or _folded(op.accum, start.low[where], start.high[where], step_low, step_high)
    # A sum that came out of an overflow has the zeros that this leaves, and so have those after it.
    left = np.minimum(zeros, folded_zeros(zeros, op.accum))[where]
    return _replaced(partial, where, least, most, left), _replaced(last, where, sum_low, sum_high, left), overflow


def _folded(accum: FixedType, sum_low: IntArray, sum_high: IntArray, *steps: IntArray) -> tuple[IntArray, ...]:
    """Hull of the sums before overflow, and the last one after it, step by step."""
    sum_low, sum_high = (array.astype(steps[0].dtype) for array in (sum_low, sum_high))
    least, most = sum_low, sum_high
    for add_low, add_high in zip(*steps, strict=True):
        sum_low, sum_high = sum_low + add_low, sum_high + add_high
        least, most = np.minimum(least, sum_low), np.maximum(most, sum_high)
        sum_low, sum_high, _ = fold(sum_low, sum_high, accum)
    return least, most, sum_low, sum_high


def _wrapped(
    accum: FixedType, lows: IntArray, highs: IntArray, step_low: IntArray, step_high: IntArray
) -> tuple[IntArray, ...] | None:
    """The same at once, where every sum wraps sooner or later; None if it does not, or stays within one turn.

    A sum that wraps out of two turns may be any number of the format, and is that ever after, whatever is added.
    """
    if accum.overflow is not Overflow.WRAP or accum.saturation_bits:
        return None
    bottom, top, width = accum.raw_min, accum.raw_max, accum.width
    outside = np.asarray((lows[1:] < bottom) | (highs[1:] > top), dtype=bool)
    first, columns = 1 + outside.argmax(axis=0), np.arange(lows.shape[1])
    low, high = lows[first, columns], highs[first, columns]
    if ((low - bottom) >> width == (high - bottom) >> width).any():
        return None
    before = np.arange(len(lows))[:, None] <= first
    after = np.arange(len(step_low))[:, None] >= first
    least = np.minimum(np.where(before, lows, low).min(axis=0), np.where(after, step_low + bottom, low).min(axis=0))
    most = np.maximum(np.where(before, highs, high).max(axis=0), np.where(after, step_high + top, high).max(axis=0))
    return least, most, np.full_like(least, bottom), np.full_like(most, top)


def _replaced(values: Range, where: Any, low: IntArray, high: IntArray, zeros: Any) -> Range:
    """The range with some elements' replaced."""
    lows, highs, every = values.low.astype(object), values.high.astype(object), np.array(values.zeros)
    lows[where], highs[where], every[where] = low, high, zeros
    return Range(lows, highs, values.fraction, every)


def source_of(op: Dot, tensor: Tensor, final: Range) -> tuple[Range, FixedType]:
    """What the cast into the result takes, and its format: the accumulator, or the sum of signs made of it."""
    if not op.counts_matches(tensor):
        return final, op.accum
    # Binary data and weights: the sum of matches becomes a sum of signs, in an ap_int just wide enough.
    n_in = op.weight.shape[0]
    narrow = op.signs
    fraction = max(0, op.accum.fraction)
    matches, ones = final.at(fraction), compact(np.array(-n_in << fraction, dtype=object))
    signs = Range(add(shift_left(matches.low, 1), ones), add(shift_left(matches.high, 1), ones), fraction)
    return cast_range(signs, FixedType.from_bits(op.accum.width + 64, fraction=fraction), narrow).result, narrow
