"""The definition: no value has two results; the tables of docs/semantics.md; the reference law gives its results."""

from __future__ import annotations

from fractions import Fraction

import pytest
from definition import Target, folds, rounds
from exact import Integer, Truth, counterexample, variable, where
from proofs import targets

from isobit.engines.reference import law as reference
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

#: Ties -1.5, -0.5, 0.5, 1.5.
TIES = {
    Rounding.RND: (-1, 0, 1, 2),
    Rounding.RND_ZERO: (-1, 0, 0, 1),
    Rounding.RND_MIN_INF: (-2, -1, 0, 1),
    Rounding.RND_INF: (-2, -1, 1, 2),
    Rounding.RND_CONV: (-2, 0, 0, 2),
    Rounding.TRN: (-2, -1, 0, 1),
    Rounding.TRN_ZERO: (-1, 0, 0, 1),
}


def _number(value: int) -> Integer:
    return where(Truth(True), value, value)


def _holds(claim: Truth) -> bool:
    return counterexample(Truth(True), claim, {}) is None


@pytest.mark.parametrize("mode", Rounding, ids=lambda m: m.name)
@pytest.mark.parametrize("shift", [1, 2, 7, 31, 40])
def test_a_value_rounds_to_one_integer(mode: Rounding, shift: int) -> None:
    v, in_v = variable("v", -(2**32), 2**32)
    one, in_one = variable("one", -(2**33), 2**33)
    other, in_other = variable("other", -(2**33), 2**33)
    known = in_v & in_one & in_other & rounds(v, shift, one, mode) & rounds(v, shift, other, mode)
    assert counterexample(known, one == other, {"v": v, "one": one, "other": other}) is None


@pytest.mark.parametrize("width", [1, 2, 3, 4, 18, 32])
def test_an_integer_folds_to_one_value(width: int) -> None:
    q, in_q = variable("q", -(2**40), 2**40)
    unrounded, in_unrounded = variable("unrounded", -(2**40), 2**40)
    one, in_one = variable("one", -(2**33), 2**33)
    other, in_other = variable("other", -(2**33), 2**33)
    for t in targets(width):
        known = in_q & in_unrounded & in_one & in_other & folds(q, unrounded, t, one) & folds(q, unrounded, t, other)
        assert counterexample(known, one == other, {"q": q, "one": one, "other": other}) is None, t


@pytest.mark.parametrize("mode", Rounding, ids=lambda m: m.name)
def test_ties(mode: Rounding) -> None:
    for v, expected in zip((-3, -1, 1, 3), TIES[mode], strict=True):
        for q in range(-4, 5):
            assert _holds(rounds(_number(v), 1, _number(q), mode)) == (q == expected), (v, q)


@pytest.mark.parametrize(
    ("mode", "n", "q", "expected"),
    [
        *((Overflow.WRAP, n, 9, r) for n, r in enumerate((-7, 1, 5, 7))),
        *((Overflow.WRAP, n, -9, r) for n, r in enumerate((7, -1, -5, -7))),
        *((Overflow.WRAP_SM, n, 9, 6) for n in range(4)),
        *((Overflow.WRAP_SM, n, 12, r) for n, r in enumerate((3, 3, 4, 7))),
        *((Overflow.WRAP_SM, n, -12, r) for n, r in enumerate((-5, -5, -5, -8))),
        (Overflow.SAT, 0, 9, 7), (Overflow.SAT, 0, -9, -8), (Overflow.SAT_ZERO, 0, 9, 0),
        (Overflow.SAT_SYM, 0, 9, 7), (Overflow.SAT_SYM, 0, -8, -7),
    ],
)  # fmt: skip
def test_overflow_into_four_bits(mode: Overflow, n: int, q: int, expected: int) -> None:
    t = Target(4, True, mode, n)
    for r in range(-10, 11):
        assert _holds(folds(_number(q), _number(q), t, _number(r))) == (r == expected), r


@pytest.mark.parametrize("mode", Rounding, ids=lambda m: m.name)
def test_the_reference_rounds_by_the_definition(mode: Rounding) -> None:
    """The third law, on Python's integers, one value after the other."""
    for shift in (1, 2, 3):
        claims = Truth(True)
        for v in range(-20, 21):
            q = reference.rounded(Fraction(v, 2**shift), mode)
            claims = claims & rounds(_number(v), shift, _number(q), mode)
        assert _holds(claims), shift


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_reference_folds_by_the_definition(width: int) -> None:
    """Whole numbers and halves, twice the range and more; rounding and floor differ, as B3 needs it."""
    for t in targets(width):
        target, claims = FixedType(width, width, t.signed, Rounding.RND, t.overflow, t.n), Truth(True)
        for v in range(-2 * 2 ** (width + 1) - 3, 2 * 2 ** (width + 1) + 4):
            q = reference.rounded(Fraction(v, 2), Rounding.RND)
            result = reference.quantise(Fraction(v, 2), target)
            claims = claims & folds(_number(q), _number(v >> 1), t, _number(result))
        assert _holds(claims), t
