"""The committed runs of tools/firmware_run.py, and one piece of them again."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import isobit as ib
from isobit.model.canonical import canonical_digest
from isobit.students import zoo

HERE = Path(__file__).parent
RUNS: dict[str, dict[str, Any]] = json.loads((HERE / "runs.json").read_text())
ZOO_RUNS = HERE.parent / "zoo" / "runs"


def test_every_network_that_hls4ml_writes_was_read() -> None:
    """Those without a run have none because isobit or hls4ml refuses the network itself, as the zoo's record says."""
    for case in (
        "{}.{}.{}".format(*parts) for parts in product(zoo.ZOO, ("golden", "auto"), ("io_parallel", "io_stream"))
    ):
        refused = "refused_by" in json.loads((ZOO_RUNS / f"{case}.json").read_text())
        assert (f"1.3.0 {case}" in RUNS) != refused, case


@pytest.mark.parametrize("name", [name for name in RUNS if name.startswith(("1.3.0 ", "1.2.0 "))])
def test_the_graph_is_the_same(name: str) -> None:
    found = RUNS[name]
    assert found.get("as_its_model_graph" if name.startswith("1.3.0 ") else "as_of_1.3.0") is True, found
    assert found["foreign"] == []
    assert found.get("differing", 0) == 0


def test_older_releases_are_the_same_or_named() -> None:
    older = {name: found for name, found in RUNS.items() if name.startswith("1.0.0 ")}
    same = {name for name, found in older.items() if found.get("as_of_1.3.0")}
    assert same >= {
        f"1.0.0 mugmt_student.{case}" for case in ("golden.io_parallel", "auto.io_parallel", "golden.io_stream")
    }
    assert RUNS["0.8.1 mugmt_student.golden.io_parallel"]["as_of_1.3.0"]
    assert all(found.get("differing", 0) == 0 for found in RUNS.values())
    for name in older.keys() - same:
        assert older[name].get("foreign") or "none of hls4ml's releases" in older[name]["refused"], name


def test_a_run_again(projects: Path) -> None:
    case = "jet_mlp.golden.io_parallel"
    assert canonical_digest(ib.load(projects / case).graph).startswith(RUNS[f"1.3.0 {case}"]["digest"])
