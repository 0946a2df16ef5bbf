"""isobit's C++ types against AMD's headers: casts, operators, members, conversions; result types and every bit.

AMD's results are committed as hashes (golden.json), because its headers take minutes to compile; a sample of them is
made anew in every run, and on a difference both sides are run row by row.
"""

from __future__ import annotations

import os
import random

import pytest
import units
from comparing import compare
from results import golden
from worker import build, digest, vendor

#: AMD's headers compile these in seconds; one more is drawn by the run's seed.
RECOMPUTED = ("integers_0", "casts_64_0")
DRAWN = random.Random(int(os.environ["ISOBIT_FRESH_SEED"])).choice(("integers_1", "between", "casts_200_0"))


@pytest.mark.turn(3)
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", list(units.all_units()))
def test_isobit_gives_what_the_vendor_gives(name: str, record_property) -> None:
    found = compare(units.unit(name))
    record_property("results_compared", found.count)
    print(f"{name}: {found.count} results compared in {found.groups} groups")
    assert not found.failure, found.failure


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("name", (*RECOMPUTED, DRAWN))
def test_the_vendor_still_gives_the_golden_results(name: str) -> None:
    groups = build(units.unit(name), vendor()).cases()
    assert {title: digest(cases) for title, cases in groups.items()} == golden()[name].vendor


def test_golden_results_are_of_these_units() -> None:
    assert list(golden()) == list(units.all_units())
    assert sum(unit.count for unit in golden().values()) > 7_000_000


def test_only_the_known_defects_are_put_right() -> None:
    """Counts of rows on which AMD's headers are wrong by definition; golden.json holds one example of each."""
    names = ("B5", "B6", "B7", "B8", *(f"B{number}" for number in range(16, 26)))
    defects = dict.fromkeys(names, 0)
    for unit in golden().values():
        for name, count in unit.defects.items():
            defects[name] += count
    assert all(defects.values()), defects


def test_pairs_are_those_promised() -> None:
    names = {call for u in units.integers() for call in u.calls}
    assert len(names) == 100
    assert len({call for u in units.fixed() for call in u.calls}) == 256
    assert sum(len(u.calls) for u in units.random_pairs()) == units.RANDOM_PAIRS
