"""Formulas as C++: exact expressions in the operators of the number types, and their casts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from isobit.errors import UnsupportedError
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.hls.emitters import Layer, pragma
from isobit.model.comparison import headers_compare_rightly
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
    form_of,
)
from isobit.model.ops import Tensors
from isobit.model.primitives import Formula, IntArray, View
from isobit.model.weights import Weight

__all__ = ["WrittenFormula", "index_text"]

#: Format of the factor one half, as in hls4ml's average (nnet_merge.h).
_HALF = FixedType(1, 0, False)


def index_text(view: View) -> str | None:
    """An expression of ``i`` for the number that output ``i`` takes; None if a table has to say it.

    All broadcasts along neighbouring axes repeat numbers (``i / 4``), all of them (``i % 3``), or both.
    """
    size, count = len(view), int(view[-1]) + 1
    if (view == view[0]).all():
        return str(view[0])
    repeats = int(np.argmax(view != 0))
    if repeats == 0 or not np.array_equal(view, np.arange(size) // repeats % count):
        return None
    text = "i" if repeats == 1 else f"i / {repeats}"
    return text if repeats * count >= size else f"{text} % {count}"


class _Written(NamedTuple):
    """An expression, and whether it is a sum, which stands in brackets beside other operators."""

    text: str
    sum: bool = False

    @property
    def operand(self) -> str:
        return f"({self.text})" if self.sum else self.text


class _Value(NamedTuple):
    """What is written, and the same without conversions."""

    text: str
    shown: str


class WrittenFormula:
    """A formula as a loop over its outputs.

    Parameters
    ----------
    op, tensors
        The formula, and its inputs.
    layer
        On which constants, formats and multiplications are declared.
    kind
        C++ name of the type of its results.

    Attributes
    ----------
    value
        What is assigned to every output.
    tables
        Constant arrays that it reads.

    Raises
    ------
    UnsupportedError
        If the format that a value is said to have does not hold what its operators give.
    """

    def __init__(self, op: Formula, tensors: Tensors, layer: Layer, kind: str) -> None:
        self.op, self.layer, self._kind = op, layer, kind
        self._types = [tensor.type for tensor in tensors]
        self._inputs = list("xyz")[: len(tensors)] if len(tensors) < 4 else [f"x{k}" for k in range(len(tensors))]
        self.tables: list[str] = []
        self._constants: dict[int, str] = {}  # names, by weight
        self._taken: list[str] = []  # statements that name them
        self._indices = [self._index(place, view) for place, view in enumerate(op.views)]
        self.value = self._outcome(op.outcome)

    def text(self, arrays: Sequence[str], results: str, number: int = 1) -> str:
        """The loop that reads these arrays and writes that one; the first one of a function, or the second, ..."""
        named = zip(self._inputs, arrays, self._indices, strict=True)
        lines = [
            pragma("UNROLL"),
            *(f"const auto {name} = {array}[{index}];" for name, array, index in named),
            *self._taken,
            f"{results}[i] = {self.value.text};",
        ]
        label = f"Compute{number if number > 1 else ''}"
        head = [f"ISOBIT_LOOP({label})", f"for (int i = 0; i < {self.op.output.size}; ++i) {{"]
        return "\n".join([*head, *(f"    {line}" for line in lines), "}"])

    def _index(self, place: int, view: View) -> str:
        """The index of an input's number, by arithmetic or by a table."""
        if (text := index_text(view)) is not None:
            return text
        kind = FixedType.int_type(max(1, int(view.max()).bit_length()), signed=False)
        return f"{self._table(f'places{place}', view, kind, f'number of input {place} for every output')}[i]"

    def _table(self, slot: str, raw: IntArray, kind: FixedType, what: str) -> str:
        name = self.layer.array(slot, raw, kind, what)
        self.tables.append(name)
        return name

    def _outcome(self, outcome: Outcome) -> _Value:
        """A cast value, or the choice of two."""
        if isinstance(outcome, Result):
            return self._cast(outcome)
        parts = zip(self._comparison(outcome), *map(self._branch, (outcome.over, outcome.under)), strict=True)
        return _Value(*(f"{asked} ? {over} : {under}" for asked, over, under in parts))

    def _branch(self, outcome: Outcome) -> _Value:
        """A branch, in brackets if it is a choice again."""
        value = self._outcome(outcome)
        return value if isinstance(outcome, Result) else _Value(*(f"({text})" for text in value))

    # -- casts and comparisons ----------------------------------------------------------------------------------------

    def _cast(self, result: Result) -> _Value:
        """A value in the result's format. What has it already is copied, by C++ as by the semantics."""
        if _is_zero(result.value):
            return _Value(f"{self._kind}(0)", "0")
        text = shown = self._written(result.value).text
        given = form_of(result.value, self._types)
        if given != result.form:
            if not _holds(result.form, given):
                raise UnsupportedError(
                    f"layer {self.layer.op.name!r} cannot be exported: a value is said to be {result.form}, its "
                    f"operators give {given}, which that does not hold"
                )
            text = f"{self.layer.type('value', result.form)}({text})"
        return _Value(f"{self._kind}({text})", shown)

    def _comparison(self, choice: Choice) -> _Value:
        """Whether one is greater. Where AMD's headers take negative numbers for large ones, both get a sign."""
        left = self._written(choice.left).operand
        if _is_zero(choice.right):
            return _Value(f"{left} > 0", f"{left} > 0")
        right = self._written(choice.right).operand
        types = [form_of(side, self._types) for side in (choice.left, choice.right)]
        plain = headers_compare_rightly(*types)
        sides = [
            side if plain or kind.signed else f"{self.layer.type('signed', _with_sign(kind))}({side})"
            for side, kind in zip((left, right), types, strict=True)
        ]
        return _Value(" > ".join(sides), f"{left} > {right}")

    # -- expressions --------------------------------------------------------------------------------------------------

    def _written(self, expression: Expression) -> _Written:
        if isinstance(expression, Input):
            return _Written(self._inputs[expression.place])
        if isinstance(expression, Constant):
            return _Written(self._constant(expression.weight))
        if isinstance(expression, Multiplied):
            raise UnsupportedError(
                f"layer {self.layer.op.name!r} cannot be exported: it multiplies by the constants "
                f"{expression.b.weight.name!r} as nnet_mult.h does, which only emitters of layers write"
            )
        a = self._written(expression.a)
        if isinstance(expression, Cast):
            return _Written(f"{self.layer.type('variable', expression.type)}({a.text})")
        if isinstance(expression, Halved):
            return _Written(f"{a.operand} * {self._half()}")
        b = self._written(expression.b).operand
        if isinstance(expression, Times):
            self.layer.products += self.op.output.size
            return _Written(f"{a.operand} * {b}")
        return _Written(f"{a.text} {'-' if isinstance(expression, Minus) else '+'} {b}", sum=True)

    def _constant(self, weight: Weight) -> str:
        if id(weight) not in self._constants:
            raw, kind = weight.raw, self.layer.type(weight.name, weight.type)
            shape = " x ".join(map(str, raw.shape)) or "1"
            array = self._table(weight.name, raw, weight.type, f"{shape}, {weight.type}")
            name = f"c{len(self._constants) or ''}"
            self._name(name, kind, f"{array}[{'i' if raw.size > 1 else 0}]")
            self._constants[id(weight)] = name
        return self._constants[id(weight)]

    def _half(self) -> str:
        if 0 not in self._constants:  # by no weight
            self._name("half", self.layer.type("half", _HALF), "1")
            self._constants[0] = "half"
        return self._constants[0]

    def _name(self, name: str, kind: str, raw: str) -> None:
        self.layer.include("raw_constants.hpp")
        self._taken.append(f"const auto {name} = kernels::raw_constant<{kind}>::of({raw});")


def _is_zero(expression: Expression) -> bool:
    """Whether it is the constant zero, which needs no format."""
    return isinstance(expression, Constant) and expression.weight.raw.size == 1 and not expression.weight.raw.any()


def _with_sign(kind: FixedType) -> FixedType:
    """The signed format of an unsigned one's values."""
    if kind.is_int:
        return FixedType.int_type(kind.width + 1)
    return FixedType(kind.width + 1, kind.integer + 1)


def _holds(form: FixedType, kind: FixedType) -> bool:
    """Whether a conversion changes no value."""
    spare = form.integer - kind.integer - (form.signed and not kind.signed)
    least = 1 if form.overflow is Overflow.SAT_SYM and form.signed == kind.signed else 0
    return (form.signed or not kind.signed) and form.fraction >= kind.fraction and spare >= least
