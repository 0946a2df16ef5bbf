"""``isobit csim``: bits in files, facts as JSON, nothing overwritten unasked, 2 for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.commands import run

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
    assert "expected the inputs first, second" in capsys.readouterr().err
    assert run([*command[:3], str(tmp_path / "nix.npy")]) == 2


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
