"""Recorded numbers of hls4ml's C-simulation on every engine, and mutants of lowerings and kernels that they notice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cpp_changes import CHANGES
from cpp_mutants import mutants as cpp_mutants
from lowering_areas import AREAS
from lowering_judges import ROADS
from lowering_mutants import mutants
from lowering_report import EQUIVALENT, read, reasons, unexplained
from recorded_networks import difference, families, networks

from tiers import examples

SEED = os.environ["ISOBIT_FRESH_SEED"]
TOOL = Path(__file__).resolve().parents[2] / "tools" / "mutate_lowerings.py"
#: Mutants of an area that must be noticed.
ENOUGH = 10


@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("family", families())
def test_engines_give_the_recorded_numbers(family: str) -> None:
    for network in networks(family):
        for road in ("lowered", "planned", "exact"):
            for engine, run in ROADS[road].items():
                assert difference(network, run) is None, f"{engine}, {network.family} {network.name}"


def test_the_table_says_everything() -> None:
    """Every area was mutated, enough mutants were noticed, and survivors are explained."""
    found = read()
    assert set(found) == {*AREAS, *CHANGES}
    assert not (left := unexplained()), "\n".join(left)
    few = {area: count for area, rows in found.items() if (count := sum(bool(row["noticed"]) for row in rows)) < ENOUGH}
    assert few == {}


def test_mutants_of_the_table_still_exist() -> None:
    """Of some areas, after changes of the code: enough of those that were noticed; else run the tool for them."""
    areas = random.Random(SEED).sample(sorted(AREAS), examples(8, len(AREAS)))
    found = read()
    for area in areas:
        names = {mutant.name for mutant in mutants(area)}
        noticed = {row["name"] for row in found[area] if row["noticed"]}
        assert len(noticed & names) >= ENOUGH, f"python tools/mutate_lowerings.py --areas {area!r}"
        assert not reasons(area).keys() - names, f"{EQUIVALENT.name} explains mutants of {area!r} that no longer exist"
    assert len(list(cpp_mutants())) >= ENOUGH * len(CHANGES)  # whose texts are found in the sources


def test_drawn_mutants_are_noticed() -> None:
    command = [sys.executable, str(TOOL), "--again", str(examples(3, len(AREAS))), "--seed", SEED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
