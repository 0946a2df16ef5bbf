"""The committed run of tools/firmware_edits_run.py: every edit was refused by name, or had its C-simulation's bits."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import isobit as ib
from isobit.errors import IsobitError

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))

RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("edits.json").read_text())
CASES = [(name, number, one) for name, cases in RECORD["projects"].items() for number, one in enumerate(cases)]


def test_at_least_fifty_edits_and_no_wrong_bit() -> None:
    counts = Counter(one["result"] for *_, one in CASES)
    assert len(CASES) >= 50
    assert counts.keys() <= {"refused", "equal", "no simulation"}, counts
    assert counts["refused"] > 15 and counts["equal"] > 10
    assert all(one["named"] and one["says"] for *_, one in CASES if one["result"] == "refused")
    assert {name[:5] for name in RECORD["projects"]} == {"1.0.0", "1.3.0"} and len(RECORD["projects"]) > 6


@pytest.mark.hls4ml
def test_edits_again(tmp_path: Path) -> None:
    """Of one project, written anew: the same edits, and what is refused or read now as then."""
    from edited_projects import write
    from folder_edits import edit

    name = "1.3.0.dense"
    write("dense", tmp_path / name)
    for number, one in enumerate(RECORD["projects"][name]):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / name, folder)
        assert edit(folder, random.Random(f"{RECORD['seed']} {name} {number}")) == one["edit"]
        try:
            assert ib.load(folder).layers
            assert one["result"] != "refused", one
        except IsobitError as error:
            assert one["result"] == "refused" and str(folder) in str(error), one
