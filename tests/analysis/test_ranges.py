"""What a cast makes of an interval: every mode, every interval of small formats, against the law by definition."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from isobit.bounds import dot
from isobit.bounds.ranges import Range, accumulate, add, cast_range, compact, hull, multiply, shift_left
from isobit.engines.reference import law as definition
from isobit.errors import RangeError, ShapeError
from isobit.fixed import FixedType, Overflow, Rounding

SOURCES = [FixedType(5, 2), FixedType(4, 2, signed=False), FixedType(4, 0)]


def targets(signed: bool, overflow: Overflow) -> list[FixedType]:
    kinds = []
    for width, fraction, rounding in product((1, 2, 3, 4), (0, 1, 2, 4, 6), Rounding):
        counts = range(width + 1) if overflow in (Overflow.WRAP, Overflow.WRAP_SM) else (0,)
        kinds += [FixedType(width, width - fraction, signed, rounding, overflow, n) for n in counts]
    if overflow is Overflow.WRAP:
        kinds += [FixedType.int_type(width, signed=signed) for width in (1, 2, 3)]
    return kinds


@pytest.mark.oracle(sample=15)
@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("overflow", Overflow, ids=lambda mode: mode.name)
@pytest.mark.parametrize("signed", [True, False])
def test_every_interval_of_small_formats(source: FixedType, overflow: Overflow, signed: bool) -> None:
    if overflow is Overflow.WRAP_SM and not signed:
        return
    numbers = list(range(source.raw_min, source.raw_max + 1))
    lows, highs = np.array([(a, b) for a in numbers for b in numbers if a <= b]).T
    for target in targets(signed, overflow):
        if source == target:
            continue
        mode = target.as_assigned(source).rounding
        image = np.array([definition.cast(raw, source, target) for raw in numbers])
        rounded = [definition.rounded(raw * source.lsb / target.lsb, mode) for raw in numbers]
        outside = np.array([definition.overflows(integer, target) for integer in rounded])
        found = cast_range(Range(lows, highs, source.fraction), source, target)
        finer = target.fraction > source.fraction
        surrounds = (
            target.saturation_bits
            or overflow is Overflow.WRAP_SM
            or (finer and overflow not in (Overflow.SAT, Overflow.SAT_SYM))
        )
        least, most = over(np.minimum, image), over(np.maximum, image)
        overflows = over(np.maximum, outside)
        low, high = found.result.low, found.result.high
        faults = {
            "rounded": (found.rounded.low != over(np.minimum, rounded))
            | (found.rounded.high != over(np.maximum, rounded)),
            "overflow": found.overflow != overflows,
            "not around the image": (low > least) | (high < most),
            "beyond the format": (low < target.raw_min) | (high > target.raw_max),
            "wider than the image": ((low != least) | (high != most)) & ~(overflows & bool(surrounds)),
        }
        for name, wrong in faults.items():
            where = np.flatnonzero(wrong)
            assert not len(where), f"{name}: {source} {lows[where[:5]]}..{highs[where[:5]]} into {target}"


def over(function: np.ufunc, image: Any) -> Any:
    """The function's reduction over every interval, in the order of the test's intervals."""
    values = np.asarray(image)
    return np.concatenate([function.accumulate(values[start:]) for start in range(len(values))])


def test_the_same_format_is_a_copy() -> None:
    kind = FixedType.parse("ap_fixed<4,4,AP_TRN,AP_SAT_SYM>")
    values = Range.of_type(kind, 2)
    assert values.low.tolist() == [-8, -8]
    copied = cast_range(values, kind, kind)
    assert copied.result.low.tolist() == [-8, -8]
    assert not copied.overflow.any()
    assert cast_range(values, FixedType.parse("ap_fixed<4,4>"), kind).result.low.tolist() == [-7, -7]


@pytest.mark.parametrize("size", [1, 30, 60, 61, 62, 63, 64, 200])
def test_integers_are_exact_at_any_size(size: int) -> None:
    a, b = compact(np.array([1 << size, -(1 << size), 3], dtype=object)), compact([1, -(1 << 40), (1 << 61) - 1])
    for operation, wanted in ((add, lambda x, y: x + y), (multiply, lambda x, y: x * y)):
        assert operation(a, b).tolist() == [wanted(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert shift_left(a, 3).tolist() == [8 * x for x in a.tolist()]


def test_widths_are_those_of_twos_complement() -> None:
    values = Range(np.array([-8, -9, 0, 0, 5]), np.array([7, 0, 8, 0, 5]), 2)
    assert values.widths().tolist() == [4, 5, 5, 1, 4]
    assert values.widths(signed=False).tolist() == [4, 5, 4, 1, 3]
    assert values.magnitude.tolist() == [8, 9, 8, 0, 5]
    assert values.bits == 4


def test_hull_is_at_the_finest_fraction() -> None:
    found = hull([Range(np.array([-1]), np.array([2]), 0), Range(np.array([3]), np.array([9]), 2)])
    assert (found.low.tolist(), found.high.tolist(), found.fraction) == ([-4], [9], 2)


def test_refusals_name_the_value() -> None:
    with pytest.raises(RangeError, match=r"lower bound 3 at index \[1\] exceeds the upper bound 2"):
        Range(np.array([0, 3]), np.array([0, 2]), 0)
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        Range(np.zeros(2, int), np.zeros(3, int), 0)
    with pytest.raises(RangeError, match="4 fraction bits cannot be given at 3"):
        Range(np.array([0]), np.array([0]), 4).at(3)


def test_sums_that_wrap_at_once_are_those_step_by_step() -> None:
    draw, taken = np.random.default_rng(11), 0
    for _ in range(500):
        accum = FixedType(int(draw.integers(1, 8)), 0, bool(draw.integers(2)))
        steps, outputs = draw.integers(1, 9, 2)
        size = 2 ** int(draw.integers(0, accum.width + 2))
        low, high = np.sort(draw.integers(-size, size + 1, (2, steps, outputs)), axis=0)
        start = np.sort(draw.integers(accum.raw_min, accum.raw_max + 1, (2, outputs)), axis=0)
        lows, highs = accumulate(low, start[0]), accumulate(high, start[1])
        wraps = ((lows[1:] < accum.raw_min) | (highs[1:] > accum.raw_max)).any(axis=0)
        if not wraps.any():
            continue
        at_once = dot._wrapped(accum, *(array[:, wraps] for array in (lows, highs, low, high)))
        if at_once is not None:
            in_turn = dot._folded(accum, *start[:, wraps], low[:, wraps], high[:, wraps])
            assert [one.tolist() for one in at_once] == [one.tolist() for one in in_turn]
            taken += 1
    assert taken > 200
