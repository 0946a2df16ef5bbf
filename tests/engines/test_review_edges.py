"""Corners of the fast engines: networks and data that once failed or gave other bits than the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lane_networks import adversarial

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.planned import PlannedEngine
from isobit.engines.registry import get_engine
from isobit.model import Activation, BatchNorm, Dense, Tensor
from isobit.model.graph import Graph
from isobit.model.layers.shape import Reshape
from isobit.model.ops import Op
from isobit.model.weights import Weight
from isobit.plan.lanes import candidates


def weight(name: str, raw: Any, kind: str) -> Weight:
    type = ib.FixedType.parse(kind)
    numbers = np.asarray(raw, dtype=np.int64)
    floats = numbers * 2.0**-type.fraction
    return Weight(name, numbers, type, floats, floats)


def tensor(name: str, shape: tuple[int, ...], kind: str) -> Tensor:
    return Tensor(name, shape, ib.FixedType.parse(kind))


def dense(source: str, n_in: int, n_out: int, accum: str, result: str, kind: str = "ap_fixed<8,2>") -> Dense:
    rng = np.random.default_rng(8)
    weights = weight("weight", rng.integers(-100, 101, (n_in, n_out)), kind)
    bias = weight("bias", np.zeros(n_out), kind)
    return Dense("fc", (source,), tensor("fc_out", (n_out,), result), weights, bias, ib.FixedType.parse(accum))


def model(inputs: Tensor, *ops: Op, outputs: tuple[str, ...] = ()) -> ib.Model:
    return ib.Model(Graph("edges", (inputs,), ops, outputs or (ops[-1].output.name,)))


def engines() -> list[PlannedEngine]:
    numba = get_engine("numba")
    assert isinstance(numba, PlannedEngine)
    return [*(CppEngine(name) for name in instruction_sets()), numba]


def assert_bits(m: ib.Model) -> None:
    inputs = adversarial(m, 60, 1)
    expected = m.run(inputs, "reference")
    for engine in engines():
        for found in (engine.run(m.graph, inputs, 1), engine.run_outputs(m.graph, inputs, 1)):
            for name, values in found.items():
                np.testing.assert_array_equal(values.raw, expected[name].raw, err_msg=f"{engine} {name}")


@pytest.mark.parametrize("accum", ["ap_fixed<24,12>", "ap_fixed<14,10>"])
def test_scaling_joined_with_rounding_is_a_step_of_int32_alone(accum: str) -> None:
    """dot16 and floor32 with steps in float64: results too large for int32 after a batch norm that is not."""
    norm = BatchNorm(
        "bn",
        ("fc_out",),
        tensor("bn_out", (4,), "ap_fixed<20,14>"),
        weight("scale", [3, 5, 7, 9], "ap_fixed<6,2>"),
        weight("bias", [0, 1, 2, 3], "ap_fixed<6,6>"),
    )
    wide = Activation("wide", ("bn_out",), tensor("wide_out", (4,), "ap_fixed<48,20>"), "linear")
    m = model(tensor("x", (3,), "ap_fixed<8,4>"), dense("x", 3, 4, accum, accum), norm, wide)
    assert_bits(m)
    stage = CppEngine().prepare(m.graph, every=False).plan.stages[0].stage
    assert "float64" in {lane.compute for lane in candidates(stage) if lane.multiply in ("dot16", "floor32")}


def test_input_reshaped_is_an_output() -> None:
    x = tensor("x", (2, 3), "ap_fixed<8,4>")
    flat = Reshape("flat", ("x",), tensor("flat_out", (6,), "ap_fixed<8,4>"))
    m = model(x, flat, dense("flat_out", 6, 2, "ap_fixed<24,12>", "ap_fixed<24,12>"), outputs=("fc_out", "flat_out"))
    data = np.random.default_rng(2).normal(0, 2, (20, 2, 3))
    expected = m.predict(data, engine="reference")
    for engine in ("cpp", "numba"):
        for found, wanted in zip(m.predict(data, engine=engine), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("engine", ["cpp", "numba", "cpp-strict", "reference"])
@pytest.mark.parametrize("shape", [(1, 3), (1, 1)])
def test_shape_of_one_event_that_could_be_several(engine: str, shape: tuple[int, int]) -> None:
    """Input (1, n): an array of that very shape is one event, on every engine and whatever its dtype."""
    size = shape[1]
    flat = Reshape("flat", ("x",), tensor("flat_out", (size,), "ap_fixed<8,4>"))
    m = model(tensor("x", shape, "ap_fixed<8,4>"), flat, dense("flat_out", size, 2, "ap_fixed<24,12>", "ap_fixed<9,3>"))
    assert m.predict(np.ones(shape), engine=engine).shape == (2,)
    assert m.predict(np.ones(shape, dtype=int), engine=engine).shape == (2,)
    assert m.predict(np.ones((1, *shape)), engine=engine).shape == (1, 2)
    assert m.predict(np.ones((2, size)), engine=engine).shape == (2, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fraction", [-200, -149, -3, 0, 5, 130, 800])
@pytest.mark.parametrize("rounding", ["AP_TRN", "AP_TRN_ZERO", "AP_RND_MIN_INF", "AP_RND_CONV"])
def test_smallest_floats(rounding: str, fraction: int, dtype: Any) -> None:
    """Subnormal numbers keep their sign through a scaling to coarser LSBs: rounded down they are -1, not 0."""
    kind = f"ap_fixed<12,{12 - fraction},{rounding}>"
    copy = Activation("copy", ("x",), tensor("copy_out", (1,), kind), "linear")
    m = model(tensor("x", (1,), kind), copy)
    x = np.array([[-5e-324], [-1e-310], [-1e-45], [-1e-40], [1e-45], [5e-324], [-0.0]]).astype(dtype)
    expected = ib.FixedArray.from_float(x.astype(np.float64), m.input_types[0]).raw
    if rounding == "AP_TRN" and fraction < 800:
        assert (expected[2] == -1).all()
    np.testing.assert_array_equal(m.predict_raw(x).raw, expected)
    for engine in engines():
        straight = engine.predict_floats(m.graph, [x], 1, raw=True)
        if straight is not None:
            np.testing.assert_array_equal(straight[0], expected, err_msg=f"{engine}")


@pytest.mark.parametrize("accum", ["ap_fixed<20,10>", "ap_fixed<44,20>", "ap_fixed<14,10>"])
def test_no_negative_zero_leaves_a_sum(accum: str) -> None:
    """Where the processor rounds down, 0 + -0 and x - x are -0."""
    op = dense("x", 1, 3, accum, accum, "ap_fixed<2,2>")
    weights = weight("weight", [[-1, 0, 1]], "ap_fixed<2,2>")
    op = Dense("fc", ("x",), op.output, weights, op.bias, op.accum)
    x = np.array([[0.0], [-0.0], [0.25], [-0.25]])
    for data in ("ap_fixed<12,4>", "ap_fixed<26,8>"):
        m = model(tensor("x", (1,), data), op)
        for engine in engines():
            found = engine.predict_floats(m.graph, [x], 1)
            assert found is not None
            zeros = found[0][found[0] == 0]
            assert zeros.size
            assert not np.signbit(zeros).any()


@pytest.mark.parametrize("width", [62, 64, 80])
@pytest.mark.parametrize("overflow", ["AP_SAT", "AP_SAT_ZERO"])
def test_sums_that_saturate_at_one_end_alone(width: int, overflow: str) -> None:
    """The other end of the accumulator lies beyond every machine integer."""
    accum = f"ap_ufixed<{width},{width - 2},AP_RND_ZERO,{overflow}>"
    assert_bits(model(tensor("x", (5,), "ap_fixed<10,4>"), dense("x", 5, 4, accum, "ap_ufixed<18,14>")))


def test_only_the_ops_that_need_it_go_the_wide_road() -> None:
    """Joined to a batch norm beyond every lane, the Dense layer keeps its own."""
    norm = BatchNorm(
        "bn",
        ("fc_out",),
        tensor("bn_out", (4,), "ap_fixed<90,70>"),
        weight("scale", [1 << 40, 5, 7, 9], "ap_fixed<44,24>"),
        weight("bias", [0, 1, 2, 3], "ap_fixed<6,6>"),
    )
    relu = Activation("relu", ("bn_out",), tensor("relu_out", (4,), "ap_ufixed<18,10,AP_RND,AP_SAT>"), "relu")
    m = model(tensor("x", (3,), "ap_fixed<16,8>"), dense("x", 3, 4, "ap_fixed<32,14>", "ap_fixed<32,14>"), norm, relu)
    for engine in engines():
        lanes = engine.prepare(m.graph, every=False).plan.lanes
        assert lanes["bn"] == "wide"
        assert lanes["fc"] != "wide"
    assert_bits(m)
