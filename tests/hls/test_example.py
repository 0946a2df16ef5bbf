"""The committed example is what an export gives today, and its README is enough to simulate it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import isobit as ib
from isobit.hls.core import INCLUDE
from isobit.hls.folder import read_folder

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "hls/examples/mugmt_student"

pytestmark = pytest.mark.xdist_group("hls-example")


@pytest.mark.hls4ml
@pytest.mark.csim
def test_exported_again_it_is_the_same(tmp_path: Path) -> None:
    """Every file to the last byte, golden results from AMD's headers and hls4ml's C-simulation included."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import make_example
    finally:
        sys.path.pop(0)
    model = make_example.student()
    made = make_example.export(model, tmp_path / "mugmt_student")
    assert make_example.differences(made.folder, EXAMPLE) == [], "run python tools/make_example.py"
    roads = made.manifest["vectors"]["results"]
    assert [road.split(",")[0] for road in roads] == [
        "this core compiled with AMD's open headers (ap_types of hls4ml)",
        "hls4ml's own C-simulation of the network",
        "isobit's emulator",
    ]
    # And what was exported predicts what the model does.
    x = make_example.zoo.inputs(make_example.NAME, 2000, seed=9)
    np.testing.assert_array_equal(made.predict_raw(x).raw, model.predict_raw(x).raw)


def test_it_is_whole_and_stands_by_itself() -> None:
    project = read_folder(EXAMPLE)
    assert project.changed() == []
    assert not [path for path in EXAMPLE.rglob("*") if path.is_symlink()]
    assert (EXAMPLE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    for path in project.manifest["files"]:  # without hls4ml, too
        if path.startswith(INCLUDE):
            here = (EXAMPLE / path).read_bytes()
            assert here == (Path(ib.get_include()) / path.removeprefix(f"{INCLUDE}/")).read_bytes(), path


@pytest.mark.turn(3)
def test_the_commands_of_its_readme_work(tmp_path: Path) -> None:
    """Those that need no tool, as they stand there, in a copy of the folder."""
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(EXAMPLE, folder)
    readme = (folder / "README.md").read_text()
    host = [block for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "g++" in block]
    assert len(host) == 4
    (example,) = re.findall(r"```c\n(.*?)```", readme, re.DOTALL)
    (folder / "example.c").write_text(example)
    (built,) = re.findall(r"`(gcc example\.c [^`]*)`", readme)
    script = "\n".join(["set -e", *host, built]).replace("$(python ", f"$({sys.executable} ")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    events = json.loads((folder / "manifest.json").read_text())["vectors"]["events"]
    project = read_folder(folder)
    zeros, half = project.predict_raw(np.zeros((1, 5))), project.predict(np.array([[0.5, 0, 0, 0, 0]]))
    lines = [f"mugmt_student: {3 * events} results compared, 0 differ"] * 2
    lines += [" ".join(map(str, zeros.raw[0]))] * 4
    lines += [f"event {k}: first result {y[0, 0]:g}" for k, y in enumerate((zeros.to_float(), half))]
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == lines
    _through_the_library(folder / "libmugmt_student.so")


def _through_the_library(path: Path) -> None:
    """The C interface, through ctypes: raw integers and doubles."""
    import ctypes

    library = ctypes.CDLL(str(path))
    x = np.array([[1.0, -0.5, 2.25, 1.0, 3.0], [-31.5, 7.0, 0.0, -1.0, 12.0]])
    raw = np.round(x * 4096).astype(np.int64)
    found, values = np.zeros((2, 3), dtype=np.int64), np.zeros((2, 3))
    library.mugmt_student_predict_raw(raw.ctypes.data_as(ctypes.c_void_p), found.ctypes.data_as(ctypes.c_void_p), 2)
    library.mugmt_student_predict(x.ctypes.data_as(ctypes.c_void_p), values.ctypes.data_as(ctypes.c_void_p), 2)
    np.testing.assert_array_equal(values * 4096, found)
    want = read_folder(EXAMPLE).predict_raw(x).raw
    np.testing.assert_array_equal(found, want)
