"""The Numba engine: every lane is taken where promised, and gives the bits of the C++ kernels and the reference."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba.core.event import install_recorder

from isobit import FixedArray, FixedType
from isobit.api import Model
from isobit.engines.numba import ENGINE, NumbaEngine, blocks
from isobit.engines.numba.choice import candidates
from isobit.engines.registry import get_engine
from isobit.model import Activation, Dense, Graph, Tensor, Weight
from isobit.plan.lanes import Lane
from isobit.plan.plan import Plan, make_plan
from isobit.plan.stages import Linear, Stage
from isobit.testing import fixed_types, models, precisions
from tiers import examples


class Forced(NumbaEngine):
    """Takes the lanes that a function picks from those that are exact."""

    def __init__(self, pick: Callable[[list[Lane]], list[Lane]]) -> None:
        super().__init__()
        self.pick = pick

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        def lanes_of(stage: Stage) -> list[Lane]:
            return self.pick(candidates(stage))

        return make_plan(graph, keep=keep, lanes_of=lanes_of)


def only(multiply: str, compute: str) -> Forced:
    """An engine of one lane."""
    return Forced(lambda lanes: [lane for lane in lanes if (lane.multiply, lane.compute) == (multiply, compute)])


def layer(
    data: str,
    weight: str,
    accum: str,
    result: str,
    *,
    inputs: int = 11,
    outputs: int = 6,
    seed: int = 0,
    scale: float = 1,
) -> Graph:
    """One Dense layer and a ReLU; some weights at the ends of their format."""
    rng = np.random.default_rng(seed)
    kind, relu = FixedType.parse(weight), FixedType.parse(result)
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (inputs, outputs))
    raw[0], raw[-1] = kind.raw_min, kind.raw_max
    raw = (raw * scale).astype(np.int64)
    bias = rng.integers(kind.raw_min, kind.raw_max + 1, outputs)
    dense = Dense(
        "fc",
        ("x",),
        Tensor("fc", (outputs,), FixedType.parse(accum)),
        Weight.from_written("weight", FixedArray.from_raw(raw, kind).to_float(), kind),
        Weight.from_written("bias", FixedArray.from_raw(bias, kind).to_float(), kind),
        FixedType.parse(accum),
    )
    act = Activation("act", ("fc",), Tensor("act", (outputs,), relu), "relu")
    return Graph("layer", (Tensor("x", (inputs,), FixedType.parse(data)),), (dense, act), ("act",))


def extremes(graph: Graph, events: int, seed: int = 1) -> FixedArray:
    """Random numbers of the whole format; every second event has only its ends, by the signs of the weights first."""
    (tensor,) = graph.inputs
    rng = np.random.default_rng(seed)
    low, high = tensor.type.raw_min, tensor.type.raw_max
    raw = rng.integers(low, high + 1, (events, tensor.size))
    ends = rng.choice([low, high], (len(raw[::2]), tensor.size))
    if isinstance(dense := graph.ops[0], Dense) and len(ends) > 2 * dense.output.size:
        signs = dense.weight.raw.T > 0  # the inputs that make every sum as large, and as small, as it can be
        ends[: len(signs)] = np.where(signs, high, low)
        ends[len(signs) : 2 * len(signs)] = np.where(signs, low, high)
    raw[::2] = ends
    return FixedArray.from_raw(raw, tensor.type)


def assert_same(engine: NumbaEngine, graph: Graph, data: FixedArray, other: str = "cpp-strict") -> None:
    """Every tensor, the outputs alone, and the outputs from floats of either kind."""
    inputs = {graph.inputs[0].name: data}
    expected = get_engine(other).run(graph, inputs, 1)
    found = engine.run(graph, inputs, 1)
    for name, array in found.items():
        assert np.array_equal(array.raw, expected[name].raw), (name, engine.prepare(graph, True).plan.lanes)
    for threads in (1, 2):
        for name, array in engine.run_outputs(graph, inputs, threads).items():
            assert np.array_equal(array.raw, expected[name].raw), (name, threads)
    floats = data.to_float()
    entered = FixedArray.from_float(floats, data.type)  # SAT_SYM has no way in for the lowest number
    if not np.array_equal(entered.raw, data.raw):
        expected = get_engine(other).run(graph, {graph.inputs[0].name: entered}, 1)
    for dtype in (np.float64, np.float32):
        x = floats.astype(dtype)
        if not np.array_equal(x.astype(np.float64), floats):
            continue
        doubles, raw = (engine.predict_floats(graph, [x], 2, raw=raw) for raw in (False, True))
        if doubles is None or raw is None:
            assert doubles is raw is None
            continue
        for name, values, integers in zip(graph.outputs, doubles, raw, strict=True):
            assert np.array_equal(values, expected[name].to_float().reshape(values.shape)), (name, dtype)
            assert not np.signbit(values[values == 0]).any()
            assert np.array_equal(integers, expected[name].raw.reshape(integers.shape)), (name, dtype)


#: Formats of data, weights, accumulator and result, and the lanes that must be exact for them.
LANES: dict[str, tuple[tuple[str, str, str, str], list[tuple[str, str]]]] = {
    "exact products": (
        ("ap_fixed<8,4>", "ap_fixed<6,2>", "ap_fixed<20,10>", "ap_fixed<9,4,AP_RND_CONV,AP_SAT>"),
        [("float32", "float32"), ("float64", "float64"), ("int32", "float32"), ("int64", "int64")],
    ),
    "exact products, beyond float32": (
        ("ap_fixed<16,4>", "ap_fixed<12,2>", "ap_fixed<34,10>", "ap_fixed<9,4,AP_RND_INF,AP_SAT_SYM>"),
        [("float64", "float64"), ("int64", "int64")],
    ),
    "exact products, beyond float64": (
        ("ap_fixed<30,4>", "ap_fixed<25,2>", "ap_fixed<60,10>", "ap_fixed<9,4,AP_RND_ZERO>"),
        [("int64", "int64")],
    ),
    "exact products, the accumulator wraps": (
        ("ap_fixed<16,4>", "ap_fixed<14,2>", "ap_fixed<27,3>", "ap_fixed<9,4,AP_RND_MIN_INF,AP_SAT_ZERO>"),
        [("int32", "float64"), ("int32", "int64"), ("float64", "float64"), ("int64", "int64")],
    ),
    "unsigned accumulator that wraps at 31 bits": (
        ("ap_fixed<20,4>", "ap_fixed<14,2>", "ap_ufixed<31,3>", "ap_ufixed<12,4,AP_TRN_ZERO>"),
        [("int32", "float64"), ("int32", "int64"), ("float64", "float64")],
    ),
    "products rounded down": (
        ("ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<20,9>", "ap_fixed<12,6,AP_RND,AP_SAT>"),
        [("rounded int32", "float32"), ("rounded float64", "float64"), ("rounded int64", "int64")],
    ),
    "products rounded up from half": (
        ("ap_fixed<18,6>", "ap_fixed<18,6>", "ap_fixed<18,6,AP_RND>", "ap_ufixed<12,6,AP_RND_CONV,AP_SAT>"),
        [("rounded int32", "float32"), ("rounded float64", "float64"), ("rounded int64", "int64")],
    ),
    "products rounded, beyond float64": (
        ("ap_fixed<30,6>", "ap_fixed<26,6>", "ap_fixed<40,6>", "ap_fixed<12,6>"),
        [("rounded int64", "int64")],
    ),
    "saturating sums": (
        ("ap_fixed<12,6>", "ap_fixed<9,3>", "ap_fixed<12,6,AP_RND,AP_SAT>", "ap_fixed<9,6,AP_RND,AP_SAT>"),
        [("int32", "float32"), ("float64", "float64"), ("int64", "int64")],
    ),
    "saturating sums of products that do": (
        ("ap_fixed<16,6>", "ap_fixed<12,6>", "ap_fixed<12,5,AP_TRN,AP_SAT_SYM>", "ap_fixed<9,6>"),
        [("int32", "float32"), ("float64", "float64"), ("int64", "int64")],
    ),
    "saturating sums, beyond int32": (
        ("ap_fixed<18,6>", "ap_fixed<18,6>", "ap_fixed<18,6,AP_TRN,AP_SAT>", "ap_fixed<18,6>"),
        [("float64", "float64"), ("int64", "int64")],
    ),
}
for rounding in ("TRN_ZERO", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV"):
    for overflow in ("WRAP", "SAT", "SAT_SYM", "SAT_ZERO"):
        LANES[f"{rounding} {overflow}"] = (
            ("ap_fixed<12,6>", "ap_fixed<9,3>", f"ap_fixed<13,6,AP_{rounding},AP_{overflow}>", "ap_fixed<9,6>"),
            [("int32", "float32"), ("int64", "int64")],
        )


@pytest.mark.parametrize("name", LANES)
def test_lane(name: str) -> None:
    formats, lanes = LANES[name]
    graph = layer(*formats)
    data = extremes(graph, 300)
    for lane in lanes:
        engine = only(*lane)
        taken = {
            stage.lane and (stage.lane.multiply, stage.lane.compute)
            for stage in engine.prepare(graph, False).plan.stages
        }
        assert taken == {lane}
        assert_same(engine, graph, data)
    assert_same(ENGINE, graph, data[:40], "reference")


def test_every_type_of_map_and_step_is_in_the_table() -> None:
    taken = {lane for _, lanes in LANES.values() for lane in lanes}
    assert {multiply for multiply, _ in taken} == {
        *("float32", "float64", "int32", "int64"),
        *("rounded int32", "rounded float64", "rounded int64"),
    }
    assert {compute for _, compute in taken} == {"float32", "float64", "int64"}


@pytest.mark.parametrize(("bits", "lane"), [(24, "float32"), (31, "int32"), (51, "float64"), (61, "int64")])
def test_sums_at_the_edge_of_a_lane(bits: int, lane: str) -> None:
    # Inputs of -4 .. 3; the lowest sum is 1 - 2**bits, and with the other bias -2**bits, which needs another lane.
    kind, weight = FixedType.int_type(bits + 3), np.array([[(1 << (bits - 2)) - 1]])
    for bias in (-3, -4):
        dense = Dense(
            "fc",
            ("x",),
            Tensor("fc", (1,), kind),
            Weight("weight", weight, FixedType.int_type(bits), weight.astype(float), weight.astype(float)),
            Weight.from_written("bias", np.array([float(bias)]), FixedType.int_type(4)),
            kind,
        )
        graph = Graph("edge", (Tensor("x", (1,), FixedType.int_type(3)),), (dense,), ("fc",))
        (stage,) = make_plan(graph).stages
        assert isinstance(stage.stage.map, Linear)
        assert int(stage.stage.map.magnitude[0]) == (1 << bits) - 4 - bias
        lanes = [found.multiply for found in candidates(stage.stage)]
        assert (lane in lanes) == (bias == -3)
        if bias == -3:
            engine = Forced(lambda found: [one for one in found if one.multiply == lane])
            assert_same(engine, graph, extremes(graph, 40))


EVENTS = [0, 1, 2, 31, 255, 256, 257, 1009, 2047, 2048, 2049]


@pytest.mark.parametrize("events", EVENTS)
def test_any_number_of_events(events: int) -> None:
    graph = layer(*LANES["products rounded down"][0])
    assert_same(ENGINE, graph, extremes(graph, events))


def test_blocks_are_as_large_as_the_numbers_above_suppose() -> None:
    program = ENGINE.prepare(layer(*LANES["products rounded down"][0]), False).single
    assert program.block == 256  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 64, 301])
def test_any_number_of_outputs(size: int) -> None:
    graph = layer(*LANES["products rounded down"][0], inputs=size, outputs=size)
    assert_same(ENGINE, graph, extremes(graph, 70))


@pytest.mark.parametrize("rounding", ["TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV"])
@pytest.mark.parametrize("overflow", ["WRAP", "SAT", "SAT_SYM", "SAT_ZERO"])
@pytest.mark.parametrize("signed", ["", "u"])
def test_floats_are_quantised_as_at_the_exact_door(rounding: str, overflow: str, signed: str) -> None:
    kind = FixedType.parse(f"ap_{signed}fixed<8,3,AP_{rounding},AP_{overflow}>")
    relu = Activation("act", ("x",), Tensor("act", (2,), kind), "linear")
    graph = Graph("door", (Tensor("x", (2,), kind),), (relu,), ("act",))
    rng = np.random.default_rng(4)
    ties = np.arange(-1200, 1200) / 2.0 ** (kind.fraction + 2)
    near = [np.nextafter(ties, -np.inf), ties, np.nextafter(ties, np.inf)]
    odd = [0.0, -0.0, 5e-324, -5e-324, 0.49999999999999994, -0.49999999999999994, 1e12, -1e12, 2.0**44 + 0.5]
    x = np.concatenate([*near, rng.normal(0, 9, 999), odd])
    x = np.stack([x, x[::-1]], axis=1)
    (raw,) = ENGINE.predict_floats(graph, [x], 1, raw=True) or [None]
    assert np.array_equal(raw, FixedArray.from_float(x, kind).raw)
    single = x.astype(np.float32)
    (raw,) = ENGINE.predict_floats(graph, [single], 1, raw=True) or [None]
    assert np.array_equal(raw, FixedArray.from_float(single, kind).raw)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0**50, -(2.0**60), 1e300])
@pytest.mark.parametrize("event", [0, 255, 256, 2055])
def test_numbers_that_the_exact_door_must_take(value: float, event: int) -> None:
    graph = layer("ap_fixed<8,8>", *LANES["exact products"][0][1:])
    x = np.zeros((2056, 11))
    for threads in (1, 2):
        assert ENGINE.predict_floats(graph, [x], threads) is not None
        x[event, 10] = value
        assert ENGINE.predict_floats(graph, [x], threads) is None
        x[event, 10] = 0


def test_rare_modes_take_the_wide_road() -> None:
    formats = ("ap_fixed<12,6>", "ap_fixed<9,3>", "ap_fixed<12,6,AP_TRN,AP_WRAP_SM>", "ap_fixed<9,6>")
    graph = layer(*formats)
    assert ENGINE.prepare(graph, False).plan.lanes["fc"] == "wide"
    assert_same(ENGINE, graph, extremes(graph, 70), "reference")


def test_nothing_is_recompiled() -> None:
    graph = layer(*LANES["exact products"][0])
    assert_same(ENGINE, graph, extremes(graph, 30))
    signatures, stats = list(blocks.run.signatures), blocks.run.stats
    with install_recorder("numba:compile") as recorder:
        for formats, lanes in LANES.values():
            other = layer(*formats, inputs=5, outputs=9)
            for lane in lanes:
                assert_same(only(*lane), other, extremes(other, 30))
        changed = Model(graph).with_types({"fc.weight": "ap_fixed<7,3>", "fc.accum": "ap_fixed<14,4,AP_RND,AP_SAT>"})
        assert_same(ENGINE, changed.graph, extremes(changed.graph, 30))
    assert not recorder.buffer
    assert len(signatures) == 1
    assert list(blocks.run.signatures) == signatures
    assert blocks.run.stats == stats


def test_works_in_a_forked_child() -> None:
    graph = layer(*LANES["products rounded down"][0])
    data = extremes(graph, 3000)
    assert_same(ENGINE, graph, data)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert_same(ENGINE, graph, data)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Model, int]:
    """A network whose formats are all small, or all wide, and a seed of data."""
    kinds = fixed_types(max_width=draw(st.sampled_from([8, 12, 18, 30])), min_fraction=-4, max_fraction=20)
    layers = draw(
        st.sampled_from([("dense",), ("dense", "activation"), ("dense", "batchnorm", "activation", "reshape")])
    )
    model = draw(models(types=kinds, layers=layers, max_size=9))
    return model.with_types(draw(precisions(model))), draw(st.integers(0, 1 << 32))


@settings(max_examples=examples(30, 60), deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn())
def test_random_networks_on_every_exact_lane(case: tuple[Model, int]) -> None:
    model, seed = case
    data = extremes(model.graph, 40, seed)
    for place in range(4):
        engine = Forced(lambda lanes, place=place: lanes[place % len(lanes) :][:1] if lanes else [])
        assert_same(engine, model.graph, data, "reference")


def test_several_inputs_and_outputs_side_by_side() -> None:
    kinds = [FixedType.parse("ap_fixed<9,4>"), FixedType.parse("ap_ufixed<7,3,AP_RND,AP_SAT>")]
    inputs = tuple(Tensor(f"x{i}", (3 + i,), kind) for i, kind in enumerate(kinds))
    ops = tuple(
        Activation(f"y{i}", (t.name,), Tensor(f"y{i}", t.shape, FixedType.parse("ap_fixed<6,3,AP_RND>")), "relu")
        for i, t in enumerate(inputs)
    )
    graph = Graph("two", inputs, ops, ("y1", "y0"))
    rng = np.random.default_rng(0)
    x = [
        rng.normal(0, 4, (517, t.size)).astype(dtype) for t, dtype in zip(inputs, (np.float32, np.float64), strict=True)
    ]
    data = {t.name: FixedArray.from_float(values, t.type) for t, values in zip(inputs, x, strict=True)}
    expected: dict[str, Any] = get_engine("cpp-strict").run(graph, data, 1)
    found = ENGINE.predict_floats(graph, x, 2)
    assert found is not None
    for name, values, raw in zip(graph.outputs, found, ENGINE.run_outputs(graph, data, 2).values(), strict=True):
        assert np.array_equal(values, expected[name].to_float())
        assert np.array_equal(raw.raw, expected[name].raw)
