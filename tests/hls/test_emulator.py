"""The library for CMS's Level-1 emulation, in a host with AMD's numbers, beside another model's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from emulator_host import compile_borders, make_emulator
from hls_networks import binary

import isobit as ib
from isobit.compiler import compiler
from isobit.headers import vendor_include_folder
from isobit.hls.core import INCLUDE
from isobit.hls.folder import read_folder
from tiers import drawn

pytestmark = pytest.mark.csim
EXAMPLE = Path(__file__).resolve().parents[2] / "hls/examples/mugmt_student"
EVENTS = 300


def _library(source: Path, top: str, work: Path) -> Path:
    folder = work / top
    shutil.copytree(source, folder)
    make_emulator(folder)
    return folder / "emulator" / f"{top}_emulator.so"


@pytest.mark.turn(3)
def test_two_models_in_one_host(exported: Callable[[str], ib.HlsProject], tmp_path: Path) -> None:
    one = _library(EXAMPLE, "mugmt_student", tmp_path)
    two = _library(exported("binary").folder, "binary", tmp_path)
    _no_name_of_amds_is_inside(one)
    _no_name_of_amds_is_inside(two)
    _objects_follow_their_headers(two.parents[1])

    host = tmp_path / "host"
    here = Path(__file__).parent
    flags = ["-std=c++17", "-O0", "-w", "-DNDEBUG", "-isystem", str(vendor_include_folder()), f"-I{one.parent}"]
    subprocess.run([*compiler(), *flags, str(here / "cms_host.cpp"), "-ldl", "-o", str(host)], check=True)

    rng = np.random.default_rng(12)
    x = rng.integers(-(1 << 14), 1 << 14, (EVENTS, 5))
    a, b = rng.integers(-512, 512, (EVENTS, 4)), rng.integers(0, 128, (EVENTS, 3))
    text = "\n".join(" ".join(map(str, row)) for row in np.concatenate([x, a, b], axis=1).tolist())
    done = subprocess.run([str(host), str(one), str(two)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    found = np.array([line.split() for line in done.stdout.splitlines()], dtype=np.int64)

    graph = binary()
    inputs = [ib.FixedArray.from_raw(raw, t.type) for raw, t in zip((a, b), graph.inputs, strict=True)]
    results = ib.Model(graph).predict_raw(inputs, engine="reference")
    first = read_folder(EXAMPLE).predict_raw(ib.FixedArray.from_raw(x, "ap_fixed<18,6>"), "vendor")
    want = [(first.raw, 18), *((r.raw, r.type.width) for r in results)]
    bits = np.concatenate([raw & ((1 << width) - 1) for raw, width in want], axis=1)  # as the host prints them
    np.testing.assert_array_equal(found, bits)


def _objects_follow_their_headers(folder: Path) -> None:
    """What make would compile after a change of one file, and nothing while nothing changed."""
    assert "is up to date" in make_emulator(folder)
    for path, wanted in (
        ("firmware/weights.hpp", {"core.o"}),
        ("firmware/types.hpp", {"core.o", "interface.o", "border.o"}),
        ("firmware/include/isobit/kernels/dense.hpp", {"core.o"}),
        ("host/binary_c.h", {"interface.o", "border.o"}),
        ("emulator/emulator.h", {"border.o"}),
    ):
        file, before = folder / path, (folder / path).stat()
        os.utime(file, (before.st_atime, time.time() + 60))
        said = make_emulator(folder, "--dry-run")
        assert set(re.findall(r"-c \S+ -o (\S+)", said)) == wanted, (path, said)
        assert "-shared" in said
        os.utime(file, (before.st_atime, before.st_mtime))


@pytest.mark.turn(2)
def test_the_border_of_every_network_compiles(exported: Callable[[str], ib.HlsProject], tmp_path: Path) -> None:
    made = {}
    for name in drawn(["saturating", "wide", "sets", "tables"], 2):
        files = exported(name).files()
        made[name] = {path: text.decode() for path, text in files.items() if not path.startswith(INCLUDE)}
    compile_borders(made, tmp_path)


def _no_name_of_amds_is_inside(library: Path) -> None:
    """Behind the border, numbers are isobit's; what is visible: test_collisions.py."""
    for part in ("core.o", "interface.o"):
        command = ["nm", "-C", str(library.parent / part)]
        assert "ap_fixed" not in subprocess.run(command, capture_output=True, text=True, check=True).stdout
