"""Profiling: the observing kernels against one cast after the other, on random networks and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from drawing import SMALL, WIDE, graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import isobit as ib
import isobit._core as _core
from isobit.engines.cpp.observe import ObservingEngine
from isobit.errors import RangeError
from isobit.model import Activation, BatchNorm, Dense, Tensor
from isobit.model.graph import Graph
from isobit.model.weights import Encoding, Weight
from isobit.profile import fast as profile_fast
from isobit.profile.exact import exact_profile
from isobit.profile.segments import fast_profile
from isobit.testing import fixed_types, models, precisions
from tiers import examples

ENGINES = {name: ObservingEngine(name) for name in _core.instruction_sets()}


@pytest.fixture(autouse=True)
def short_passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Several passes over few events."""
    monkeypatch.setattr(profile_fast, "_FIRST", 96)
    monkeypatch.setattr(profile_fast, "_MOST", 288)
    yield


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Every observation of every layer is the same."""
    for name, (seen, sums) in found.items():
        expected, expected_sums = wanted[name]
        for what in ("low", "high", "held_low", "held_high", "lossy", "outside"):
            left, right = getattr(seen, what).tolist(), getattr(expected, what).tolist()
            assert left == right, f"{name}.{what}: {left} instead of {right}"
        if sums.size:
            assert sums.tolist() == expected_sums.tolist(), f"{name}.accum: events and times"


def raw_inputs(tensor: Tensor, events: int, seed: int) -> Any:
    """Numbers of every size, the ends of the format; small events first, so that proofs fail on the way."""
    random = np.random.default_rng(seed)
    low, high = tensor.type.raw_min, tensor.type.raw_max
    raw = random.integers(low, high + 1, (events, tensor.size)) >> random.integers(0, tensor.type.width, (events, 1))
    ends = random.choice([low, high], raw.shape)
    raw = np.where(random.random(raw.shape) < 0.1 * random.random((events, 1)), ends, raw)
    return raw[np.argsort(np.abs(raw).max(axis=1), kind="stable")]


@settings(
    max_examples=examples(60, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), seed=st.integers(0, 99), events=st.sampled_from([1, 95, 96, 97, 1000]))
def test_observes_what_one_cast_after_the_other_gives(data: st.DataObject, seed: int, events: int) -> None:
    kinds = data.draw(st.sampled_from([None, fixed_types(max_width=20, min_fraction=-4, max_fraction=16)]))
    model = data.draw(models(types=kinds, max_size=6))
    model = model.with_types(data.draw(precisions(model)))
    engine = ENGINES[data.draw(st.sampled_from(sorted(ENGINES)))]
    (tensor,) = model.graph.inputs
    inputs = {tensor.name: raw_inputs(tensor, events, seed)}
    found = fast_profile(model.graph, inputs, 2, engine)
    if found is not None:
        same(found, exact_profile(model.graph, inputs, 1))


@settings(max_examples=examples(20, 40), deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=graphs(4, st.one_of(WIDE, SMALL)), seed=st.integers(0, 99))
def test_layers_that_no_lane_takes_are_profiled_by_themselves(graph: Graph, seed: int) -> None:
    (tensor,) = graph.inputs
    random = np.random.default_rng(seed)
    span = tensor.type.raw_max - tensor.type.raw_min + 1
    raw = np.array(
        [[int.from_bytes(random.bytes(16), "little") % span for _ in range(tensor.size)] for _ in range(150)],
        dtype=object,  # from several integers beyond int64 NumPy makes floats
    )
    raw = raw + tensor.type.raw_min
    inputs = {tensor.name: raw.astype(np.int64) if tensor.type.fits_int64 else raw}
    found = fast_profile(graph, inputs, 2, ObservingEngine())
    assert found is not None
    same(found, exact_profile(graph, inputs, 1))


# -- by hand ----------------------------------------------------------------------------------------------------------


def weight(name: str, values: Any, type: str) -> Weight:
    """A weight in a format."""
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), ib.FixedType.parse(type))


def network(
    accum: str,
    result: str = "ap_fixed<18,6>",
    data: str = "ap_fixed<18,6>",
    weights: str = "ap_fixed<18,6>",
    share: float = 0.25,
) -> ib.Model:
    """Dense 7 -> 11, BatchNorm, ReLU, Dense -> 3; weights of up to a share of what their format holds."""
    random = np.random.default_rng(5)
    kind = ib.FixedType.parse(data)
    tensor = Tensor("x", (7,), kind)
    parsed = ib.FixedType.parse(result)
    first, norm, relu = (Tensor(name, (11,), parsed) for name in ("fc1_out", "bn1_out", "relu1_out"))
    scale = 0.9 * float(ib.FixedType.parse(weights).max)
    w1, w2 = (random.uniform(-scale, scale, shape) * share for shape in ((7, 11), (11, 3)))
    ops = (
        Dense("fc1", ("x",), first, weight("weight", w1, weights), weight("bias", random.normal(0, 1, 11), accum),
              ib.FixedType.parse(accum)),
        BatchNorm("bn1", ("fc1_out",), norm, weight("scale", random.normal(1, 0.5, 11), "ap_fixed<18,6>"),
                  weight("bias", random.normal(0, 1, 11), "ap_fixed<18,6>")),
        Activation("relu1", ("bn1_out",), relu, "relu"),
        Dense("out", ("relu1_out",), Tensor("out_out", (3,), parsed), weight("weight", w2, weights),
              weight("bias", np.zeros(3), accum), ib.FixedType.parse(accum)),
    )  # fmt: skip
    return ib.Model(Graph("network", (tensor,), ops, ("out_out",)))


def test_an_ap_int_accumulator_counts_what_it_takes_rounded_down() -> None:
    """B13: numbers without integer bits are not cut toward zero; -1/8 is -1 there, outside of the range."""
    bit, eighths = ib.FixedType.int_type(1, signed=False), ib.FixedType.parse("ap_fixed<7,-1,AP_TRN,AP_WRAP,2>")
    zeros = np.zeros((2, 3), dtype=np.int64)
    minus = Weight("weight", zeros, bit, zeros - 1.0, zeros - 1.0, Encoding.XNOR)
    bias = Weight("bias", zeros[0], bit, zeros[0] * 1.0, zeros[0] * 1.0)
    sums = Dense("fc", ("x",), Tensor("y", (3,), bit), minus, bias, bit)
    graph = Graph("down", (Tensor("x", (2,), eighths),), (sums,), ("y",))
    inputs = {"x": np.full((150, 2), 32)}
    found = fast_profile(graph, inputs, 1, ObservingEngine())
    assert found is not None
    assert found["fc"][1].any()
    same(found, exact_profile(graph, inputs, 1))


CASES = {
    "floor32": network("ap_fixed<18,6>"),
    "floor16": network("ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<16,6>", "ap_fixed<6,1>", 1),
    "int32": network("ap_fixed<14,6,RND>", "ap_fixed<14,6,RND_CONV,SAT>", "ap_fixed<12,6>", "ap_fixed<10,4>"),
    "int64": network("ap_fixed<22,6,RND,SAT>", "ap_fixed<20,5,TRN_ZERO,SAT_ZERO>"),
    "symmetric": network("ap_fixed<18,6,TRN,SAT_SYM>", "ap_fixed<17,5,RND_INF,SAT_SYM>"),
    "saturation bits": network("ap_fixed<17,5,TRN,WRAP,3>", "ap_fixed<16,4,RND,WRAP,2>"),
}


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("case", CASES)
def test_every_way_to_count_is_taken_and_exact(case: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = CASES[case].graph
    taken: set[str] = set()
    lanes = profile_fast.Accumulators.lanes

    def noting(self: Any, counted: Any, tensors: Any) -> Any:
        found = lanes(self, counted, tensors)
        taken.update(lane.multiply for _, _, lane in found)
        return found

    monkeypatch.setattr(profile_fast.Accumulators, "lanes", noting)
    inputs = {"x": raw_inputs(graph.inputs[0], 2000, 1)}
    found = fast_profile(graph, inputs, 2, ObservingEngine(engine))
    assert found is not None
    same(found, exact_profile(graph, inputs, 1))
    assert sum(sums.sum() for _, sums in found.values()) > 0
    if case in ("floor32", "floor16", "int32", "int64"):
        assert case in taken


def test_what_overflows_late_is_counted_from_there() -> None:
    graph = CASES["floor32"].graph
    raw = raw_inputs(graph.inputs[0], 2000, 2)
    quiet = np.random.default_rng(0).integers(-50, 50, raw.shape)
    for place in (0, 97, 1000, 1999):
        late = quiet.copy()
        late[place:] = raw[place:]
        found = fast_profile(graph, {"x": late}, 1, ObservingEngine())
        assert found is not None
        same(found, exact_profile(graph, {"x": late}, 1))
    still = fast_profile(graph, {"x": quiet}, 1, ObservingEngine())
    assert still is not None
    assert not any(sums.any() for _, sums in still.values())


@pytest.mark.parametrize("case", CASES)
def test_what_one_profile_has_found_out_serves_the_next(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, engine = CASES[case].graph, ObservingEngine()
    proofs: list[int] = []
    needed = profile_fast.Accumulators.needed

    def noting(self: Any, tensors: Any) -> Any:
        proofs.append(1)
        return needed(self, tensors)

    monkeypatch.setattr(profile_fast.Accumulators, "needed", noting)
    wild = raw_inputs(graph.inputs[0], 1000, 4)
    for raw in (wild >> 6, wild, wild >> 6, wild[::-1]):
        proofs.clear()
        raw = np.ascontiguousarray(raw)
        found = fast_profile(graph, {"x": raw}, 1, engine)
        assert found is not None
        same(found, exact_profile(graph, {"x": raw}, 1))
    assert not proofs  # the last call knew all ranges


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_any_threads_are_profiled_as_their_raw_integers(dtype: Any) -> None:
    model = CASES["floor32"]
    x = np.random.default_rng(3).normal(0, 8, (1501, 7)).astype(dtype)
    fixed = ib.FixedArray.from_float(x, model.input_types[0])
    wanted = exact_profile(model.graph, {"x": fixed.raw}, 1)
    for profile in (model.profile(x, threads=1), model.profile(x, threads=3), model.profile(fixed)):
        assert profile.events == 1501
        assert [layer.layer for layer in profile.layers] == ["fc1", "bn1", "relu1", "out"]
        for layer in profile.layers:
            seen, sums = wanted[layer.layer]
            assert layer.low.tolist() == seen.low.tolist()
            assert layer.lossy.tolist() == seen.lossy.tolist()
            if sums.any():
                assert profile[f"{layer.layer}.accum"].total.tolist() == sums[1].tolist()


def test_floats_that_the_kernels_refuse_go_through_the_exact_door() -> None:
    model = CASES["floor32"]
    x = np.full((100, 7), 1e30)
    assert model.profile(x).events == 100
    x[3, 2] = np.nan
    with pytest.raises(RangeError, match="nan"):
        model.profile(x)


def test_no_events() -> None:
    profile = CASES["floor32"].profile(np.zeros((0, 7)))
    assert (profile.events, list(profile), profile.layers) == (0, [], ())


def test_report_says_what_is_in_use() -> None:
    model = network("ap_fixed<24,12>", "ap_fixed<20,12>")
    x = np.zeros((100, 7))
    x[0] = 1
    profile = model.profile(x)
    layer = profile.layer("fc1")
    values = model.trace(x)["fc1"]
    assert layer.low.tolist() == values.raw.min(axis=0).tolist()
    widest = max(int(v).bit_length() if v >= 0 else int(-v - 1).bit_length() for v in values.raw.ravel()) + 1
    assert int(layer.bits.max()) == widest
    assert f"fc1 ap_fixed<20,12>: {widest} of 20 bits" in str(profile)
    assert "rounding drops set bits of" in str(profile)
    assert str(profile).startswith("no overflow in 100 events")
    with pytest.raises(KeyError, match="fc1, bn1, relu1, out"):
        profile.layer("fc2")
