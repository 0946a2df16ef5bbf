"""Distributed arithmetic: what adder trees say, every engine against the reference, and what configurations lose."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_networks import a_format

import isobit as ib
from adder_trees import REPLACED
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import (
    ConfigurationWarning,
    FirmwareError,
    FormatError,
    MissingDependencyError,
    ShapeError,
    UnsupportedError,
)
from isobit.fixed import FixedArray, FixedType
from isobit.frontends.adder_trees import adder_bits, read_adder_tree
from isobit.model import DistributedConvolution, DistributedDense, Graph, Tensor, Weight
from isobit.model.file import load_graph, save_graph

KIND = FixedType.parse

TREE = """template <typename inp_t, typename out_t>
void dense_da_2(inp_t model_inp[2], out_t model_out[3]) { // ap_fixed<6,3> -> ap_fixed<9,5>
    #pragma HLS INLINE

    ap_fixed<6,3> v0 = model_inp[0]; // 0.0
    ap_fixed<6,3> v1 = model_inp[1]; // 0.0
    ap_fixed<8,4> v2 = v0 - bit_shift<-1>(v1); // 1.0
    ap_fixed<9,5> v3 = v2 + ap_ufixed<3,1>(1.25); // 2.0
    ap_fixed<8,5> v4 = v1 + bit_shift<1>(v0); // 1.0

    model_out[0] = ap_fixed<9,5>(v3);
    model_out[1] = ap_fixed<10,8>(-bit_shift<2>(v4));
    model_out[2] = 0;
}


template <typename inp_t, typename out_t, typename DUMMY> struct dense_da_wrapper_2 {
static void dense(inp_t inp[2], out_t out[3], void *weights=nullptr, void *biases=nullptr) {
    dense_da_2(inp, out);
}
};"""


def test_weights_of_an_adder_tree() -> None:
    tree = read_adder_tree(TREE, KIND("ap_fixed<6,3>"), "fc")
    assert tree.weight.written.tolist() == [[1.0, -8.0, 0.0], [-0.5, -4.0, 0.0]]
    assert tree.bias.written.tolist() == [1.25, 0.0, 0.0]
    assert (str(tree.weight.type), str(tree.bias.type)) == ("ap_fixed<6,5>", "ap_fixed<4,2>")
    assert [str(kind) for kind in tree.results] == ["ap_fixed<9,5>", "ap_fixed<10,8>", "None"]
    assert (
        adder_bits(TREE, KIND("ap_fixed<6,3>")) == 6 + 3 + 6
    )  # the sign, 2 integer and 3 fraction bits; a constant of 3 bits


@pytest.mark.parametrize(
    ("old", "new", "kind", "error", "words"),
    [
        ("", "", "ap_fixed<7,4>", FirmwareError, r"'ap_fixed<6,3> v0 = model_inp\[0\]' loses bits for .*ap_fixed<7,4>"),
        ("", "", "ap_fixed<7,3>", FirmwareError, r"v0 = model_inp\[0\]' loses bits for inputs of ap_fixed<7,3>"),
        ("<8,4> v2", "<7,3> v2", "ap_fixed<6,3>", FirmwareError, r"v2 = v0 - bit_shift<-1>\(v1\)' loses bits"),
        ("<8,4> v2", "<7,4> v2", "ap_fixed<6,3>", FirmwareError, r"'fc', 'ap_fixed<7,4> v2 = .* convert the network"),
        ("<9,5>(v3)", "<8,5>(v3)", "ap_fixed<6,3>", FirmwareError, r"'model_out\[0\] = ap_fixed<8,5>\(v3\)' loses"),
        ("    model_out[2] = 0;\n", "", "ap_fixed<6,3>", FirmwareError, r"'fc' gives the outputs \[0, 1\] of 3"),
        ("v1 + bit", "v1 > 0 ? bit", "ap_fixed<6,3>", UnsupportedError, r"computes 'ap_fixed<8,5> v4 = v1 > 0 \?"),
        ("v1 + bit", "v1 * bit", "ap_fixed<6,3>", UnsupportedError, "which is not supported; supported: sums of"),
        (
            "    ap_fixed<6,3> v1 = model_inp[1]",
            "    ap_fixed<4, 2, AP_RND, AP_WRAP> model_inp_q_1 = model_inp[1];\n    ap_fixed<6,3> v1 = model_inp_q_1",
            "ap_fixed<6,3>", UnsupportedError, "layer 'fc' quantises some of its inputs alone",
        ),
        ("void dense", "int dense", "ap_fixed<6,3>", UnsupportedError, "'fc' is no function as da4ml 0.5 writes it"),
    ],
)  # fmt: skip
def test_trees_that_are_no_exact_sum(old: str, new: str, kind: str, error: type[Exception], words: str) -> None:
    assert old in TREE
    with pytest.raises(error, match=words):
        read_adder_tree(TREE.replace(old, new, 1) if old else TREE, KIND(kind), "fc")


def a_graph(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Weights of many bits and few, a pointwise layer, a convolution, a Dense layer."""
    rng = np.random.default_rng([seed, 37])

    def numbers(name: str, *shape: int) -> Weight:
        width, integer = int(rng.integers(1, 26)), int(rng.integers(-3, 3))
        return Weight.from_written(name, rng.normal(0.0, 1.0, shape), FixedType(width, integer))

    def formed() -> FixedType:
        while (kind := a_format(rng)).is_int:
            pass
        return kind

    length, channels, filters = (int(n) for n in rng.integers(2, 5, 3))
    x = Tensor("x", (length, channels), formed())
    outputs = [Tensor(name, (length, filters), formed()) for name in ("pw", "conv")]
    pw = DistributedDense("pw", ("x",), outputs[0], numbers("weight", channels, filters), numbers("bias", filters))
    conv = DistributedConvolution(
        "conv", ("pw",), outputs[1], numbers("weight", 2 * filters, filters), numbers("bias", filters), (2,), (1,), (1,)
    )
    dense = DistributedDense(
        "fc", ("conv",), Tensor("fc", (3,), formed()), numbers("weight", length * filters, 3), numbers("bias", 3)
    )
    raw = rng.integers(x.type.raw_min, x.type.raw_max + 1, (60, x.size))
    return Graph("trees", (x,), (pw, conv, dense), ("fc", "pw")), {"x": FixedArray.from_raw(raw, x.type)}


@pytest.mark.parametrize("seed", range(12))
def test_every_engine_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = a_graph(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    results = [("cpp-strict", get_engine("cpp-strict").run(graph, inputs, 2))]
    for name, road in roads:
        results += [(name, road.run(graph, inputs, 1)), (f"{name} joined", road.run_outputs(graph, inputs, 2))]
    for name, found in results:
        for tensor in found:
            np.testing.assert_array_equal(found[tensor].raw, wanted[tensor].raw, err_msg=f"{name}: {tensor}")
    plan = ib.Model(graph).plan()
    assert all(verdict.slot == "result" or verdict.safe for verdict in plan.verdicts), str(plan)


def test_slots_and_files(tmp_path: Path) -> None:
    graph, inputs = a_graph(1)
    assert set(graph.types()) == {"x.result", "pw.result", "conv.result", "fc.result"}
    with pytest.raises(FormatError, match=r"fc\.accum changes nothing: with distributed arithmetic sums are exact"):
        graph.with_types({"fc.accum": "ap_fixed<16,6>"})
    with pytest.raises(FormatError, match=r"conv\.weight changes nothing: .* as they were trained, in float32"):
        graph.with_types({"conv.weight": "ap_fixed<16,6>"})
    save_graph(graph, tmp_path / "m.isobit")
    assert load_graph(tmp_path / "m.isobit") == graph
    other = graph.with_types({"x.result": "ap_fixed<22,9>", "fc.result": "ap_fixed<9,3,AP_RND,AP_SAT>"})
    again = {"x": inputs["x"].cast("ap_fixed<22,9>")}
    wanted = get_engine("reference").run(other, again, 1)["fc"].raw
    assert np.array_equal(get_engine("cpp").run(other, again, 1)["fc"].raw, wanted)


def test_what_is_refused() -> None:
    weight, bias = (
        Weight.from_written(n, np.zeros(s), KIND("ap_fixed<8,4>")) for n, s in (("weight", (4, 2)), ("bias", 2))
    )
    x, y = Tensor("x", (4,), KIND("ap_fixed<8,4>")), Tensor("y", (2,), KIND("ap_fixed<8,4>"))
    with pytest.raises(ShapeError, match="'y' has 5 inputs, expected 4"):
        Graph("g", (Tensor("x", (5,), x.type),), (DistributedDense("y", ("x",), y, weight, bias),), ("y",))
    with pytest.raises(ShapeError, match=r"biases of shape \(2,\); expected \(n_in, n_out\) and \(n_out,\)"):
        DistributedDense("y", ("x",), y, bias, bias)
    whole = Tensor("y", (2,), KIND("ap_int<8>"))
    with pytest.raises(UnsupportedError, match=r"'y' casts sums below 1/2 to ap_int<8>"):
        Graph("g", (x,), (DistributedDense("y", ("x",), whole, weight, bias),), ("y",))


@pytest.mark.hls4ml
def test_the_solver_without_a_compiler_finds_the_trees_of_da4ml(monkeypatch: pytest.MonkeyPatch) -> None:
    core, scores = (pytest.importorskip(f"da4ml.cmvm.core.{name}") for name in ("state_opr", "indexers"))
    from da4ml.cmvm import solve
    from da4ml.cmvm.types import QInterval

    rng = np.random.default_rng(8)
    # Few bits and many numbers: many pairs are equally frequent. One input: every pair is of one row.
    shapes = ((2, 7, 5), (6, 4, 5), (12, 3, 5), (16, 1, 6), (2, 9, 9), *[(5, 6, 8)] * 5)
    kernels: list[Any] = [rng.integers(-(2**bits), 2**bits, shape) / 4.0 for bits, *shape in shapes]
    kernels.append(rng.uniform(-2.0, 2.0, (3, 4)).astype(np.float32).astype(float))
    # Inputs of equal ends and different steps overlap in other bits.
    steps = [QInterval(-128.0, 127.0, 2.0 ** -(3 * place % 7)) for place in range(9)]

    def trees() -> list[Any]:
        plain = [solve(kernel) for kernel in kernels]
        return [*plain, *(solve(kernel, qintervals=steps[: len(kernel)]) for kernel in kernels[:3])]

    found = trees()
    assert all(one.solutions[0].ops for one in found)
    monkeypatch.setattr(core, "update_stats", REPLACED["update_stats"])
    monkeypatch.setattr(scores, "overlap_and_accum", REPLACED["overlap_and_accum"])
    assert list(map(repr, trees())) == list(map(repr, found))


# -- hls4ml -----------------------------------------------------------------------------------------------------------


def a_network(**options: Any) -> ib.Model:
    import tensorflow as tf
    from tensorflow.keras import Model, layers

    tf.keras.utils.set_random_seed(5)
    x = layers.Input((4,), name="x")
    network = Model(x, layers.Dense(2, name="fc2")(layers.Dense(3, activation="relu", name="fc1")(x)))
    config: dict[str, Any] = {
        "Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1, "Strategy": "da"},
        "LayerName": options,
    }
    return ib.load(network, hls_config=config)


@pytest.mark.hls4ml
def test_weights_are_those_of_keras_whatever_the_configuration_says() -> None:
    precision = {"weight": "fixed<4,1>", "bias": "fixed<4,1>", "accum": "fixed<8,4>", "result": "fixed<12,5>"}
    with pytest.warns(ConfigurationWarning) as caught:
        model = a_network(fc1={"Precision": precision})
    told = next(str(one.message) for one in caught if isinstance(one.message, ConfigurationWarning))
    assert all(f"fc1.Precision.{slot} = fixed<" in told for slot in ("weight", "bias", "accum"))
    assert "no effect: with distributed arithmetic" in told
    assert "fc1.Precision.result" not in told
    ops = model.graph.by_name
    for name in ("fc1", "fc2"):
        kernel, _ = model.source.config.config["KerasModel"].get_layer(name).get_weights()
        assert ops[name].weight.written.tolist() == kernel.astype(float).tolist()  # type: ignore[attr-defined]
    assert str(ops["fc1"].output.type) == "ap_fixed<12,5>"
    # Bits of the adders are those that da4ml counts, and what LUTs are estimated from.
    counted = [model.source.graph[name].get_attr("da_kernel_cost") for name in ("fc1", "fc2")]
    found = ib.cost(model)
    assert [layer.adder_bits for layer in found.layers if layer.layer in ("fc1", "fc2")] == counted
    assert (found.dsp, found.multipliers) == (0, 0)
    lut = found.lut.low, found.lut.value, found.lut.high
    assert lut == tuple(round(sum(counted) / factor) for factor in (1.03, 1.0, 0.88))


@pytest.mark.hls4ml
def test_another_input_format_is_what_another_conversion_gives() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigurationWarning)
        model = a_network()
        other = a_network(x={"Precision": {"result": "fixed<20,9>"}})
    x = np.random.default_rng(0).normal(0.0, 40.0, (200, 4))
    changed = model.with_types({"x.result": "ap_fixed<20,9>"})
    assert np.array_equal(changed.predict(x), other.predict(x))
    assert not np.array_equal(changed.predict(x), model.predict(x))


@pytest.mark.hls4ml
def test_da4ml_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "da4ml"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "da4ml", None)
    with pytest.raises(MissingDependencyError, match=r"da4ml, which is not installed: pip install 'isobit\[da\]'"):
        a_network()
