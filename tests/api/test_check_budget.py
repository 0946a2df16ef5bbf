"""check: the reference gets a budget of seconds, takes ten events in any case, and says how many it took."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from api_networks import events
from graphs import tiny

import isobit as ib
from isobit.check import budget
from isobit.engines import reference
from isobit.errors import RangeError


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that takes ten milliseconds for an event, by the budget's clock."""
    run, clock = reference.ReferenceEngine.run, Clock()

    def slowly(self: Any, graph: Any, inputs: Any, threads: int) -> Any:
        clock.now += 0.01 * len(next(iter(inputs.values())))
        return run(self, graph, inputs, threads)

    monkeypatch.setattr(reference.ReferenceEngine, "run", slowly)
    monkeypatch.setattr(budget, "time", clock)


@pytest.fixture
def subject() -> ib.Model:
    return ib.Model(tiny())


X = events(3, 500, 3)


def test_stops_when_the_seconds_are_over(subject: ib.Model, slow: None) -> None:
    calls: list[tuple[str, int, int]] = []
    report = ib.check(subject, X, ["cpp", "reference"], reference_seconds=0.4, progress=lambda *c: calls.append(c))
    cpp, road = report.roads
    assert (cpp.name, cpp.events) == ("cpp", 500)
    assert 30 <= road.events <= 42  # 0.4 s of 10 ms each, and a part that was begun in time
    assert [layer.events for layer in road.layers] == [road.events] * len(road.layers)
    assert f"the reference took {road.events} of 500 events; its 0.4 s were over" in str(report)
    assert f"{road.events} events on reference" in report.verdict()
    moves = [done for name, done, _ in calls if name == "reference"]
    assert len(moves) > 3  # the bar moves
    assert moves == sorted(moves)
    assert calls[-1] == ("reference", road.events, road.events)


def test_takes_ten_events_without_any_time(subject: ib.Model, slow: None) -> None:
    report = ib.check(subject, X, ["reference"], reference_seconds=0)
    assert report.roads[0].events == 10
    assert ib.check(subject, X[:4], ["reference"], reference_seconds=0).roads[0].events == 4
    assert ib.check(subject, X, ["reference"], reference_seconds=0, reference_events=3).roads[0].events == 3


def test_blocks_share_one_budget(subject: ib.Model, slow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["isobit.check.blocks"], "BLOCK", 16)
    report = ib.check(subject, X, ["cpp", "reference"], reference_seconds=0.3)
    assert 22 <= report.roads[1].events <= 32
    assert report.roads[0].events == 500


def test_takes_what_was_asked_for_in_time(subject: ib.Model) -> None:
    for seconds in (5.0, math.inf):
        report = ib.check(subject, X, ["reference"], reference_events=120, reference_seconds=seconds)
        assert report.roads[0].events == 120
        assert "took" not in str(report)


def test_differences_are_found_in_later_parts(subject: ib.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are joined in their order, and events keep their numbers."""
    run = reference.ReferenceEngine.run

    def wrong(self: Any, graph: Any, inputs: Any, threads: int) -> Any:
        values = run(self, graph, inputs, threads)
        last = graph.ops[-1].output
        raw = values[last.name].raw.copy()
        raw[(inputs[graph.inputs[0].name].raw == marked).all(axis=1), 0] += 1
        return {**values, last.name: ib.FixedArray(raw, last.type)}

    marked = next(iter(subject.quantise(X)[0].values())).raw[347]
    monkeypatch.setattr(reference.ReferenceEngine, "run", wrong)
    report = ib.check(subject, X, ["reference"])
    assert report.roads[0].events_differ == 1
    (layer,) = (layer for _, layer in report.mismatches)
    assert layer.first is not None
    assert layer.first.event == 347


@pytest.mark.parametrize("seconds", [-1, math.nan, "5", None, True])
def test_refuses_other_seconds(seconds: Any, subject: ib.Model) -> None:
    with pytest.raises(RangeError, match="reference_seconds must be 0 or more"):
        ib.check(subject, X, ["reference"], reference_seconds=seconds)
    assert np.isfinite(X).all()


def test_as_the_base_road_it_takes_every_event() -> None:
    report = ib.check(ib.Model(tiny()), X[:40], ["cpp"], engine="reference", reference_events=15)
    assert (report.ok, report.events, report.base.events) == (True, 40, 40)
