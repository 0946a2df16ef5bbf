"""The suite bites: wrong headers turn it red. A sample here; all of them once, by tools/arith_mutations.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mutations import JUDGES, MUTATIONS, Mutation, notice

REPORT = Path(__file__).resolve().parent / "mutation_report.json"
NOTICED = json.loads(REPORT.read_text())["noticed"]


@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_wrong_header_is_noticed(mutation: Mutation, tmp_path: Path) -> None:
    first = NOTICED[mutation.name].partition(":")[0]  # the program that noticed it when all were tried
    noticed = notice(mutation, tmp_path, [first, *(name for name in JUDGES if name != first)])
    print(f"{mutation.name}: {noticed}")
    assert noticed, f"survived: {mutation.name} in {mutation.header}"
    assert not noticed.startswith("stopped: "), f"{mutation.name} does not compile, which proves nothing: {noticed}"


def test_every_mutation_still_applies(tmp_path: Path) -> None:
    for number, mutation in enumerate(MUTATIONS):
        mutation.include(tmp_path / str(number))


def test_all_were_noticed_once() -> None:
    assert set(NOTICED) == {m.name for m in MUTATIONS}
    assert len(MUTATIONS) >= 12
    assert all(NOTICED.values()), [name for name, by in NOTICED.items() if not by]
