"""Every network of the zoo, exported as hls4ml converts it, with arrays and with streams: all roads give the same bits.

In the normal run test_networks.py draws one of the networks that users run; test_lowered_exports.py has every layer.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from zoo_agreement import zoo_project

import isobit as ib
from isobit.students import zoo

RUNS = json.loads((Path(__file__).parent / "zoo_exports.json").read_text())


def test_every_network_was_exported_on_both_io_types() -> None:
    assert set(RUNS) == {f"{name}.{io_type}" for name in zoo.ZOO for io_type in ("io_parallel", "io_stream")}


@pytest.mark.parametrize("case", RUNS)
def test_exports_of_the_run_of_record_were_proven(case: str) -> None:
    """tools/exports_run.py writes the record; what it could not export is refused with a reason."""
    name, io_type = case.split(".")
    assert name in zoo.ZOO
    assert io_type in ("io_parallel", "io_stream")
    assert RUNS[case]["hls4ml"] == zoo.HLS4ML_VERSION
    if "results" not in RUNS[case]:
        assert RUNS[case].get("refused") or RUNS[case]["hls4ml_refuses"]
        return
    assert "hls4ml's own C-simulation of the network, equal in every bit" in RUNS[case]["results"]
    assert RUNS[case]["inputs"][0] == "100 given events"


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.full
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("name", zoo.ZOO)
def test_every_network_of_the_zoo_is_exported(name: str, io_type: str, tmp_path: Path) -> None:
    """Nothing is exported unless AMD's headers, hls4ml's C-simulation, the emulator and the bench agree."""
    model = ib.load(zoo_project(name))
    events = zoo.inputs(name, 100, seed=16)
    project = ib.export_hls(model, tmp_path / name, test_vectors=events, random_events=30, io_type=io_type)
    assert "hls4ml's own C-simulation of the network, equal in every bit" in project.manifest["vectors"]["results"]
    assert project.manifest["vectors"]["inputs"][0] == "100 given events"
