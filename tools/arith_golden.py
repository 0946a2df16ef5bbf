"""What AMD's headers give for the units of tests/arith, made once: golden hashes, with the known defects put right.

    nice python tools/arith_golden.py [UNIT ...]   # about six minutes of one free core; named units only: made anew
    python tools/arith_golden.py --show            # the counts in the committed file

Every row whose exact result is known (tests/arith/by_definition.py, members_by_definition.py) is checked; a wrong row
must be one of the known defects, and isobit must meet the hash with that row put right. Exit status 1: an unexplained
row.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "arith"), str(ROOT / "tests"), str(ROOT / "python")]

import results  # noqa: E402
import units  # noqa: E402
import worker  # noqa: E402

#: Casts, conversions and text: other tests hold those against definitions.
UNJUDGED = {u.name for make in (units.casts, units.conversions, units.texts) for u in make()}


def _write(report: dict[str, Any]) -> None:
    report["units"] = {name: report["units"][name] for name in units.all_units() if name in report["units"]}
    half = results.PATH.with_suffix(".part")
    half.write_text(json.dumps(report, indent=1) + "\n")
    half.rename(results.PATH)


def make(names: list[str]) -> int:
    """Run the named units (or all) by AMD's headers."""
    report: dict[str, Any] = {"units": {}, "examples": {}}
    if results.PATH.exists():
        report = json.loads(results.PATH.read_text())
    report["what"] = (
        "per unit of tests/arith/units.py: a hash a group by AMD's headers; those that isobit must meet instead"
    )
    report["generator"] = "tools/arith_golden.py"
    report["versions"] = worker.versions()
    wrong = 0
    for name in names or list(units.all_units()):
        begin = time.monotonic()
        unit = units.unit(name)
        program = worker.build(unit, worker.vendor())
        groups = program.cases()
        verdict = results.Verdict([], set(), 0, Counter(), {}, [])
        if name not in UNJUDGED:
            verdict = results.corrected(program.rows(range(len(unit.calls))))
        found = results.judge(groups, verdict)
        report["units"][name] = asdict(found)
        for label, row in verdict.examples.items():
            mended = (results.expected(row) if results.is_exact(row) else results.member_expected(row) or ("", 0))[1]
            report["examples"].setdefault(label, results.describe(row, row.result, mended))
        wrong += len(verdict.unexplained)
        print(
            f"{name}: {found.count} results in {len(groups)} groups, {verdict.checked} checked by definition, defects "
            f"{found.defects}, {len(verdict.unexplained)} unexplained; {time.monotonic() - begin:.0f} s",
            flush=True,
        )
        for row, (kind, bits) in verdict.unexplained[:5]:
            print("  by definition", kind, hex(bits), "|", results.describe(row, row.result, bits))
        report["date"] = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        report["results"] = sum(unit["count"] for unit in report["units"].values())
        _write(report)
    return int(bool(wrong))


def show() -> int:
    """Print the counts."""
    total: Counter[str] = Counter()
    for name, unit in results.golden().items():
        total.update(unit.defects)
        print(f"{name}: {unit.count} results in {len(unit.vendor)} groups, defects {unit.defects}")
    print(f"{sum(unit.count for unit in results.golden().values())} results; rows put right: {dict(total)}")
    return 0


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", nargs="*", help="units to make anew; none: all")
    parser.add_argument("--show", action="store_true", help="print the counts of the committed file")
    arguments = parser.parse_args()
    return show() if arguments.show else make(arguments.units)


if __name__ == "__main__":
    sys.exit(main())
