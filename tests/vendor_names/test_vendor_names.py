"""The headers under AMD's names against AMD's open ones: one program compiled with each prints the same."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.csim

HERE = Path(__file__).resolve().parent
OURS = HERE.parents[1] / "cpp" / "include"
LEAST = {"math": 4000, "limits": 12, "ap_float<4,3,0>": 1200, "ap_float<8,4,0>": 1000, "ap_float<2,3,2>": 1000}


def vendor_headers() -> Path:
    """Folder of the open headers; missing ones are a failure, never a reason to skip."""
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "ap_float.h").is_file():
            return folder
    raise RuntimeError("the oracle's headers are missing: install hls4ml 1.3.0 (pip install '.[test]')")


def printed(folder: Path, name: str, include: list[Path], source: str = "worker.cpp") -> list[str]:
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    assert compiler is not None, "g++ is missing"
    program = folder / name
    command = [compiler, "-std=c++17", "-w", "-O0", "-DNDEBUG", *(f"-I{place}" for place in include)]
    done = subprocess.run([*command, str(HERE / source), "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, "\n".join(done.stderr.splitlines()[:20])
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:500]
    return done.stdout.splitlines()


def test_mathematics_limits_and_ap_float(tmp_path: Path) -> None:
    theirs = printed(tmp_path, "vendor", [vendor_headers()])
    ours = printed(tmp_path, "isobit", [OURS, OURS / "vendor_names"])
    assert len(theirs) == len(ours)
    differ = [(a, b) for a, b in zip(theirs, ours, strict=True) if a != b]
    counts = Counter(line.split("(")[0].split()[0] for line in theirs)
    print(f"{len(theirs)} lines compared, {len(differ)} differ: {dict(counts)}")
    assert not differ, f"{len(differ)} of {len(theirs)} lines differ, the first five: {differ[:5]}"
    for what, least in LEAST.items():
        assert counts[what] >= least, (what, counts)


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    ("header", "right", "wrong"),
    [
        ("vendor_names/ap_float.h", "ap_ufixed<M + 1, 1, AP_RND_CONV, AP_SAT>", "ap_ufixed<M + 1, 1, AP_RND, AP_SAT>"),
        ("isobit/host/numeric_limits.hpp", "one_bit(T::width - 1)", "one_bit(0)"),
    ],
)
def test_a_mutated_header_is_noticed(header: str, right: str, wrong: str, tmp_path: Path) -> None:
    copy = tmp_path / "include"
    shutil.copytree(OURS, copy)
    text = (copy / header).read_text()
    assert text.count(right) == 1
    (copy / header).write_text(text.replace(right, wrong))
    assert printed(tmp_path, "mutated", [copy, copy / "vendor_names"]) != printed(
        tmp_path, "isobit", [OURS, OURS / "vendor_names"]
    )
