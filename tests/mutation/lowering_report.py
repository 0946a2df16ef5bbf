"""What tools/mutate_lowerings.py found, and the table that it makes of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from cpp_changes import CHANGES
from lowering_areas import AREAS

__all__ = ["EQUIVALENT", "FOUND", "REPORT", "read", "reasons", "unexplained", "write", "write_report"]

HERE = Path(__file__).resolve().parent
#: By area, every mutant that was judged: ``name``, ``noticed`` (see :class:`lowering_judges.Verdict`), ``detail``.
FOUND = HERE / "lowerings.json"
#: By area, survivors by name with the reason why no number tells them from the code.
EQUIVALENT = HERE / "equivalent_lowerings.json"
REPORT = HERE / "report.md"

Rows = list[dict[str, Any]]

_ROADS = {
    "lowered": "cpp, cpp-strict",
    "planned": "cpp, every layer and the outputs alone",
    "exact": "exact kernels",
    "every": "cpp, cpp-strict, exact kernels",
    "numba": "numba, every layer and the outputs alone",
    "reference": "reference",
    "strict": "cpp-strict",
    "tests": "tests by numbers",
}
_NOTICED = {"csim": "C-simulation", "reference": "reference", "test": "test", "error": "error", "": "survived"}


def read() -> dict[str, Rows]:
    """What was found so far."""
    return dict(json.loads(FOUND.read_text())) if FOUND.exists() else {}


def write(area: str, rows: Rows) -> None:
    """Keep what was found in an area."""
    found = {**read(), area: rows}
    FOUND.write_text(json.dumps({name: found[name] for name in (*AREAS, *CHANGES) if name in found}, indent=1) + "\n")


def reasons(area: str) -> dict[str, str]:
    """Why survivors of an area are equivalent."""
    return dict(json.loads(EQUIVALENT.read_text()).get(area, {})) if EQUIVALENT.exists() else {}


def unexplained() -> list[str]:
    """Survivors without a reason."""
    return [
        f"{area}: {row['name']}"
        for area, rows in read().items()
        for row in rows
        if not row["noticed"] and row["name"] not in reasons(area)
    ]


def write_report() -> None:
    """Write the table."""
    found = read()
    lines = [
        "# Mutants of lowerings and kernels",
        "",
        "Made by `python tools/mutate_lowerings.py`, see there. Columns count the mutants of an area by what",
        "noticed them first: numbers that differ from recorded ones of hls4ml's C-simulation, from the reference's on",
        "drawn graphs, or from those in a test; or an error before anything was computed. All: `lowerings.json`.",
        "",
        f"| {' | '.join(['area', 'what is compared', 'mutants', *_NOTICED.values()])} |",
        f"|{'---|' * (3 + len(_NOTICED))}",
    ]
    total: Counter[str] = Counter()
    for area, rows in found.items():
        counts = Counter(row["noticed"] for row in rows)
        total += counts
        road = AREAS[area].road if area in AREAS else CHANGES[area].road
        numbers = [len(rows), *(counts[how] for how in _NOTICED)]
        lines.append(f"| {area} | {_ROADS.get(road, f'tests/cpp/{road}.cpp')} | {' | '.join(map(str, numbers))} |")
    lines.append(f"| all | | {total.total()} | {' | '.join(str(total[how]) for how in _NOTICED)} |")
    lines += [
        "",
        "## Survivors",
        "",
        "Below each stands why it computes the same for every input; or **open**: neither explained nor noticed yet.",
    ]
    for area, rows in found.items():
        left = [row["name"] for row in rows if not row["noticed"]]
        lines += ["", f"### {area}", ""] if left else []
        for name in left:
            lines += [f"- {name}", "", f"  {reasons(area).get(name, '**open**')}", ""]
    REPORT.write_text("\n".join(lines).rstrip() + "\n")
