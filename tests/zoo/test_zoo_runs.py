"""The committed runs of tools/zoo_run.py: the whole zoo, every configuration and IO type, and no bit that differs."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from zoo_networks import CONFIGS, IO_TYPES, SEED, digest, events_of

from isobit.students import zoo

RUNS = Path(__file__).parent / "runs"
CASES = sorted(path.stem for path in RUNS.glob("*.json"))


def run(case: str) -> dict[str, Any]:
    return dict(json.loads((RUNS / f"{case}.json").read_text()))


def test_every_network_was_run_under_every_configuration() -> None:
    assert set(CASES) == {"{}.{}.{}".format(*case) for case in product(zoo.ZOO, CONFIGS, IO_TYPES)}


@pytest.mark.parametrize("name", zoo.ZOO)
def test_runs_are_of_the_golden_config_and_the_hls4ml_of_today(name: str) -> None:
    golden = digest(zoo.golden_config(name))
    for case in CASES:
        if case.split(".")[0] == name:
            found = run(case)
            assert [found[key] for key in ("golden_config", "hls4ml", "seed")] == [golden, zoo.HLS4ML_VERSION, SEED]
            assert f"{found['network']}.{found['config']}.{found['io_type']}" == case


@pytest.mark.parametrize("case", CASES)
def test_no_bit_differs(case: str) -> None:
    found = run(case)
    if "refused_by" in found:
        assert found["io_type"] == "io_stream", found["message"]
        # "loses numbers": the firmware reads numbers that nothing wrote (normalisation behind a flattening on streams)
        evidence = ("does not compile", "C-simulation fails", "loses numbers")
        assert found["refused_by"] in ("hls4ml", "compiler") or any(what in found["message"] for what in evidence)
        return
    assert (found["differing"], found["differences"]) == (0, [])
    assert found["events"] >= events_of(found["network"])
    assert found["values"] > 4 * found["events"]
    assert {road.split()[0] for road in found["roads"]} >= {"cpp", "numba", "cpp-strict", "reference"}
    assert "csim from raw bits" in found["roads"]
    assert all(
        count == found["events"] for road, count in found["roads"].items() if road.split()[0] in ("cpp", "numba")
    )
    assert min(found["roads"].values()) > 0
    if found["config"] == "overflowing":
        assert sum(found["overflows"].values()) > 100
    else:
        assert found["distinct_outputs"] > 50
