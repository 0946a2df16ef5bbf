"""Formulas of one number as pieces of straight lines, and expressions of several as sums of multiples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isobit.bounds.product_lines import product_lines
from isobit.bounds.ranges import IntArray, Range, add, compact, multiply, shift_left
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.expressions import (
    Cast,
    Constant,
    Expression,
    Halved,
    Input,
    Minus,
    Multiplied,
    Outcome,
    Result,
    Times,
)
from isobit.model.ops import Tensors

__all__ = ["Leaf", "Line", "NotALine", "Pieces", "Split", "line_of", "pieces_of"]


class NotALine(Exception):
    """An expression is no sum of multiples of its inputs."""


@dataclass(frozen=True, eq=False)
class Line:
    """Inputs times factors, and a summand, as raw integers at a fraction.

    Attributes
    ----------
    factors
        By the input's place, shape (size,) each.
    summand
        Shape (size,).
    fraction
        Fraction bits of the value.
    """

    factors: dict[int, IntArray]
    summand: IntArray
    fraction: int

    def at(self, fraction: int) -> Line:
        """The same values, finer."""
        up = fraction - self.fraction
        return Line({k: shift_left(f, up) for k, f in self.factors.items()}, shift_left(self.summand, up), fraction)


def line_of(expression: Expression, tensors: Tensors, values: Sequence[Range]) -> Line:
    """An expression as a line.

    Parameters
    ----------
    expression
        The expression.
    tensors
        What it reads.
    values
        Bounds of the number that each output takes of every input, shape (size,).

    Raises
    ------
    NotALine
        If it is none, within these bounds.
    """
    none = np.zeros(values[0].shape, dtype=np.int64)
    if isinstance(expression, Input):
        return Line({expression.place: none + 1}, none, tensors[expression.place].type.fraction)
    if isinstance(expression, Constant):
        weight = expression.weight
        return Line({}, compact(np.broadcast_to(weight.raw.ravel(), none.shape)), weight.type.fraction)
    if isinstance(expression, Cast):
        raise NotALine("a cast within a longer expression")
    if isinstance(expression, Multiplied):
        return _product(expression, values)
    if isinstance(expression, Halved):
        a = line_of(expression.a, tensors, values)
        return Line(a.factors, a.summand, a.fraction + 1)
    a, b = line_of(expression.a, tensors, values), line_of(expression.b, tensors, values)
    if isinstance(expression, Times):
        if a.factors and b.factors:
            raise NotALine("a product of inputs within a longer expression")
        a, b = (b, a) if b.factors else (a, b)
        factors = {k: multiply(f, b.summand) for k, f in a.factors.items()}
        return Line(factors, multiply(a.summand, b.summand), a.fraction + b.fraction)
    fraction = max(a.fraction, b.fraction)
    a, b = a.at(fraction), b.at(fraction)
    sign = -1 if isinstance(expression, Minus) else 1
    factors = dict(a.factors)
    for place, factor in b.factors.items():
        factors[place] = add(factors.get(place, none), sign * factor)
    return Line(factors, add(a.summand, sign * b.summand), fraction)


def _product(expression: Multiplied, values: Sequence[Range]) -> Line:
    place, weight = expression.a.place, expression.b.weight.repeated(values[0].shape[0])
    found = product_lines(
        expression.data, values[place].magnitude, weight, compact(weight.raw), weight.signs, products=None
    )
    if found.scale or not np.array_equal(found.least, found.most):
        raise NotALine(f"power-of-two weights that lose bits in the product's register {expression.form}")
    return Line({place: compact(found.factor)}, compact(found.least), expression.form.fraction)


# -- pieces ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Leaf:
    """One piece.

    Attributes
    ----------
    line
        The exact value.
    form
        The format that the cast into the result takes it as.
    """

    line: Line
    form: FixedType

    def constant(self, target: FixedType) -> IntArray | None:
        """What the cast gives where the value is a constant, shape (size,); else None."""
        if self.line.factors:
            return None
        return compact(assign(self.line.summand.astype(object), self.form, target))


@dataclass(frozen=True, eq=False)
class Split:
    """Some pieces where the raw number is greater than a bound, shape (size,), and others where it is not."""

    bound: IntArray
    above: Pieces
    below: Pieces


Pieces = Leaf | Split


def pieces_of(outcome: Outcome, tensors: Tensors, values: Sequence[Range]) -> Pieces:
    """A formula of one input as pieces; as :func:`line_of`."""
    if isinstance(outcome, Result):
        return Leaf(line_of(outcome.value, tensors, values), outcome.form)
    difference = line_of(Minus(outcome.left, outcome.right), tensors, values)
    over, under = (pieces_of(branch, tensors, values) for branch in (outcome.over, outcome.under))
    slope, summand = difference.factors.get(0, np.zeros(values[0].shape, np.int64)), difference.summand
    if (slope > 0).all():
        return Split(compact(-summand // slope), over, under)
    if (slope < 0).all():  # not greater than the next number below the end
        return Split(compact(-(-summand // -slope) - 1), under, over)
    raise NotALine("a choice that compares no number with a bound")
