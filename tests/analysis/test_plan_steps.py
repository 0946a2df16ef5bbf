"""Steps, lanes and costs of the plan by numbers: bounds against every number, bits and cycles worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit.bounds.ranges import Range
from isobit.fixed import FixedType, Rounding
from isobit.fixed.law import INT64_BITS
from isobit.plan.costs import lane_cost, term_shift, whole_parts
from isobit.plan.lanes import candidates, variants
from isobit.plan.maps import Gather, Linear, Sequential
from isobit.plan.stages import Stage
from isobit.plan.steps import (
    Affine,
    AtLeast,
    Between,
    Clamp,
    Law,
    LookUp,
    Round,
    ScaleFloor,
    Slopes,
    Step,
    Wrap,
    Zero,
)

KIND = FixedType.parse


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def wrapped(value: int, kind: FixedType) -> int:
    return (value - kind.raw_min) % (1 << kind.width) + kind.raw_min


NARROW, BARE = KIND("ap_fixed<4,4>"), KIND("ap_ufixed<4,4,AP_TRN,AP_SAT_ZERO>")
#: A step for one number, what it makes of one, and whether its bounds are the smallest and largest results.
STEPS: list[tuple[Step, Callable[[int], int], bool]] = [
    (Affine(ints(3), ints(-2)), lambda v: 3 * v - 2, True),
    (Affine(ints(-3), ints(5)), lambda v: 5 - 3 * v, True),
    (Round(2, Rounding.TRN), lambda v: v // 4, True),
    (Round(2, Rounding.RND), lambda v: (v + 2) // 4, True),
    (Round(1, Rounding.TRN_ZERO), lambda v: int(v / 2), True),
    (ScaleFloor(ints(5), ints(-3), 2), lambda v: 5 * v // 4 - 3, True),
    (ScaleFloor(ints(-5), ints(7), 2), lambda v: -5 * v // 4 + 7, True),
    (Clamp(-5, 3), lambda v: min(max(v, -5), 3), True),
    (Clamp(None, 3), lambda v: min(v, 3), True),
    (Clamp(-5, None), lambda v: max(v, -5), True),
    (Wrap(NARROW), lambda v: wrapped(v, NARROW), False),
    (Zero(BARE), lambda v: v if 0 <= v <= 15 else 0, False),
    (Law(KIND("ap_fixed<5,4>"), 1), lambda v: wrapped(v // 2, KIND("ap_fixed<5,4>")), False),
    (Slopes(ints(2), 3, ints(-1)), lambda v: 3 * v if v > 2 else -v, True),
    (Slopes(ints(-3), 1, ints(2)), lambda v: v if v > -3 else 2 * v, True),
    (Slopes(ints(0), -2, ints(4)), lambda v: -2 * v if v > 0 else 4 * v, True),
    (LookUp(-2, ints(4, -3, 9, 0, 7)), lambda v: (4, -3, 9, 0, 7)[min(max(v + 2, 0), 4)], True),
]


@pytest.mark.parametrize(("step", "of", "tight"), STEPS)
def test_bounds_are_those_of_every_number(step: Step, of: Callable[[int], int], tight: bool) -> None:
    for low in range(-11, 12):
        for high in range(low, 12):
            results = [of(v) for v in range(low, high + 1)]
            least, most = (int(end[0]) for end in step.bounds(ints(low), ints(high)))
            if tight:
                assert (least, most) == (min(results), max(results)), (low, high)
            assert least <= min(results), (low, high)
            assert most >= max(results), (low, high)


def test_bounds_of_thresholds_are_all_that_they_give() -> None:
    ends = ints(-9, -9), ints(9, 9)
    assert [end.tolist() for end in AtLeast(ints(2, 3), 1, -4).bounds(*ends)] == [[-4, -4], [1, 1]]
    assert [end.tolist() for end in AtLeast(ints(2, 3), -4, 1).bounds(*ends)] == [[-4, -4], [1, 1]]
    assert [end.tolist() for end in Between(ints(2, 3), ints(0, 0), 5, -7, 6).bounds(*ends)] == [[-7, -7], [6, 6]]


@pytest.mark.parametrize(
    ("step", "low", "high", "bits"),
    [
        (Affine(ints(3), ints(4)), -5, 6, 5),  # 6 * 3 + 4 = 22
        (Affine(ints(3), ints(-4)), -5, 6, 5),  # 6 * 3, then 4 taken away
        (Affine(ints(1), ints(0)), -9, 6, 4),
        (Affine(ints(40), ints(0)), 0, 0, 6),  # the factor itself
        (Round(2, Rounding.TRN), -9, 9, 5),  # with half an LSB added
        (Round(8, Rounding.TRN), -9, 9, 9),
        (ScaleFloor(ints(9), ints(1), 1), -7, 7, 6),  # 63 / 2 + 1 = 32
        (ScaleFloor(ints(1), ints(70), 1), 0, 0, 7),
        (ScaleFloor(ints(1 << 12), ints(0), 1), 0, (1 << 11) - 1, 22),
        (ScaleFloor(ints(1 << 12), ints(0), 1), 0, (1 << 11) + 1, 1 << 20),  # the product has 23 bits
        (ScaleFloor(ints(1), ints(0), 3), 0, (1 << 25) - 1, 1 << 20),  # 25 bits to begin with
        (ScaleFloor(ints(1), ints(0), 3), 0, (1 << 24) - 1, 24),
        (Clamp(-5, 3), -30, 2, 5),
        (Wrap(NARROW), -3, 3, 5),
        (Wrap(NARROW), -70, 3, 8),
        (Law(NARROW, 1), -70, 3, 8),
        (Slopes(ints(2), 3, ints(-1)), -3, 6, 5),
        (Slopes(ints(2), 3, ints(-60)), 1, 1, 6),  # a slope that is not taken
        (Slopes(ints(200), 3, ints(1)), 1, 1, 8),
        (AtLeast(ints(100), 1, -4), -3, 3, 7),
        (AtLeast(ints(1), 1, -40), -3, 3, 6),
        (AtLeast(ints(1), 1, -4), -3, 100, 7),
        (Between(ints(100), ints(-300), 1, 2, 3), -3, 3, 9),
        (Between(ints(300), ints(-30), 1, 2, 3), -3, 3, 9),
        (LookUp(-2, ints(4, -3, 900)), 0, 0, 10),
        (LookUp(-200, ints(4, 3)), 0, 0, 8),
        (LookUp(100, ints(4, 3)), 0, 0, 7),
    ],
)
def test_bits_held_on_the_way(step: Step, low: int, high: int, bits: int) -> None:
    assert step.bits(ints(low), ints(high)) == bits


def test_clamps_beyond_int64() -> None:
    far = Clamp(-(1 << 70), 1 << 70)
    large = np.array([1 << 80, -(1 << 80), 5], dtype=object)
    assert far.of(large).tolist() == [1 << 70, -(1 << 70), 5]
    assert far.of(ints(-7, 1 << 60)).dtype == np.int64


def test_two_steps_in_one() -> None:
    half = Round(2, Rounding.TRN)
    found = ScaleFloor.of(Affine(ints(5, 7), ints(8, -4)), half)
    assert found is not None
    assert (found.a.tolist(), found.b.tolist(), found.shift) == ([5, 7], [2, -1], 2)
    assert ScaleFloor.of(Affine(ints(5, 7), ints(8, -3)), half) is None
    assert ScaleFloor.of(Affine(ints(5), ints(8)), Round(2, Rounding.RND)) is None
    assert ScaleFloor.of(Affine(ints(5), ints(0)), Round(INT64_BITS + 1, Rounding.TRN)) is None
    assert ScaleFloor.of(Affine(ints(5), ints(0)), Round(INT64_BITS, Rounding.TRN)) is not None


# -- stages by hand ----------------------------------------------------------------------------------------------------


def held(low: Any, high: Any) -> Range:
    return Range(np.asarray(low), np.asarray(high), 0, 0)


def a_stage(steps: tuple[Step, ...], given: Any, *, data: int = 100, inputs: int = 2, result: int = 50) -> Stage:
    outputs = 2 if given is None else given.low.size
    numbers = np.full(inputs, data, dtype=np.int64)
    ends = np.full(outputs, result, dtype=np.int64)
    return Stage((), ("x",), "y", given, steps, held(-numbers, numbers), held(-ends, ends))


def linear(weights: Any, start: Any, data: int = 100) -> Linear:
    weights, start = np.asarray(weights, dtype=np.int64), np.asarray(start, dtype=np.int64)
    reach = np.abs(weights).sum(axis=0) * data
    return Linear(weights, start, start - reach, start + reach, np.abs(start) + reach)


def rounded(weights: Any, shift: int, data: int = 100, sums: tuple[Step, ...] = ()) -> Sequential:
    weights = np.asarray(weights, dtype=np.int64)
    reach = np.abs(weights) * data >> shift
    total = reach.sum(axis=0) + len(weights)
    start = np.zeros(weights.shape[1], dtype=np.int64)
    term = (Round(shift, Rounding.TRN),)
    order = np.arange(len(weights))
    return Sequential(weights, start, order, term, sums, -total, total, -reach - 1, reach, 20)


def gathered(*sums: Step) -> Gather:
    """Two sums of three numbers each."""
    one = np.ones((3, 1), dtype=np.int64)
    return Gather("sum", np.zeros((3, 2), dtype=np.int64), one, ints(0, 0), ints(9, 9), 4, 0, sums)


CLAMP = Clamp(-60, 60)
#: Cycles: one step more than there are, on both outputs, and then the products.
COSTS: list[tuple[Stage, str, str, float]] = [
    (a_stage((CLAMP,), None), "float32", "float32", 2 * 2 * 0.0625 * 1.05),
    (a_stage((CLAMP, CLAMP), None), "int64", "int64", 3 * 2 * 0.6),
    (a_stage((), None), "int16", "int16", 2 * 0.03),
    (a_stage((CLAMP,), linear([[1, 2], [3, 4]], [0, 0])), "float32", "float32", 0.25 + 4 / 16),
    (a_stage((CLAMP,), linear([[1, 2], [3, 4]], [0, 0])), "dot16", "float64", 0.5 + 4 / 26 + 2 * 0.25),
    (a_stage((CLAMP,), linear([[1, 2], [3, 4]], [0, 0])), "dot16-split", "float64", 0.5 + 4 / 12 + 2 * 0.6),
    (a_stage((), rounded([[1, 2], [3, 4]], 1)), "floor32", "int32", 2 * 0.0625 + 4 / 15),
    (a_stage((), rounded([[1, 2], [3, 4]], 1)), "int64", "int64", 2 * 0.6 + 4 * 5 * 0.6),
    (a_stage((), rounded([[1, 2], [3, 4]], 1, sums=(CLAMP,))), "int64", "int64", 2 * 0.6 + 4 * 7 * 0.6),
    # Weights of 3 and 4 have a whole part at a shift of 2, each of which is two more multiplications.
    (a_stage((), rounded([[1, 2], [3, 4]], 3)), "mulhi16", "int16", 2 * 0.03 + (4 + 2) / 26),
    (
        a_stage((CLAMP,), gathered()),
        "int32",
        "int32",
        2 * 2 * 0.0625 + 6 * 0.0625,
    ),
    (
        a_stage(
            (),
            gathered(CLAMP),
        ),
        "int64",
        "int64",
        2 * 0.6 + 6 * 2 * 0.6,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "multiply", "compute", "cycles"), COSTS)
def test_cycles_by_hand(stage: Stage, multiply: str, compute: str, cycles: float) -> None:
    assert lane_cost(stage, multiply, compute) == pytest.approx(cycles)


def test_cycles_of_windows() -> None:
    """What no window takes is not multiplied, and pairs of neighbours are one multiplication of two."""
    stage = a_stage((), linear([[1], [2], [3]], [0]), inputs=5, result=50)
    view = np.array([[0, 1, 2], [2, 3, 4], [-1, 0, 4]])
    stage = replace(stage, positions=3, view=view, result=held(ints(0, 0, 0), ints(9, 9, 9)))
    steps = 3 * 0.0625
    assert lane_cost(stage, "float32", "float32") == pytest.approx(steps + 8 / 16)
    # Pairs: (0 1) 2; 2 and 3, (4): (2 3) 4; 0, 4.
    assert lane_cost(stage, "dot16", "int32") == pytest.approx(steps + 2 * 6 / 26)
    fixed = held(ints(-9, 7, -9, -9, -9), ints(9, 7, 9, 9, 9))  # one number never changes
    assert lane_cost(replace(stage, data=fixed), "float32", "float32") == pytest.approx(steps + 7 / 16)


def test_whole_parts_and_shifts() -> None:
    sums = rounded([[-9, -8, -5, -4, -3, 3, 4, 11, 12]], 3)
    whole, rest = whole_parts(sums, 3)
    assert whole.tolist() == [[-1, -1, -1, 0, 0, 0, 1, 1, 2]]
    assert rest.tolist() == [[-1, 0, 3, -4, -3, 3, -4, 3, -4]]
    assert term_shift(sums) == 3
    assert term_shift(replace(sums, term=())) is None
    assert term_shift(replace(sums, term=(Round(3, Rounding.RND),))) is None
    assert term_shift(replace(sums, term=(*sums.term, CLAMP))) is None
    assert term_shift(replace(sums, term=(CLAMP,))) is None


# -- which lanes there are ---------------------------------------------------------------------------------------------


def lanes(stage: Stage) -> set[str]:
    return {f"{lane.multiply} {lane.compute}" for lane in candidates(stage)}


ALL = {"float32 float32", "float64 float64", "int32 int32", "int64 int64"}
WEIGHTS = [[1, 2], [3, 4]]


def fitting(bits: int) -> set[str]:
    """Lanes that hold numbers of so many bits and compute step by step."""
    limits = {"float32": 22, "float64": 51, "int32": 30, "int64": 61}
    return {f"{lane} {lane}" for lane, limit in limits.items() if bits <= limit}


@pytest.mark.parametrize("bits", [15, 16, 22, 23, 30, 31, 51, 52, 61, 62])
def test_lanes_of_numbers(bits: int) -> None:
    stage = a_stage((), None, data=(1 << bits) - 1, result=1)
    assert lanes(stage) == fitting(bits) | ({"int16 int16"} if bits <= 15 else set())
    wide = a_stage((), None, data=1, result=(1 << bits) - 1)
    assert lanes(wide) == fitting(bits) | {"int16 int16"}  # what a wrap leaves of it is all that int16 gives


@pytest.mark.parametrize(
    ("steps", "data", "taken"),
    [
        ((CLAMP,), 1 << 14, True),
        ((Clamp(-(1 << 15), (1 << 15) - 1),), 1 << 14, True),
        ((Clamp(-(1 << 15) - 1, 5),), 1 << 14, False),
        ((Clamp(-5, 1 << 15),), 1 << 14, False),
        ((Round(14, Rounding.RND),), 1 << 14, True),
        ((Round(15, Rounding.RND),), 1 << 14, False),
        ((Wrap(KIND("ap_fixed<15,15>")),), 1 << 14, True),
        ((Wrap(KIND("ap_fixed<16,16>")),), 1 << 14, True),  # the first: the sum's own
        ((CLAMP, Wrap(KIND("ap_fixed<15,15>"))), 1 << 14, True),
        ((CLAMP, Wrap(KIND("ap_fixed<16,16>"))), 1 << 14, True),
        ((Affine(ints(1, 1), ints(0, 0)),), 1 << 14, True),
        ((Affine(ints(4, 1), ints(0, 0)),), 1 << 14, False),
        ((LookUp(-3, ints(1, 2, 3)),), 1 << 14, True),
        ((LookUp(-3, ints(1, 2, 1 << 15)),), 1 << 14, False),
        ((LookUp(-(1 << 15) - 1, ints(1, 2, 3)),), 1 << 14, False),
    ],
)
def test_steps_of_sixteen_bits(steps: tuple[Step, ...], data: int, taken: bool) -> None:
    assert ("int16 int16" in lanes(a_stage(steps, None, data=data))) is taken


def test_pairs_of_sixteen_bits() -> None:
    """Data and weights of 16 bits, sums of 31, or of any width that the accumulator takes modulo 2**32."""
    top = 1 << 14
    assert "dot16 int32" in lanes(a_stage((CLAMP,), linear(WEIGHTS, [0, 0], top), data=top))
    assert "dot16 int32" not in lanes(a_stage((CLAMP,), linear(WEIGHTS, [0, 0], 1 << 15), data=1 << 15))
    assert "dot16 int32" in lanes(a_stage((CLAMP,), linear([[-(1 << 15), 1]] * 2, [0, 0], 9), data=9))
    assert "dot16 int32" not in lanes(a_stage((CLAMP,), linear([[1 << 15, 1]] * 2, [0, 0], 9), data=9))
    wide = linear([[top, top]] * 4, [0, 0], top)
    assert "dot16 int32" in lanes(a_stage((Round(1, Rounding.TRN), CLAMP), linear([[top, top]], [0, 0], top), data=top))
    assert "dot16 int32" not in lanes(a_stage((CLAMP,), wide, data=top))
    assert "dot16 int32" in lanes(a_stage((Wrap(KIND("ap_fixed<30,30>")),), wide, data=top))
    assert "dot16 int32" in lanes(a_stage((Wrap(KIND("ap_fixed<29,29>")), CLAMP), wide, data=top))
    assert "dot16 int32" not in lanes(a_stage((Wrap(KIND("ap_ufixed<32,32>")),), wide, data=top))
    for shift, fits in ((41, True), (42, False)):  # 51 and 52 bits
        step = Affine(ints(1 << shift, 1 << shift), ints(0, 0))
        assert ("dot16 float64" in lanes(a_stage((step,), linear(WEIGHTS, [0, 0])))) is fits
    for start, fits in (((1 << 30) - 1, True), (1 << 30, False)):  # with sums of up to 2**30
        given = linear([[top, top]] * 4, [start, 0], top)
        assert ("dot16 float64" in lanes(a_stage((CLAMP,), given, data=top, inputs=4))) is fits
    assert "dot16 float64" in lanes(a_stage((CLAMP,), linear([[top, top]] * 3, [0, 0], top), data=top))
    assert "dot16 float64" not in lanes(a_stage((CLAMP,), linear([[top, top]] * 9, [0, 0], top), data=top))


def test_data_in_two_parts() -> None:
    found = candidates(a_stage((CLAMP,), linear(WEIGHTS, [0, 0], 1 << 20), data=1 << 20))
    (split,) = [lane for lane in found if lane.multiply == "dot16-split"]
    assert split.split == 15
    # Low parts of up to 2**split - 1, with weights that add to 2**20: 2**20 (2**10 - 1) is below 2**31, of 11 as well.
    heavy = linear([[1 << 14, 1]] * 64, [0, 0], 1 << 20)
    (split,) = [
        lane for lane in candidates(a_stage((CLAMP,), heavy, data=1 << 20, inputs=64)) if lane.multiply == "dot16-split"
    ]
    assert split.split == 11
    # The start leaves 10 for the low parts, whose weights add to 6.
    found = candidates(a_stage((CLAMP,), linear(WEIGHTS, [0, (1 << 31) - 11], 40000), data=40000))
    (split,) = [lane for lane in found if lane.multiply == "dot16-split"]
    assert split.split == 1
    far = linear([[1 << 14, 1]] * 64, [0, 0], 1 << 30)
    assert "dot16-split float64" not in lanes(a_stage((CLAMP,), far, data=1 << 30, inputs=64))


def test_products_rounded_down() -> None:
    assert {"floor32 int32", "mulhi16 int16"} <= lanes(a_stage((CLAMP,), rounded(WEIGHTS, 4)))
    one = Sequential(*(getattr(rounded(WEIGHTS, 17), name) for name in Sequential.__dataclass_fields__))
    assert lanes(a_stage((CLAMP,), one)) >= {"floor32 int32"}
    assert "mulhi16 int16" not in lanes(a_stage((CLAMP,), one))
    assert "mulhi16 int16" in lanes(a_stage((CLAMP,), rounded(WEIGHTS, 16)))
    up = a_stage((CLAMP,), rounded(WEIGHTS, 4))
    assert up.map is not None
    sums = replace(up.map, term=(Round(4, Rounding.RND),))
    assert not {"floor32 int32", "mulhi16 int16"} & lanes(replace(up, map=sums))
    wide = a_stage((CLAMP,), rounded([[1 << 12, 1]] * 2, 1, 1 << 11), data=1 << 11)
    assert "floor32 int32" not in lanes(wide)  # a product of 23 bits
    fits = a_stage((CLAMP,), rounded([[1 << 11, 1]] * 2, 1, 1 << 11), data=1 << 11)
    assert "floor32 int32" in lanes(fits)


def test_products_rounded_down_by_floats() -> None:
    """Factors of 24 bits, and sums within int32 for what follows in float64."""
    sums = rounded(WEIGHTS, 4)
    for low, high, fits in (
        (-(1 << 31), (1 << 31) - 1, True),
        (-(1 << 31) - 1, 0, False),
        (0, 1 << 31, False),
    ):
        stage = a_stage((CLAMP,), replace(sums, low=ints(low, 0), high=ints(0, high)))
        assert ("floor32 float64" in lanes(stage)) is fits
    for weight, data, fits in (
        ((1 << 24) - 1, 1, True),
        (1 << 24, 1, False),
        (1, (1 << 24) - 1, True),
        (1, 1 << 24, False),
    ):
        stage = a_stage((CLAMP,), rounded([[weight, 1]], 20, data), data=data, inputs=1)
        assert ("floor32 int32" in lanes(stage)) is fits
    wide = Affine(ints(1 << 48, 1), ints(0, 0))
    assert "floor32 float64" not in lanes(a_stage((wide,), sums))


def test_gathered_sums_of_sixteen_bits() -> None:
    for low, high, fits in (
        (-(1 << 15), (1 << 15) - 1, True),
        (-(1 << 15) - 1, 0, False),
        (0, 1 << 15, False),
    ):
        given = replace(gathered(), low=ints(low, 0), high=ints(0, high))
        assert ("int16 int16" in lanes(a_stage((CLAMP,), given))) is fits


def test_half_goes_into_the_start_and_a_scale_into_the_weights() -> None:
    steps = (Affine(ints(3, 5), ints(1, 2)), Round(2, Rounding.RND))
    plain, folded = variants(a_stage(steps, linear(WEIGHTS, [7, 8])))
    assert (plain.folded, folded.folded) == (False, True)
    assert folded.stage.map is not None
    assert folded.stage.map.weights.tolist() == [[3, 10], [9, 20]]
    assert folded.stage.map.start.tolist() == [7 * 3 + 1 + 2, 8 * 5 + 2 + 2]
    assert folded.stage.map.low.tolist() == [(7 - 400) * 3 + 3, (8 - 600) * 5 + 4]
    assert folded.stage.map.high.tolist() == [(7 + 400) * 3 + 3, (8 + 600) * 5 + 4]
    assert folded.stage.map.magnitude.tolist() == [(7 + 400) * 3 + 3, (8 + 600) * 5 + 4]
    assert [step.rounding for step in folded.stage.steps if isinstance(step, Round)] == [Rounding.TRN]
    (alone,) = variants(a_stage((Round(3, Rounding.RND),), linear(WEIGHTS, [7, 8])))
    assert alone.stage.map is not None
    assert alone.stage.map.start.tolist() == [11, 12]
    (kept,) = variants(a_stage((Round(3, Rounding.RND_CONV),), linear(WEIGHTS, [7, 8])))
    assert kept.stage.steps[0].rounding is Rounding.RND_CONV  # type: ignore[attr-defined]


def test_a_scale_that_is_not_the_same_everywhere_stays() -> None:
    def found(a: Any, b: Any) -> int:
        stage = a_stage((Affine(ints(*a), ints(*b)),), linear(WEIGHTS, [0, 0]), inputs=4)
        return len(list(variants(replace(stage, positions=2))))

    assert found((2, 3, 2, 3), (1, 4, 1, 4)) == 2
    assert found((2, 3, 3, 3), (1, 4, 1, 4)) == 1
    assert found((2, 3, 2, 3), (1, 4, 1, 5)) == 1


def test_an_affine_step_and_a_rounding_are_one_for_int32() -> None:
    """The product has 31 bits, more than int32 holds; rounded down in one step it has 21."""
    steps = (Affine(ints(1 << 20, 1 << 20), ints(0, 0)), Round(10, Rounding.TRN))
    assert "int32 int32" in lanes(a_stage(steps, None, data=1 << 10))
    steps = (Affine(ints(1 << 20, 1 << 20), ints(1, 0)), Round(10, Rounding.TRN))  # which is no whole number
    assert "int32 int32" not in lanes(a_stage(steps, None, data=1 << 10))
