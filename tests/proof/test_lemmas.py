"""What the fast lanes, the plan and the lint rely on, proven of law.py (and so of the definition) for all values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from definition import Target, highest, lowest
from exact import Integer, Truth, absolute, counterexample, variable
from proofs import Case, Refutation, Tally, targets

from isobit.fixed import law
from isobit.fixed.modes import Overflow, Rounding

Hold = Callable[[str, Tally], None]
BITS = 24
SHIFTS = (1, 3, 10, 24, 30)


def _cast(v: Integer, shift: int, t: Target, mode: Rounding = Rounding.TRN) -> Integer:
    result = law.cast(v, shift, t.width, t.signed, int(mode), int(t.overflow), t.n)
    assert isinstance(result, Integer)
    return result


def _what(claim: str, width: int, shift: int, mode: Rounding = Rounding.TRN, t: Target | None = None) -> Refutation:
    return Refutation(claim, Case(BITS, width, shift), mode, t, {})


def test_rounding_keeps_the_order_and_moves_less_than_one_step(hold: Hold) -> None:
    """Nor can a mode that rounds to nearest move a value by more than half a step."""
    a, in_a = variable("a", -(2**BITS), 2**BITS)
    b, in_b = variable("b", -(2**BITS), 2**BITS)
    tally = Tally()
    for shift in SHIFTS:
        for mode in Rounding:
            one, other = (law.round_shift(x, shift, int(mode)) for x in (a, b))
            tally.claim(_what("order", 0, shift, mode), in_a & in_b & (a <= b), one <= other, a=a, b=b)
            error = absolute((one << shift) - a)
            near = error < 2**shift if mode in (Rounding.TRN, Rounding.TRN_ZERO) else 2 * error <= 2**shift
            tally.claim(_what("distance", 0, shift, mode), in_a, near, a=a)
    hold("lemmas", tally)


@pytest.mark.parametrize("width", [1, 2, 8, 18])
def test_a_value_that_fits_is_kept(width: int, hold: Hold) -> None:
    """No fraction bit dropped, nothing outside the range: a cast is the identity, whatever the modes."""
    tally = Tally()
    for t in targets(width):
        for gained in (0, 1, 5):
            v, within = variable("v", lowest(t) >> gained, highest(t) >> gained)
            known = within & (v << gained >= lowest(t))
            for mode in Rounding:
                tally.claim(
                    _what("kept", width, -gained, mode, t), known, _cast(v, -gained, t, mode) == v << gained, v=v
                )
    hold("lemmas", tally)


@pytest.mark.parametrize("width", [1, 3, 12])
def test_there_and_back_through_a_wider_format(width: int, hold: Hold) -> None:
    """Three fraction bits and one integer bit more: what a format can get by a cast survives the detour, any modes."""
    tally = Tally()
    for narrow in targets(width):
        v, known = variable("v", lowest(narrow), highest(narrow))
        for wide in targets(width + 4):
            if wide.signed or not narrow.signed:
                tally.claim(_what("there", width + 4, -3, t=wide), known, _cast(v, -3, wide) == v << 3, v=v)
        for mode in Rounding:
            tally.claim(_what("back", width, 3, mode, narrow), known, _cast(v << 3, 3, narrow, mode) == v, v=v)
    hold("lemmas", tally)


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_sums_that_wrap_do_not_depend_on_their_order(signed: bool, hold: Hold) -> None:
    """WRAP with N = 0: any order, and wrapping the terms, the partial sums or only the total is all the same.

    So a kernel's 'cast each product, add, cast each partial sum' is 'round each product, sum freely, wrap once': each
    step of an accumulation of any length is one use of the first claim.
    """
    (a, in_a), (b, in_b), (c, in_c) = (variable(name, -(2**BITS), 2**BITS) for name in "abc")
    known, tally = in_a & in_b & in_c, Tally()
    for width in (1, 4, 16, 22):
        t = Target(width, signed, Overflow.WRAP)

        def wrap(x: Integer, t: Target = t) -> Integer:
            return _cast(x, 0, t)

        total = wrap(a + b + c)
        show = {"a": a, "b": b, "c": c}
        tally.claim(_what("one step", width, 0, t=t), known, wrap(wrap(a) + b) == wrap(a + b), **show)
        tally.claim(_what("terms first", width, 0, t=t), known, wrap(wrap(a) + wrap(b) + wrap(c)) == total, **show)
        tally.claim(_what("left to right", width, 0, t=t), known, wrap(wrap(a + b) + c) == total, **show)
        tally.claim(_what("right to left", width, 0, t=t), known, wrap(a + wrap(b + c)) == total, **show)
        for mode in Rounding:
            one, other = (law.round_shift(x, 5, int(mode)) for x in (a, b))
            summed = wrap(_cast(a, 5, t, mode) + _cast(b, 5, t, mode))
            tally.claim(_what("products", width, 5, mode, t), known, summed == wrap(one + other), **show)
    hold("lemmas", tally)


@pytest.mark.parametrize("mode", [Overflow.SAT, Overflow.SAT_SYM], ids=lambda m: m.name)
def test_saturation_keeps_the_order(mode: Overflow, hold: Hold) -> None:
    (a, in_a), (b, in_b) = (variable(name, -(2**BITS), 2**BITS) for name in "ab")
    tally = Tally()
    for width in (1, 5, 18):
        for signed in (True, False):
            t = Target(width, signed, mode)
            for shift in (-2, 0, 4):
                for rounding in Rounding:
                    one, other = _cast(a, shift, t, rounding), _cast(b, shift, t, rounding)
                    known = in_a & in_b & (a <= b)
                    tally.claim(_what("order", width, shift, rounding, t), known, one <= other, a=a, b=b)
    hold("lemmas", tally)


@pytest.mark.parametrize(
    "t",
    [t for t in targets(6) if t.overflow is not Overflow.WRAP or t.n > 0],
    ids=str,
)
def test_sums_that_do_not_wrap_do_depend_on_their_order(t: Target) -> None:
    """The reason for the kernels' exact order: for every other mode there are three values that show it."""
    (a, in_a), (b, in_b), (c, in_c) = (variable(name, lowest(t), highest(t)) for name in "abc")
    if not t.signed:  # an unsigned sum of natural numbers never comes back into the range: take one that falls
        (a, in_a), (b, in_b), (c, in_c) = (variable(name, -highest(t), highest(t)) for name in "abc")
    left, right = _cast(_cast(a + b, 0, t) + c, 0, t), _cast(a + _cast(b + c, 0, t), 0, t)
    values = counterexample(in_a & in_b & in_c, left == right, {"a": a, "b": b, "c": c})
    assert values is not None

    def add(x: int, y: int) -> int:
        return int(law.cast(x + y, 0, t.width, t.signed, int(Rounding.TRN), int(t.overflow), t.n))

    assert add(add(values["a"], values["b"]), values["c"]) != add(values["a"], add(values["b"], values["c"])), values


def test_a_wrong_lemma_is_refuted() -> None:
    v, known = variable("v", -(2**BITS), 2**BITS)
    tally = Tally()
    tally.claim(_what("odd", 8, 1), known, law.round_shift(v, 1, int(Rounding.RND)) * 2 >= v + Truth(True), v=v)
    assert len(tally.refutations) == 1
    assert tally.proven == 0
