"""Stages that are computed part by part, and those that are computed once for several layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isobit import _core
from isobit.bounds.ranges import Range
from isobit.engines.cpp.bands import bands_of
from isobit.engines.cpp.pack import pack
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray, FixedType
from isobit.fixed.modes import Rounding
from isobit.model import Activation, Graph, Tensor
from isobit.model.layers.shape import Concatenate
from isobit.plan.lanes import Lane
from isobit.plan.maps import Gather
from isobit.plan.stages import Stage
from isobit.plan.steps import Affine, Round
from isobit.plan.twins import without_twins

KIND, WIDE = FixedType.parse("ap_int<8>"), FixedType.parse("ap_int<30>")
EVENTS = 203
ONE = np.ones((1, 1), dtype=np.int64)


def gathering(combine: str, index: Any) -> Gather:
    ends = np.full(index.shape[1], 1 << 20)
    return Gather(combine, index, ONE, -ends, ends, 20)


def lane(name: str, sources: tuple[str, ...], made: Gather | None, size: int, width: str, *steps: Any) -> Lane:
    stage = Stage((), sources, name, made, steps, Range.of_type(KIND, 1), Range.of_type(WIDE, size))
    return Lane(stage, width, width, 0, 20, 0.0)


def rows(groups: int, length: int) -> tuple[list[Lane], dict[str, int]]:
    """For every row of a matrix: products, their maximum, differences from it, twice them; and a sum of columns."""
    size = groups * length
    every = np.arange(size)
    matrix = every.reshape(groups, length)
    of_row = every // length
    double = Affine(np.full(size, 2), every % 5)
    lanes = [
        lane("p", ("x", "y"), gathering("product", np.stack([every, size + every[::-1]])), size, "int32"),
        lane("m", ("p",), gathering("maximum", matrix.T), groups, "int32"),
        lane("d", ("m", "p"), gathering("sum", np.stack([of_row, groups + every])), size, "int32"),
        lane("t", ("d",), None, size, "int32", double, Round(1, Rounding.RND)),
        lane("s", ("t",), gathering("sum", matrix), length, "int32"),
    ]
    return lanes, {"x": size, "y": size, "p": size, "m": groups, "d": size, "t": size, "s": length}


@pytest.mark.parametrize("groups, length", [(64, 16), (30, 22), (7, 90)])
def test_parts_are_the_whole(groups: int, length: int) -> None:
    lanes, sizes = rows(groups, length)
    (band,) = bands_of(lanes, sizes, {"s"})
    assert (band.first, band.last, band.inside) == (0, 3, {"p", "m", "d"})
    assert band.parts > 1 and groups % band.parts == 0
    rng = np.random.default_rng(groups)
    x, y = (rng.integers(-128, 128, (EVENTS, sizes["x"])) for _ in range(2))
    product = (x * y[:, ::-1]).reshape(EVENTS, groups, length)
    found = product.max(axis=2, keepdims=True) + product
    found = (2 * found.reshape(EVENTS, -1) + np.arange(sizes["x"]) % 5 + 1) >> 1
    wanted = {"s": found.reshape(EVENTS, groups, length).sum(axis=1), "t": found}
    inputs = [Tensor(name, (sizes[name],), KIND) for name in "xy"]
    for instruction_set in _core.instruction_sets():
        for kept in (("s",), ("s", "t")):
            program = pack(inputs, lanes, {name: Tensor(name, (sizes[name],), WIDE) for name in kept}, instruction_set)
            results = [np.empty((EVENTS, sizes[name]), dtype=np.int64) for name in kept]
            assert program.run([x, y], results, 2)
            for name, result in zip(kept, results, strict=True):
                np.testing.assert_array_equal(result, wanted[name], err_msg=f"{name}, {instruction_set}")


@pytest.mark.parametrize(
    ("groups", "length", "parts"),
    [
        (64, 16, 16),  # a row's numbers inside have 33 * 4 * 96 bytes: four of them do not exceed 56 KB
        (30, 22, 10),
        (12, 16, 3),
        (13, 40, 13),  # of a prime number of rows each by itself
        (7, 90, 7),  # each is larger than 56 KB
        (2, 170, 2),
        (11, 16, 0),  # 136 KB in parts of 12 KB are too many
        (10, 16, 0),  # less than 128 KB in all
        (9, 75, 0),  # a part would end with half a pair
    ],
)
def test_sizes_of_parts(groups: int, length: int, parts: int) -> None:
    lanes, sizes = rows(groups, length)
    bands = bands_of(lanes, sizes, {"s"})
    assert [band.parts for band in bands] == [parts] * (parts > 0)
    for band in bands:
        step = groups // parts
        assert {name: end.tolist() for name, end in band.ends.items()} == {
            name: list(range(0, size + 1, step * size // groups))
            for name, size in sizes.items()
            if name in ("p", "m", "d", "t")
        }
        assert [band.held(name) for name in "pmdt"] == [step * length, step, step * length, sizes["t"]]


def test_bands_begin_and_end_where_they_can() -> None:
    """A stage before them that is read backwards, one that is laid in two parts, twice read, or of several windows."""
    lanes, sizes = rows(64, 16)
    given = lane("y", ("z",), None, sizes["y"], "int32")
    (band,) = bands_of([given, *lanes], {**sizes, "z": sizes["y"]}, {"s"})
    assert (band.first, band.last, band.inside) == (1, 4, {"p", "m", "d"})
    split = replace(lanes[4], multiply="dot16-split", split=8)
    (band,) = bands_of([*lanes[:4], split], sizes, {"s"})
    assert (band.first, band.last, band.inside) == (0, 2, {"p", "m"})
    windows = replace(lanes[3], stage=replace(lanes[3].stage, positions=2))
    (band,) = bands_of([*lanes[:3], windows, lanes[4]], sizes, {"s"})
    assert (band.first, band.last) == (0, 2)
    size = sizes["t"]
    twice = lane("t", ("d", "d"), gathering("sum", np.stack([np.arange(size), size + np.arange(size)])), size, "int32")
    (band,) = bands_of([*lanes[:3], twice, lanes[4]], sizes, {"s"})
    assert (band.first, band.last) == (0, 2)
    unread = {**sizes, "p": size + 2}  # of which nobody reads the last two
    assert all(band.first > 0 for band in bands_of(lanes, unread, {"s"}))


def test_several_bands() -> None:
    lanes, sizes = rows(64, 16)
    more = [replace(one, stage=replace(one.stage, target=f"{one.stage.target}2")) for one in lanes]
    more = [
        replace(one, stage=replace(one.stage, sources=tuple(n if n in "xy" else f"{n}2" for n in one.stage.sources)))
        for one in more
    ]
    every = {**sizes, **{f"{name}2": size for name, size in sizes.items()}}
    bands = bands_of([*lanes, *more], every, {"s", "s2"})
    assert [(band.first, band.last) for band in bands] == [(0, 3), (5, 8)]
    assert bands[1].inside == {"p2", "m2", "d2"}


def test_no_parts_where_numbers_are_kept_or_shared_or_few() -> None:
    lanes, sizes = rows(64, 16)
    (band,) = bands_of(lanes, sizes, {"s", "d"})
    assert (band.first, band.last, band.inside) == (0, 2, {"p", "m"})
    assert bands_of(*rows(4, 6), {"s"}) == []
    reversed_rows = np.arange(sizes["x"])[::-1].copy()
    shuffled = [*lanes[:3], lane("t", ("d",), gathering("sum", reversed_rows[None]), sizes["t"], "int32"), lanes[4]]
    bands = bands_of(shuffled, sizes, {"s"})  # parts of 't' would come in the other order
    assert all(band.last != 3 for band in bands)


def test_twins_are_computed_once() -> None:
    """Stages that read the same and do the same, whoever reads them; not those that are kept."""
    names = ("a", "b", "c")
    size = 6
    double = Affine(np.full(size, 2), np.zeros(size, dtype=np.int64))
    stages = [lane(name, ("x",), None, size, "int32", double).stage for name in names]
    stages.append(lane("other", ("x",), None, size, "int32", Affine(double.a, double.a)).stage)
    index = np.arange(3 * size).reshape(3, size)
    stages.append(lane("sum", names, gathering("sum", index), size, "int32").stage)
    stages.append(lane("last", ("b",), None, size, "int32", double).stage)
    found = without_twins(stages, {"sum", "last", "other"})
    assert [stage.target for stage in found] == ["a", "other", "sum", "last"]
    assert found[2].sources == ("a", "a", "a") and found[3].sources == ("a",)
    kept = without_twins(stages, {"sum", "last", "other", "b"})
    assert [stage.target for stage in kept] == ["a", "b", "other", "sum", "last"]


SIZE = 6
DOUBLE = Affine(np.full(SIZE, 2), np.zeros(SIZE, dtype=np.int64))
ROW, VIEW = np.arange(SIZE)[None], np.arange(SIZE).reshape(2, 3)
#: What a stage may have that another one, which doubles every number of 'x', has not.
OTHER: dict[str, dict[str, Any]] = {
    "no step": {"steps": ()},
    "other numbers": {"steps": (Affine(DOUBLE.a, DOUBLE.a),)},
    "two steps": {"steps": (DOUBLE, DOUBLE)},
    "another step": {"steps": (Round(1, Rounding.TRN),)},
    "another mode": {"steps": (Round(1, Rounding.RND),)},
    "rows": {"map": gathering("sum", ROW)},
    "rows in another order": {"map": gathering("sum", ROW[:, ::-1].copy())},
    "the larger": {"map": gathering("maximum", ROW)},
    "positions": {"positions": 2},
    "a view": {"view": VIEW},
    "a view by three": {"view": VIEW.reshape(3, 2)},
    "large numbers": {"view": VIEW.astype(object) << 70},
    "sources": {"sources": ("x", "y")},
    "sources in another order": {"sources": ("y", "x")},
    "no lane": {"refusal": "too wide"},
}


def named(name: str, **more: Any) -> Stage:
    op = Activation(name, ("x",), Tensor(name, (SIZE,), KIND), "linear")
    return replace(lane(name, ("x",), None, SIZE, "int32", DOUBLE).stage, ops=(op,), **more)


@pytest.mark.parametrize("what", OTHER)
def test_twins_are_alike_in_everything(what: str) -> None:
    """The ops of one that is left out come before those of the one that stays, whose last op gives the tensor."""
    total = lane("sum", ("a", "b", "x"), gathering("sum", np.arange(3 * SIZE).reshape(3, SIZE)), SIZE, "int32").stage
    for other in OTHER.values():
        alike = other is OTHER[what] and what != "no lane"
        found = without_twins([named("a", **OTHER[what]), named("b", **other), total], {"sum"})
        assert [stage.target for stage in found] == ["a", *([] if alike else ["b"]), "sum"]
        assert [op.name for op in found[0].ops] == (["b", "a"] if alike else ["a"])
        assert found[-1].sources == (("a", "a", "x") if alike else ("a", "b", "x"))


def test_whom_a_step_is_watched_for_does_not_count() -> None:
    steps = [(replace(DOUBLE, watch=layer),) for layer in ("one", "two")]
    stages = [named("a", steps=steps[0]), named("b", steps=steps[1])]
    assert [stage.target for stage in without_twins(stages, set())] == ["a"]


def test_large_numbers_are_compared_by_value() -> None:
    stages = [named(name, view=VIEW.astype(object) << 70) for name in "ab"]
    assert [stage.target for stage in without_twins(stages, set())] == ["a"]


def test_twins_of_twins_are_computed_once() -> None:
    stages = [named("a"), named("b"), named("c", sources=("a", "x")), named("d", sources=("b", "x"))]
    assert [stage.target for stage in without_twins(stages, set())] == ["a", "c"]
    alone = [named("a"), named("c", sources=("a",)), named("d", sources=("y",))]
    assert [stage.target for stage in without_twins(alone, set())] == ["a", "c", "d"]


def test_factors_beyond_int64_are_compared() -> None:
    """Two layers that join the same tensors, whose LSBs are 72 bits apart."""
    tensors = tuple(Tensor(n, (2,), FixedType.parse(t)) for n, t in (("a", "ap_fixed<4,40>"), ("b", "ap_fixed<40,4>")))
    result = FixedType.parse("ap_fixed<30,10>")
    ops = tuple(Concatenate(name, ("a", "b"), Tensor(name, (4,), result), 0) for name in "cd")
    graph, rng = Graph("far", tensors, ops, ("c", "d")), np.random.default_rng(0)
    inputs = {
        t.name: FixedArray.from_raw(rng.integers(t.type.raw_min, t.type.raw_max + 1, (5, 2)), t.type) for t in tensors
    }
    wanted = get_engine("reference").run(graph, inputs, 1)
    for engine in ("cpp", "numba"):
        found = get_engine(engine).run_outputs(graph, inputs, 1)  # type: ignore[attr-defined]
        for name in "cd":
            np.testing.assert_array_equal(found[name].raw, wanted[name].raw, err_msg=engine)
