"""One loader behind every command: the same files, the same options, the same events."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streaming_files import COLUMNS, INPUTS, events, one_input, two_inputs, write

import isobit as ib
from isobit.check import blocks
from isobit.commands import cli, run
from isobit.errors import DataFileError
from isobit.streaming import predict_file
from isobit.streaming.inputs import Inputs
from isobit.streaming.readers import hdf5
from isobit.streaming.readers.drawn import drawn_events

COMMANDS = ("check", "csim", "export", "plan", "predict", "profile", "trace")


@pytest.fixture
def models(folder: Path) -> Path:
    one_input().save("m.isobit")
    two_inputs().save("two.isobit")
    return folder


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments]) == 2
    return capsys.readouterr().err


def test_the_same_options_everywhere() -> None:
    """Every command that takes events takes files of each kind, and selects from them in the same way."""
    context = cli.make_context("isobit", ["check"], resilient_parsing=True)
    seen = {}
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        options = {option: p for p in command.params for option in p.opts}
        if "--data" in options:
            seen[name] = [
                (options[option].multiple, getattr(options[option], "help", "").split(":")[-1])  # type: ignore[attr-defined]
                for option in ("--data", "--columns", "--dataset", "--tree")
            ]
    assert set(seen) >= set(COMMANDS)
    assert all(found == seen["predict"] for found in seen.values()), seen


@pytest.mark.parametrize("suffix", INPUTS)
def test_each_format_in_each_command(suffix: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = events()
    data = ["--data", f"x.{suffix}"]
    facts = answer(capsys, "check", "m.isobit", *data, "--against", "cpp-strict", "--json")
    assert (facts["ok"], facts["events"]) == (True, 1000)
    expected = one_input().profile(x)
    facts = answer(capsys, "profile", "m.isobit", *data, "--json")
    assert [layer["low"] for layer in facts["layers"]] == [layer.low.tolist() for layer in expected.layers]
    answer(capsys, "trace", "m.isobit", *data, "--out", "layers.npz", "--json")
    with np.load("layers.npz") as layers:
        assert np.array_equal(layers["fc"], one_input().trace(x)["fc"].raw)
    assert answer(capsys, "plan", "m.isobit", *data, "--json")["measured"]
    answer(capsys, "predict", "m.isobit", *data, "--out", "y.npy", "--json")
    assert np.array_equal(np.load("y.npy"), one_input().predict(x))


def test_columns_and_trees(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = events()
    pq.write_table(pa.table({"run": np.arange(1000), **dict(zip(COLUMNS, x.T, strict=True))}), "wide.parquet")
    for data in (
        ["--data", "wide.parquet", "--columns", "pt,eta,phi"],
        ["--data", "x.root", "--tree", "events", "--columns", "pt, eta, phi"],
        ["--data", "x.h5", "--dataset", "events"],
        ["--data", "x.npz", "--dataset", "events"],
        ["--data", "x=x.npy"],
    ):
        facts = answer(capsys, "profile", "m.isobit", *data, "--json")
        assert facts["layers"][0]["low"] == one_input().profile(x).layers[0].low.tolist()
    facts = answer(capsys, "profile", "m.isobit", "--data", "x.npy", "--data", "x.root", "--json")
    assert facts["events"] == 2000


def test_several_inputs(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, z = events(), events(columns=2, seed=8)
    np.savez("both.npz", x=x, z=z, run=np.arange(1000))
    with h5py.File("both.h5", "w") as file:
        file["x"], file["z"], file["run"] = x, z, np.arange(1000)
    pq.write_table(
        pa.table({"x": x.tolist(), "z": z.tolist(), **dict(zip("abc", x.T, strict=True)), "run": np.arange(1000)}),
        "both.parquet",
    )
    expected = two_inputs().predict({"z": z, "x": x})
    for data in (["both.npz"], ["both.h5"], ["both.parquet"], ["x=x.npy", "z=both.h5"], ["x=x.root", "z=both.npz"]):
        given = [word for file in data for word in ("--data", file)]
        facts = answer(capsys, "check", "two.isobit", *given, "--against", "cpp-strict", "--json")
        assert (facts["ok"], facts["events"]) == (True, 1000)
        answer(capsys, "predict", "two.isobit", *given, "--out", "y.h5", "--overwrite", "--json")
        with h5py.File("y.h5") as file:
            assert np.array_equal(file["y"], expected[0])
            assert np.array_equal(file["score"], expected[1])


def test_one_array_is_not_taken_for_two_inputs(models: Path) -> None:
    """Even where its shape would fit both."""
    graph = two_inputs().graph
    small = replace(graph.inputs[0], name="z")
    fc = replace(one_input().graph.ops[0], name="fc2", inputs=("z",), output=replace(graph.ops[0].output, name="w"))
    alike = ib.Model(replace(graph, inputs=(graph.inputs[0], small), ops=(graph.ops[0], fc), outputs=("y", "w")))
    for suffix, told in (
        ("npy", r"x.npy holds one array and the model has other inputs than 'x'; name the file of each input"),
        ("npz", r"x.npz holds 1 array \(events\), none with the input's name 'x'; name one"),
        ("h5", r"x.h5 holds 1 dataset \(events\), none with the input's name 'x'"),
        ("parquet", r"x.parquet has no column with the input's name 'x'.*--columns x=A,B"),
        ("root", r"x.root:events has no branch with the input's name 'x'"),
    ):
        with pytest.raises(DataFileError, match=told):
            predict_file(alike, f"x.{suffix}", "y.h5")
    same = predict_file(alike, {"x": "x.npy", "z": "x.npy"}, "y.h5")
    assert same.events == 1000


@pytest.mark.parametrize("suffix", ["npy", "npz", "h5"])
def test_a_single_event(suffix: str, models: Path) -> None:
    """An array of the shape of one event is one, as for predict."""
    one = events()[5]
    np.save("one.npy", one)
    np.savez("one.npz", one)
    with h5py.File("one.h5", "w") as file:
        file["x"] = one
    assert predict_file(one_input(), f"one.{suffix}", "y.npy").events == 1
    assert np.array_equal(np.load("y.npy"), one_input().predict(one)[None])


def test_blocks_change_nothing(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = events()
    monkeypatch.setattr(blocks, "BLOCK", 64)
    facts = answer(capsys, "profile", "m.isobit", "--data", "x.root", "--json")
    expected = one_input().profile(x)
    assert [count["total"] for count in facts["overflows"]] == [count.total.tolist() for count in expected]
    assert [layer["lossy"] for layer in facts["layers"]] == [layer.lossy.tolist() for layer in expected.layers]
    told = answer(capsys, "plan", "m.isobit", "--data", "x.root", "--json")["verdicts"]
    assert [verdict["bits"] for verdict in told] == [list(v.bits) for v in one_input().plan(x).verdicts]


def test_random_events_are_drawn_as_they_are_read() -> None:
    """Each number is the same however it is read, and whatever is drawn beside it."""
    tensors = two_inputs().graph.inputs
    whole = Inputs(tensors, drawn_events(tensors, 40_000, 5))
    a, b = whole.read(0, 40_000)
    assert (a.shape, b.shape) == ((40_000, 3), (40_000, 2))
    for start, stop in ((0, 1), (16_383, 16_385), (16_384, 32_768), (39_999, 40_000), (7, 33_000)):
        parts = Inputs(tensors, drawn_events(tensors, 40_000, 5)).read(start, stop)
        assert np.array_equal(parts[0], a[start:stop])
        assert np.array_equal(parts[1], b[start:stop])
    assert not np.array_equal(a[:16_384], a[16_384:32_768])
    assert not np.array_equal(a, Inputs(tensors, drawn_events(tensors, 40_000, 6)).read(0, 40_000)[0])
    wide = a[16_384 : 16_384 + 8192]
    assert wide.min() < float(tensors[0].type.min) * 0.99
    assert wide.max() > float(tensors[0].type.max) * 0.99


def test_columns_of_one_hdf5_file_share_its_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    original = hdf5.Hdf5File.__init__
    monkeypatch.setattr(hdf5.Hdf5File, "__init__", lambda self, path: (opened.append(path), original(self, path))[1])
    with h5py.File("d.h5", "w") as file:
        file["x"], file["run"], file["event"] = events(), np.arange(1000), np.arange(1000)
    assert predict_file(one_input(), "d.h5", "y.h5", keep=["run", "event"]).events == 1000
    assert opened == [Path("d.h5")]
    assert not hdf5._SharedFile._open


@pytest.mark.parametrize("command", COMMANDS)
def test_options_without_data(command: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needed = {"export": ["--out", "core"], "predict": ["--out", "y.npy"], "trace": ["--out", "t.npz"]}
    assert run([command, "m.isobit", "--columns", "pt", *needed.get(command, [])]) == 2
    told = capsys.readouterr().err
    assert "need --data" in told or "Missing" in told


@pytest.mark.full
@pytest.mark.parametrize("suffix", INPUTS)
def test_each_format_in_compiled_roads(suffix: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(models / f"few.{suffix}", events()[:50])
    few = ["--data", f"few.{suffix}", "--oracle", "reference"]
    facts = answer(capsys, "export", "m.isobit", *few, "--out", "core", "--json")
    assert facts["vectors"]["events"] >= 50
    answer(capsys, "csim", "core", "--data", f"x.{suffix}", "--headers", "isobit", "--out", "y.npy", "--json")
    assert np.array_equal(np.load("y.npy"), one_input().predict(events()))


@pytest.mark.parametrize("suffix", ["npy", "h5", "parquet", "root"])
def test_files_of_no_events(suffix: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(models / f"none.{suffix}", events()[:0])
    found = answer(capsys, "trace", "m.isobit", "--data", f"none.{suffix}", "--out", "layers.npz", "--json")
    assert [layer["shape"] for layer in found["layers"].values()] == [[0, 2]]
    told = refused(capsys, "profile", "m.isobit", "--data", f"none.{suffix}", "--json")
    assert "there is no event to profile" in told


def test_an_input_that_the_model_does_not_have(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "predict", "m.isobit", "eks=x.npy", "--out", "y.npy")
    assert "'eks=x.npy' is not a file, and the model has no input 'eks'; its inputs: " in told
    write(models / "eks=x.npy", events())
    answer(capsys, "predict", "m.isobit", "eks=x.npy", "--out", "y.npy", "--json")
