"""Recurrent layers as data and from hls4ml: every engine against the reference, initial states, what is refused."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_networks import a_format

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import ConfigurationWarning, FirmwareError, FormatError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.frontends.keras import convert
from isobit.model import Bidirectional, Graph, Recurrent, Tensor, Weight
from isobit.model.file import load_graph, save_graph
from isobit.model.tables import function_table

NUMBER = FixedType.parse("ap_fixed<16,6>")
GATES = {"lstm": 4, "gru": 3}


def a_cell(
    rng: np.random.Generator, cell: str, n_in: int, n_state: int, kinds: Callable[[], FixedType], prefix: str = ""
) -> dict[str, Any]:
    """Weights, activations and tables of a layer, or of one direction."""
    wide, entries, kind = GATES[cell] * n_state, int(rng.choice([16, 100, 1024])), kinds()
    functions = [str(name) for name in rng.choice(["relu", "sigmoid", "tanh"], 2)]
    tables = [None if name == "relu" else function_table("table", name, entries, kind) for name in functions]
    sizes = {"weight": (n_in, wide), "recurrent_weight": (n_state, wide), "bias": wide, "recurrent_bias": wide}
    weights = {
        slot: Weight.from_written(f"{prefix}{slot}", rng.normal(0.0, 0.8, size), kinds())
        for slot, size in sizes.items()
    }
    found = {
        **weights,
        "activation": functions[0],
        "recurrent_activation": functions[1],
        "table": tables[0],
        "recurrent_table": tables[1],
    }
    return {f"{prefix}{slot}": part for slot, part in found.items()} | {f"{prefix}cell": cell}


def draw(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """LSTM, GRU and a pair of them side by side, one LSTM with initial states, and raw inputs."""
    rng = np.random.default_rng([seed, 29])

    def kinds() -> FixedType:
        while (found := a_format(rng)).is_int:
            pass
        return found

    steps, n_in, n_state = (int(n) for n in rng.integers(1, 5, 3))
    same = kinds()
    inputs = [Tensor("x", (steps, n_in), same), Tensor("h", (n_state,), same), Tensor("s", (n_state,), same)]

    def an_output(name: str, states: int, sequences: bool, kind: FixedType) -> Tensor:
        return Tensor(name, (steps, states) if sequences else (states,), kind)

    lstm, gru, pair = (bool(rng.random() < 0.5) for _ in range(3))
    ops = (
        Recurrent(
            "lstm",
            ("x", "h", "s"),
            an_output("lstm", n_state, lstm, same),
            **a_cell(rng, "lstm", n_in, n_state, kinds),
            accum=same,
            sequences=lstm,
        ),
        Recurrent(
            "gru",
            ("x",),
            an_output("gru", n_state, gru, kinds()),
            **a_cell(rng, "gru", n_in, n_state, kinds),
            accum=kinds(),
            sequences=gru,
            pytorch=bool(rng.random() < 0.5),
        ),
        Bidirectional(
            "pair",
            ("x",),
            an_output("pair", n_state + 2, pair, kinds()),
            **a_cell(rng, "gru", n_in, n_state, kinds, "forward_"),
            **a_cell(rng, "lstm", n_in, 2, kinds, "backward_"),
            accum=kinds(),
            sequences=pair,
        ),
    )
    values = {}
    for tensor in inputs:
        raw = rng.integers(tensor.type.raw_min, tensor.type.raw_max + 1, (60, tensor.size))
        values[tensor.name] = FixedArray.from_raw(np.where(rng.random(raw.shape) < 0.5, raw // 8, raw), tensor.type)
    return Graph("recurrent", tuple(inputs), ops, tuple(op.name for op in ops)), values


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", range(6))
def test_every_road_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = draw(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads = {name: CppEngine(name) for name in instruction_sets()} | {"numba": get_engine("numba")}
    found = {"cpp-strict": get_engine("cpp-strict").run(graph, inputs, 1)}
    for name, road in roads.items():
        found |= {name: road.run(graph, inputs, 1), f"{name} joined": road.run_outputs(graph, inputs, 2)}
    for name, values in found.items():
        for op in graph.ops:
            np.testing.assert_array_equal(values[op.name].raw, wanted[op.name].raw, err_msg=f"{name}: {op.name}")


def test_model_file_and_changed_formats(tmp_path: Path) -> None:
    graph, inputs = draw(1)
    save_graph(graph, path := tmp_path / "r.isobit")
    assert load_graph(path) == graph
    slots = ("gru.accum", "gru.recurrent_weight", "pair.forward_bias", "pair.accum", "pair.result")
    other = graph.with_types(dict.fromkeys(slots, "ap_fixed<9,3,AP_RND_CONV,AP_SAT>") | {"gru.table": "ap_fixed<6,2>"})
    assert str(other.types()["gru.table"]) == "ap_fixed<6,2>"
    wanted = get_engine("reference").run(other, inputs, 1)
    for name in ("cpp", "numba", "cpp-strict"):
        found = get_engine(name).run(other, inputs, 1)
        for op in other.ops:
            np.testing.assert_array_equal(found[op.name].raw, wanted[op.name].raw, err_msg=f"{name}: {op.name}")
    with pytest.raises(FormatError, match=r"LSTM 'lstm' takes numbers of .* where all three are the same"):
        graph.with_types({"lstm.accum": "ap_fixed<9,3>"})


def test_a_product_beyond_any_format_is_computed() -> None:
    """A GRU by hand: one step, relu everywhere, z = 1/2, r = 1, candidate 3, from the state 2."""
    wide = {"weight": [[0.5, 1.0, 3.0]], "recurrent_weight": [[0.0, 0.0, 0.0]], "bias": [0.0] * 3}
    parts = {slot: Weight.from_written(slot, np.array(value), NUMBER) for slot, value in wide.items()}
    op = Recurrent(
        "gru",
        ("x", "h"),
        Tensor("gru", (1,), NUMBER),
        cell="gru",
        **parts,
        recurrent_bias=Weight.from_written("recurrent_bias", np.zeros(3), NUMBER),
        accum=NUMBER,
        activation="relu",
        recurrent_activation="relu",
    )
    model = ib.Model(Graph("g", (Tensor("x", (1, 1), NUMBER), Tensor("h", (1,), NUMBER)), (op,), ("gru",)))
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        assert model.predict([np.ones((1, 1, 1)), 2 * np.ones((1, 1))], engine=engine).tolist() == [[2.5]]


def _with(**changes: Any) -> Callable[[Graph], Any]:
    return lambda graph: replace(graph.by_name["gru"], **changes)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (_with(cell="rnn"), UnsupportedError, "cell 'rnn' is not supported; supported: lstm, gru"),
        (_with(activation="selu"), UnsupportedError, "activation 'selu' is not supported; supported: relu, sigmoid"),
        (_with(activation="relu", table=function_table("table", "tanh", 8, NUMBER)), ShapeError, "needs no table"),
        (_with(activation="tanh", table=None), ShapeError, "'tanh' needs a table"),
        (_with(strategy="compressed"), UnsupportedError, "strategy 'compressed' is not supported; supported: latency"),
        (_with(strategy="resource", reuse_factor=999), UnsupportedError, r"reuse factor 999 of layer 'weight' \("),
        (_with(cell="lstm"), ShapeError, r"expected \(n_in, 4 \* n_state\)"),
        (_with(bias=Weight.from_written("bias", np.zeros(2), NUMBER)), ShapeError, "biases have the shapes"),
        (_with(inputs=("x", "h", "s")), ShapeError, "reads 2 states; a cell 'gru' has 1"),
        (_with(output=Tensor("gru", (9,), NUMBER)), ShapeError, r"gives the shape \(9,\)"),
        (_with(inputs=("h",)), ShapeError, "numbers, expected"),
        (_with(inputs=("x", "h")), FormatError, "of the result's format"),
    ],
)
def test_what_does_not_fit_is_refused(change: Callable[[Graph], Any], error: type[Exception], words: str) -> None:
    graph = next(g for g, _ in map(draw, range(20)) if not g.by_name["gru"].sequences and g.inputs[0].size > 9)
    with pytest.raises(error, match=words):
        Graph("g", graph.inputs, (change(graph),), ("gru",))


def test_integers_that_the_headers_leave_undefined() -> None:
    graph, _ = draw(0)
    op = graph.by_name["gru"]
    halves = op.bias.with_type(FixedType.parse("ap_fixed<8,-1>"))
    op = replace(op, accum=FixedType.parse("ap_int<8>"), bias=halves)
    with pytest.raises(UnsupportedError, match=r"assigns its .* do not define for negative integer bits"):
        Graph("g", graph.inputs, (op,), ("gru",))


# -- from hls4ml ------------------------------------------------------------------------------------------------------


def a_graph(kind: str, folder: Path, states: bool, weight: str = "ap_fixed<16,6>") -> Any:
    """What hls4ml makes of PyTorch's layer, whose converter gives such lists."""
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    rng, steps, n_in, n = np.random.default_rng(3), 3, 2, 3
    wide = GATES[kind.lower()] * n
    names = ["x", *["h0", "c0"][: (2 if kind == "LSTM" else 1) * states]]
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "name": name, "input_shape": [steps, n_in] if name == "x" else [n]}
        for name in names
    ]
    sizes = {"weight": (n_in, wide), "recurrent_weight": (n, wide), "bias": wide, "recurrent_bias": wide}
    layers.append(
        {
            "class_name": kind,
            "name": "rnn",
            "inputs": names,
            "outputs": ["rnn"],
            "pytorch": True,
            "return_sequences": False,
            "return_state": False,
            "time_major": False,
            "pass_initial_states": states,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "apply_reset_gate": "after",
            "n_timesteps": steps,
            "n_in": n_in,
            "n_out": n,
            **{f"{slot}_data": rng.normal(0.0, 0.6, size) for slot, size in sizes.items()},
        }
    )
    config = create_config(output_dir=str(folder), project_name="p", backend="Vitis", part="xcvu9p-flga2104-2L-e")
    precision = {"default": "ap_fixed<16,6>"}
    config["HLSConfig"] = {
        "Model": {"Precision": precision, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {"rnn": {"Precision": {"weight": weight}}},
    }
    config["IOType"] = "io_parallel"
    with contextlib.redirect_stdout(io.StringIO()):
        return ModelGraph.from_layer_list(config, layers, names, ["rnn"])


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_gates_and_initial_states_of_pytorch(kind: str, states: bool, tmp_path: Path) -> None:
    graph = a_graph(kind, tmp_path, states)
    model, rng = ib.load(graph), np.random.default_rng(5)
    x = [rng.normal(0.0, 2.0, (200, *tensor.shape)) for tensor in model.graph.inputs]
    given = x if states else x[0]
    wanted = ib.csim(graph, optimisation="0").predict(given)
    assert len(set(wanted.ravel().tolist())) > 200
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(model.predict(given, engine=engine), wanted, err_msg=engine)


@pytest.mark.hls4ml
def test_initial_states_need_one_format_for_both_matrices(tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match=r"a weight of .* and a recurrent_weight of .* compiles only where both"):
        ib.load(a_graph("GRU", tmp_path, True, "ap_fixed<12,4>"))


@pytest.mark.hls4ml
@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda k, x: k.GRU(2, reset_after=False, name="r")(x), r"'r' applies its reset gate before the product"),
        (lambda k, x: k.LSTM(2, recurrent_activation="hard_sigmoid", name="r")(x), "'hard_sigmoid', with which"),
        (lambda k, x: k.SimpleRNN(2, name="r")(x), r"writes no code for layer 'r' \(SimpleRNN\)"),
        (lambda k, x: k.Bidirectional(k.GRU(2), merge_mode="sum", name="r")(x), "into 2 numbers; .* writes all 4"),
        (
            lambda k, x: k.GRU(2, name="r")(x, initial_state=k.Dense(2, name="d")(k.Flatten()(x))),
            "'r' is given initial states, which hls4ml's firmware ignores",
        ),
    ],
)
def test_what_hls4ml_gets_wrong_is_refused_by_name(build: Any, words: str) -> None:
    from tensorflow.keras import Input, Model, layers

    x = Input((4, 3), name="x")
    with pytest.raises(FirmwareError, match=words):
        ib.load(convert(Model(x, build(layers, x))))


@pytest.mark.hls4ml
def test_steps_backwards_are_reported() -> None:
    from tensorflow.keras import Input, Model, layers

    x = Input((4, 3), name="x")
    with pytest.warns(ConfigurationWarning, match=r"r\.go_backwards = True: no effect: hls4ml ignores it"):
        model = ib.load(Model(x, layers.GRU(2, go_backwards=True, name="r")(x)))
    assert [remark.key for remark in model.remarks] == ["r.go_backwards"]


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("weights", ["quantized_bits(6,0,alpha=1)", "ternary(alpha=1)"])
def test_quantised_cells(weights: str) -> None:
    """A QLSTM; QKeras' QGRU does not run with this Keras."""
    import qkeras
    from tensorflow.keras import Input, Model

    rng, x = np.random.default_rng(5), Input((4, 3), name="x")
    quantisers = {f"{part}_quantizer": weights for part in ("kernel", "recurrent")}
    layer = qkeras.QLSTM(
        3,
        **quantisers,
        bias_quantizer="quantized_bits(6,1,alpha=1)",
        state_quantizer="quantized_bits(8,2,alpha=1)",
        activation="tanh",
        recurrent_activation="sigmoid",
        name="r",
    )
    network = Model(x, layer(x))
    layer.set_weights([rng.normal(0.0, 0.8, weight.shape) for weight in layer.get_weights()])
    names = {"x": ("result",), "r": ("result", "accum")}
    config = {
        "Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1},
        "LayerName": {name: {"Precision": dict.fromkeys(slots, "ap_fixed<8,3>")} for name, slots in names.items()},
    }
    model = ib.load(network, hls_config=config)
    events = rng.normal(0.0, 2.0, (200, 4, 3))
    wanted = model.csim(optimisation="0").predict(events)
    assert len(set(wanted.ravel().tolist())) > 30
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(model.predict(events, engine=engine), wanted, err_msg=engine)
