"""Each lane of the batch kernels is really taken, and exact: against the reference and the strict kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lane_networks import NETWORKS, adversarial, dense_chain

import isobit as ib
from isobit._core import BATCH_BLOCK, instruction_sets
from isobit.bounds.intervals import graph_bounds
from isobit.engines.cpp import CppEngine
from isobit.model.graph import Graph
from isobit.model.layers.activation import Activation
from isobit.model.ops import Tensor
from isobit.model.weights import Weight

CASES = [pytest.param(lane, place, id=f"{lane} {place}") for lane, all in NETWORKS.items() for place in range(len(all))]


def assert_outputs(model: ib.Model, found: Any, expected: Any, what: str) -> None:
    for name in model.graph.outputs:
        np.testing.assert_array_equal(found[name].raw, expected[name].raw, err_msg=f"{what} {name}")


@pytest.mark.parametrize(("lane", "place"), CASES)
def test_lane_is_taken_and_exact(lane: str, place: int) -> None:
    model = NETWORKS[lane][place]
    assert model.plan().lanes["fc1"] == lane
    inputs = adversarial(model, 60, place)
    expected = model.run(inputs, "reference")
    many = adversarial(model, 3 * BATCH_BLOCK + 1, place + 10)
    strict = None if lane == "wide" else model.run(many, "cpp-strict")
    for name in instruction_sets():
        engine = CppEngine(name)
        every = engine.run(model.graph, inputs, 1)
        for tensor, values in every.items():
            np.testing.assert_array_equal(values.raw, expected[tensor].raw, err_msg=f"{name} {tensor}")
        assert_outputs(model, engine.run_outputs(model.graph, inputs, 1), expected, f"{name}, joined")
        if strict is not None:
            assert_outputs(model, engine.run_outputs(model.graph, many, 2), strict, f"{name}, two threads")


@pytest.mark.parametrize("lane", [lane for lane in NETWORKS if lane != "wide"])
@pytest.mark.parametrize("events", [0, 1, BATCH_BLOCK - 1, BATCH_BLOCK, BATCH_BLOCK + 1, 1009])
def test_batch_sizes(lane: str, events: int) -> None:
    model = NETWORKS[lane][0]
    inputs = adversarial(model, events, 3)
    x = inputs["x"].to_float()
    expected = model.run(inputs, "cpp-strict")
    output = model.graph.output_tensors[0]
    raw = model.predict_raw(x)
    assert raw.shape == (events, output.size)
    np.testing.assert_array_equal(raw.raw, expected[output.name].raw)
    np.testing.assert_array_equal(model.predict(x), expected[output.name].to_float())


def test_a_million_events() -> None:
    model = dense_chain(
        "ap_fixed<18,6>", "ap_fixed<18,6>", "ap_fixed<18,6>", "ap_fixed<18,6>", "ap_fixed<18,6>", magnitude=6000
    )
    few = adversarial(model, 4099, 4)
    x = np.tile(few["x"].to_float(), (244, 1))
    assert len(x) > 10**6
    expected = model.run(few, "cpp-strict")[model.graph.outputs[0]].to_float()
    for threads in (1, 2, 3):
        found = model.predict(x, threads=threads)
        assert np.array_equal(found.reshape(244, 4099, -1), np.broadcast_to(expected, (244, *expected.shape)))


def test_bounds_by_weight_beat_bounds_by_type() -> None:
    """Formats alone would ask for more than float64's 53 bits; the real weights do not."""
    model = NETWORKS["float64"][2]
    op = model.graph.by_name["fc1"]
    form = op.inputs and model.graph.inputs[0].type.product_with(op.weight.type)  # type: ignore[attr-defined]
    assert form.width > 53
    assert graph_bounds(model.graph).ops["fc1"].source.bits <= 51
    assert model.plan().lanes["fc1"] == "float64"
    # With weights that use their format it is the wide road, not a lane that would round.
    assert NETWORKS["wide"][0].plan().lanes["fc1"] == "wide"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("overflow", ["AP_WRAP", "AP_SAT", "AP_SAT_SYM", "AP_SAT_ZERO"])
@pytest.mark.parametrize(
    "rounding", ["AP_TRN", "AP_TRN_ZERO", "AP_RND", "AP_RND_ZERO", "AP_RND_INF", "AP_RND_MIN_INF", "AP_RND_CONV"]
)
def test_floats_enter_as_from_float(rounding: str, overflow: str, dtype: Any) -> None:
    """The kernels' own door for floats: ties, neighbours of ties, tiny and large numbers, far outside of the range."""
    rng = np.random.default_rng(5)
    for kind in (
        f"ap_fixed<18,6,{rounding},{overflow}>",
        f"ap_ufixed<7,3,{rounding},{overflow}>",
        f"ap_fixed<40,12,{rounding},{overflow}>",
    ):
        type = ib.FixedType.parse(kind)
        model = dense_chain(kind, "ap_fixed<2,2>", "ap_fixed<48,20>", "ap_fixed<48,20>", sizes=(3, 3))
        lsb = 2.0**-type.fraction
        ties = (rng.integers(-5000, 5000, 3000) + rng.choice([0.0, 0.5, 0.25], 3000)) * lsb
        ties = ties.astype(dtype)
        near = np.concatenate([np.nextafter(ties, dtype(np.inf)), np.nextafter(ties, dtype(-np.inf))])
        tiny = rng.choice([-1, 1], 600) * 2.0 ** rng.integers(-40, -1, 600) * lsb
        large = rng.normal(0, 1, 600) * 2.0 ** rng.integers(0, 9, 600)
        x = np.concatenate([ties, near, tiny.astype(dtype), large.astype(dtype), -ties]).astype(dtype)
        x = x[: len(x) // 3 * 3].reshape(-1, 3)
        expected = model.run({"x": ib.FixedArray.from_float(x, type)}, "cpp-strict")["fc1_out"]
        for name in instruction_sets():
            found = CppEngine(name).predict_floats(model.graph, [np.ascontiguousarray(x)], 1, raw=True)
            assert found is not None
            np.testing.assert_array_equal(found[0], expected.raw, err_msg=f"{kind} {name}")


@pytest.mark.parametrize("features", [1, 2, 5, 16, 22, 252, 700])
@pytest.mark.parametrize("kind", ["ap_fixed<9,4>", "ap_ufixed<10,6>", "ap_fixed<12,5,AP_RND_CONV,AP_SAT>"])
def test_floats_enter_in_blocks(kind: str, features: int) -> None:
    """Numbers that go through int16 in pairs (an even number of them) or not; blocks that are not full; far numbers."""
    rng = np.random.default_rng(features)
    model = dense_chain(kind, "ap_fixed<4,4>", "ap_fixed<30,24>", "ap_fixed<30,24>", sizes=(features, 3))
    assert model.plan().lanes["fc1"] == "dot16" or "RND" in kind  # which reads pairs
    type = ib.FixedType.parse(kind)
    lsb = 2.0**-type.fraction
    far = np.array([2.0**30 - 1, 2.0**30, 2.0**31 + 5, 2.0**32 + 7, 3e38, -(2.0**30), -(2.0**31), -(2.0**33) - 3, 0.25])
    for events in (1, 15, 64, 83):
        for dtype in (np.float32, np.float64):
            x = (rng.integers(-5000, 5000, (events, features)) * lsb / 4).astype(dtype)
            for place in (None, 0, events * features - 1, int(rng.integers(events * features))):
                if place is not None:
                    x.reshape(-1)[place] = rng.choice(far) * lsb
                expected = model.run({"x": ib.FixedArray.from_float(x, type)}, "cpp-strict")["fc1_out"]
                for name in instruction_sets():
                    found = CppEngine(name).predict_floats(model.graph, [x], 1, raw=True)
                    if found is None:  # too far for every quick door
                        assert np.abs(x).max() > 2.0**49 * lsb
                        continue
                    np.testing.assert_array_equal(found[0], expected.raw, err_msg=f"{events} {dtype} {place} {name}")


def test_far_floats_take_the_exact_door() -> None:
    model = dense_chain("ap_fixed<18,6>", "ap_fixed<4,2>", "ap_fixed<30,12>", "ap_fixed<30,12>")
    x = np.zeros((200, 7))
    x[150, 3], x[20, 1] = 1e300, -(2.0**45) - 0.75
    assert CppEngine().predict_floats(model.graph, [x], 1) is None
    np.testing.assert_array_equal(model.predict(x), model.predict(x, engine="reference"))
    for bad in (np.nan, np.inf, -np.inf):
        x[10, 2] = bad
        with pytest.raises(ib.errors.RangeError, match=r"index \(10, 2\)"):
            model.predict(x)


@pytest.mark.parametrize("mode", ["AP_SAT", "AP_SAT_ZERO"])
@pytest.mark.parametrize("width", [17, 33, 60, 64])
def test_ends_beyond_the_lane(width: int, mode: str) -> None:
    """Saturation on one side alone: the other end of the result's format may lie beyond the lane's numbers."""
    model = dense_chain(
        "ap_fixed<10,4>", "ap_fixed<4,2>", "ap_fixed<20,12>", f"ap_ufixed<{width},{width - 8},AP_TRN,{mode}>"
    )
    assert model.plan().lanes["fc1"] != "wide" or width == 64
    inputs = adversarial(model, 200, 6)
    expected = model.run(inputs, "reference")
    for name in instruction_sets():
        assert_outputs(model, CppEngine(name).run_outputs(model.graph, inputs, 1), expected, name)


def test_no_negative_zero_leaves() -> None:
    model = dense_chain("ap_fixed<12,4>", "ap_fixed<4,2>", "ap_fixed<20,8>", "ap_fixed<20,8,AP_TRN_ZERO>")
    y = model.predict(np.zeros((5, 7)))
    assert not np.signbit(y[y == 0]).any()


def test_changed_formats_are_planned_anew() -> None:
    model = NETWORKS["float32"][0]
    x = adversarial(model, 50, 1)["x"].to_float()
    narrow = model.with_types({"fc1.accum": "ap_fixed<9,3,AP_RND,AP_SAT>"})
    assert narrow.plan().lanes["fc1"].startswith("sequential")
    np.testing.assert_array_equal(narrow.predict(x), narrow.predict(x, engine="reference"))
    np.testing.assert_array_equal(model.predict(x), model.predict(x, engine="reference"))


@pytest.mark.parametrize("function", ["hard_sigmoid", "hard_tanh"])
def test_a_register_coarser_than_one_cuts_the_one(function: str) -> None:
    """nnet_activation.h writes 1 into the register of slope * data + shift: an LSB of 2 leaves 0 of it."""
    data, result = ib.FixedType.parse("ap_fixed<4,6>"), ib.FixedType.parse("ap_fixed<6,4>")
    slope = Weight.from_written("slope", [1.0], ib.FixedType.parse("ap_fixed<2,2>"))
    shift = Weight.from_written("shift", [2.0], ib.FixedType.parse("ap_fixed<2,3>"))
    op = Activation("f", ("x",), Tensor("f_out", (2,), result), function, slope=slope, shift=shift)
    model = ib.Model(Graph("coarse", (Tensor("x", (2,), data),), (op,), ("f_out",)))
    x = ib.FixedArray.from_raw([[-8, 7], [0, 1], [-1, 2]], data)
    expected = np.full((3, 2), 0.0 if function == "hard_sigmoid" else -1.0)
    for engine in ("cpp", "numba", "cpp-strict", "reference"):
        np.testing.assert_array_equal(model.predict(x, engine=engine), expected, err_msg=engine)
    assert graph_bounds(model.graph).tensors["f_out"].contains(model.predict_raw(x).raw)
