"""What all commands share: examples, suggestions, choices, completion; and plan, profile and trace."""

from __future__ import annotations

import importlib
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from api_networks import events
from graphs import tiny

import isobit as ib
from isobit.commands import cli, run
from isobit.commands.choices import ENGINE_NAMES, ROAD_NAMES
from isobit.engines.registry import ENGINES
from isobit.model.file import save_graph

COMMANDS = cli.list_commands(None)  # type: ignore[arg-type]
#: Every command that takes a Keras file.
TAKES_KERAS = ["check", "convert", "csim", "export", "plan", "predict", "profile", "trace"]
KERAS_OPTIONS = [
    "--config",
    "--granularity",
    "--default-precision",
    "--backend",
    "--io-type",
    "--part",
    "--allow-lambda",
]


@pytest.fixture
def model(tmp_path: Path) -> str:
    save_graph(tiny(), tmp_path / "tiny.isobit")
    return str(tmp_path / "tiny.isobit")


@pytest.fixture
def data(tmp_path: Path) -> str:
    np.save(tmp_path / "x.npy", events(3, 30, 3))
    return str(tmp_path / "x.npy")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints: on stdout, or on stderr where it fails."""
    assert run(list(arguments)) == status
    captured = capsys.readouterr()
    return captured.err.replace("\n", " ") if status == 2 else captured.out


def command(name: str) -> click.Command:
    found: click.Command = importlib.import_module(f"isobit.commands.{name}").command
    return found


# -- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_parse(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    text = said(capsys, name, "--help")
    lines = [line.strip() for line in text.partition("Example")[2].splitlines()[1:] if line.strip()]
    assert lines, text
    assert any(line.startswith(f"isobit {name} ") or line == f"isobit {name}" for line in lines)
    # The files that the examples name need not exist.
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: Path(value))
    for line in lines:
        program, subcommand, *arguments = shlex.split(line)
        assert program == "isobit"
        command(subcommand).make_context(subcommand, arguments)


def test_command_list_has_whole_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--help")
    assert "..." not in text.partition("Commands:")[2]
    assert all(f"\n  {name}" in text for name in COMMANDS)


def test_help_imports_no_command() -> None:
    code = "import sys, isobit.commands as c; c.run(['--help']); print([m for m in sys.modules if '.commands.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", TAKES_KERAS)
def test_the_options_of_keras_files_are_everywhere(name: str) -> None:
    options = {option for parameter in command(name).params for option in parameter.opts}
    assert set(KERAS_OPTIONS) <= options
    assert all("--json" in [o for p in command(other).params for o in p.opts] for other in COMMANDS)


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed, meant", [("check2", "'check'"), ("profil", "'profile'"), ("cism", "'csim'"), ("pedict", "'predict'")]
)
def test_did_you_mean(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, typed, status=2)
    assert f"No such command '{typed}'" in text
    assert "Did you mean" in text
    assert meant in text


def test_what_resembles_no_command_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"Commands: {', '.join(COMMANDS)}" in said(capsys, "xyzzy", status=2)


def test_engines_and_roads_are_choices(model: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(ENGINE_NAMES) == {"auto", *ENGINES}
    assert set(ROAD_NAMES) == {"csim", *ENGINES}
    for name in ("predict", "trace"):
        assert "auto|cpp|numba|cpp-strict|reference|hls" in "".join(said(capsys, name, "--help").split())
    assert "[csim|cpp|numba|cpp-strict|reference|hls],..." in said(capsys, "check", "--help")
    text = said(capsys, "trace", model, "--data", data, "--out", "l.npz", "--engine", "gpu", status=2)
    assert "'gpu' is not one of 'auto', 'cpp'" in text
    assert "'gpu' is not one of 'csim', 'cpp'" in said(capsys, "check", model, "--against", "cpp,gpu", status=2)
    assert "names no road" in said(capsys, "check", model, "--against", ",", status=2)


def test_python_dash_m() -> None:
    done = subprocess.run([sys.executable, "-m", "isobit", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"isobit, version {ib.__version__}\n"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("isobit pro", ["profile"]),
        ("isobit predict --engine cpp-", ["cpp-strict"]),
        ("isobit check m.isobit --against csim,ref", ["csim,reference"]),
        ("isobit csim --headers v", ["vendor"]),
    ],
)
def test_shell_completion(line: str, expected: list[str]) -> None:
    words = line.split()
    variables = {"_ISOBIT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "isobit"], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert [answer.partition(",")[2] for answer in done.stdout.split()] == expected, done.stderr


# -- progress ---------------------------------------------------------------------------------------------------------


def test_a_progress_bar_on_a_terminal(model: str, data: str) -> None:
    """Piped, there is none: test_cli.py."""
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "isobit", "check", model, "--data", data],
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color"},
        check=True,
    )
    os.close(follower)
    shown = b""
    try:
        while part := os.read(leader, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    assert b"\x1b" in shown
    assert b"cpp" in shown
    assert done.stdout.startswith(b"EQUAL")
    assert b"\x1b" not in done.stdout


# -- plan, profile, trace ---------------------------------------------------------------------------------------------


def test_plan(model: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = ib.load(model).plan()
    assert said(capsys, "plan", model) == f"{plan}\n"
    measured = ib.load(model).plan(np.load(data))
    assert said(capsys, "plan", model, "--data", data) == f"{measured}\n"
    document = json.loads(said(capsys, "plan", model, "--witnesses", "--json"))
    assert (document["safe"], document["measured"]) == (plan.safe, False)
    assert [(v["layer"], v["slot"], v["type"], v["overflows"]) for v in document["verdicts"]] == [
        (v.layer, v.slot, str(v.type), list(v.overflows)) for v in plan.verdicts
    ]
    assert all(isinstance(v["witnesses"], list) for v in document["verdicts"] if not v["safe"])
    for about, fails in ((plan, [model]), (measured, [model, "--data", data])):
        said(capsys, "plan", *fails, "--fail-on-overflow", status=0 if about.safe else 1)


def test_profile(model: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = ib.load(model).profile(np.load(data))
    assert said(capsys, "profile", model, "--data", data) == f"{found}\n"
    assert said(capsys, "profile", model, "--events", "50").startswith("50 random events, seed 1\n")
    document = json.loads(said(capsys, "profile", model, "--data", data, "--json"))
    assert (document["events"], document["random"]) == (30, None)
    assert [(c["layer"], c["slot"], c["events"]) for c in document["overflows"]] == [
        (c.layer, c.slot, c.events.tolist()) for c in found
    ]
    assert [(layer["layer"], layer["bits"], layer["low"]) for layer in document["layers"]] == [
        (layer.layer, layer.bits.tolist(), layer.low.tolist()) for layer in found.layers
    ]
    wide = ["profile", model, "--events", "500", "--fail-on-overflow"]  # they visit the whole range
    said(capsys, *wide, status=1)


def test_trace(model: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "layers.npz")
    document = json.loads(said(capsys, "trace", model, "--data", data, "--out", out, "--json"))
    layers = ib.load(model).trace(np.load(data))
    assert document["layers"] == {
        name: {"type": str(array.type), "shape": list(array.shape)} for name, array in layers.items()
    }
    with np.load(out, allow_pickle=False) as stored:
        assert sorted(stored.files) == sorted([*layers, *(f"{name}.type" for name in layers)])
        for name, array in layers.items():
            assert stored[name].dtype == np.int64
            assert np.array_equal(stored[name], array.raw)
            assert str(stored[f"{name}.type"]) == str(array.type)
    assert "exists; choose another name" in said(capsys, "trace", model, "--data", data, "--out", out, status=2)
    assert "--out must end in .npz" in said(capsys, "trace", model, "--data", data, "--out", "l.npy", status=2)
    assert f"layers written to {out}" in said(
        capsys, "trace", model, "--data", data, "--out", out, "--overwrite", "--engine", "reference"
    )


@pytest.mark.parametrize("option", KERAS_OPTIONS)
def test_options_of_keras_files_are_refused_for_model_files(
    option: str, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yml").write_text("Model: {}\n")
    values = {"--config": [str(tmp_path / "c.yml")], "--allow-lambda": [], "--granularity": ["type"]}
    values |= {"--backend": ["Vivado"], "--io-type": ["io_stream"]}
    given = values.get(option, ["ap_fixed<8,4>"])
    assert f"{option} needs a Keras file" in said(capsys, "plan", model, option, *given, status=2)
