"""tools/hls4ml_suite.py: what becomes of each test of a folder, and what its run of hls4ml's own suite found."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "hls4ml_suite.py"

#: A folder of tests as hls4ml's: graphs from lists of layers, which need no TensorFlow.
GRAPHS = """
import os
import numpy as np
import pytest
from hls4ml.model.graph import ModelGraph

def graph(folder, layer, backend="Vitis", io_type="io_parallel"):
    config = {"OutputDir": str(folder), "ProjectName": "myproject", "Backend": backend, "IOType": io_type,
              "ClockPeriod": 5, "HLSConfig": {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}}}
    entry = {"class_name": "InputLayer", "name": "x", "input_shape": [4, 2], "data_format": "channels_last"}
    return ModelGraph.from_layer_list(config, [entry, layer], ["x"], [layer["name"]])

TERNARY = {"class_name": "Activation", "name": "act", "activation": "ternary_tanh", "n_in": 8}  # refused on streams
RELU = {"class_name": "Activation", "name": "act", "activation": "relu", "n_in": 8}
X = np.linspace(-3, 3, 40).reshape(5, 4, 2)
"""

CHEAP = """
from graphs import *

@pytest.mark.parametrize("backend", ["Vitis", "Vivado", "Quartus"])
def test_refused(tmp_path, backend):
    model = graph(tmp_path / "out", TERNARY, backend, "io_stream")
    model.compile()
    assert model.predict(X).shape == (5, 8)
    assert (tmp_path / "out" / "build_lib.sh").is_file()
    assert not list((tmp_path / "out").rglob("*.so"))  # written, but not compiled

def test_crashes():
    os.abort()

def test_other_backend_inside(tmp_path):
    model = graph(tmp_path, RELU, "Quartus")
    model.predict(X)

def test_cannot_be_converted(tmp_path):
    graph(tmp_path, {"class_name": "Nonsense", "name": "n"}).predict(X)

def test_says_nothing():
    assert 1 + 1 == 2
"""

HANGING = """
import time

def test_hangs():
    time.sleep(600)

def test_that_follows():
    pass
"""

COMPILED = """
from graphs import *

def test_equal(tmp_path):
    model = graph(tmp_path, RELU)
    model.compile()
    assert np.abs(model.predict(X) - np.maximum(X, 0).reshape(5, 8)).max() < 0.01
    model.predict(X.astype(np.float32))

def test_one_bit(tmp_path, monkeypatch):
    import isobit
    right = isobit.Model.predict
    def wrong(self, x):
        y = right(self, x)
        y.flat[-1] += 2**-10
        return y
    monkeypatch.setattr(isobit.Model, "predict", wrong)
    model = graph(tmp_path, RELU)
    model.compile()
    model.predict(X)
"""


def run(folder: Path, out: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, str(TOOL), str(folder), "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def folder_of(home: Path, text: str) -> Path:
    folder = home / "pytest"
    folder.mkdir()
    (folder / "graphs.py").write_text(GRAPHS)
    (folder / "test_graphs.py").write_text(text)
    (folder / "test_broken.py").write_text("import no_such_package\n")
    return folder


@pytest.mark.turn(5)
@pytest.mark.hls4ml
def test_each_test_becomes_one_of_them(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, CHEAP), tmp_path / "found.json"
    status, text = run(folder, out)
    found = json.loads(out.read_text())
    tests = {name.split("::")[1]: entry for name, entry in found["tests"].items()}
    assert {name: entry["status"] for name, entry in tests.items()} == {
        "test_refused[Vitis]": "refused",
        "test_refused[Vivado]": "refused",
        "test_crashes": "crashed",
        "test_other_backend_inside": "no predict",
        "test_cannot_be_converted": "not converted",
        "test_says_nothing": "no predict",
    }
    assert status == 1
    assert "nothing collected from: test_broken.py" in text
    ((reason, count),) = found["refused"].items()
    assert reason.startswith("ternary_tanh of layer is not supported with io_stream")
    assert count == 2
    assert "Nonsense" in tests["test_cannot_be_converted"]["why"][0]
    assert found["predicts by status"] == {"refused": 2}
    # What the file holds is not run again.
    assert run(folder, out)[1].startswith("0 tests to run")


@pytest.mark.full
@pytest.mark.hls4ml
def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, HANGING), tmp_path / "found.json"
    assert run(folder, out, "--timeout", "4")[0] == 1
    tests = json.loads(out.read_text())["tests"]
    assert [entry["status"] for entry in tests.values()] == ["timed out", "no predict"]


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.full
def test_a_differing_bit_is_wrong(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, COMPILED), tmp_path / "found.json"
    status, _ = run(folder, out, "--home", str(tmp_path / "home"))
    tests = json.loads(out.read_text())["tests"]
    equal, wrong = (tests[f"test_graphs.py::{name}"] for name in ("test_equal", "test_one_bit"))
    assert (equal["status"], equal["predicts"], equal["values"]) == ("equal", {"equal": 2}, 80)
    assert (wrong["status"], wrong["why"]) == ("wrong", ["1 of 40 values differ"])
    assert status == 1
    # It is one program, which was compiled once.
    assert len(list((tmp_path / "home" / "programs").glob("*.so"))) == 1


# -- its parts --------------------------------------------------------------------------------------------------------


def module(name: str) -> Any:
    specification = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    found = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(found)
    return found


def test_comparison_is_of_values_and_sizes() -> None:
    compared = module("hls4ml_suite_plugin").compared
    want = np.array([[0.5, 0.25]], np.float32)
    assert compared(want, np.array([0.5, 0.25])) == {"status": "equal", "values": 2}
    assert compared([want, want], [want, want[0]])["values"] == 4
    assert compared(want, np.array([0.5, 0.25 + 2**-20]))["why"] == "1 of 2 values differ"
    assert compared(want, np.array([0.5]))["status"] == "wrong"
    assert compared(want, np.array([0.5, np.nan]))["status"] == "wrong"


def test_the_worst_predict_counts() -> None:
    verdict = module("hls4ml_suite").verdict
    equal, refused = (
        {"status": "equal", "values": 8},
        {"status": "refused", "why": "layer 'a' is of class 'B'; supported"},
    )
    assert verdict([equal, refused], None)["status"] == "refused"
    assert verdict([equal, refused], None)["why"] == ["layer is of class 'B'"]
    assert verdict([refused, {"status": "failed", "why": "ValueError: x"}], None)["status"] == "wrong"
    assert verdict([], None) == {"status": "no predict"}
    assert verdict([], "ValueError") == {"status": "not converted", "why": ["ValueError"]}


# -- the run that was made --------------------------------------------------------------------------------------------


def test_hls4mls_own_suite_has_no_differing_bit() -> None:
    """What the tool found with hls4ml 1.3.0; docs/hls4ml_suite.md shows it (tests/test_docs_coverage.py)."""
    tool = module("hls4ml_suite")
    found = json.loads((Path(__file__).parent / "hls4ml_suite.json").read_text())
    assert set(found["predicts by status"]) <= {"equal", "refused", "no oracle"}
    assert set(found["tests by status"]) <= {"equal", "refused", "no predict", "not converted", "no oracle"}
    assert found["predicts by status"]["equal"] >= 500
    assert found["values compared"] > 60_000_000
    assert tool.report(found["tests"], found["collected"], found["absent"]) == found
    ran = {test.split("[")[0] for test in found["tests"]}
    assert {"test_rnn.py", "test_pytorch_api.py", "test_qonnx.py", "test_keras_v3_api.py"} <= {
        function.split("::")[0] for function in ran
    }
    assert all(entry.get("why") for entry in found["tests"].values() if entry["status"] == "refused")


def test_a_row_of_the_page() -> None:
    row = module("hls4ml_suite_page").row
    equal = {"status": "equal", "predicts": {"equal": 2}, "values": 1500}
    refused = {
        "status": "refused",
        "predicts": {"equal": 1, "refused": 1},
        "values": 10,
        "why": ["layer is of class 'B'"],
    }
    assert row("a.py::b", [equal, equal], 4) == ("`a.py::b`", "2 of 4", "4", "3,000", "equal")
    assert row("a.py::b", [equal, refused], 2)[3:] == ("1,510", "equal 1, refused 1: layer is of class 'B'")
    assert row("a.py::b", [{"status": "no predict"}], 1)[2:] == ("", "", "no network")


def test_some_tests_of_every_function_are_drawn() -> None:
    """By hashes of their names: of every IO type, and a smaller draw is part of a larger one."""
    drawn = module("hls4ml_suite").drawn
    tests = [f"a.py::{f}[{io}-{n}]" for f in ("x", "y") for io in ("io_parallel", "io_stream") for n in range(20)]
    one, three = drawn(tests, 1), drawn(tests, 3)
    assert {test.rpartition("-")[0] for test in one} == {test.rpartition("-")[0] for test in tests}
    assert (len(one), len(three)) == (4, 12)
    assert set(one) < set(three)
    assert drawn(tests, None) == tests
    assert [test for test in tests if test in set(three)] == three
