"""A folder with its wrapper: C-simulation, command line, and the compiled wrapper itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from firmware_projects import without_traces

import isobit as ib
from isobit.commands import cli
from isobit.compiler import compiler

pytestmark = pytest.mark.csim
Change = Callable[..., Path]

#: The wrapper of the stream: particles of 18 bits, moved and shifted; its score in percent.
TAGGER = """
inputs:
  - {name: particles, type: "ap_fixed<18,13>", shape: [10, 13]}
before:
  - {name: centred, step: subtract, constants: 2, constant_type: "ap_fixed<10,10>"}
  - {name: scaled, step: shift_right, by: 3}
after:
  - {name: percent, step: multiply, constants: 100, constant_type: ap_uint<7>, type: ap_uint<7>}
"""
CLASS = """
library: emulator.so
interface:
  input: ap_fixed<18,13>[16]
  result: std::pair<std::array<ap_fixed<16,6>, 5>, ap_uint<3>>
inputs:
  - {name: features, type: "ap_fixed<18,13>", size: 16}
before:
  - {name: centred, step: subtract, constants: [0, 4, 0, 0, -2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 1],
     constant_type: "ap_fixed<10,10>"}
  - {name: scaled, step: shift_right, by: [-1, 0, 3, 3, 3, 2, 2, 2, 5, 4, 4, 4, 4, 4, 4, 0]}
after:
  - {name: best, step: argmax}
outputs: [softmax, best]
"""


def test_the_simulation_computes_the_network_and_the_reference_the_steps(changed: Change) -> None:
    folder = changed("btag_conv1d.golden.io_stream", {})
    without_traces(folder)
    (folder / "wrapper.yml").write_text(TAGGER)
    model = ib.load(folder)
    assert model.layers[:3] == ["centred", "scaled", model.firmware_graph.inputs[0].name]
    x = np.random.default_rng(4).normal(0, 20, (40, 10, 13))
    report = ib.check(model, x, against=("csim", "reference"), reference_events=10, optimisation="0")
    assert report.ok, str(report)
    (csim,) = (road for road in report.roads if road.name == "csim")
    assert {layer.layer for layer in csim.layers} >= {"scaled", "percent"}
    assert np.array_equal(model.csim(optimisation="0").predict(_network_input(model, x)), _network_output(model, x))
    assert ib.load(folder, wrapper=False).wrapper is None


def _network_input(model: ib.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model.trace(x)[model.firmware_graph.inputs[0].name].to_float())


def _network_output(model: ib.Model, x: np.ndarray) -> np.ndarray:
    (name,) = model.firmware_graph.outputs
    layer = next(op.name for op in model.graph.ops if op.output.name == name)
    return np.asarray(model.trace(x)[layer].to_float())


def test_check_takes_a_description(projects: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "wrapped.yml", projects / "jet_mlp.golden.io_parallel"
    path.write_text(CLASS)
    arguments = ["check", str(folder), "--events", "40", "--against", "cpp", "--json"]

    def run(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, [*arguments, *more], standalone_mode=False)
        return int(result.return_value or 0), result.output or str(result.exception)

    status, text = run("--wrapper", str(path))
    document = json.loads(text)
    assert (status, document["ok"], "wrapper" in document) == (0, True, False)
    assert any("emulator.so NOT compared" in note for note in document["notes"])
    status, text = run("--wrapper", "none")
    assert status == 0 and "features" not in text
    path.write_text(f"project: another\n{CLASS}")
    assert "project is 'another', which is not" in run("--wrapper", str(path))[1]


def test_commands_take_a_description(projects: Path, tmp_path: Path) -> None:
    """Those that load a network; without the option the folder's own is taken, and with none the network alone."""
    folder = tmp_path / "jets"
    shutil.copytree(projects / "jet_mlp.golden.io_parallel", folder)
    path = tmp_path / "wrapped.yml"
    path.write_text(CLASS)

    def run(command: str, *more: str) -> str:
        result = CliRunner().invoke(cli, [command, str(folder), "--json", *more], standalone_mode=False)
        assert result.exception is None, result.output
        return result.output

    for command in ("plan", "cost"):
        around = run(command, "--wrapper", str(path))
        assert "scaled" in around, command
        (folder / "wrapper.yml").write_text(CLASS)
        assert run(command) == around
        assert "scaled" not in run(command, "--wrapper", "none")
        (folder / "wrapper.yml").unlink()
    for name in ("predict", "plan", "profile", "explain", "lint", "tune", "cost", "export", "check", "trace"):
        assert "--wrapper" in CliRunner().invoke(cli, [name, "--help"]).output, name


@pytest.mark.full
def test_the_compiled_wrapper_of_the_firmware(changed: Change) -> None:
    """By the command: equal, and with another shift in the description a difference whose step is named."""
    folder = changed("jet_mlp.golden.io_parallel", {})
    (folder / "wrapper.yml").write_text(CLASS)
    firmware = folder / "firmware"
    command = [*compiler(), "-std=c++17", "-O0", "-w", "-fPIC", "-shared", f'-DWEIGHTS_DIR="{firmware / "weights"}"']
    sources = [str(Path(__file__).with_name("jet_wrapper.cpp")), str(firmware / "myproject.cpp")]
    include = [f"-I{firmware}", f"-I{firmware / 'ap_types'}"]
    subprocess.run([*command, *include, *sources, "-o", str(folder / "emulator.so")], check=True)
    arguments = ["check", str(folder), "--events", "300"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.return_value == 0, result.output
    assert "the compiled wrapper: EQUAL: emulator.so" in result.output
    (folder / "wrapper.yml").write_text(CLASS.replace("[-1, 0, 3, 3,", "[-1, 0, 3, 4,"))
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.return_value == 1
    assert "number 3 of step scaled shifts 1 bit less: every one of" in result.output
