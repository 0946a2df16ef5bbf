"""Exact expressions of a few numbers: what elementwise layers compute, apart from their last cast.

An expression is a tree over the inputs of one output, whose nodes are exact: each has raw integers at a fraction of its
own, as AMD's arithmetic grows formats. The last cast is a :class:`Result`; where hls4ml's kernel has branches with
casts of their own, a :class:`Choice` of two of them. Engines, bounds and slopes each interpret these few nodes, so that
a new elementwise layer is one expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isobit.fixed.types import FixedType
from isobit.model.weights import Weight

__all__ = [
    "Choice",
    "Constant",
    "Expression",
    "Halved",
    "Input",
    "Minus",
    "Outcome",
    "Plus",
    "Result",
    "Times",
    "fraction_of",
    "inputs_of",
]


@dataclass(frozen=True, eq=False)
class Input:
    """The number of an input.

    Attributes
    ----------
    place
        Which input.
    """

    place: int


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant of the layer: raw integers, one for every output or one for all."""

    weight: Weight


@dataclass(frozen=True, eq=False)
class Plus:
    """``a + b``, at the finer of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Minus:
    """``a - b``, at the finer of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Times:
    """``a * b``, at the sum of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Halved:
    """``a / 2``: the same raw integers, at one fraction bit more."""

    a: Expression


Expression = Input | Constant | Plus | Minus | Times | Halved


@dataclass(frozen=True, eq=False)
class Result:
    """The last cast: an expression written into the result.

    Attributes
    ----------
    value
        What is cast.
    form
        Format that AMD's arithmetic gives the value: the result's very own format is copied, not cast.
    """

    value: Expression
    form: FixedType


@dataclass(frozen=True, eq=False)
class Choice:
    """``over`` where ``left > right``, else ``under``; each with a cast of its own."""

    left: Expression
    right: Expression
    over: Result
    under: Result


Outcome = Result | Choice


def fraction_of(expression: Expression, types: Sequence[FixedType]) -> int:
    """Fraction bits of an expression's raw integers.

    Parameters
    ----------
    expression
        The expression.
    types
        Formats of the inputs.
    """
    if isinstance(expression, Input):
        return types[expression.place].fraction
    if isinstance(expression, Constant):
        return expression.weight.type.fraction
    if isinstance(expression, Halved):
        return fraction_of(expression.a, types) + 1
    a, b = fraction_of(expression.a, types), fraction_of(expression.b, types)
    return a + b if isinstance(expression, Times) else max(a, b)


def inputs_of(outcome: Outcome | Expression) -> set[int]:
    """Places of all inputs that it reads."""
    if isinstance(outcome, Input):
        return {outcome.place}
    if isinstance(outcome, Constant):
        return set()
    if isinstance(outcome, Result):
        return inputs_of(outcome.value)
    if isinstance(outcome, Halved):
        return inputs_of(outcome.a)
    if isinstance(outcome, Choice):
        return set().union(*map(inputs_of, (outcome.left, outcome.right, outcome.over, outcome.under)))
    return inputs_of(outcome.a) | inputs_of(outcome.b)
