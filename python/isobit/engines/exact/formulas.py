"""The primitives that move numbers and compute expressions, on columns of events; as of :mod:`.vector`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.engines.exact.tallies import Tally, of_index
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.expressions import (
    Choice,
    Constant,
    Expression,
    Halved,
    Input,
    Minus,
    Result,
    Times,
    fraction_of,
)
from isobit.model.ops import Tensors
from isobit.model.primitives import Formula, Select

__all__ = ["branch_taken", "formula", "select"]

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
    """The expression, exactly, and the cast; of a choice each branch is cast for every event, as 0 in the other."""
    values, types = _taken(op, inputs), [tensor.type for tensor in tensors]
    outcome = op.outcome
    if isinstance(outcome, Result):
        return _cast(op, outcome, _evaluated(outcome.value, values, types), tally)
    over = _is_over(outcome, values, types)
    branches = (
        _cast(op, outcome.under, np.where(over, 0, _evaluated(outcome.under.value, values, types)), tally),
        _cast(op, outcome.over, np.where(over, _evaluated(outcome.over.value, values, types), 0), tally),
    )
    return np.where(over, branches[1], branches[0])


def _taken(op: Formula, inputs: Columns) -> list[Column]:
    return [data[view] for data, view in zip(inputs, op.views, strict=True)]


def branch_taken(op: Formula, tensors: Tensors, inputs: Columns) -> Any:
    """Where a formula's first branch is taken, shape (size, events); None if it has no branches."""
    if isinstance(op.outcome, Result):
        return None
    return _is_over(op.outcome, _taken(op, inputs), [tensor.type for tensor in tensors])


def _is_over(choice: Choice, values: Sequence[Column], types: Sequence[FixedType]) -> Any:
    """Where the first branch is taken; ``values`` are the numbers that each output takes of every input."""
    fractions = [fraction_of(side, types) for side in (choice.left, choice.right)]
    left, right = (
        _evaluated(side, values, types) << (max(fractions) - fraction)
        for side, fraction in zip((choice.left, choice.right), fractions, strict=True)
    )
    return np.asarray(left > right, dtype=bool)


def _cast(op: Formula, result: Result, exact: Column, tally: Tally) -> Column:
    return np.stack(
        [
            assign(column, result.form, op.output.type, of_index(tally, "result", index))
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
    if isinstance(expression, Halved):
        return _evaluated(expression.a, values, types)
    a, b = _evaluated(expression.a, values, types), _evaluated(expression.b, values, types)
    if isinstance(expression, Times):
        return a * b
    fractions = [fraction_of(side, types) for side in (expression.a, expression.b)]
    a, b = (x << (max(fractions) - fraction) for x, fraction in zip((a, b), fractions, strict=True))
    return a - b if isinstance(expression, Minus) else a + b
