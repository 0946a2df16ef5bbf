"""The record of tools/families_telling.py: how much the random networks of each family tell."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

HERE = Path(__file__).parent
TELLING: dict[str, dict[str, Any]] = json.loads((HERE / "telling.json").read_text())
RUNS = sorted(path.stem for path in (HERE / "runs").glob("*.json"))


def test_every_family_is_told_of() -> None:
    assert sorted(TELLING) == RUNS


@pytest.mark.parametrize("family", RUNS)
def test_the_networks_are_those_that_were_compared(family: str) -> None:
    first, last = json.loads((HERE / "runs" / f"{family}.json").read_text())["seeds"]
    told = TELLING[family]["seeds"]
    assert told[0] == first
    assert first + 9 <= told[1] <= last
    assert len(TELLING[family]["distinct_outputs"]) == len(TELLING[family]["distinct_in_layers"]) > 7


@pytest.mark.parametrize("family", RUNS)
def test_each_mode_matters_somewhere(family: str) -> None:
    modes = TELLING[family]["modes"]
    assert {name for name, counts in modes.items() if counts["drawn"] and not counts["matter"]} == set()
    assert len(modes) > 8


@pytest.mark.parametrize("family", RUNS)
def test_numbers_differ_from_event_to_event(family: str) -> None:
    assert mean(TELLING[family]["distinct_outputs"]) > 0.5
