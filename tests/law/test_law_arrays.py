"""The reference's law on arrays is its law on single numbers: every mode, exhaustively; at any width, at random."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import grid
import numpy as np
import pytest
from laws import definition
from samples import random_target, telling_values

from isobit import FixedType, Overflow, Rounding
from isobit.engines.reference import array_law, law
from isobit.engines.reference.numbers import Numbers, largest, where

WIDTH = 3
#: A bound beyond int64: the numbers are computed as Python integers.
WIDE = 100


def on_arrays(raw: Any, shift: int, target: FixedType, bits: int | None = None) -> Any:
    """Cast by ``array_law.quantise``; by default with the least bound that there is."""
    if bits is None:
        bits = (max(1, int(np.abs(raw).max())) - 1).bit_length()
    found = array_law.quantise(Numbers(raw, target.fraction + shift, bits), target)
    assert found.fraction == target.fraction
    assert found.raw.dtype == np.int64
    return found.raw


@pytest.mark.parametrize("rounding", Rounding, ids=lambda mode: mode.name)
def test_every_cast_of_few_bits(rounding: Rounding) -> None:
    compared = 0
    for width in range(1, WIDTH + 1):
        for target in (t for signed in (False, True) for t in grid.targets(width, signed, rounding)):
            expected = grid.apply(definition, target, WIDTH)
            assert np.array_equal(grid.apply(on_arrays, target, WIDTH), expected), target
            each = np.concatenate([on_arrays(part, 0, target) for part in np.split(np.arange(-4, 4), 8)])
            assert np.array_equal(each, definition(np.arange(-4, 4), 0, target)), target
            wide = grid.apply(lambda raw, shift, t: on_arrays(raw, shift, t, WIDE), target, WIDTH)
            assert np.array_equal(wide, expected), target
            compared += expected.size
    assert compared > 5_000


def test_any_width() -> None:
    """Around the limits of int64, and beyond."""
    rng = np.random.default_rng(7)
    for _ in range(500):
        target = random_target(rng, *((1, 8), (1, 130), (61, 66), (61, 66))[int(rng.integers(4))])
        shift = int(rng.integers(*((-20, 30), (58, 67))[int(rng.integers(2))]))
        source = FixedType.from_bits(int(rng.integers(1, 72)), fraction=target.fraction + shift)
        raw = telling_values(rng, source, source.fraction - target.fraction, 20)
        numbers = Numbers.of(np.array(raw, dtype=object), source)
        found = array_law.quantise(numbers, target).raw.tolist()
        assert found == [law.quantise(value * source.lsb, target) for value in raw], (source, target)
        found = array_law.converted(numbers, source, target).raw.tolist()
        assert found == [law.converted(value * source.lsb, source, target) for value in raw], (source, target)


@pytest.mark.parametrize("signed", [False, True])
def test_an_integer_takes_numbers_of_one_format(signed: bool) -> None:
    """B13, and copies of the same format's bits, SAT_SYM's minimum among them."""
    sources = [FixedType(4, i, s, Rounding.RND, Overflow.SAT_SYM) for i in (-1, 0, 1, 4) for s in (False, True)]
    for source in sources:
        raw = np.arange(source.raw_min, source.raw_max + 1)
        for target in (FixedType.int_type(5, signed=signed), *sources):
            found = array_law.converted(Numbers.of(raw, source), source, target).raw.tolist()
            assert found == [law.cast(int(value), source, target) for value in raw], (source, target)


def fractions_of(numbers: Numbers) -> list[Fraction]:
    assert all(abs(int(raw)) <= 2**numbers.bits for raw in numbers.raw)
    return [int(raw) * Fraction(2) ** -numbers.fraction for raw in numbers.raw]


@pytest.mark.parametrize("bits", [5, 30, 61, 62, 63, 90])
def test_numbers_are_fractions(bits: int) -> None:
    """Sums, products, comparisons and choices, where machine integers hold them and where they do not."""
    rng = np.random.default_rng(bits)

    def some() -> Numbers:
        raw = [int(rng.integers(-9, 10)) * 2**bits // 9 for _ in range(40)] + [2**bits, -(2**bits)]
        kept = np.array(raw, dtype=object)
        return Numbers(kept if bits > 62 else kept.astype(np.int64), int(rng.integers(-4, 70)), bits)

    for _ in range(20):
        one, two = some(), some()
        a, b = fractions_of(one), fractions_of(two)
        pairs = list(zip(a, b, strict=True))
        assert fractions_of(one + two) == [x + y for x, y in pairs]
        assert fractions_of(one - two) == [x - y for x, y in pairs]
        assert fractions_of(one * two) == [x * y for x, y in pairs]
        assert fractions_of(-one * 3 - 1) == [-x * 3 - 1 for x in a]
        assert (one > two).tolist() == [x > y for x, y in pairs]
        assert (one >= two).tolist() == [x >= y for x, y in pairs]
        assert one.equals(two).tolist() == [x == y for x, y in pairs]
        assert fractions_of(largest([one, two])) == [max(pair) for pair in pairs]
        assert fractions_of(where(one > 0, one, two)) == [x if x > 0 else y for x, y in pairs]
        for fraction in (-3, 2, 40):
            cut = array_law.truncated(one, fraction)
            assert fractions_of(cut) == [int(x * Fraction(2) ** fraction) * Fraction(2) ** -fraction for x in a]
    third = Numbers.exactly(Fraction(3, 8))
    assert fractions_of(third) == [Fraction(3, 8)]
    with pytest.raises(AssertionError):
        Numbers.exactly(Fraction(1, 3))
