"""The suite bites: wrong headers turn it red. A sample here; all of them once, by tools/arith_mutations.py."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from mutations import MUTATIONS, Mutation, notice

REPORT = Path(__file__).resolve().parent / "mutation_report.json"
#: Three that the quickest programs notice, and one drawn by the run's seed.
SAMPLE = [m for m in MUTATIONS if m.name in ("no rounding", "no saturation", "bad division type")]
SAMPLE.append(random.Random(int(os.environ["ISOBIT_FRESH_SEED"])).choice([m for m in MUTATIONS if m not in SAMPLE]))


@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("mutation", SAMPLE, ids=lambda m: m.name)
def test_a_wrong_header_is_noticed(mutation: Mutation, tmp_path: Path) -> None:
    noticed = notice(mutation, tmp_path)
    print(f"{mutation.name}: {noticed}")
    assert noticed, f"survived: {mutation.name} in {mutation.header}"
    assert not noticed.startswith("stopped: "), f"{mutation.name} does not compile, which proves nothing: {noticed}"


def test_every_mutation_still_applies(tmp_path: Path) -> None:
    for number, mutation in enumerate(MUTATIONS):
        mutation.include(tmp_path / str(number))


def test_all_were_noticed_once() -> None:
    report = json.loads(REPORT.read_text())
    assert set(report["noticed"]) == {m.name for m in MUTATIONS}
    assert len(MUTATIONS) >= 12
    assert all(report["noticed"].values()), [name for name, by in report["noticed"].items() if not by]
