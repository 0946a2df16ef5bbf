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


def test_it_is_whole_and_its_headers_are_this_trees() -> None:
    project = read_folder(EXAMPLE)
    assert project.changed() == []
    for path in project.manifest["files"]:
        if path.startswith(INCLUDE):
            here = (EXAMPLE / path).read_bytes()
            assert here == (Path(ib.get_include()) / path.removeprefix(f"{INCLUDE}/")).read_bytes(), path


def test_the_commands_of_its_readme_work(tmp_path: Path) -> None:
    """Those that need no tool, as they stand there, in a copy of the folder."""
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(EXAMPLE, folder)
    blocks = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    host = [block for block in blocks if "g++" in block]
    assert len(host) == 3
    script = "set -e\n" + "\n".join(host).replace("$(python ", f"$({sys.executable} ")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    events = json.loads((folder / "manifest.json").read_text())["vectors"]["events"]
    assert done.stdout == f"mugmt_student: {3 * events} results compared, 0 differ\n" * 2
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
