"""Compare a unit under isobit's headers with AMD's golden hashes; say of a difference what, where and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results import corrected, describe, golden
from worker import ISOBIT, Case, Program, Row, Unit, build, digest, vendor

__all__ = ["Comparison", "compare", "differing_groups", "report"]


@dataclass(frozen=True)
class Comparison:
    """How a unit fared."""

    count: int
    groups: int
    failure: str


def _row_pairs(unit: Unit, program: Program, oracle: Program, titles: Sequence[str]) -> list[tuple[Row, Row]]:
    """Rows of some groups by both header sets, AMD's with its known defects put right."""
    places = [index for index, title in enumerate(program.cases()) if title in titles]
    ours = program.rows(places)
    theirs = corrected(oracle.rows(places)).rows
    if len(ours) != len(theirs):
        raise AssertionError(f"{unit.name}: {len(ours)} rows by isobit, {len(theirs)} by AMD's headers")
    return list(zip(theirs, ours, strict=True))


def report(unit: Unit, program: Program, titles: Sequence[str]) -> str:
    """Say how many results differ and show the first five, one of each operation first."""
    oracle = build(unit, vendor())
    wrong = [
        (theirs, ours)
        for theirs, ours in _row_pairs(unit, program, oracle, titles)
        if (theirs.type, theirs.result) != (ours.type, ours.result)
    ]
    seen: dict[str, tuple[Row, Row]] = {}
    for pair in wrong:
        seen.setdefault(pair[0].operation, pair)
    shown = [*seen.values(), *(pair for pair in wrong if pair not in seen.values())][:5]
    lines = [
        f"{unit.name}: {len(wrong)} results differ in {len(titles)} groups; the first of each operation, at most five:"
    ]
    for theirs, ours in shown:
        kind = "" if theirs.type == ours.type else f" (isobit's type: {ours.type})"
        lines.append(describe(theirs, theirs.result, ours.result) + kind)
    return "\n  ".join(lines)


def _differing(unit: Unit, groups: dict[str, list[Case]]) -> list[str]:
    """Groups whose hash is not the golden one."""
    known = golden()[unit.name]
    assert list(groups) == list(known.vendor), (
        f"{unit.name} has other groups than golden.json: run tools/arith_golden.py"
    )
    wanted = {**known.vendor, **known.isobit}
    return [title for title, cases in groups.items() if digest(cases) != wanted[title]]


def differing_groups(unit: Unit, include: Sequence[Path]) -> list[str]:
    """Compile a unit with some headers and name the groups that are not what they must be."""
    return _differing(unit, build(unit, include).cases())


def compare(unit: Unit) -> Comparison:
    """Compile a unit with isobit's headers and compare every group with the golden hash."""
    program = build(unit, ISOBIT)
    groups = program.cases()
    differing = _differing(unit, groups)
    count = sum(case.count for cases in groups.values() for case in cases)
    return Comparison(count, len(groups), report(unit, program, differing) if differing else "")
