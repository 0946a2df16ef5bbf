"""The firmware that users run, exported: both header sets, the emulator and hls4ml's C-simulation give the same bits.

`networks_run.json` is a run on 100,000 events, three strategies and four reuse factors (tools/networks_run.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zoo_agreement import NETWORKS, zoo_project

import isobit as ib
from isobit.errors import CSimError
from isobit.hls.host import HostProgram
from isobit.students import zoo

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]
RUN = json.loads((Path(__file__).parent / "networks_run.json").read_text())


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("strategy", ["latency", "resource"])
@pytest.mark.parametrize(
    ("name", "reuse"),
    [
        pytest.param(name, reuse, marks=pytest.mark.full if name == "beam_control" else ())  # 34,695 weights
        for name, pair in NETWORKS.items()
        for reuse in pair
    ],
)
def test_four_roads_agree(name: str, reuse: int, strategy: str, tmp_path: Path) -> None:
    """What is exported is what they agree on: see `test_one_wrong_value_is_not_exported`."""
    model = ib.load(zoo_project(name, strategy, reuse))
    project = ib.export_hls(model, tmp_path / name, test_vectors=zoo.inputs(name, 150, seed=16), random_events=50)
    vectors = project.manifest["vectors"]
    assert vectors["inputs"][0] == "150 given events"
    assert [line.split(",")[0] for line in vectors["results"]] == [
        "this core compiled with AMD's open headers (ap_types of hls4ml)",
        "hls4ml's own C-simulation of the network",
        "isobit's emulator",
    ]
    assert project.run_test_bench("isobit").ok
    layers = [op for op in model.graph.ops if hasattr(op, "strategy")]
    assert {op.strategy for op in layers} == {strategy}
    if strategy == "resource" and reuse > 1:
        assert any(op.reuse_factor > 1 for op in layers)


@pytest.mark.turn(2)
def test_one_wrong_value_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = HostProgram.run

    def wrong(self: HostProgram, *arguments: Any, **options: Any) -> dict[str, ib.FixedArray]:
        found = original(self, *arguments, **options)
        (name, array), *_ = found.items()
        changed = array.raw.copy()
        changed[-1, -1] ^= 1
        return {**found, name: ib.FixedArray.from_raw(changed, array.type)}

    model = ib.load(zoo_project("mugmt_student", "latency", 1))
    monkeypatch.setattr(HostProgram, "run", wrong)
    with pytest.raises(CSimError, match=r"hls4ml's C-simulation gives raw -?\d+ for event .*\(1 results differ\)"):
        ib.export_hls(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_large_run_is_whole_and_without_a_difference() -> None:
    runs = RUN["runs"]
    made = {(run["network"], run["strategy"], run["reuse factor"]) for run in runs if "refused" not in run}
    for name in NETWORKS:
        for strategy in ("latency", "resource", "resource_unrolled"):
            assert len({reuse for n, s, reuse in made if (n, s) == (name, strategy)}) >= 4, (name, strategy)
    for run in runs:
        if "refused" in run:
            continue
        assert set(run["differing values"].values()) == {0}
        assert all(run["test bench passes"].values())
        assert run["every layer of the core is the emulator's"]
        assert run["events"]["isobit's headers"] == 100_000
