"""tools/golden_records.py: the same code is green; one wrong number turns it red and is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

import golden_records
from recording import facts

NETWORK, LAYER = "strategies/0", "fc"
PARTS = ["bits", "plan", "verdicts", "profile", "model"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "record"
    assert golden_records.record(folder, NETWORK) == 0
    return folder


def test_the_same_code_is_green(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert golden_records.compare(recorded, NETWORK, PARTS, None) == 0
    assert "1 networks, 0 differ" in capsys.readouterr().out


def test_one_wrong_number_is_named(
    recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = facts.compute

    def wrong(model: Any, events: facts.Events, engine: str) -> facts.Computed:
        found = right(model, events, engine)
        if engine == "cpp":
            found.layers[LAYER] = found.layers[LAYER].copy()
            found.layers[LAYER][3, 0] ^= 1
        return found

    monkeypatch.setattr(facts, "compute", wrong)
    assert golden_records.compare(recorded, NETWORK, PARTS, None) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"{NETWORK}: ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"{NETWORK}: bits: cpp: layer {LAYER}: 1 of ")
    assert "first: event 3, place [0]" in lines[0]


def test_another_plan_and_another_weight_are_named(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = recorded / "plans" / "strategies-0.plan.txt"
    record = recorded / "record.json"
    texts = plan.read_text(), record.read_text()
    try:
        plan.write_text(texts[0].replace("bits", "bit"))
        weights = facts.document_of(recorded / "networks" / "strategies-0.isobit")[1][LAYER]
        record.write_text(texts[1].replace(weights, "0" * len(weights)))
        assert golden_records.compare(recorded, NETWORK, PARTS, None) == 1
    finally:
        plan.write_text(texts[0])
        record.write_text(texts[1])
    told = capsys.readouterr().out
    assert f"{NETWORK}: plan: plan: differs" in told
    assert f"{NETWORK}: model: {LAYER}: " in told
    assert f"{NETWORK}: bits" not in told


def test_other_names_of_stages_are_a_note(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = recorded / "plans" / "strategies-0.plan.txt"
    text = plan.read_text()
    try:
        plan.write_text(text.replace(f"\n{LAYER}: ", "\nformerly: "))
        assert golden_records.compare(recorded, NETWORK, PARTS, None) == 0
    finally:
        plan.write_text(text)
    assert f"note: {NETWORK}: plan: equal except names of stages" in capsys.readouterr().out
