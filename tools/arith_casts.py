"""More than 10^9 random casts to width 200 by AMD's headers and by isobit's, made once; no hash may differ.

    nice python tools/arith_casts.py --work DIR    # about five minutes of one free core

Random format pairs, all modes; values drawn to ties, bounds, wrap points, extremes and at random (subject/casts.hpp).
Finished units are kept in DIR, for these very headers, and the run goes on where it stopped; the report is
tests/arith/random_casts.json. Exit status 1: a hash differs.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "arith"), str(ROOT / "tests"), str(ROOT / "python"), str(ROOT / "tools")]

import units  # noqa: E402
import worker  # noqa: E402
from arith_exhaustive import headers_digest  # noqa: E402

REPORT = ROOT / "tests" / "arith" / "random_casts.json"
#: Pairs of formats, values of each, widest number, seed.
PARTS = ((240, 3_500_000, 64, 41), (100, 1_700_000, 200, 4100))


def main() -> int:
    """Run every unit by both header sets, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder where finished units are kept")
    work = parser.parse_args().work
    todo = [u for part in PARTS for u in units.random_casts(*part, per_unit=20)]
    begin = time.monotonic()
    hashes: dict[str, list[str]] = {}
    differing: list[str] = []
    casts = 0
    for done, unit in enumerate(todo, 1):
        found = {}
        for side, include in (("vendor", worker.vendor()), ("isobit", worker.ISOBIT)):
            home = work / (side if side == "vendor" else headers_digest()[:16])
            home.mkdir(parents=True, exist_ok=True)
            path = home / f"{unit.name}.json"
            if not path.exists():
                groups = worker.build(unit, include, "-O2").cases()
                path.write_text(json.dumps([case.line for cases in groups.values() for case in cases]))
            found[side] = json.loads(path.read_text())
        assert len(found["vendor"]) == len(found["isobit"]) == len(unit.calls)
        casts += sum(int(line.split("\t")[3]) for line in found["vendor"])
        differing += [v for v, i in zip(found["vendor"], found["isobit"], strict=True) if v != i]
        hashes[unit.name] = [line.split("\t")[4] for line in found["vendor"]]
        passed = time.monotonic() - begin
        print(f"[{done}/{len(todo)}] {casts} casts in {passed:.0f} s, {len(differing)} pairs differ", flush=True)
    report = {
        "what": "random casts by AMD's headers and by isobit's C++ classes: hash of every pair of formats",
        "generator": "tools/arith_casts.py --work DIR (pairs: units.random_casts; values: subject/casts.hpp)",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": worker.versions(),
        "isobit_headers_sha256": headers_digest(),
        "parts": [dict(zip(("pairs", "values", "widest", "seed"), part, strict=True)) for part in PARTS],
        "casts": casts,
        "widest": max(part[2] for part in PARTS),
        "differing": differing,
        "hashes": hashes,
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{REPORT.name}: {casts} casts, {len(differing)} pairs differ", *differing[:5], sep="\n  ")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
