"""docs/verdicts.md says what the code does."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from isobit.check import findings
from isobit.check.keras import LAYER_EVENTS
from isobit.check.tables import TABLE_EVENTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "verdicts.md"


def test_example_runs() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert failed == 0
    assert tried >= 8


def test_kinds_and_limits_are_those_of_the_code() -> None:
    text, code = PAGE.read_text(), Path(findings.__file__).read_text()
    kinds = set(re.findall(r"^\| `([a-z-]+)` \|", text, flags=re.MULTILINE))
    assert kinds == set(re.findall(r'Finding\(\s*"([a-z-]+)"', code))
    assert f"first {TABLE_EVENTS:,} events" in text
    assert f"first {LAYER_EVENTS:,} events" in text
    assert (findings.LARGE, findings.AGREEMENT, findings.FEW_ENTRIES, findings.COARSE, findings.SUM) == (
        0.25,
        0.9,
        2,
        0.25,
        0.5,
    )
