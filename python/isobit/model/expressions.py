"""Exact expressions of a few numbers: what elementwise layers compute, apart from their last cast.

An expression is a tree over the inputs of one output, whose nodes are exact: each has raw integers at a fraction of its
own, as AMD's arithmetic grows formats. It may be written with ``+``, ``-`` and ``*``. The last cast is a
:class:`Result`; where hls4ml's kernel has branches with casts of their own, a :class:`Choice` of two of them. Engines,
bounds and slopes each interpret these few nodes, so that a new elementwise layer is one expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, cast

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.products import Product
from isobit.model.tensor import Tensor
from isobit.model.weights import Weight

__all__ = [
    "ZERO",
    "Cast",
    "Choice",
    "Constant",
    "Expression",
    "Halved",
    "Input",
    "Minus",
    "Multiplied",
    "Outcome",
    "Plus",
    "Result",
    "Times",
    "constants_of",
    "form_of",
    "fraction_of",
    "inputs_of",
    "nodes_of",
    "results_of",
    "whole",
    "with_weights",
]


#: Factor of a :class:`Halved`, in hls4ml's kernels an ``ap_ufixed<1,0>(0.5)``.
_HALF = FixedType(1, 0, False)


class _Arithmetic:
    """``+``, ``-`` and ``*`` of expressions, as the C++ of a kernel has them."""

    def __add__(self, other: Expression) -> Plus:
        return Plus(cast("Expression", self), _expression(other, "+"))

    def __sub__(self, other: Expression) -> Minus:
        return Minus(cast("Expression", self), _expression(other, "-"))

    def __mul__(self, other: Expression) -> Times:
        return Times(cast("Expression", self), _expression(other, "*"))


def _expression(other: object, sign: str) -> Expression:
    if not isinstance(other, _Arithmetic):
        raise TypeMismatchError(
            f"an expression {sign} {other!r:.60}: expected another expression; a number is a Constant of a Weight"
        )
    return cast("Expression", other)


@dataclass(frozen=True, eq=False)
class Input(_Arithmetic):
    """The number of an input.

    Attributes
    ----------
    place
        Which input.
    """

    place: int


@dataclass(frozen=True, eq=False)
class Constant(_Arithmetic):
    """A constant of the layer: raw integers, one for every output or one for all."""

    weight: Weight


@dataclass(frozen=True, eq=False)
class Plus(_Arithmetic):
    """``a + b``, at the finer of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Minus(_Arithmetic):
    """``a - b``, at the finer of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Times(_Arithmetic):
    """``a * b``, at the sum of their fractions."""

    a: Expression
    b: Expression


@dataclass(frozen=True, eq=False)
class Multiplied(_Arithmetic):
    """An input times a constant, as nnet_mult.h multiplies: one-bit, ternary and power-of-two weights have products.

    Attributes
    ----------
    a, b
        The input and the constant.
    data
        The tensor that the input is taken from.
    """

    a: Input
    b: Constant
    data: Tensor

    @property
    def kind(self) -> Product:
        """The kernel that multiplies."""
        return Product.of(self.data, self.b.weight)

    @property
    def form(self) -> FixedType:
        """Format of the product."""
        return self.kind.exact_type(self.data.type, self.b.weight.type)


@dataclass(frozen=True, eq=False)
class Halved(_Arithmetic):
    """``a / 2``: the same raw integers, at one fraction bit more."""

    a: Expression


@dataclass(frozen=True, eq=False)
class Cast(_Arithmetic):
    """A number in a variable of a kernel, whose overflow nobody counts.

    Attributes
    ----------
    a
        The number.
    form
        Format that AMD's arithmetic gives it.
    type
        Format of the variable.
    """

    a: Expression
    form: FixedType
    type: FixedType


Expression = Input | Constant | Plus | Minus | Times | Multiplied | Halved | Cast


@dataclass(frozen=True, eq=False)
class Result:
    """The last cast: an expression written into the result.

    Attributes
    ----------
    value
        What is cast.
    form
        Format that AMD's arithmetic gives the value: if it is the result's own format, the value is copied, not cast.
    """

    value: Expression
    form: FixedType

    @classmethod
    def of(cls, value: Expression, *tensors: Tensor) -> Result:
        """The cast of an expression of these inputs, in the format that AMD's arithmetic gives it.

        Raises
        ------
        ShapeError
            If the expression reads another input.
        """
        if not (places := inputs_of(value)) <= set(range(len(tensors))):
            raise ShapeError(f"an expression reads the inputs {sorted(places)}, but it is given {len(tensors)} of them")
        return cls(value, form_of(value, [tensor.type for tensor in tensors]))


@dataclass(frozen=True, eq=False)
class Choice:
    """``over`` where ``left > right``, else ``under``; each with a cast of its own, or a choice again."""

    left: Expression
    right: Expression
    over: Outcome
    under: Outcome


Outcome: TypeAlias = Result | Choice


def whole(value: int, type: FixedType) -> Constant:
    """A whole number, the same for every output, in a format that holds it."""
    raw, real = np.array([value << type.fraction if type.fraction > 0 else value >> -type.fraction]), np.array([value])
    return Constant(Weight("whole", raw, type, real.astype(np.float64), real.astype(np.float64)))


ZERO = whole(0, FixedType.int_type(1))


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
    if isinstance(expression, Multiplied):
        return expression.form.fraction
    if isinstance(expression, Cast):
        return expression.type.fraction
    if isinstance(expression, Halved):
        return fraction_of(expression.a, types) + 1
    a, b = fraction_of(expression.a, types), fraction_of(expression.b, types)
    return a + b if isinstance(expression, Times) else max(a, b)


def form_of(expression: Expression, types: Sequence[FixedType]) -> FixedType:
    """The format that AMD's arithmetic gives an expression, wide enough for every value (:mod:`isobit.fixed.growth`).

    Parameters
    ----------
    expression
        The expression.
    types
        Formats of the inputs.
    """
    if isinstance(expression, Input):
        return types[expression.place]
    if isinstance(expression, Constant):
        return expression.weight.type
    if isinstance(expression, Multiplied):
        return expression.form
    if isinstance(expression, Cast):
        return expression.type
    if isinstance(expression, Halved):
        return growth.product(form_of(expression.a, types), _HALF)
    a, b = form_of(expression.a, types), form_of(expression.b, types)
    if isinstance(expression, Times):
        return growth.product(a, b)
    return growth.difference(a, b) if isinstance(expression, Minus) else growth.sum_of(a, b)


def nodes_of(outcome: Outcome | Expression) -> Iterator[Outcome | Expression]:
    """It and everything in it."""
    yield outcome
    for part in vars(outcome).values():
        if isinstance(part, Expression | Outcome):
            yield from nodes_of(part)


def constants_of(outcome: Outcome | Expression) -> list[Weight]:
    """All constants in it."""
    return [node.weight for node in nodes_of(outcome) if isinstance(node, Constant)]


def results_of(outcome: Outcome) -> tuple[Result, ...]:
    """Its casts."""
    return tuple(node for node in nodes_of(outcome) if isinstance(node, Result))


def inputs_of(outcome: Outcome | Expression) -> set[int]:
    """Places of all inputs that it reads."""
    return {node.place for node in nodes_of(outcome) if isinstance(node, Input)}


def with_weights(outcome: Outcome, change: Callable[[Weight], Weight]) -> Outcome:
    """Copy with every constant's weight changed."""

    def changed(node: Any) -> Any:
        if isinstance(node, Constant):
            return Constant(change(node.weight))
        if not isinstance(node, Expression | Outcome):
            return node  # a format, a place
        return replace(node, **{field.name: changed(getattr(node, field.name)) for field in fields(node)})

    return cast("Outcome", changed(outcome))
