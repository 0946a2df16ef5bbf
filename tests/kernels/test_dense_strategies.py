"""Every strategy of Dense on every road: against the definition, and against hls4ml's compiled C-simulation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dense_draws import draw_layer
from strategy_networks import compressed_mended, strategy_config, strategy_graph, strategy_keras

import isobit as ib
from isobit.bounds.intervals import graph_bounds
from isobit.engines.exact import vector
from isobit.engines.registry import get_engine
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.assign import Cast, outside_range
from isobit.model import Dense, Encoding, Weight
from isobit.model.accumulation import kept_weights, turns_of
from isobit.model.file import load_graph, save_graph
from isobit.model.reuse import STRATEGIES

pytestmark = pytest.mark.xdist_group("kernels-strategies")

#: (back end, strategy, reuse factors of the five layers): below, at and above the number of inputs.
PROJECTS = {
    "unrolled-vitis": ("Vitis", "resource_unrolled", (3, 12, 2, 4, 3)),
    "unrolled-vivado": ("Vivado", "resource_unrolled", (4, 24, 4, 12, 3)),
    "compressed-vitis": ("Vitis", "compressed", (3, 12, 2, 4, 18)),
    "compressed-vivado": ("Vivado", "compressed", (24, 3, 16, 12, 3)),
}


@pytest.fixture(scope="module")
def keras() -> Any:
    return strategy_keras()


def dense_of(graph: Any) -> Dense:
    (op,) = graph.ops
    assert isinstance(op, Dense)
    return op


# -- by definition ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_road_gives_the_bits_of_the_definition(strategy: str) -> None:
    """Random layers: all modes, zero weights, biases at SAT_SYM's minimum; bounds hold every result."""
    shown = 0
    for seed in range(40):
        graph, raw = draw_layer(seed, strategy)
        op, x = dense_of(graph), {"x": FixedArray.from_raw(raw, graph.inputs[0].type)}
        expected = get_engine("reference").run(graph, x, 1)["y"].raw
        engines = ("cpp-strict", "cpp", "numba") if seed < 4 else ("cpp-strict", "cpp")
        found = {engine: get_engine(engine).run(graph, x, 1)["y"].raw for engine in engines}
        found["python"] = vector.compute(graph.lowered.ops[0], graph.inputs, (raw.astype(object),))
        for engine, values in found.items():
            assert np.array_equal(values, expected), (seed, engine, op.reuse_factor, str(op.accum))
        assert graph_bounds(graph).ops["fc"].result.contains(expected), seed
        latency = replace(graph, ops=(replace(op, strategy="latency"),))
        shown += not np.array_equal(get_engine("reference").run(latency, x, 1)["y"].raw, expected)
    assert shown >= (3 if strategy != "latency" else 0), "the order never showed"


@pytest.mark.parametrize("strategy", ["resource_unrolled", "compressed"])
def test_profile_counts_the_casts_of_the_kernel(strategy: str) -> None:
    overflowed = 0
    for seed in range(12):
        graph, raw = draw_layer(seed, strategy)
        op = dense_of(graph)
        counted = {slot: np.zeros((len(raw), op.output.size), dtype=bool) for slot in ("accum", "result")}

        def tally(slot: str, index: int, cast: Cast, counted: Any = counted) -> None:
            counted[slot][:, index] |= outside_range(cast.rounded, cast.type)

        vector.compute(graph.lowered.ops[0], graph.inputs, (raw.astype(object),), tally)
        profile = ib.Model(graph).profile(FixedArray.from_raw(raw, graph.inputs[0].type))
        found = {count.slot: count.events.tolist() for count in profile}
        wanted = {slot: events.sum(axis=0).tolist() for slot, events in counted.items() if events.any()}
        assert found == wanted, seed
        overflowed += "accum" in wanted
    assert overflowed > 3


def test_a_neuron_without_weights_keeps_the_minimum_that_an_addition_clamps() -> None:
    """Unrolled code adds nothing to it; 'resource' adds zeros, and a SAT_SYM accumulator casts its sums."""
    kind, narrow = ib.FixedType.parse("ap_fixed<6,6,TRN,SAT_SYM>"), ib.FixedType.parse("ap_fixed<4,4>")
    graph, _ = draw_layer(1, "resource", 4, 2)
    weight = Weight.from_written("weight", [[0, 0], [0, 1], [0, 0], [0, 0]], narrow)
    bias = replace(Weight.from_written("bias", [0, 0], kind), raw=np.array([-32, -32]))
    x = replace(graph.inputs[0], type=narrow)
    op = replace(
        dense_of(graph),
        weight=weight,
        bias=bias,
        accum=kind,
        output=replace(graph.ops[0].output, type=kind),
        reuse_factor=2,
    )
    raw = FixedArray.from_raw(np.array([[1, 0, 1, 1], [1, 3, 1, 1]]), narrow)
    for strategy, expected in (("resource", [[-31, -31], [-31, -28]]), ("resource_unrolled", [[-32, -31], [-32, -29]])):
        model = ib.Model(replace(graph, inputs=(x,), ops=(replace(op, strategy=strategy),)))
        for engine in ("reference", "cpp-strict", "cpp", "numba"):
            assert model.predict_raw(raw, engine=engine).raw.tolist() == expected, (strategy, engine)


def test_compressed_weights_are_dealt_to_the_turns_neuron_by_neuron() -> None:
    graph, _ = draw_layer(1, "resource", 3, 2)
    weight = Weight.from_written("weight", [[1, 0], [0, 1], [1, 1]], ib.FixedType(4, 4))
    op = replace(dense_of(graph), weight=weight, strategy="compressed", reuse_factor=3)
    # Four are not zero; the first two zeros fill the second turn. Neuron 0 has inputs 0, 1, 2, neuron 1 has 0, 1, 2.
    assert turns_of(op).tolist() == [[0, 0], [1, 1], [2, 2]]
    op = replace(op, reuse_factor=1)
    assert turns_of(op).tolist() == [[0, -1], [-1, 0], [0, 0]]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_model_files_keep_the_strategy(strategy: str, tmp_path: Path) -> None:
    graph, _ = draw_layer(11, strategy)
    save_graph(graph, tmp_path / "model.isobit")
    assert load_graph(tmp_path / "model.isobit") == graph


def test_plan_of_turns_and_its_witnesses() -> None:
    graph = next(
        graph
        for graph, _ in (draw_layer(seed, "compressed", 6, 4) for seed in range(60))
        if graph_bounds(graph).ops["fc"].accum_overflow.any() and dense_of(graph).accum.overflow.name.startswith("SAT")
    )
    plan = ib.Model(graph).plan(witnesses=True)
    assert not plan["fc.accum"].safe
    assert plan.lanes == {"fc": "wide"}
    assert "an order that the neurons do not share" in str(plan)
    assert plan["fc.accum"].witnesses == ()  # none is searched for sums of turns


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["resource_unrolled", "compressed"])
def test_weights_whose_zero_is_none_are_refused(strategy: str) -> None:
    graph, _ = draw_layer(2, "resource", 4, 3)
    op = replace(dense_of(graph), reuse_factor=2)
    bits = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]])
    xnor = Weight.from_written("weight", bits, ib.FixedType.int_type(1, signed=False), encoding=Encoding.XNOR)
    with pytest.raises(UnsupportedError, match=r"xnor weights of layer 'fc'.*'resource'"):
        replace(op, weight=xnor, strategy=strategy)
    other = replace(op.weight, raw=op.weight.raw * 0 + 1, written=op.weight.written * 0)
    with pytest.raises(UnsupportedError, match="not zero where the values that hls4ml writes are"):
        replace(op, weight=other, strategy=strategy)
    power = Weight.from_written("weight", 2.0 ** (bits + 1), ib.FixedType.int_type(4), encoding=Encoding.EXPONENT)
    if strategy == "compressed":
        with pytest.raises(UnsupportedError, match="exponent weights"):
            replace(op, weight=power, strategy=strategy)
        with pytest.raises(UnsupportedError, match="no weight but zeros"):
            replace(op, weight=replace(op.weight, raw=bits * 0, written=bits * 0.0), strategy=strategy)
    else:
        assert replace(op, weight=power, strategy=strategy).kernel == "resource_unrolled"


@pytest.mark.hls4ml
def test_hls4ml_itself_cannot_write_compressed_weights(keras: Any, tmp_path: Path) -> None:
    """docs/semantics.md says so; when this fails, hls4ml has learned it, and the mended road can go."""
    with pytest.raises(KeyError, match="dense_function"):
        strategy_graph(keras, tmp_path, "Vitis", "compressed", (1, 1, 1, 1, 1))


@pytest.mark.hls4ml
def test_weights_padded_for_another_reuse_factor_are_refused(keras: Any, tmp_path: Path) -> None:
    with compressed_mended():
        graph = strategy_graph(keras, tmp_path, "Vitis", "compressed", (5, 12, 2, 4, 18))  # 5 becomes 4
    with pytest.raises(UnsupportedError, match=r"'fc0' stores \d+ compressed weights, expected \d+ .*factor 4"):
        ib.load(graph)


@pytest.mark.hls4ml
def test_distributed_arithmetic_without_an_adder_tree_is_refused(keras: Any, tmp_path: Path) -> None:
    config = {"fc0": "distributed_arithmetic"}
    graph = strategy_graph(keras, tmp_path, "Vitis", "latency", (1, 1, 1, 1, 1))
    for name, strategy in config.items():
        graph.graph[name].set_attr("strategy", strategy)
    with pytest.raises(UnsupportedError, match="hls4ml has solved no adder tree for layer 'fc0'"):
        ib.load(graph)


# -- against hls4ml -----------------------------------------------------------------------------------------------


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", PROJECTS)
def test_every_layer_is_bit_equal_to_hls4mls_simulation(name: str, keras: Any, tmp_path: Path) -> None:
    backend, strategy, factors = PROJECTS[name]
    x = np.random.default_rng(1).normal(0, 4, (400, 12))
    with compressed_mended():
        model = ib.load(strategy_graph(keras, tmp_path, backend, strategy, factors))
        simulated = ib.csim(model, optimisation="0")
    layers = [op for op in model.graph.ops if isinstance(op, Dense)]
    assert [(op.strategy, op.reuse_factor) for op in layers] == [(strategy, factor) for factor in factors]
    report = ib.check(model, x, [simulated, "cpp", "cpp-strict", "reference"], reference_events=150)
    assert report.ok, report
    # The suite bites: adding in another order is seen.
    others = tuple(replace(op, strategy="latency") for op in layers)
    bits = model.trace(x)
    latency = ib.Model(replace(model.graph, ops=others)).trace(x)
    assert sum(not np.array_equal(bits[op.name].raw, latency[op.name].raw) for op in layers) >= 3
    assert {count.layer for count in model.profile(x) if count.slot == "accum"} >= {"fc0", "fc1", "fc2"}


@pytest.mark.hls4ml
@pytest.mark.parametrize("strategy", ["resource_unrolled", "compressed"])
def test_other_types_leave_out_the_same_weights(strategy: str, keras: Any, tmp_path: Path) -> None:
    """As hls4ml, converting under those types, does."""
    import hls4ml

    factors = (3, 12, 2, 4, 3)
    with compressed_mended():
        model = ib.load(strategy_graph(keras, tmp_path / "a", "Vitis", strategy, factors))
        config = strategy_config(keras, "Vitis", strategy, factors)
        for name in ("fc0", "fc3"):
            config["LayerName"][name]["Precision"]["weight"] = "ap_fixed<4,3>"
        graph = hls4ml.converters.convert_from_keras_model(
            keras, hls_config=config, output_dir=str(tmp_path / "b"), backend="Vitis", io_type="io_parallel"
        )
        wanted = ib.load(graph)
    changed = model.with_types({"fc0.weight": "ap_fixed<4,3>", "fc3.weight": "ap_fixed<4,3>"})
    for mine, other in zip(changed.graph.ops, wanted.graph.ops, strict=True):
        assert mine == other
    op = changed.graph.by_name["fc0"]
    assert isinstance(op, Dense)
    assert (op.weight.raw[kept_weights(op)] == 0).any()  # kept, though they are zero now
