"""Stages that are computed part by part, and those that are computed once for several layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit import _core
from isobit.bounds.ranges import Range
from isobit.engines.cpp.bands import bands_of
from isobit.engines.cpp.pack import pack
from isobit.fixed import FixedType
from isobit.fixed.modes import Rounding
from isobit.model import Tensor
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
