"""``isobit csim``: bits in files, facts as JSON, nothing overwritten unasked, 2 for bad input."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.commands import run
from isobit.commands.options import save_arrays
from isobit.csim import CSimProgram

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim, pytest.mark.xdist_group("csim-projects")]


@pytest.fixture
def conv(projects: Path, tmp_path: Path) -> tuple[list[str], Any]:
    """The command for the project 'conv', and what must come out."""
    with np.load(projects / "conv.npz") as facts:
        x, y = facts["x0"], facts["y0"]
    np.save(tmp_path / "x.npy", x)
    return ["csim", str(projects / "conv"), "--data", str(tmp_path / "x.npy"), "--optimisation", "0"], y


def test_outputs_trace_and_json(conv: Any, projects: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, y = conv
    out, trace = tmp_path / "y.npy", tmp_path / "t.npz"
    assert run([*command, "--out", str(out), "--trace", str(trace), "--json", "--threads", "2"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["events"], facts["headers"], facts["state"], facts["layers"]) == (60, "vendor", [], 4)
    assert facts["inputs"] == {"image": "ap_fixed<16,6>"}
    assert (facts["out"], facts["trace"]) == (str(out), str(trace))
    assert np.array_equal(np.load(out), y)
    layers = ib.csim(projects / "conv", optimisation="0").trace(np.load(tmp_path / "x.npy"))
    with np.load(trace) as stored:
        assert sorted(stored.files) == sorted([*layers, *(f"{name}.type" for name in layers)])
        for name, array in layers.items():
            assert np.array_equal(stored[name], array.raw)
            assert str(stored[f"{name}.type"]) == str(array.type)


def test_text_and_overwriting(conv: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, y = conv
    out = tmp_path / "y.npy"
    out.write_bytes(b"mine")
    assert run([*command, "--out", str(out)]) == 2
    assert "exists; choose another name" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert run([*command, "--out", str(out), "--overwrite"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("60 events simulated with vendor headers in ")
    assert f"outputs written to {out}" in text
    assert np.array_equal(np.load(out), y)


def test_several_inputs_and_outputs(projects: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(projects / "heads.npz") as facts:
        known = dict(facts)
    np.savez(tmp_path / "x.npz", first=known["x0"], second=known["x1"])
    command = ["csim", str(projects / "heads"), "--data", str(tmp_path / "x.npz"), "--optimisation", "0"]
    assert run([*command, "--out", str(tmp_path / "y.npy")]) == 2
    assert "2 outputs; --out must end in .npz" in capsys.readouterr().err
    assert run([*command, "--out", str(tmp_path / "y.npz")]) == 0
    names = [port.name for port in ib.csim(projects / "heads", optimisation="0").program.outputs]
    with np.load(tmp_path / "y.npz") as stored:
        assert np.array_equal(stored[names[0]], known["y0"])
        assert np.array_equal(stored[names[1]], known["y1"])
    np.savez(tmp_path / "x.npz", first=known["x0"])
    assert run(command) == 2
    assert "x.npz holds 1 array (first), none with the input's name 'second'" in capsys.readouterr().err
    assert run([*command[:3], str(tmp_path / "nix.npy"), *command[4:]]) == 2


@pytest.mark.parametrize(
    "change, told",
    [
        ({1: "NOWHERE"}, "does not exist"),
        ({3: "NOWHERE.npy"}, "NOWHERE.npy does not exist"),
        ({5: "nonsense"}, "could not compile the project"),
        ({5: "fast"}, "optimisation='fast' is not supported"),
        ({4: "--headers", 5: "amd"}, "'amd' is not one of 'vendor', 'isobit'"),
        ({4: "--config", 5: __file__}, "--config needs a Keras file"),
        ({2: "--nonsense"}, "No such option"),
    ],
)
def test_bad_input_is_2(conv: Any, change: dict[int, str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, _ = conv
    for index, value in change.items():
        command[index] = value
    assert run(command) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_one_run_gives_outputs_and_layers(conv: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, y = conv
    runs = []
    original = CSimProgram.run

    def counted(self: CSimProgram, *args: Any, **options: Any) -> Any:
        runs.append(options["trace"])
        return original(self, *args, **options)

    monkeypatch.setattr(CSimProgram, "run", counted)
    assert run([*command, "--out", str(tmp_path / "y.npz"), "--trace", str(tmp_path / "t.npz")]) == 0
    assert runs == [True]
    with np.load(tmp_path / "y.npz") as stored:  # a single output, by its name
        assert len(stored.files) == 1
        assert np.array_equal(stored[stored.files[0]], y)
        assert stored.files[0] != "arr_0"


def test_a_single_event_counts_as_one(conv: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, y = conv
    np.save(tmp_path / "x.npy", np.load(tmp_path / "x.npy")[4])
    assert run([*command, "--out", str(tmp_path / "y.npy"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 1
    assert np.array_equal(np.load(tmp_path / "y.npy"), y[4:5])


@pytest.mark.parametrize(
    "more, told",
    [
        (["--out", "X.npz", "--trace", "X.npz"], "name the same file"),
        (["--out", "X.txt"], "--out must end in .npy or .npz"),
        (["--trace", "X.npy"], "--trace must end in .npz"),
        (["--allow-lambda"], "--allow-lambda needs a Keras file"),
    ],
)
def test_targets_that_are_refused(
    conv: Any, tmp_path: Path, more: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(tmp_path.iterdir())
    assert run([*conv[0], *(word.replace("X", str(tmp_path / "y")) for word in more)]) == 2
    assert told in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == files


def test_an_untraced_folder_is_refused_before_it_runs(
    projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CSimProgram, "run", lambda *a, **o: pytest.fail("simulated"))
    np.savez(tmp_path / "x.npz", first=np.zeros((1, 4)), second=np.zeros((1, 3)))
    command = ["csim", str(projects / "heads"), "--data", str(tmp_path / "x.npz"), "--optimisation", "0"]
    assert run([*command, "--out", str(tmp_path / "y.npz"), "--trace", str(tmp_path / "t.npz")]) == 2
    assert "trace no layer" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.npz"]


def test_neither_file_is_written_without_the_other(conv: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with contextlib.suppress(OSError):
        run([*conv[0], "--out", str(tmp_path / "y.npy"), "--trace", str(tmp_path / "t.npz")])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.npy"]


def test_layers_may_have_any_name(tmp_path: Path) -> None:
    save_arrays(tmp_path / "t.npz", {"file": np.arange(3), "self": np.arange(2)})
    with np.load(tmp_path / "t.npz") as stored:
        assert stored["file"].tolist() == [0, 1, 2]
        assert stored["self"].tolist() == [0, 1]
