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


CASES = [".".join(parts) for parts in product(zoo.ZOO, ("golden", "auto"), ("io_parallel", "io_stream"))]
#: Releases whose projects of every golden configuration were read, and compared with their own C-simulations.
RELEASES = ("1.3.0", "1.2.0", "1.1.0", "1.0.0", "0.8.1", "0.7.1", "0.6.0")


def test_every_network_that_hls4ml_writes_was_read() -> None:
    """Those without a run have none because isobit or hls4ml refuses the network itself, as the zoo's record says."""
    for case in CASES:
        refused = "refused_by" in json.loads((ZOO_RUNS / f"{case}.json").read_text())
        assert ("digest" in RUNS.get(f"1.3.0 {case}", {})) != refused, case


@pytest.mark.parametrize("release", RELEASES[1:])
def test_every_golden_network_of_older_releases_was_read_or_says_why_not(release: str) -> None:
    for case in CASES:
        if ".golden." in case:
            found = RUNS[f"{release} {case}"]
            assert {"digest", "refused", "not_written"} & set(found), case


@pytest.mark.parametrize(
    "name", [name for name in RUNS if name.startswith(("1.3.0 ", "1.2.0 ")) and "digest" in RUNS[name]]
)
def test_the_graph_is_the_same(name: str) -> None:
    found = RUNS[name]
    assert found.get("as_its_model_graph" if name.startswith("1.3.0 ") else "as_of_1.3.0") is True, found
    assert found["foreign"] == []


def test_no_bit_differs() -> None:
    compared = {name: found for name, found in RUNS.items() if "events" in found}
    assert all(found["differing"] == 0 and found["values"] > 0 for found in compared.values())
    for release in RELEASES:
        assert any(name.startswith(f"{release} ") for name in compared), release


def test_what_hls4ml_leaves_unwritten_is_refused() -> None:
    """Pointwise convolutions before 1.2.0 whose positions the reuse factor does not divide."""
    names = [name for name, found in RUNS.items() if "what the memory held" in found.get("refused", "")]
    assert names == [
        "1.0.0 track_gnn.golden.io_parallel",
        "1.1.0 track_gnn.auto.io_parallel",
        "1.1.0 track_gnn.golden.io_parallel",
    ]


#: Projects of golden configurations that are read; the others are not written, or refused by name.
READ = {"1.3.0": 58, "1.2.0": 58, "1.1.0": 57, "1.0.0": 57, "0.8.1": 56, "0.7.1": 51, "0.6.0": 38}


@pytest.mark.parametrize("release", RELEASES)
def test_every_golden_network_was_compared_with_its_simulation(release: str) -> None:
    names = [f"{release} {case}" for case in CASES if ".golden." in case]
    readable = [name for name in names if "digest" in RUNS.get(name, {})]
    assert len(readable) == READ[release]
    assert [name for name in readable if "events" not in RUNS[name]] == []


#: Networks whose graph is another one until the release.
OTHER_UNTIL = {
    # pooling had no accumulator of its own
    **dict.fromkeys(("jet_deepsets", "toollip_v3", "ad_cnn_ae", "l1_met"), "1.0.0"),
    # normalisations were fused into products
    **dict.fromkeys(("mugmt_teacher", "emtf_nn"), "1.0.0"),
    # copies of streams had a type of their own
    **dict.fromkeys(("jet_mlp_mixer", "ad_dnn_vae", "puppi_tau"), "1.0.0"),
    # softmax; products for adder trees
    **dict.fromkeys(("jet_mlp", "sc4_tagger", "axol1tl_v6"), "1.2.0"),
}


@pytest.mark.parametrize("name", [name for name in RUNS if not name.startswith(("1.3.0 ", "1.2.0 "))])
def test_older_releases_are_the_same_or_say_what_is_not(name: str) -> None:
    """The graph is that of 1.3.0, or a layer is named that is foreign or that the release computes otherwise."""
    found, release, network = RUNS[name], name.split()[0], name.split()[1].partition(".")[0]
    if "digest" not in found:
        assert found.get("refused") or found.get("not_written"), name
    elif not found.get("as_of_1.3.0", True):
        assert found["foreign"] or release < OTHER_UNTIL.get(network, ""), name


def test_a_run_again(projects: Path) -> None:
    case = "jet_mlp.golden.io_parallel"
    assert canonical_digest(ib.load(projects / case).graph).startswith(RUNS[f"1.3.0 {case}"]["digest"])
