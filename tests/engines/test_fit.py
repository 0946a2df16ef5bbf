"""Elements of several formats in one step: against the four steps that it stands for, and on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from isobit import _core
from isobit.bounds.ranges import Range
from isobit.engines.cpp.pack import pack
from isobit.fixed import FixedType, law
from isobit.fixed.modes import Rounding
from isobit.model import Tensor
from isobit.plan.fit import Fit, fitted
from isobit.plan.lanes import Lane
from isobit.plan.stages import Stage
from isobit.plan.steps import Affine, Clamp, Round, Step, Wrap

INPUT = FixedType.parse("ap_int<16>")
RNG_FORMATS = [FixedType.parse(text) for text in ("ap_int<8>", "ap_uint<7>", "ap_int<2>", "ap_uint<1>", "ap_int<16>")]


def computed(steps: list[Step], values: np.ndarray) -> np.ndarray:
    """What steps make of integers, by their definition."""
    for step in steps:
        if isinstance(step, Affine):
            values = values * step.a + step.b
        elif isinstance(step, Round):
            values = law.round_shift(values, step.shift, int(step.rounding))
        elif isinstance(step, Clamp):
            values = np.asarray(step.of(values))
        elif isinstance(step, Wrap):
            turns = values - step.type.raw_min
            values = turns % (1 << step.type.width) + step.type.raw_min
        else:
            assert isinstance(step, Fit)
            parts = [Affine(step.a, step.b), Wrap(step.type)]
            values = (computed(parts, values) >> step.drop) + step.c
    return values


def quantiser(rng: np.random.Generator, kind: FixedType, outputs: int) -> list[Step]:
    """Four steps as of a quantiser with a format for every element, some of which are always zero."""
    shift = int(rng.integers(1, 8))
    none = rng.random(outputs) < 0.2
    first = Affine(np.where(none, 0, 1 << rng.integers(0, 6, outputs)), -rng.integers(0, 1 << kind.width, outputs))
    last = Affine(np.where(none, 0, 1 << rng.integers(0, shift + 1, outputs)), rng.integers(-3, 4, outputs) << shift)
    return [first, Wrap(kind), last, Round(shift, Rounding.TRN)]


@pytest.mark.parametrize("kind", RNG_FORMATS, ids=str)
def test_is_the_four_steps(kind: FixedType) -> None:
    """For all numbers of 16 bits: as defined, within its bounds, and on the integers of every instruction set."""
    rng = np.random.default_rng(kind.width)
    outputs = 23
    values = np.broadcast_to(np.arange(-(1 << 15), 1 << 15)[:, None], (1 << 16, outputs))
    for _ in range(2):
        steps = quantiser(rng, kind, outputs)
        wanted = computed(steps, values)
        (fit,) = fitted(steps) or [None]
        assert isinstance(fit, Fit)
        np.testing.assert_array_equal(computed([fit], values), wanted)
        least, most = fit.bounds(values[0], values[-1])
        assert (least <= wanted.min(axis=0)).all() and (most >= wanted.max(axis=0)).all()
        for width, dtype in ((16, np.int16), (32, np.int32)):
            a, b, drop, c = fit.constants(width)
            wrapped = (values * a + b).astype(np.int64).astype(dtype).astype(np.int64)
            np.testing.assert_array_equal((wrapped >> drop) + c, wanted, err_msg=f"{width} bits")
        for lane in ("int16", "int32") if abs(wanted).max() < 1 << 15 else ("int32",):
            stage = Stage((), ("x",), "z", None, (fit,), Range.of_type(INPUT, outputs), Range(least, most, 0))
            result = Tensor("z", (outputs,), FixedType.parse("ap_int<30>"))
            for instruction_set in _core.instruction_sets():
                made = Lane(stage, lane, lane, 0, 16, 0.0)
                program = pack([Tensor("x", (outputs,), INPUT)], [made], {"z": result}, instruction_set)
                found = np.empty((len(values), outputs), dtype=np.int64)
                assert program.run([np.ascontiguousarray(values)], [found], 2)
                np.testing.assert_array_equal(found, wanted, err_msg=f"{lane}, {instruction_set}")


def test_what_comes_before_is_left_out_where_it_changes_nothing() -> None:
    """Wider wraps, and numbers that become zero; not wraps of fewer bits, nor after other roundings."""
    rng = np.random.default_rng(3)
    values = np.broadcast_to(np.arange(-4096, 4096)[:, None], (8192, 17))
    kind = FixedType.parse("ap_fixed<6,4>")
    kept = 0
    for _ in range(200):
        steps = quantiser(rng, kind, 17)
        first = steps[0]
        assert isinstance(first, Affine)
        before: list[Step] = []
        if rng.random() < 0.3:
            before.append(Clamp(0, None))
        if rng.random() < 0.7:
            before.append(
                Wrap(FixedType.from_bits(int(rng.integers(5, 10)), fraction=0, signed=bool(rng.integers(0, 2))))
            )
        if rng.random() < 0.5:
            masked = np.where(first.a == 0, rng.integers(0, 2, 17), 1)
            summand = rng.integers(0, 2, 17) if rng.random() < 0.3 else np.full(17, int(rng.integers(0, 2)))
            before.append(Affine(masked, summand))
        if rng.random() < 0.7:
            before.append(
                Round(1, Rounding(rng.choice([int(Rounding.TRN), int(Rounding.RND), int(Rounding.RND_CONV)])))
            )
        found = fitted([*before, *steps])
        assert found is not None and isinstance(found[-1], Fit)
        kept += len(found) - 1 == len(before)
        np.testing.assert_array_equal(computed(found, values), computed([*before, *steps], values))
    assert 0 < kept < 200


def test_what_a_step_cannot_do_stays_four_steps() -> None:
    one, zero, kind = np.ones(2, dtype=np.int64), np.zeros(2, dtype=np.int64), FixedType.parse("ap_int<6>")
    for last, rounding in (
        (Affine(3 * one, zero), Round(2, Rounding.TRN)),  # no power of two
        (Affine(-one, zero), Round(2, Rounding.TRN)),
        (Affine(8 * one, zero), Round(2, Rounding.TRN)),  # larger than what is dropped
        (Affine(one, one), Round(2, Rounding.TRN)),  # a summand that is dropped in part
        (Affine(one, zero), Round(2, Rounding.RND)),
    ):
        assert fitted([Affine(one, zero), Wrap(kind), last, rounding]) is None
    values = np.arange(-512, 512)[:, None] * np.array([1, 1])
    for first in (Affine(3 * one, zero), Affine(-one, one)):  # these stay before it
        steps: list[Step] = [first, Wrap(kind), Affine(one, zero), Round(2, Rounding.TRN)]
        found = fitted(steps)
        assert found is not None and found[0] is first and len(found) == 2
        np.testing.assert_array_equal(computed(found, values), computed(steps, values))


@pytest.mark.parametrize("drop", [-1, 16, 40])
def test_drops_beyond_the_lane_are_refused(drop: int) -> None:
    one = np.ones(1, dtype=np.int16)
    step = _core.BatchStep(kind="fit", a=one, b=one, c=one * 0 + drop, d=one)
    program = _core.BatchProgram(64 * 96)
    with pytest.raises(ValueError, match=f"fit cannot drop {drop} bits"):
        program.stage(
            map=_core.BatchMap.none(), compute="i16", inputs=1, outputs=1, source=0, finish=[step], targets=[]
        )
