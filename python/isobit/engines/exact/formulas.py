"""The primitives that move numbers and compute expressions, on columns of events; as of :mod:`.vector`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from isobit.bounds.formula import expression_range, gathered
from isobit.bounds.ranges import Range
from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.products import product, product_bits
from isobit.engines.exact.tallies import Tally, of_index
from isobit.fixed.assign import assign
from isobit.fixed.law import INT64_BITS
from isobit.fixed.types import FixedType
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
    Result,
    Times,
    fraction_of,
    inputs_of,
    nodes_of,
    results_of,
)
from isobit.model.ops import Tensors
from isobit.model.primitives import Formula, Select

__all__ = ["branches_taken", "formula", "is_counted", "select"]

#: One number of every event, or several: (size, events).
Column = Any
Columns = Sequence[Any]


def select(op: Select, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    """Every number cast from its own input's format; zeros are zeros of any format."""
    origins, joined = op.origins(tensors), np.concatenate(list(inputs))

    def taken(index: int, source: int) -> Column:
        if source < 0:
            return joined[0] * 0
        kind = tensors[origins[index]].type
        return assign(joined[source], kind, op.output.type, of_index(tally, "result", index))

    return np.stack([taken(index, source) for index, source in enumerate(op.view.tolist())])


def formula(op: Formula, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    """The expression, exactly, and the cast; of a choice each branch is cast for every event, as 0 in the others."""
    values, types = _taken(op, inputs), [tensor.type for tensor in tensors]
    found: Column = None
    for result, taken in _branches(op.outcome, values, types):
        exact = _evaluated(result.value, values, types)
        cast = _cast(op, result, exact if taken is None else np.where(taken, exact, 0), tally)
        found = cast if found is None else np.where(taken, cast, found)
    return found


def _taken(op: Formula, inputs: Columns) -> list[Column]:
    return [data[view] for data, view in zip(inputs, op.views, strict=True)]


def is_counted(result: Result, target: FixedType) -> bool:
    """Whether a cast may lose something of the data: neither a copy does, nor a constant."""
    return result.form != target and bool(inputs_of(result.value))


def branches_taken(op: Formula, tensors: Tensors, inputs: Columns) -> list[tuple[Result, Any]]:
    """A formula's casts in order, and where each is taken, shape (size, events); None if there is but one."""
    return list(_branches(op.outcome, _taken(op, inputs), [tensor.type for tensor in tensors]))


def _branches(
    outcome: Outcome, values: Sequence[Column], types: Sequence[FixedType], here: Any = None
) -> Iterator[tuple[Result, Any]]:
    if isinstance(outcome, Result):
        yield outcome, here
        return
    over = _is_over(outcome, values, types)
    for branch, taken in ((outcome.over, over), (outcome.under, ~over)):
        yield from _branches(branch, values, types, taken if here is None else here & taken)


def _is_over(choice: Choice, values: Sequence[Column], types: Sequence[FixedType]) -> Any:
    """Where the first branch is taken; ``values`` are the numbers that each output takes of every input."""
    fractions = [fraction_of(side, types) for side in (choice.left, choice.right)]
    left, right = (
        _evaluated(side, values, types) << (max(fractions) - fraction)
        for side, fraction in zip((choice.left, choice.right), fractions, strict=True)
    )
    return np.asarray(left > right, dtype=bool)


def _cast(op: Formula, result: Result, exact: Column, tally: Tally) -> Column:
    counted = is_counted(result, op.output.type)
    return np.stack(
        [
            assign(column, result.form, op.output.type, of_index(tally, "result", index) if counted else None)
            for index, column in enumerate(exact)
        ]
    )


def _evaluated(expression: Expression, values: Sequence[Column], types: Sequence[FixedType]) -> Column:
    """Raw integers of an expression, at :func:`isobit.model.expressions.fraction_of`."""
    if isinstance(expression, Input):
        return values[expression.place]
    if isinstance(expression, Constant):
        raw = expression.weight.raw.ravel().astype(values[0].dtype)
        return np.broadcast_to(raw, (len(values[0]),))[:, None] + values[0] * 0
    if isinstance(expression, Multiplied):
        return _multiplied(expression, values[expression.a.place])
    if isinstance(expression, Cast):
        return assign(_evaluated(expression.a, values, types), expression.form, expression.type)
    if isinstance(expression, Halved):
        return _evaluated(expression.a, values, types)
    a, b = _evaluated(expression.a, values, types), _evaluated(expression.b, values, types)
    if isinstance(expression, Times):
        return a * b
    fractions = [fraction_of(side, types) for side in (expression.a, expression.b)]
    a, b = (x << (max(fractions) - fraction) for x, fraction in zip((a, b), fractions, strict=True))
    return a - b if isinstance(expression, Minus) else a + b


def _multiplied(expression: Multiplied, data: Column) -> Column:
    weight, kinds = expression.b.weight.repeated(len(data)), (expression.data.type, expression.b.weight.type)
    signs = [1] * len(data) if weight.signs is None else weight.signs.tolist()
    found = [
        product(expression.kind, column, int(raw), sign, *kinds)
        for column, raw, sign in zip(data, weight.raw.tolist(), signs, strict=True)
    ]
    return np.stack(found)


@register_int64(Select)
def _moved_fits(op: Select, tensors: Tensors) -> bool:
    return all(cast_fits(tensor.type.width, tensor.type.fraction, op.output.type) for tensor in tensors)


@register_int64(Formula)
def _formula_fits(op: Formula, tensors: Tensors) -> bool:
    """Every part of the expression, for all numbers of the inputs' formats, aligned as sums and comparisons need it."""
    values = [gathered(Range.of_type(t.type, t.size), view) for t, view in zip(tensors, op.views, strict=True)]
    results = results_of(op.outcome)
    found: list[tuple[int, int]] = []  # bits of every part, and its fraction

    def add(expression: Expression) -> None:
        if isinstance(expression, Multiplied):
            bits = product_bits(expression.kind, expression.data.type, expression.b.weight)
            found.append((bits, expression.form.fraction))
            return
        held = expression_range(expression, values)
        found.append((held.bits, held.fraction))
        for side in vars(expression).values():
            if isinstance(side, Expression):
                add(side)

    for node in nodes_of(op.outcome):
        for expression in (node.left, node.right) if isinstance(node, Choice) else ():
            add(expression)
    for result in results:
        add(result.value)
    finest = max(0, *(fraction for _, fraction in found))
    if any(bits + finest - fraction > INT64_BITS for bits, fraction in found):
        return False
    return all(
        cast_fits(expression_range(result.value, values).bits, result.form.fraction, op.output.type)
        for result in results
    )
