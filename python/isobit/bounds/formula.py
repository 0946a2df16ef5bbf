"""Bounds of the primitives that move numbers and that compute one expression: interval arithmetic on the tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isobit.bounds.dot import product_range
from isobit.bounds.interval_arithmetic import halved, minus, plus, times
from isobit.bounds.ranges import BoolArray, CastRange, IntArray, Range, cast_range, compact, hull
from isobit.bounds.rules import OpBounds, Ranges, register_bounds
from isobit.fixed.assign import assign
from isobit.model.expressions import (
    Cast,
    Choice,
    Constant,
    Expression,
    Halved,
    Input,
    Minus,
    Multiplied,
    Outcome,
    Times,
    inputs_of,
)
from isobit.model.ops import Tensors
from isobit.model.primitives import Formula, Select

__all__ = ["expression_range", "formula_bounds", "gathered", "joined_casts", "select_bounds"]


def gathered(values: Range, index: IntArray) -> Range:
    """Some numbers of a range; -1 is zero."""
    if np.array_equal(index, np.arange(values.shape[0])):
        return values
    none, at = index < 0, np.maximum(index, 0)
    low, high, zeros = (np.where(none, 0, np.asarray(part)[at]) for part in (values.low, values.high, values.zeros))
    return Range(low, high, values.fraction, zeros)


@register_bounds(Select)
def select_bounds(op: Select, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """The bounds of the numbers that are taken, each cast from its own input's format."""
    finest = max(tensor.type.fraction for tensor in tensors)
    origins, first = op.origins(tensors), 0
    found: OpBounds | None = None
    for place, (tensor, values) in enumerate(zip(tensors, ranges, strict=True)):
        here = origins == place
        moved = gathered(values, np.where(here, op.view - first, -1))
        first += tensor.size
        cast = cast_range(moved, tensor.type, op.output.type)
        part = OpBounds(op, moved.at(finest), cast.rounded, cast.result, cast.overflow & here)
        found = part if found is None else _joined(op, found, part, here)
    assert found is not None
    return found


def _joined(op: Select, a: OpBounds, b: OpBounds, where: BoolArray) -> OpBounds:
    def either(x: Range, y: Range) -> Range:
        parts = ((x.low, y.low), (x.high, y.high), (np.asarray(x.zeros), np.asarray(y.zeros)))
        low, high, zeros = (np.where(where, other, one) for one, other in parts)
        return Range(low, high, x.fraction, zeros)

    pairs = ((a.source, b.source), (a.rounded, b.rounded), (a.result, b.result))
    source, rounded, result = (either(x, y) for x, y in pairs)
    return OpBounds(op, source, rounded, result, a.result_overflow | b.result_overflow)


# -- expressions -------------------------------------------------------------------------------------------------------


def expression_range(expression: Expression, values: Sequence[Range]) -> Range:
    """Bounds of an expression.

    Parameters
    ----------
    expression
        The expression.
    values
        Bounds of the number that each output takes of every input, shape (size,).
    """
    if isinstance(expression, Input):
        return values[expression.place]
    if isinstance(expression, Constant):
        weight = expression.weight
        return Range.constant(np.broadcast_to(weight.raw.ravel(), values[0].shape), weight.type.fraction)
    if isinstance(expression, Multiplied):
        weight = expression.b.weight.repeated(values[0].shape[0])
        data, raw = values[expression.a.place], compact(weight.raw)
        return product_range(expression.kind, data, weight, raw, weight.signs, expression.data)
    if isinstance(expression, Cast):
        return cast_range(expression_range(expression.a, values), expression.form, expression.type).result
    if isinstance(expression, Halved):
        return halved(expression_range(expression.a, values))
    a, b = expression_range(expression.a, values), expression_range(expression.b, values)
    if isinstance(expression, Times):
        return times(a, b)
    return minus(a, b) if isinstance(expression, Minus) else plus(a, b)


@register_bounds(Formula)
def formula_bounds(op: Formula, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """The value's bounds, cast; of a choice those of every branch for the numbers that take it."""
    values = [gathered(x, view) for x, view in zip(ranges, op.views, strict=True)]
    source, cast = _cast(op, op.outcome, values)
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)


def _cast(op: Formula, outcome: Outcome, values: Sequence[Range]) -> tuple[Range, CastRange]:
    if isinstance(outcome, Choice):
        over, no_over = _narrowed(outcome, values, True)
        under, no_under = _narrowed(outcome, values, False)
        return joined_casts((*_cast(op, outcome.over, over), no_over), (*_cast(op, outcome.under, under), no_under))
    source = expression_range(outcome.value, values)
    cast = cast_range(source, outcome.form, op.output.type)
    if inputs_of(outcome.value):
        return source, cast
    # What the firmware makes of a constant is seen when it is written: no number overflows there.
    raw = assign(source.low.astype(object), outcome.form, op.output.type)
    return source, CastRange(
        cast.rounded, Range.constant(raw, op.output.type.fraction), np.zeros(raw.shape, dtype=bool)
    )


def joined_casts(
    first: tuple[Range, CastRange, BoolArray], second: tuple[Range, CastRange, BoolArray]
) -> tuple[Range, CastRange]:
    """Two branches as one: of each the numbers, their cast, and where it is never taken."""
    (upper, above, no_upper), (lower, below, no_lower) = first, second

    def joined(a: Range, b: Range) -> Range:
        fraction = max(a.fraction, b.fraction)
        a, b = a.at(fraction), b.at(fraction)
        return hull([_either(no_upper, b, a), _either(no_lower, a, b)])

    overflow = (above.overflow & ~no_upper) | (below.overflow & ~no_lower)
    rounded, result = joined(above.rounded, below.rounded), joined(above.result, below.result)
    return joined(upper, lower), CastRange(rounded, result, overflow)


def _either(where: BoolArray, a: Range, b: Range) -> Range:
    """``a`` where the condition holds, else ``b``."""
    pairs = ((a.low, b.low), (a.high, b.high), (a.zeros, b.zeros))
    low, high, zeros = (np.where(where, x, y) for x, y in pairs)
    return Range(low, high, a.fraction, zeros)


def _narrowed(choice: Choice, values: Sequence[Range], over: bool) -> tuple[list[Range], BoolArray]:
    """The numbers that take a branch, and where none does (those are as they were)."""
    left, right = expression_range(choice.left, values), expression_range(choice.right, values)
    fraction = max(left.fraction, right.fraction)
    left, right = left.at(fraction), right.at(fraction)
    never = np.asarray(left.high <= right.low if over else left.low > right.high, dtype=bool)
    found = list(values)
    # left > right, or left <= right: bounds of one side are drawn in by those of the other.
    sides = (
        (choice.left, None if over else right.high, right.low + 1 if over else None),
        (choice.right, left.high - 1 if over else None, None if over else left.low),
    )
    for side, most, least in sides:
        if isinstance(side, Input):
            found[side.place] = _within(found[side.place], fraction, least, most)
    return found, never


def _within(values: Range, fraction: int, least: IntArray | None, most: IntArray | None) -> Range:
    """Numbers no smaller and no larger than bounds at a finer fraction; unchanged where there are none."""
    places = fraction - values.fraction
    low, high = values.low, values.high
    if least is not None:
        low = np.maximum(low, compact(-(-least >> places)))
    if most is not None:
        high = np.minimum(high, compact(most >> places))
    zeros = np.asarray(values.zeros)
    empty = np.asarray(-(-low >> zeros) > high >> zeros, dtype=bool)
    return Range(np.where(empty, values.low, low), np.where(empty, values.high, high), values.fraction, zeros)
