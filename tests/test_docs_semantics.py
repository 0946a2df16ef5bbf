"""docs/semantics.md: every formula of a format and every number in its tables is recomputed."""

from __future__ import annotations

import operator
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isobit import FixedArray, FixedType
from isobit.fixed import growth
from isobit.fixed.operands import pair

DOC = (Path(__file__).resolve().parents[1] / "docs" / "semantics.md").read_text()

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "<": operator.lt,
    "==": operator.eq,
}
UNARY: dict[str, Callable[[Any], Any]] = {"-a": operator.neg, "~a": operator.invert}
NATIVE = {"int": np.int32, "bool": np.bool_}


def table(*header: str) -> list[list[str]]:
    """Rows of the table with this header."""
    start = DOC.index(f"| {' | '.join(header)} |\n")
    lines = DOC[start:].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip().strip("`") for cell in re.split(r"\|", line)[1:-1]] for line in lines]
    assert all(len(row) == len(header) for row in rows), rows
    return rows


def formats(rng: random.Random, whole: bool) -> FixedType:
    width = rng.randint(1, 40)
    if whole:
        return FixedType.int_type(width, signed=rng.random() < 0.5)
    return FixedType(width, rng.randint(-30, 60), rng.random() < 0.5)


def result(expression: str, a: FixedType, b: FixedType) -> FixedType:
    """What FixedArray gives."""
    x, y = FixedArray.from_raw(0, a), FixedArray.from_raw(b.raw_max or b.raw_min, b)
    if expression in UNARY:
        return UNARY[expression](x).type
    return BINARY[expression.split()[1]](x, y).type


def evaluated(formula: str, a: FixedType, b: FixedType) -> int:
    names = {"W1": a.width, "W2": b.width, "I1": a.integer, "I2": b.integer, "F1": a.fraction, "F2": b.fraction}
    names |= {"S1": int(a.signed), "S2": int(b.signed)}
    names |= {"J1": a.integer + (b.signed and not a.signed), "J2": b.integer + (a.signed and not b.signed)}
    return int(eval(formula, {"max": max, "min": min}, names))


def test_growth_of_fixed_point() -> None:
    rng = random.Random(1)
    rows = table("operator", "integer bits", "fraction bits", "signed")
    assert {row[0] for row in rows} == {*(f"a {s} b" for s in "+-*/&"), "-a", "~a"}
    for expression, integer, fraction, signed in rows:
        for _ in range(60):
            a, b = formats(rng, False), formats(rng, rng.random() < 0.2)
            kind = result(expression, a, b)
            expected = (evaluated(integer, a, b), evaluated(fraction, a, b), bool(evaluated(signed, a, b)), False)
            assert (kind.integer, kind.fraction, kind.signed, kind.is_int) == expected, (expression, a, b)
            if expression == "a & b":
                assert result("a | b", a, b) == result("a ^ b", a, b) == kind


def test_growth_of_integers() -> None:
    rng = random.Random(2)
    rows = table("operator", "width", "signed")
    assert {row[0] for row in rows} == {*(f"a {s} b" for s in "+-*/%&"), "-a", "~a"}
    for expression, width, signed in rows:
        for _ in range(60):
            a, b = formats(rng, True), formats(rng, True)
            kind = result(expression, a, b)
            expected = (evaluated(width, a, b), bool(evaluated(signed, a, b)), True)
            assert (kind.width, kind.signed, kind.is_int) == expected, (expression, a, b)


def test_native_integers() -> None:
    rows = table("C++", "counts as", "NumPy", "Python")
    assert len(rows) == 9
    for _, kind, numpy, python in rows:
        assert str(pair(np.ones(1, dtype=numpy), "+").type) == kind
        if python:
            assert str(pair(eval(python), "+").type) == kind
    assert growth.literal(2**63) is None


def operand(text: str) -> Any:
    kind, value = re.fullmatch(r"(.*)\((.*?)\)", text).groups()  # type: ignore[union-attr]
    if kind in NATIVE:
        return NATIVE[kind](int(value))
    number = FixedArray.from_float(float(value), kind)
    assert number.to_float() == float(value), text
    return number


def test_values_of_operators() -> None:
    rows = table("a", "operator", "b", "result")
    assert {row[1] for row in rows} >= {*BINARY, *UNARY} - {"|"}
    for a, symbol, b, expected in rows:
        found = UNARY[symbol](operand(a)) if symbol in UNARY else BINARY[symbol](operand(a), operand(b))
        if expected in ("true", "false"):
            assert bool(found) is (expected == "true"), (a, symbol, b)
        else:
            wanted = operand(expected)
            assert (found.type, found.raw) == (wanted.type, wanted.raw), (a, symbol, b, found)


def test_values_of_conversions() -> None:
    rows = table("value", "to", "gives")
    assert len(rows) == 20
    for value, kind, expected in rows:
        assert FixedArray.from_float(float(value), kind).to_float() == float(expected), (value, kind)
        if abs(float(value)) > 1e-9:
            source = FixedArray.from_float(float(value), "ap_fixed<60,30>")
            assert source.cast(kind).to_float() == float(expected), (value, kind)


def test_every_known_difference_is_listed() -> None:
    section = DOC[DOC.index("## Where the open headers deviate") :]
    assert re.findall(r"^\| (B\d+) \|", section, flags=re.MULTILINE) == [f"B{n}" for n in range(1, 27)]
