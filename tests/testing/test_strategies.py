"""The strategies reach what they promise, with a fixed seed; they shrink to what is simplest."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import pytest
from graphs import every_op
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import isobit as ib
from isobit import FixedArray, FixedType, Overflow, Rounding
from isobit.errors import FormatError, MissingDependencyError, RangeError
from isobit.model import Dense
from isobit.testing import assert_equal, fixed_arrays, fixed_types, fixed_values, models, precisions
from isobit.testing.networks import free_slots
from tiers import examples

Drawn = TypeVar("Drawn")


def sample(strategy: st.SearchStrategy[Drawn], count: int = 500) -> list[Drawn]:
    """The same draws in every run."""
    found: list[Drawn] = []

    @seed(20261)
    @settings(max_examples=count, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value: Drawn) -> None:
        found.append(value)

    collect()
    return found


def simplest(strategy: st.SearchStrategy[Drawn], condition: Callable[[Drawn], bool] = lambda _: True) -> Drawn:
    return find(strategy, condition, settings=settings(max_examples=400, database=None, derandomize=True))


# -- formats ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_format_is_drawn() -> None:
    kinds = sample(fixed_types(), 1500)
    assert {k.rounding for k in kinds} == set(Rounding)
    assert {k.overflow for k in kinds} == set(Overflow)
    for wanted in (
        [k for k in kinds if k.is_int],
        [k for k in kinds if not k.signed],
        [k for k in kinds if k.integer < 0],
        [k for k in kinds if k.integer > k.width],
        [k for k in kinds if 0 < k.integer < k.width],
        [k for k in kinds if k.saturation_bits],
        [k for k in kinds if k.width > 32],
        [k for k in kinds if k.width < 9],
    ):
        assert len(wanted) > 40
    assert max(k.width for k in kinds) == 64


def test_limits_of_formats_are_kept() -> None:
    kinds = sample(
        fixed_types(
            min_width=3, max_width=9, min_fraction=2, max_fraction=5, signed=False, overflow=["SAT", "AP_WRAP"]
        ),
        200,
    )
    assert {k.width for k in kinds} == set(range(3, 10))
    assert {k.fraction for k in kinds} == set(range(2, 6))
    assert {(k.signed, k.overflow) for k in kinds} == {(False, Overflow.SAT), (False, Overflow.WRAP)}
    assert {k.rounding for k in sample(fixed_types(rounding="RND_CONV"), 30)} == {Rounding.RND_CONV}
    assert all(k.signed for k in sample(fixed_types(overflow=Overflow.WRAP_SM, signed=True), 30))


@pytest.mark.parametrize(
    "limits, text",
    [
        ({"min_width": 0}, "0..64"),
        ({"max_width": 5000}, "1..5000"),
        ({"min_width": 9, "max_width": 8}, "9..8"),
        ({"min_fraction": 4, "max_fraction": 3}, "4..3"),
        ({"signed": False, "overflow": "WRAP_SM"}, "does not exist"),
    ],
)
def test_impossible_limits_are_named(limits: dict[str, Any], text: str) -> None:
    with pytest.raises(FormatError, match=text):
        sample(fixed_types(**limits), 1)


def test_formats_shrink_to_the_simplest() -> None:
    assert simplest(fixed_types()) == FixedType(1, 1)
    assert simplest(fixed_types(), lambda k: k.overflow is Overflow.SAT) == FixedType(1, 1, overflow=Overflow.SAT)
    assert simplest(fixed_types(), lambda k: k.fraction > 2 and k.width >= 5) == FixedType(5, 2)
    assert simplest(fixed_types(), lambda k: k.is_int) == FixedType.int_type(1)
    assert simplest(fixed_types(), lambda k: not k.signed) == FixedType(1, 1, False)


# -- numbers ----------------------------------------------------------------------------------------------------------

SOURCE, TARGET = FixedType(40, 20), FixedType.parse("ap_fixed<12,6,AP_RND_CONV,AP_SAT>")


def what(number: FixedArray) -> str:
    """Which corner of a cast from SOURCE to TARGET a number is in."""
    value = int(number.raw) * SOURCE.lsb
    steps = value / TARGET.lsb
    if steps % 1 == Fraction(1, 2):
        return "tie" if TARGET.min <= value <= TARGET.max else "tie outside"
    if value in (TARGET.min, TARGET.max):
        return "bound"
    if TARGET.max < value <= TARGET.max + TARGET.lsb or TARGET.min - TARGET.lsb <= value < TARGET.min:
        return "just outside"
    if value and value % (2 * TARGET.max + 2 * TARGET.lsb) == 0:
        return "whole turns"
    return "inside" if TARGET.min < value < TARGET.max else "far outside"


def elements(kind: FixedType, count: int, **options: Any) -> FixedArray:
    """Many numbers; drawn as arrays, since hypothesis seldom draws the same single number twice."""
    return FixedArray.concatenate(sample(fixed_arrays(kind, 20, **options), count // 20))


def test_numbers_reach_ties_bounds_and_wrap_points() -> None:
    aimed = Counter(map(what, elements(SOURCE, 2000, into=TARGET)))
    assert min(aimed[k] for k in ("tie", "bound", "just outside", "whole turns", "inside", "far outside")) > 40, aimed
    uniform = np.random.default_rng(1).integers(SOURCE.raw_min, SOURCE.raw_max, 2000)
    blind = Counter(map(what, FixedArray.from_raw(uniform, SOURCE)))
    assert blind["tie"] + blind["bound"] + blind["whole turns"] < 5  # so the aim is worth something
    single = {what(number) for number in sample(fixed_values(SOURCE, into=TARGET), 400)}
    assert {"tie", "bound", "just outside", "whole turns"} <= single


def test_numbers_without_a_target_reach_corners_of_every_format() -> None:
    kind = FixedType(24, 8)
    raws = [int(raw) for raw in elements(kind, 2000).raw]
    assert all(kind.raw_min <= raw <= kind.raw_max for raw in raws)
    assert min(raws.count(corner) for corner in (kind.raw_min, kind.raw_max, 0)) > 20
    trailing = Counter((raw & -raw).bit_length() for raw in raws if raw)
    assert all(trailing[place] > 3 for place in range(1, 24)), trailing  # a tie for each coarser format
    powers = {abs(raw) for raw in raws}
    assert sum((1 << bit) in powers or (1 << bit) - 1 in powers for bit in range(23)) > 20


@pytest.mark.parametrize("kind", ["ap_fixed<8,4>", "ap_ufixed<5,9>", "ap_uint<1>", "ap_fixed<200,7>", "ap_fixed<1,1>"])
def test_numbers_shrink_to_zero(kind: str) -> None:
    number = simplest(fixed_values(kind))
    assert (number.raw, number.shape, number.type) == (0, (), FixedType.parse(kind))
    # the largest distance from 0 that is asked for, and no more
    if FixedType.parse(kind).raw_max > 4:
        assert simplest(fixed_values(kind), lambda n: int(n.raw) >= 4).raw == 4


@pytest.mark.turn(2)
def test_arrays() -> None:
    for array in sample(fixed_arrays("ap_fixed<70,20>", (2, 3), into="ap_fixed<9,5>"), 50):
        assert (array.shape, array.type, array.raw.dtype) == ((2, 3), FixedType(70, 20), object)
    drawn = sample(fixed_arrays(fixed_types(max_width=20), array_shapes(max_dims=3, max_side=3)), 100)
    assert len({a.type for a in drawn}) > 30
    assert {a.ndim for a in drawn} == {1, 2, 3}
    large = sample(fixed_arrays("ap_fixed<16,6>", 1000), 10)
    assert {a.shape for a in large} == {(1000,)}
    assert sum(len(np.unique(a.raw)) > 3 for a in large) > 2
    assert np.array_equal(simplest(fixed_arrays("ap_fixed<8,4>", 3)).raw, [0, 0, 0])
    wrong = simplest(fixed_arrays("ap_fixed<8,4>", 3), lambda a: bool((a < -1.0).any()))
    assert sorted(wrong.raw.tolist()) == [-17, 0, 0]
    with pytest.raises(RangeError, match="too large"):
        sample(fixed_arrays("ap_fixed<8,4>", (2000, 2000)), 1)


# -- networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.turn(2)
def test_models_have_every_layer_and_agree_on_every_road() -> None:
    tags, strategies, overflowed = Counter[str](), set(), 0

    @seed(7)
    @settings(max_examples=examples(60, 120), database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(models(), st.data())
    def compare(model: ib.Model, data: st.DataObject) -> None:
        nonlocal overflowed
        tensor = model.graph.inputs[0]
        x = data.draw(fixed_arrays(tensor.type, (4, tensor.size)))
        expected = model.predict_raw(x, engine="reference")
        for engine in ("numba", "cpp", "cpp-strict"):
            assert_equal(model.predict_raw(x, engine=engine), expected, label=engine)
        overflowed += bool(model.profile(x).overflows)
        for op in model.graph.ops:
            tags[op.tag] += 1
            strategies.add(getattr(op, "strategy", None))

    compare()
    assert set(tags) == {"dense", "activation", "batchnorm", "reshape"}
    assert {"latency", "resource", "resource_unrolled", "compressed"} <= strategies
    functions = {op.function for m in sample(models(layers=["activation"]), 60) for op in m.graph.ops}  # type: ignore[attr-defined]
    assert functions == {"relu", "linear", "leaky_relu", "hard_sigmoid", "hard_tanh"}
    assert examples(10, 20) < overflowed < examples(60, 120)


@pytest.mark.turn(3)
def test_models_shrink_to_few_layers_and_simple_formats() -> None:
    model = simplest(models(max_layers=2, max_size=3), lambda m: any(op.tag == "dense" for op in m.graph.ops))
    assert model.layers == ["dense1"]
    assert set(model.types.values()) == {FixedType(1, 1)}
    layer = model.graph.ops[0]
    assert isinstance(layer, Dense)
    assert layer.weight.raw.tolist() == [[0]]
    assert {op.tag for m in sample(models(layers=["batchnorm"]), 20) for op in m.graph.ops} == {"batchnorm"}


@settings(max_examples=examples(30, 60), deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_precisions_are_taken_by_with_types(model: ib.Model, data: st.DataObject) -> None:
    chosen = data.draw(precisions(model))
    changed = model.with_types(chosen)
    assert {name: changed.types[name] for name in chosen} == chosen
    accums = data.draw(precisions(model, slots=["accum"], types=st.just(FixedType(30, 15))))
    assert all(name.endswith(".accum") and kind == FixedType(30, 15) for name, kind in accums.items())


def test_precisions_shrink_to_no_change_and_leave_tied_formats_alone() -> None:
    graph = every_op()
    model = ib.Model(graph)
    assert simplest(precisions(model)) == {}
    free = free_slots(graph)
    refused = []
    for name, kind in graph.types().items():
        try:
            graph.with_types({name: FixedType(kind.width + 3, kind.integer + 1)})
        except (ib.IsobitError, FormatError):
            refused.append(name)
    assert set(free) == set(graph.types()) - set(refused)
    one = simplest(precisions(model), lambda d: len(d) == 1)
    assert list(one.values()) == [FixedType(1, 1)]
    assert simplest(precisions(model, slots=["nothing"])) == {}


# -- without hypothesis -----------------------------------------------------------------------------------------------


def test_a_missing_hypothesis_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import isobit.testing

    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingDependencyError, match=r"models needs hypothesis: pip install 'isobit\[testing\]'"):
        isobit.testing.__getattr__("models")
    with pytest.raises(AttributeError, match="no 'nonsense'"):
        isobit.testing.__getattr__("nonsense")
    assert_equal(FixedArray.from_raw([1], "ap_int<2>"), FixedArray.from_raw([1], "ap_int<2>"))
