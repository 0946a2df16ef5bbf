"""Embeddings as data: every engine against the reference, and the ranges of inputs that keep indices inside."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from family_networks import a_format
from test_family_frontend import STREAM, converted

import isobit as ib
from isobit._core import instruction_sets
from isobit.commands import _COMMANDS, cli
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import FirmwareError, RangeError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import Embedding, Graph, Tensor, Weight
from isobit.model.file import load_graph, save_graph

KIND = FixedType.parse


def a_graph(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Rows by integers, and by numbers with a fraction, which read parts of two rows."""
    rng = np.random.default_rng([seed, 31])
    vocabulary, n_out, positions = (int(n) for n in rng.integers(1, 9, 3))
    kind = FixedType(int(rng.integers(6, 20)), int(rng.integers(5, 8)), bool(rng.random() < 0.7))
    kind = KIND("ap_int<6>") if rng.random() < 0.3 else kind
    x = Tensor("x", (positions,), kind, limits=(0.0, vocabulary - 1.0))
    table = Weight.from_written("embeddings", rng.normal(0.0, 2.0, (vocabulary, n_out)), a_format(rng))
    op = Embedding("rows", ("x",), Tensor("rows", (positions, n_out), a_format(rng)), table)
    least, most = x.raw_range
    raw = rng.integers(least, most + 1, (80, positions))
    return Graph("rows", (x,), (op,), ("rows",)), {"x": FixedArray.from_raw(raw, kind)}


@pytest.mark.parametrize("seed", range(16))
def test_every_engine_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = a_graph(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)["rows"].raw
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    assert np.array_equal(get_engine("cpp-strict").run(graph, inputs, 2)["rows"].raw, wanted)
    for name, road in roads:
        assert np.array_equal(road.run(graph, inputs, 1)["rows"].raw, wanted), name
        assert np.array_equal(road.run_outputs(graph, inputs, 2)["rows"].raw, wanted), name


def a_model(kind: str = "ap_fixed<10,6>", **options: Any) -> ib.Model:
    def network(k: Any, x: Any) -> Any:
        return k.Embedding(5, 2, name="rows")(x)

    return ib.load(converted(network, (3,), in0=kind), **options)


@pytest.mark.hls4ml
def test_an_index_beyond_the_table_is_refused_at_load() -> None:
    message = (
        r"'rows' reads rows by 'in0', whose numbers go from -32 to 31\.9375 \(ap_fixed<10,6>\); it has the rows 0 to 4"
        r".*memory beyond them.*input_ranges=\{'in0': \(0, 4\)\}"
    )
    with pytest.raises(UnsupportedError, match=message):
        a_model()
    with pytest.raises(UnsupportedError, match=r"from 0 to 5 \(ap_fixed<10,6>\); it has the rows 0 to 4"):
        a_model(input_ranges={"in0": (0, 5)})
    # 4.4375 reads half of what lies beyond the last row, 4.25 * 2 is cut to 8
    with pytest.raises(UnsupportedError, match=r"from 0 to 4\.5"):
        a_model(input_ranges={"in0": (0, 4.5)})
    assert a_model(input_ranges={"in0": (0, 4.4375)}).graph.inputs[0].raw_range == (0, 71)
    assert a_model("ap_uint<2>").graph.inputs[0].limits is None


@pytest.mark.hls4ml
def test_data_beyond_a_range_are_an_error_everywhere(tmp_path: Path) -> None:
    model = a_model(input_ranges={"in0": (0, 4)})
    assert "in0: input (3,) ap_fixed<10,6> from 0 to 4" in repr(model)
    assert str(model.plan()).startswith("exact for every input that the input ranges allow")
    good = np.random.default_rng(0).uniform(0.0, 4.0, (50, 3))
    bad = good.copy()
    bad[7, 1], bad[9, 0] = 4.125, -1.0
    words = (
        r"input 'in0' is 4\.125 in event 7, element 1; its range is 0 to 4 \(input_ranges\); 2 of 50 events leave it"
    )
    loaded = [model, ib.load(model.reconvert({"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}}))]
    model.save(tmp_path / "m.isobit")
    loaded.append(ib.load(tmp_path / "m.isobit"))
    for one in loaded:
        for data in (bad, bad.astype(np.float32), FixedArray.from_float(bad, "ap_fixed<12,6>")):
            for call in (one.predict, one.predict_raw, one.trace, one.profile, one.plan):
                with pytest.raises(RangeError, match=words):
                    call(data)
        for engine in ("cpp", "numba", "cpp-strict", "reference"):
            with pytest.raises(RangeError, match=words):
                one.predict(bad, engine=engine)
            assert one.predict(good, engine=engine).shape == (50, 3, 2)
    with pytest.raises(RangeError, match=words):
        ib.check(model, bad, against=("cpp",))
    # -1/64 is cut to -1/16 by TRN, which is outside; 4 + 1/64 is cut to 4
    with pytest.raises(RangeError, match=r"is -0\.0625 in event 0, element 0"):
        model.predict(np.full((2, 3), -1 / 64))
    assert np.array_equal(model.predict(np.full((2, 3), 4 + 1 / 64)), model.predict(np.full((2, 3), 4.0)))


def test_ranges_of_a_file_and_of_other_formats(tmp_path: Path) -> None:
    graph, inputs = a_graph(2)
    save_graph(graph, tmp_path / "m.isobit")
    assert load_graph(tmp_path / "m.isobit") == graph
    other = graph.with_types({"x.result": "ap_fixed<22,10>", "rows.result": "ap_fixed<9,3,AP_RND,AP_SAT>"})
    assert other.inputs[0].limits == graph.inputs[0].limits
    again = FixedArray.from_float(inputs["x"].to_float(), "ap_fixed<22,10>")
    wanted = get_engine("reference").run(other, {"x": again}, 1)["rows"].raw
    assert np.array_equal(get_engine("cpp").run(other, {"x": again}, 1)["rows"].raw, wanted)
    narrower = ib.load(tmp_path / "m.isobit", input_ranges={"x": (0, 0)})
    assert narrower.graph.inputs[0].raw_range == (0, 0)


@pytest.mark.parametrize(
    ("ranges", "error", "words"),
    [
        ({"y": (0, 1)}, TypeMismatchError, "input_ranges has 'y', which is no input; inputs: x"),
        ({"x": 4}, TypeMismatchError, r"the range of input 'x' is 4; expected \(smallest, largest\)"),
        ({"x": (1, 0)}, RangeError, "no number of .* lies in the range 1 to 0 of 'x'"),
        ({"x": (0, float("inf"))}, RangeError, "in the range 0 to inf"),
        ({"x": (-9000, -8999)}, RangeError, "in the range -9000 to -8999"),
    ],
)
def test_ranges_that_are_none(ranges: Any, error: type[Exception], words: str, tmp_path: Path) -> None:
    save_graph(a_graph(2)[0], tmp_path / "m.isobit")
    with pytest.raises(error, match=words):
        ib.load(tmp_path / "m.isobit", input_ranges=ranges)


def refusal(arguments: list[str]) -> str:
    """What a command says against its arguments, with exit status 2."""
    with pytest.raises((click.ClickException, RangeError, TypeMismatchError)) as told:
        cli(arguments, standalone_mode=False)
    return str(getattr(told.value, "message", told.value))


def test_commands_are_told_the_range_of_an_input(tmp_path: Path) -> None:
    graph, inputs = a_graph(6)
    file, data, out = (str(tmp_path / name) for name in ("m.isobit", "x.npy", "y.npy"))
    save_graph(graph, Path(file))
    np.save(data, inputs["x"].to_float())
    largest = float(inputs["x"].to_float().max())
    command = ["predict", file, data, "--out", out, "--input-range"]
    assert largest > 1
    assert f"its range is 0 to 1 (input_ranges); {np.count_nonzero(inputs['x'].to_float().max(axis=1) > 1)} of 80" in (
        refusal([*command, "x=0:1"])
    )
    assert "input_ranges has 'y', which is no input; inputs: x" in refusal([*command, "y=0:1"])
    assert "two ranges for 'x'" in refusal([*command, "x=0:1", "--input-range", "x=0:2"])
    for text in ("x", "x=1", "0:1", "x=0:1:2", "x=low:1", "x=nan:1", "=0:1"):
        assert f"must be NAME=LOW:HIGH, such as x=0:8, got {text!r}" in refusal([*command, text])
    cli([*command, f"x=0:{largest}"], standalone_mode=False)
    assert np.array_equal(np.load(out), ib.load(file).predict(inputs["x"].to_float()))


@pytest.mark.parametrize(
    "name", [name for name in _COMMANDS if name not in ("csim", "demo", "hls", "study", "sweep", "train")]
)
def test_every_command_that_loads_a_network_has_the_option(name: str) -> None:
    command = importlib.import_module(f"isobit.commands.{name}").command
    assert "--input-range" in [option for parameter in command.params for option in parameter.opts]


@pytest.mark.hls4ml
def test_a_keras_file_with_a_range(tmp_path: Path) -> None:
    from tensorflow import keras

    k = keras.layers
    file, out = str(tmp_path / "m.h5"), tmp_path / "m.isobit"
    x = k.Input((3,), name="words")
    keras.Model(x, k.Embedding(5, 2, name="rows")(x)).save(file)
    command = ["convert", file, "--out", str(out), "--no-project"]
    with pytest.raises(UnsupportedError, match=r"or a command --input-range words=0:4"):
        cli(command, standalone_mode=False)
    cli([*command, "--input-range", "words=0:4"], standalone_mode=False)
    assert load_graph(out).inputs[0].limits == (0.0, 4.0)


@pytest.mark.hls4ml
def test_indices_that_hls4ml_leaves_out_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"'rows' reads indices of shape \(3, 2\); hls4ml's kernel"):
        ib.load(converted(lambda k, x: k.Embedding(4, 2, name="rows")(x), (3, 2), in0="ap_uint<2>"))
    with pytest.raises(FirmwareError, match="'rows' reads one packet of 2 indices of 6"):
        ib.load(
            converted(lambda k, x: k.Embedding(4, 2, name="rows")(k.Flatten()(x)), (3, 2), in0="ap_uint<2>", **STREAM)
        )


def test_sizes_that_do_not_fit() -> None:
    kind = KIND("ap_uint<2>")
    table = Weight.from_written("embeddings", np.zeros((4, 3)), KIND("ap_fixed<8,4>"))
    with pytest.raises(ShapeError, match="'rows' has 5 outputs, expected 6"):
        Graph(
            "g", (Tensor("x", (2,), kind),), (Embedding("rows", ("x",), Tensor("rows", (5,), kind), table),), ("rows",)
        )
    flat = Weight.from_written("embeddings", np.zeros(4), KIND("ap_fixed<8,4>"))
    with pytest.raises(ShapeError, match=r"table of layer 'rows' has shape \(4,\), expected \(vocabulary, n_out\)"):
        Embedding("rows", ("x",), Tensor("rows", (6,), kind), flat)
