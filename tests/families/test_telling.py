"""Random networks tell: other draws are rejected, and the record of tools/families_telling.py says it of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from family_networks import FAMILIES, Rejected, build
from telling import LEAST

from isobit.fixed import Overflow, Rounding

HERE = Path(__file__).parent
TELLING: dict[str, dict[str, Any]] = json.loads((HERE / "telling.json").read_text())
RUNS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in (HERE / "runs").glob("*.json")}
#: Those of hls4ml, which has no WRAP_SM.
MODES = {mode.name for mode in (*Rounding, *Overflow) if mode is not Overflow.WRAP_SM}


def seeds_of(family: str) -> list[int]:
    """Those of the networks that were compared."""
    first, last = RUNS[family]["seeds"]
    return sorted({*range(first, last + 1)} - {one["seed"] for one in RUNS[family]["rejected"]})


def test_every_family_is_told_of() -> None:
    assert sorted(RUNS) == sorted(TELLING) == sorted(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_rejected_draws_do_not_count(family: str) -> None:
    run = RUNS[family]
    assert len(seeds_of(family)) == run["networks"] >= 40
    assert sum(run["reasons"].values()) == len(run["rejected"])
    assert set(run["reasons"]) <= {"refused", "few distinct events", "a constant output", "weights without a seed"}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_networks_are_those_that_were_compared(family: str) -> None:
    assert TELLING[family]["seeds"] == seeds_of(family)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_mode_matters_somewhere(family: str) -> None:
    modes = TELLING[family]["modes"]
    assert set(modes) == MODES
    assert all(counts["matter"] > 0 for counts in modes.values()), modes


@pytest.mark.parametrize("family", FAMILIES)
def test_half_of_the_events_differ_in_every_network(family: str) -> None:
    shares = TELLING[family]["distinct_outputs"]
    assert len(shares) == RUNS[family]["networks"]
    assert min(shares) >= LEAST


@pytest.mark.hls4ml
@pytest.mark.parametrize("kind", ["few distinct events", "a constant output", "refused"])
def test_what_tells_too_little_is_rejected(kind: str) -> None:
    one = next(one for one in RUNS["shape"]["rejected"] if one["kind"] == kind)
    with pytest.raises(Rejected) as rejected:
        build("shape", one["seed"])
    assert (rejected.value.kind, str(rejected.value)) == (kind, one["rejected"])
