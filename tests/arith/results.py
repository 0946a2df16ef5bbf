"""What AMD's headers gave for every unit, as committed: one hash a group, known defects corrected and counted.

``golden.json`` is made by tools/arith_golden.py: it runs AMD's headers, checks every row whose exact result is known
(by_definition.py), and gives each wrong row a defect's name; the hash that isobit must meet has those rows put right.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from by_definition import COVERED, defect, expected
from formats import named
from members_by_definition import member_defect, member_expected
from worker import HASH_BASIS, Case, Row, digest, fold

__all__ = ["PATH", "Golden", "Verdict", "corrected", "describe", "golden", "is_exact", "judge"]

PATH = Path(__file__).resolve().parent / "golden.json"


@dataclass
class Golden:
    """AMD's groups of one unit."""

    vendor: dict[str, str]
    isobit: dict[str, str]
    count: int
    defects: dict[str, int] = field(default_factory=dict)


def is_exact(row: Row) -> bool:
    """Tell whether by_definition.py knows the result of a row."""
    if row.operation not in COVERED:
        return False
    if row.group.startswith("unary "):
        return True
    first, _, second = row.group.partition(" . ")
    try:
        named(first), named(second)
    except ValueError:
        return False
    return True


def _kept_type(row: Row) -> str | None:
    """Type of a shifted number where AMD's differs from the operand's.

    B21: shifted by anything but int, unsigned or ap_[u]int, it forgets its modes.
    """
    operand, _, _ = row.group.removeprefix("shift ").partition(" . ")
    shifted = row.group.startswith("shift fixed") and row.operation in ("<<", ">>")
    return operand if shifted and row.type != operand else None


@dataclass(frozen=True)
class Verdict:
    """What AMD's headers did in one unit, judged by by_definition.py."""

    rows: list[Row]  # with known defects put right
    mended: set[str]  # groups in which one was
    checked: int
    defects: Counter[str]
    examples: dict[str, Row]
    unexplained: list[tuple[Row, tuple[str, int]]]


def corrected(rows: Iterable[Row]) -> Verdict:
    """Judge rows of AMD's headers and put the known defects right."""
    verdict = Verdict([], set(), 0, Counter(), {}, [])
    checked = 0
    for row in rows:
        known = expected(row) if is_exact(row) else None
        if known is None and (member := member_expected(row)) is not None:
            known = member
        if known is not None:
            checked += 1
            kind, bits = known
            if (kind, bits) != (row.type, row.result):
                name = (defect if is_exact(row) else member_defect)(row)
                name = name if kind == row.type or name in ("B22", "B23", "B25") else None
                if name is None:
                    verdict.unexplained.append((row, (kind, bits)))
                else:
                    verdict.defects[name] += 1
                    verdict.examples.setdefault(name, row)
                    verdict.mended.add(row.group)
                    row = replace(row, type=kind, result=bits)
        kept = _kept_type(row)
        if kept is not None:
            verdict.defects["B21"] += 1
            verdict.examples.setdefault("B21", row)
            verdict.mended.add(row.group)
            row = replace(row, type=kept)
        verdict.rows.append(row)
    return replace(verdict, checked=checked)


def hashed(rows: Sequence[Row], cases: Sequence[Case]) -> list[Case]:
    """Hash rows as the program does: the cases of one group."""
    values = dict.fromkeys((case.operation for case in cases), HASH_BASIS)
    for row in rows:
        if isinstance(row.result, str):
            for byte in row.result.encode():
                values[row.operation] = fold(values[row.operation], byte, 1)
            values[row.operation] = fold(values[row.operation], 256, 1)
        else:
            words = 1 if not row.type.startswith(("int<", "fixed<")) else (named(row.type).width + 63) // 64
            values[row.operation] = fold(values[row.operation], row.result, words)
    kinds = {row.operation: row.type for row in rows}
    return [replace(case, type=kinds[case.operation], hash=f"{values[case.operation]:016x}") for case in cases]


def judge(groups: dict[str, list[Case]], verdict: Verdict) -> Golden:
    """Make a unit's golden hashes."""
    vendor = {title: digest(cases) for title, cases in groups.items()}
    by_group: dict[str, list[Row]] = {}
    for row in verdict.rows:
        if row.group not in verdict.mended:
            continue
        by_group.setdefault(row.group, []).append(row)
    isobit = {}
    for title, rows in by_group.items():
        mended = digest(hashed(rows, groups[title]))
        if mended != vendor[title]:
            isobit[title] = mended
    count = sum(case.count for cases in groups.values() for case in cases)
    return Golden(vendor, isobit, count, dict(sorted(verdict.defects.items())))


@functools.cache
def golden() -> dict[str, Golden]:
    """Read the committed file."""
    units: dict[str, Any] = json.loads(PATH.read_text())["units"]
    return {name: Golden(**value) for name, value in units.items()}


def describe(row: Row, vendor: int | str, isobit: int | str) -> str:
    """Say one difference: operation, formats, operands, both results."""

    def shown(value: int | str) -> str:
        return value if isinstance(value, str) else hex(value)

    operands = ", ".join(map(shown, row.operands))
    return f"{row.group}: {row.operation} of ({operands}) -> {row.type}: AMD {shown(vendor)}, isobit {shown(isobit)}"
