"""Casts through the C++ classes, exhaustively: widths up to 4, every mode, every alignment, every value; none differs.

AMD's results come from its committed hashes (tests/law), which also cover widths up to 8: tools/arith_exhaustive.py ran
those through the classes once, and tools/arith_casts.py ran more than 10^9 random casts to width 200 by both headers.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from casts_grid import differences, grid, run_table

from isobit import Rounding

HERE = Path(__file__).resolve().parent
WIDTH = 4
CHUNKS = list(grid.walk(WIDTH))


def _law_golden() -> ModuleType:
    """tests/law/golden.py: AMD's grid, as vouched for by its hashes."""
    path = HERE.parent / "law" / "golden.py"
    spec = importlib.util.spec_from_file_location("law_golden", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules.setdefault("law_golden", importlib.util.module_from_spec(spec))
    if not hasattr(module, "expected"):
        spec.loader.exec_module(module)
    return module


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(("width", "signed", "rounding"), CHUNKS, ids=lambda v: getattr(v, "name", str(v)))
def test_exhaustive(width: int, signed: bool, rounding: Rounding, record_property) -> None:
    expected = _law_golden().expected
    targets, results = run_table((width, signed, rounding), WIDTH)
    count = sum(found.size for found in results)
    record_property("casts_compared", count)
    print(f"{count} casts compared over {len(targets)} formats")
    failures = [differences(t, WIDTH, expected(t, WIDTH), r) for t, r in zip(targets, results, strict=True)]
    assert not any(failures), "\n".join([f for f in failures if f][:5])


def test_the_run_to_eight_bits_found_no_difference() -> None:
    report = json.loads((HERE / "exhaustive_8.json").read_text())
    vendor = json.loads((HERE.parent / "law" / "exhaustive_8.json").read_text())
    assert report["differing"] == []
    assert report["formats"] == len(vendor["sha256"])
    assert report["casts"] == vendor["casts"]


def test_the_large_random_run_found_no_difference() -> None:
    report = json.loads((HERE / "random_casts.json").read_text())
    assert report["differing"] == []
    assert report["casts"] >= 10**9
    assert report["widest"] == 200
