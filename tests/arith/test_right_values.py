"""Values that a user may look up, by both header sets; each known defect of AMD's headers beside what isobit gives."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from worker import ISOBIT, Program, Unit, build, vendor

UNIT = Unit(
    "right_values",
    ("sink.hpp", "right_values.hpp"),
    ("rounding()", "overflow()", "points()", "growth()", "shifts()", "others()", "defects()"),
)


def _lines(program: Program) -> list[tuple[str, str, str, str, str]]:
    text = subprocess.run([str(program.path)], capture_output=True, text=True, check=True, timeout=60).stdout
    return [tuple(line.split("\t")) for line in text.splitlines()]  # type: ignore[misc]


@pytest.mark.csim
@pytest.mark.parametrize("headers", ["vendor", "isobit"])
def test_values(headers: str, tmp_path: Path) -> None:
    lines = _lines(build(UNIT, vendor() if headers == "vendor" else ISOBIT, tmp_path))
    assert len(lines) >= 100
    assert {name for *_, name in lines if name} == {"B5", "B6", "B7", "B16", "B17", "B18", "B19", "B20"}
    column = 2 if headers == "vendor" else 3
    wrong = [f"{line[0]}: {line[1]} instead of {line[column]} {line[4]}" for line in lines if line[1] != line[column]]
    assert not wrong, f"{len(wrong)} of {len(lines)} values differ:\n" + "\n".join(wrong[:10])
