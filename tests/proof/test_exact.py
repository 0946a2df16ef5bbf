"""The symbolic integers mean what Python's integers mean: constants, unknowns, the borders of their intervals."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

import pytest
from exact import Integer, Truth, absolute, counterexample, equal, variable, where

Operation = Callable[[Any, Any], Any]
OPERATIONS: list[Operation] = [
    operator.add, operator.sub, operator.mul, operator.and_, operator.or_, operator.xor,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip


def _values() -> list[int]:
    random_values = random.Random(3)
    edges = [0, 1, -1, 2, -2, 3, 7, 8, -8, -9, 127, 128, -128]
    return edges + [random_values.randrange(-(2**k), 2**k) for k in (5, 13, 40, 70)]


def _pinned(name: str, value: int) -> tuple[Integer, Truth]:
    """An unknown from a wide interval that turns out to be ``value``."""
    unknown, within = variable(name, -(2**71) + 5, 2**72)
    return unknown, within & (unknown == value)


def _agrees(found: Any, expected: Any, known: Truth) -> bool:
    claim = (
        found == expected
        if isinstance(expected, bool)
        else equal(found, expected) & (found.low <= expected <= found.high)
    )
    return counterexample(known, claim, {}) is None and counterexample(known, claim.negated(), {}) is not None


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.__name__)
def test_operations(operation: Operation) -> None:
    for a in _values():
        for b in _values():
            x, known_x = _pinned("x", a)
            y, known_y = _pinned("y", b)
            assert _agrees(operation(x, y), operation(a, b), known_x & known_y), (a, b)
            assert _agrees(operation(x, b), operation(a, b), known_x), (a, b)
            if operation not in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
                assert _agrees(operation(a, y), operation(a, b), known_y), (a, b)


def test_shifts_negation_and_choice() -> None:
    for a in _values():
        x, known = _pinned("x", a)
        for amount in (0, 1, 2, 7, 64, 100):
            assert _agrees(x << amount, a << amount, known)
            assert _agrees(x >> amount, a >> amount, known)
        assert _agrees(-x, -a, known)
        assert _agrees(absolute(x), abs(a), known)
        assert _agrees(where(x > 3, x, 5), a if a > 3 else 5, known)


def test_a_condition_counts_as_zero_or_one() -> None:
    for a in (-3, 0, 4):
        x, known = _pinned("x", a)
        for condition, truth in ((x < 0, a < 0), (x == 4, a == 4)):
            for b in (-7, 0, 1, 6):
                y, known_y = _pinned("y", b)
                for operation in (operator.add, operator.sub, operator.mul, operator.and_, operator.or_, operator.xor):
                    assert _agrees(operation(y, condition), operation(b, truth), known & known_y)
                for operation in (operator.mul, operator.and_, operator.or_, operator.xor):
                    assert _agrees(operation(condition, y), operation(truth, b), known & known_y)
            for other, other_truth in ((x > 2, a > 2), (x <= 0, a <= 0)):
                for operation in (operator.and_, operator.or_, operator.xor):
                    assert _agrees(operation(condition, other), operation(truth, other_truth), known)


def test_intervals_hold_what_an_operation_can_give() -> None:
    """The interval fixes a term's size: a wrong one would cut a value. Every pair of a small square."""
    x, known_x = variable("x", -5, 6)
    y, known_y = variable("y", -3, 9)
    n, known_n = variable("n", 0, 11)
    known = known_x & known_y & known_n
    for a, b in ((x, y), (x, n), (n, y), (n, n), (n, 6), (x, 6), (y, -4)):
        for operation in OPERATIONS[:6]:
            result = operation(a, b)
            assert counterexample(known, (result >= result.low) & (result <= result.high), {}) is None
    for value in range(-5, 7):
        for other in range(-3, 10):
            point = known & (x == value) & (y == other)
            for operation in OPERATIONS[:6]:
                assert counterexample(point, equal(operation(x, y), operation(value, other)), {}) is None


def test_what_has_no_meaning_is_refused() -> None:
    x, _ = variable("x", -5, 6)
    with pytest.raises(TypeError, match="branch"):
        bool(x < 0)
    with pytest.raises(TypeError, match="branch"):
        bool(x)
    with pytest.raises(TypeError):
        1 << x  # type: ignore[operator]
    with pytest.raises(ValueError, match="negative shift"):
        x << -1
    with pytest.raises(TypeError):
        (x < 0) + (x > 2)  # type: ignore[operator]  # 2 in Python, True in NumPy
    with pytest.raises(TypeError):
        operator.neg(x < 0)  # type: ignore[arg-type]


def test_a_counterexample_is_one() -> None:
    x, known = variable("x", -100, 100)
    values = counterexample(known, x * x < 9000, {"x": x, "square": x * x})
    assert values
    assert values["square"] == values["x"] ** 2 >= 9000
    assert counterexample(known, x * x <= 10000, {"x": x}) is None
