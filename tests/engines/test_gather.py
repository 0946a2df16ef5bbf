"""Gathered rows in every lane of both fast roads, against NumPy: combinations, fills, factors, several sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit import _core
from isobit.bounds.ranges import Range
from isobit.engines.cpp.pack import pack as pack_cpp
from isobit.engines.numba.tables import pack as pack_numba
from isobit.fixed import FixedType
from isobit.fixed.modes import Rounding
from isobit.model import Tensor
from isobit.plan.gathered import upper_products
from isobit.plan.lanes import BITS, Lane
from isobit.plan.maps import COMBINATIONS, Gather
from isobit.plan.stages import Stage
from isobit.plan.steps import Affine, Clamp, Round, Slopes, Step, Zero

KIND, WIDE = FixedType.parse("ap_int<7>"), FixedType.parse("ap_int<30>")
EVENTS = 203
ZERO = FixedType.parse("ap_fixed<6,6,AP_TRN,AP_SAT_ZERO>")


def draw(seed: int, combine: str, turns: int, fold: Step | None) -> tuple[Gather, dict[str, Any], Any]:
    """A map from two tensors, data, and what comes out."""
    rng = np.random.default_rng(seed)
    sizes, outputs = {"x": 5, "y": 3}, int(rng.integers(1, 12))
    dot = combine == "dot"
    index = rng.integers(0 if dot else -1, sum(sizes.values()), (turns, outputs))
    factors = rng.integers(-3, 4, (turns, outputs)) if seed % 2 and not dot else np.ones((1, 1), dtype=np.int64)
    fill = int(rng.integers(-9, 10))
    data = {name: rng.integers(KIND.raw_min, KIND.raw_max + 1, (EVENTS, size)) for name, size in sizes.items()}
    joined = np.concatenate(list(data.values()), axis=1)
    result: Any = None
    if dot:
        result = sum(joined[:, a] * joined[:, b] for a, b in zip(index[::2], index[1::2], strict=True))
    for turn, row in enumerate(() if dot else index):
        factor = np.broadcast_to(factors, index.shape)[turn]
        taken = np.where(row < 0, fill, joined[:, np.maximum(row, 0)] * factor)
        if result is None:
            result = taken
        else:
            function = {"sum": np.add, "product": np.multiply, "minimum": np.minimum, "maximum": np.maximum}[combine]
            result = function(result, taken)
        if isinstance(fold, Clamp):
            result = np.clip(result, fold.low, fold.high)
        elif isinstance(fold, Zero):
            result = np.where((result >= fold.type.raw_min) & (result <= fold.type.raw_max), result, 0)
    ends = np.full(outputs, 1 << 20)
    return Gather(combine, index, factors, -ends, ends, 20, fill, () if fold is None else (fold,)), data, result


def stage_of(gather: Gather, steps: tuple[Step, ...]) -> Stage:
    outputs = gather.index.shape[1]
    data, result = Range.of_type(KIND, 8), Range.of_type(WIDE, outputs)
    return Stage((), ("x", "y"), "z", gather, steps, data, result)


def run(pack: Any, gather: Gather, data: dict[str, Any], steps: tuple[Step, ...], lane: str, *more: Any) -> Any:
    inputs = [Tensor(name, (array.shape[1],), KIND) for name, array in data.items()]
    made = Lane(stage_of(gather, steps), lane, lane, 0, 20, 0.0)
    program = pack(inputs, [made], {"z": Tensor("z", (gather.index.shape[1],), WIDE)}, *more)
    found = np.empty((EVENTS, gather.index.shape[1]), dtype=np.int64)
    assert program.run([np.ascontiguousarray(array, dtype=np.int64) for array in data.values()], [found], 2)
    return found


CASES = [(combine, turns, None) for combine in COMBINATIONS[:-1] for turns in (1, 2, 3)]
CASES += [("dot", turns, None) for turns in (2, 4, 6)]
CASES += [("sum", 4, Clamp(-50, 41)), ("sum", 4, Zero(ZERO))]


@pytest.mark.parametrize("lane", BITS)
@pytest.mark.parametrize("combine, turns, fold", CASES)
def test_each_lane(combine: str, turns: int, fold: Step | None, lane: str) -> None:
    for seed in range(4):
        gather, data, wanted = draw(seed, combine, turns, fold)
        for instruction_set in _core.instruction_sets():
            found = run(pack_cpp, gather, data, (), lane, instruction_set)
            np.testing.assert_array_equal(found, wanted, err_msg=f"{instruction_set}, seed {seed}")
        if lane != "int32" and combine != "dot":  # which Numba's steps and tiles do not know
            np.testing.assert_array_equal(run(pack_numba, gather, data, (), lane), wanted, err_msg=f"seed {seed}")


@pytest.mark.parametrize("lane", BITS)
def test_steps_follow(lane: str) -> None:
    """Those of every output, and two slopes with bounds of their own."""
    gather, data, wanted = draw(5, "maximum", 3, None)
    outputs = gather.index.shape[1]
    rng = np.random.default_rng(7)
    a, b, bound, below = (rng.integers(-20, 20, outputs) for _ in range(4))
    steps = (Slopes(bound, 3, below), Affine(a, b))
    wanted = np.where(wanted > bound, wanted * 3, wanted * below) * a + b
    for instruction_set in _core.instruction_sets():
        np.testing.assert_array_equal(run(pack_cpp, gather, data, steps, lane, instruction_set), wanted)
    if lane != "int32":
        np.testing.assert_array_equal(run(pack_numba, gather, data, steps, lane), wanted)


def test_slopes_are_bounded_exactly() -> None:
    """Every bound is reached, for bounds, slopes and ranges on all sides."""
    rng = np.random.default_rng(3)
    for _ in range(300):
        low = int(rng.integers(-8, 8))
        high = int(rng.integers(low, 9))
        bound, above, below = (int(rng.integers(-5, 6)) for _ in range(3))
        step = Slopes(np.array([bound]), above, np.array([below]))
        values = np.arange(low, high + 1)
        found = np.where(values > bound, values * above, values * below)
        least, most = step.bounds(np.array([low]), np.array([high]))
        # Between the ends of each side the step is a line, whose ends are numbers.
        assert (least[0], most[0]) == (found.min(), found.max()), (low, high, bound, above, below)
        if step.monotone:
            assert (np.diff(found) >= 0).all()


def test_rows_outside_of_the_workspace_are_refused() -> None:
    program = _core.BatchProgram(64 * 96)
    for rows in (np.array([[64 * 96]]), np.array([[-2]]), np.array([[8]])):
        made = _core.BatchMap.gather("sum", rows, None, 0, [])
        with pytest.raises(ValueError, match="does not lie in the workspace"):
            program.stage(map=made, compute="i32", inputs=1, outputs=1, source=0, finish=[], targets=[])
    with pytest.raises(ValueError, match="combination 'mean' is unknown; known: dot, least, most, product, sum"):
        _core.BatchMap.gather("mean", np.zeros((1, 1), dtype=np.int64), None, 0, [])


SHORT = FixedType.parse("ap_int<15>")


def run_short(gather: Gather, lane: str, compute: str, data: dict[str, Any], instruction_set: str) -> Any:
    outputs = gather.index.shape[1]
    stage = Stage((), ("x", "y"), "z", gather, (), Range.of_type(SHORT, 8), Range.of_type(WIDE, outputs))
    inputs = [Tensor(name, (array.shape[1],), SHORT) for name, array in data.items()]
    made = Lane(stage, lane, compute, 0, 30, 0.0)
    program = pack_cpp(inputs, [made], {"z": Tensor("z", (outputs,), WIDE)}, instruction_set)
    found = np.empty((EVENTS, outputs), dtype=np.int64)
    assert program.run([np.ascontiguousarray(array, dtype=np.int64) for array in data.values()], [found], 2)
    return found


@pytest.mark.parametrize("combine", ["dot", "sum"])
def test_pairs_of_int16_are_summed_in_int32(combine: str) -> None:
    """Odd and even numbers of terms, with factors and without, with numbers that are left out."""
    rng = np.random.default_rng(8)
    for turns in (2, 3, 4, 5, 6, 9, 14):
        if combine == "dot" and turns % 2:
            continue
        for outputs in (1, 2, 3, 7, 8):
            data = {
                name: rng.integers(SHORT.raw_min, SHORT.raw_max + 1, (EVENTS, n)) for name, n in (("x", 5), ("y", 3))
            }
            data["x"][0], data["y"][0] = SHORT.raw_min, SHORT.raw_min
            joined = np.concatenate(list(data.values()), axis=1)
            index = rng.integers(0 if combine == "dot" else -1, 8, (turns, outputs))
            factors = np.ones((1, 1), dtype=np.int64)
            if combine == "dot":
                joined = joined >> 1  # so that 7 products fit
                data = {"x": joined[:, :5], "y": joined[:, 5:]}
                wanted = sum(joined[:, a] * joined[:, b] for a, b in zip(index[::2], index[1::2], strict=True))
            else:
                if outputs % 2:
                    factors = rng.integers(-9, 10, (turns, outputs))
                taken = np.where(index < 0, 0, joined[:, np.maximum(index, 0)])
                wanted = (taken * np.broadcast_to(factors, index.shape)).sum(axis=1)
            ends = np.full(outputs, 1 << 30)
            gather = Gather(combine, index, factors, -ends, ends, 31)
            for instruction_set in _core.instruction_sets():
                found = run_short(gather, "dot16", "int32", data, instruction_set)
                np.testing.assert_array_equal(found, wanted, err_msg=f"{instruction_set}, {turns} turns")


@pytest.mark.parametrize("rounding", [Rounding.TRN, Rounding.RND])
def test_upper_halves_of_products(rounding: Rounding) -> None:
    """Products of two int16 that drop bits, where factors leave room for it."""
    rng = np.random.default_rng(9)
    some = 0
    for shift in range(1, 20):
        one, other = (int(width) for width in rng.integers(2, 15, 2))
        outputs = int(rng.integers(1, 9))
        index = np.stack([rng.integers(0, 5, outputs), 5 + rng.integers(0, 3, outputs)])
        data = {
            "x": rng.integers(-(1 << one), 1 << one, (EVENTS, 5)),
            "y": rng.integers(-(1 << other), 1 << other, (EVENTS, 3)),
        }
        data["x"][0], data["y"][0] = -(1 << one), -(1 << other)
        sizes = np.array([1 << one] * 5 + [1 << other] * 3)
        ends = np.full(outputs, 1 << (one + other))
        gather = Gather("product", index, np.ones((1, 1), dtype=np.int64), -ends, ends, one + other + 1)
        stage = Stage(
            (), ("x", "y"), "z", gather, (Round(shift, rounding),), Range(-sizes, sizes - 1, 0), Range(-ends, ends, 0)
        )
        halved = upper_products(stage)
        room = 30 - one - other
        drop = min(16, shift - (rounding is Rounding.RND))
        assert (halved is not None) == (drop >= 1 and room >= 16 - drop), (one, other, shift)
        if halved is None:
            continue
        some += 1
        joined = np.concatenate(list(data.values()), axis=1)
        product = joined[:, index[0]] * joined[:, index[1]]
        wanted = (product + ((1 << shift >> 1) if rounding is Rounding.RND else 0)) >> shift
        assert isinstance(halved.map, Gather)
        for instruction_set in _core.instruction_sets():
            if abs(wanted).max() >= 1 << 15 or abs(product >> halved.map.drop).max() >= 1 << 15:
                continue
            made = Lane(halved, "mulhi16", "int16", 0, 15, 0.0)
            inputs = [Tensor(name, (array.shape[1],), SHORT) for name, array in data.items()]
            program = pack_cpp(inputs, [made], {"z": Tensor("z", (outputs,), WIDE)}, instruction_set)
            found = np.empty((EVENTS, outputs), dtype=np.int64)
            assert program.run([np.ascontiguousarray(array) for array in data.values()], [found], 2)
            np.testing.assert_array_equal(found, wanted, err_msg=f"{instruction_set}, {shift}")
    assert some > 4


def test_int16_that_the_kernels_do_not_combine_are_refused() -> None:
    rows = np.zeros((2, 1), dtype=np.int64)
    for combine, multiply, compute, fill, raised, words in (
        ("most", "dot16", "i32", 0, (0, 0), "for sums and dots"),
        ("sum", "dot16", "i32", 1, (0, 0), "for sums and dots"),
        ("sum", "dot16", "i64", 0, (0, 0), "for sums and dots"),
        ("sum", "mulhi16", "i16", 0, (0, 0), "products of two int16"),
        ("product", "mulhi16", "i32", 0, (0, 0), "products of two int16"),
        ("product", "mulhi16", "i16", 0, (0, 16), "products of two int16"),
    ):
        made = _core.BatchMap.gather(combine, rows, None, fill, [], multiply, raised)
        with pytest.raises(ValueError, match=words):
            _core.BatchProgram(64 * 96).stage(
                map=made, compute=compute, inputs=1, outputs=1, source=0, finish=[], targets=[]
            )
