"""law.hpp is the definition: its very templates, instantiated with a symbolic integer, for all values of the Int.

Proven, too: no step is undefined behaviour. And what the proof trusts, the symbolic integer, gives what the native
integer gives.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import pytest
from definition import Target, folds, highest, lowest, rounded
from exact import counterexample
from law_cpp import CppTerms, Format, between_line, cast_line
from proofs import Case, Refutation, Tally, conventions, dropped, prove_conventions, prove_cpp, targets

from isobit.fixed.modes import Overflow, Rounding
from tiers import drawn, examples

pytestmark = pytest.mark.csim
WIDTHS = (1, 2, 3, 8, 18, 32, 63)
SHIFTS = (-70, -33, -1, 0, 1, 5, 32, 63, 64, 65)
NARROW = ((31, -2), (31, 1), (8, 5), (18, 31), (18, 40), (1, 33))
WIDE = ((18, 5), (127, -40), (100, 0), (64, 128), (1, 1), (32, 64))


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_law_hpp_is_the_definition(
    width: int, shift: int, cpp_terms: CppTerms, hold: Callable[[str, Tally], None]
) -> None:
    hold("law.hpp on std::int64_t", prove_cpp(Case(64, width, shift), cpp_terms))


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize(("width", "shift"), NARROW)
def test_law_hpp_on_32_bits(width: int, shift: int, cpp_terms: CppTerms, hold: Callable[[str, Tally], None]) -> None:
    hold("law.hpp on std::int32_t", prove_cpp(Case(32, width, shift), cpp_terms))


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize(("width", "shift"), WIDE)
def test_law_hpp_on_128_bits(width: int, shift: int, cpp_terms: CppTerms, hold: Callable[[str, Tally], None]) -> None:
    hold("law.hpp on int128", prove_cpp(Case(128, width, shift), cpp_terms))


@pytest.mark.turn(2)
@pytest.mark.parametrize("far", [(65, 66, 1000, 2**31 - 1), (-64, -65, -1000, -(2**31) + 1)], ids=["right", "left"])
def test_farther_shifts_are_the_same_function(far: tuple[int, ...], cpp_terms: CppTerms) -> None:
    """From some shift on law.hpp's terms stay the same, as the definition does: all bits are lost, or all are zero."""
    every = [(mode, t) for mode in Rounding for width in drawn((1, 18, 63), 1) for t in targets(width)]
    first, *others = (list(cpp_terms.texts([cast_line(64, shift, *case) for case in every])) for shift in far)
    for other in others:
        assert other == first


def test_formats_with_conventions_of_their_own(cpp_terms: CppTerms, hold: Callable[[str, Tally], None]) -> None:
    """``cast_between``: one format is copied; ap_int rounds toward zero, or down by B13 (signed, no integer bits)."""
    hold("law.hpp on std::int64_t", prove_conventions(cpp_terms))
    for source, target, mode in conventions():
        if mode is not None:  # the other rounding is refuted
            found = next(cpp_terms.terms([between_line(64, source, target)]))
            other = Rounding.TRN if mode is Rounding.TRN_ZERO else Rounding.TRN_ZERO
            wrong, known = rounded("q", found.v, dropped(source, target), other)
            assert counterexample(known, folds(wrong, wrong, target[0], found.result), {}) is not None


def _format(order: random.Random, width: int, integer: int) -> Format:
    """A format of random modes, each overflow mode as often as any other."""
    overflow = order.choice(list(Overflow))
    t = order.choice([t for t in targets(width) if t.overflow is overflow])
    return t, order.choice(list(Rounding)), integer, False


def _formats(order: random.Random) -> Iterator[tuple[Format, Format]]:
    """Pairs of formats of which half hold each other's values, or just do not."""
    while True:
        width, integer = order.choice((1, 2, 5, 6, 12)), order.randint(-1, 13)
        source = _format(order, width, integer)
        if order.random() < 0.5:  # so many integer bits and fraction bits more
            more, finer = order.choice((-1, 0, 1)), order.choice((-1, 0, 2))
            target = _format(order, max(1, width + more + finer), integer + more)
        else:
            target = _format(order, order.choice((1, 2, 5, 6, 12)), order.randint(-1, 13))
        if order.random() < 0.1:
            width = target[0].width
            target = (Target(width, target[0].signed, Overflow.WRAP), Rounding.TRN_ZERO, width, True)
        yield source, target


def test_the_ways_of_a_cast_between_two_types(cpp_terms: CppTerms, hold: Callable[[str, Tally], None]) -> None:
    """cast.hpp takes a shorter way than the law where formats allow it: the same result for every source value."""
    pairs = list(itertools.islice(_formats(random.Random(5)), examples(250, 500)))
    lawful = cpp_terms.terms([between_line(64, *pair) for pair in pairs])
    short = cpp_terms.terms([between_line(64, *pair, kind="way") for pair in pairs])
    tally = Tally()
    for (source, target), law, way in zip(pairs, lawful, short, strict=True):
        t = Target(source[0].width, source[0].signed, Overflow.SAT)
        known = (law.v >= lowest(t)) & (law.v <= highest(t))
        what = Refutation(f"way from {source}", Case(64, target[0].width, 0), target[1], target[0], {})
        tally.claim(what, known, (way.result == law.result) & way.defined, v=law.v, law=law.result, way=way.result)
    hold("ways of cast.hpp", tally)


def test_symbolic_and_native_integers_agree(cpp_terms: CppTerms) -> None:
    """What the terms give for a number is what law.hpp, compiled for std::int64_t, gives."""
    order = random.Random(11)
    cases = [
        (shift, mode, t) for shift in (-3, 0, 1, 4, 70) for mode in Rounding for w in (3, 18, 63) for t in targets(w)
    ]
    for shift, mode, t in order.sample(cases, 60):
        terms = next(cpp_terms.terms([cast_line(64, shift, mode, t)]))
        for raw in (0, 1, -1, -(2**63), 2**63 - 1, order.randrange(-(2 ** (t.width + 4)), 2 ** (t.width + 4)) % 2**62):
            _, native = cpp_terms.value(shift, mode, t, raw)
            assert counterexample(terms.v == raw, terms.result == native, {"result": terms.result}) is None
