"""Values that a user may look up, by both header sets; each known defect of AMD's headers beside what isobit gives."""

from __future__ import annotations

import subprocess

import pytest
from worker import ISOBIT, Program, Unit, build, vendor

UNIT = Unit(
    "right_values",
    ("sink.hpp", "right_values.hpp"),
    ("rounding()", "overflow()", "points()", "growth()", "shifts()", "not_offered()", "others()", "defects()"),
)


def _lines(program: Program) -> list[tuple[str, str, str, str, str]]:
    text = subprocess.run([str(program.path)], capture_output=True, text=True, check=True, timeout=60).stdout
    return [tuple(line.split("\t")) for line in text.splitlines()]  # type: ignore[misc]


def wrong_values(program: Program, column: int) -> list[str]:
    """Lines whose value is not that of a column: 2 AMD's, 3 isobit's."""
    return [f"{v[0]}: {v[1]} instead of {v[column]} {v[4]}" for v in _lines(program) if v[1] != v[column]]


@pytest.mark.turn(3)
@pytest.mark.csim
@pytest.mark.parametrize("headers", ["vendor", "isobit"])
def test_values(headers: str) -> None:
    program = build(UNIT, vendor() if headers == "vendor" else ISOBIT)
    lines = _lines(program)
    assert len(lines) >= 100
    assert {name for *_, name in lines if name} == {"B5", "B6", "B7", "B16", "B17", "B18", "B19", "B20"}
    wrong = wrong_values(program, 2 if headers == "vendor" else 3)
    assert not wrong, f"{len(wrong)} of {len(lines)} values differ:\n" + "\n".join(wrong[:10])
