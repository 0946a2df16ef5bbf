"""The one door for floats: FixedArray.from_float against the headers' ``ap_fixed(double)``, zero differences."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from casts import PLAIN, Case, run_cases

from isobit import FixedArray, FixedType, Overflow, Rounding
from isobit.engines.reference import law as reference


def _target(rng: np.random.Generator, number: int) -> FixedType:
    """Every rounding with every overflow mode in turn; widths 1 to 63 (a few to 120), I < 0 and I > W."""
    rounding, mode = Rounding(number % 7), Overflow(number // 7 % 5)
    signed = mode is Overflow.WRAP_SM or bool(rng.integers(2))
    width = int(rng.integers(1, 12 if number % 2 else 121 if number % 10 == 0 else 64))
    n = int(rng.integers(min(width, 4) + 1)) if mode in (Overflow.WRAP, Overflow.WRAP_SM) else 0
    return FixedType(width, int(rng.integers(-15, width + 15)), signed, rounding, mode, n)


def _doubles(rng: np.random.Generator, target: FixedType) -> list[float]:
    """All exponents, subnormals, extremes, zeros; and the neighbourhood of the target's ties, bounds and LSB."""
    lsb = float(target.lsb)
    pattern = rng.integers(0, 2**64, 40, dtype=np.uint64).view(np.float64)
    near = np.ldexp(rng.uniform(-2, 2, 60), rng.integers(-target.fraction - 4, target.integer + 4, 60))
    small = [k * lsb / 4 for k in range(-18, 19)]
    bounds = [
        float(b) + k * lsb / 2 for b in (target.min, target.max, 2 * target.min, 2 * target.max) for k in range(-4, 5)
    ]
    ties = [float((int(v) + Fraction(1, 2)) * target.lsb) for v in rng.integers(-(2**20), 2**20, 10)]
    extremes = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022), 1.7976931348623157e308, -1.7976931348623157e308]
    extremes += [2.0**-1030 * 3, 1e-300, -1e-300, 2.0**63, -(2.0**63), 2.0**53 + 2, 1.0, -1.0]
    values = np.array([*pattern, *near, *small, *bounds, *ties, *extremes])
    with np.errstate(all="ignore"):  # the patterns hold NaNs, the extremes step to infinity: left out below
        steps = np.concatenate([values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf)])
    return [float(v) for v in steps[np.isfinite(steps)]]


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("seed", range(4))
def test_from_float_is_the_constructor(seed: int) -> None:
    rng = np.random.default_rng(3000 + seed)
    cases = []
    for number in range(70):
        target = _target(rng, number)
        cases.append(Case(None, target, tuple(_doubles(rng, target))))
    failures, compared = [], 0
    for case, expected in zip(cases, run_cases(cases, PLAIN), strict=True):
        roads = {
            "from_float": [int(v) for v in FixedArray.from_float(np.array(case.values), case.target).raw],
            # one by one: each value takes the road (fast or exact) that its own size asks for
            "from_float, single": [int(FixedArray.from_float(v, case.target).raw) for v in case.values[::5]],
            "reference": [reference.quantise(Fraction(v), case.target) for v in case.values[::5]],
        }
        for name, found in roads.items():
            step = 1 if len(found) == len(expected) else 5
            rows = zip(case.values[::step], found, expected[::step], strict=True)
            wrong = [(v, f, e) for v, f, e in rows if f != e]
            compared += len(found)
            if wrong:
                failures.append(
                    f"{name} -> {case.target}: {len(wrong)} of {len(found)}; value, found, expected: {wrong[:5]}"
                )
    print(f"{compared} doubles compared over {len(cases)} formats")
    assert not failures, "\n".join(failures)


@pytest.mark.csim
def test_doubles_to_int() -> None:
    """``ap_int(double)``: toward zero, then wrap."""
    values = (
        -1.5,
        1.5,
        -0.5,
        127.9,
        128.0,
        -129.0,
        1e6,
        -0.0,
        300.7,
        -300.7,
        2.0**40 + 5,
        1e18,
        -1e18,
        2.0**62,
        5e-324,
    )
    cases = [Case(None, FixedType.int_type(w, signed=s), values) for w in (1, 8, 33, 64, 70) for s in (True, False)]
    for case, expected in zip(cases, run_cases(cases), strict=True):
        found = [int(v) for v in FixedArray.from_float(np.array(values), case.target).raw]
        wrong = [(v, f, e) for v, f, e in zip(values, found, expected, strict=True) if f != e]
        assert not wrong, f"{case.target}: {len(wrong)} differ; value, found, expected: {wrong[:5]}"


def test_integers_through_the_same_door() -> None:
    target = FixedType.parse("ap_fixed<8,6,RND,SAT>")
    values = np.array([-40, -33, -32, -1, 0, 1, 31, 32])
    assert (
        FixedArray.from_float(values, target).raw.tolist() == FixedArray.from_float(values * 1.0, target).raw.tolist()
    )


FAR = [-8000, -2000, -1065, -1040, -1020, -1000, -900, 900, 1000, 1024, 1030, 1100, 2000, 8000]


@pytest.mark.csim
def test_binary_points_far_away() -> None:
    """LSBs beyond the range of doubles: normal doubles come out as from the constructor."""
    values = (2.0**-1022, -1.5 * 2.0**-1022, 1e-305, 1e300, -1e300, 1.7e308, 2.0**1000, 1.0, -1.0, 0.0, -0.0)
    modes = [(q, o) for q in Rounding for o in (Overflow.SAT, Overflow.WRAP)]
    cases = [
        Case(None, FixedType(20, i, True, *modes[(7 * k + j) % 14]), values) for k, i in enumerate(FAR) for j in (0, 5)
    ]
    for case, expected in zip(cases, run_cases(cases), strict=True):
        found = [int(v) for v in FixedArray.from_float(np.array(values), case.target).raw]
        wrong = [(v, f, e) for v, f, e in zip(values, found, expected, strict=True) if f != e]
        assert not wrong, f"{case.target}: {len(wrong)} differ; value, found, expected: {wrong[:5]}"


@pytest.mark.csim
def test_b14_subnormal_doubles() -> None:
    """Quirk: the constructor reads a subnormal as 1.m * 2**-1023. It shows where the LSB is that small: I below -900.

    isobit takes the number for what it is (UG1399). Any other format sees only the sign of a subnormal: both agree
    (the subnormals of the tests above).
    """
    target = FixedType(20, -1065, True, Rounding.RND, Overflow.SAT)
    values = (5e-324, -5e-324)  # 2**-1074: 2**11 LSBs
    assert run_cases([Case(None, target, values)]) == [[target.raw_max, target.raw_min]]
    assert FixedArray.from_float(np.array(values), target).raw.tolist() == [2048, -2048]
    assert [reference.quantise(Fraction(v), target) for v in values] == [2048, -2048]
