"""All casts between formats of up to 8 bits through isobit's C++ classes, once: every target's hash against AMD's.

    nice python tools/arith_exhaustive.py --work DIR    # about 15 minutes of one free core

AMD's hashes are those of tests/law/exhaustive_8.json, of the grid of tests/law/grid.py: widths 1 to 8, both signs,
every mode, saturation bits 0 to 3, every alignment, every value. ``--work`` keeps finished chunks in DIR, for these
very headers, and goes on where it stopped; the report is tests/arith/exhaustive_8.json. Exit status 1: a hash differs.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "arith"), str(ROOT / "tests"), str(ROOT / "python")]

from casts_grid import grid, run_table  # noqa: E402
from worker import INCLUDE, versions  # noqa: E402

WIDTH = 8
REPORT = ROOT / "tests" / "arith" / "exhaustive_8.json"
VENDOR = ROOT / "tests" / "law" / "exhaustive_8.json"


def headers_digest() -> str:
    """Hash of isobit's headers that a cast can reach."""
    files = [p for p in sorted(INCLUDE.rglob("*")) if p.is_file() and not {"host", "kernels"} & set(p.parts)]
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()


def main() -> int:
    """Run every chunk that is not there yet, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder where finished chunks are kept")
    work = parser.parse_args().work / headers_digest()[:16]
    work.mkdir(parents=True, exist_ok=True)
    wanted = json.loads(VENDOR.read_text())["sha256"]
    todo = list(grid.walk(WIDTH))
    casts = instantiations = formats = 0
    differing: list[str] = []
    begin = time.monotonic()
    for done, job in enumerate(todo, 1):
        path = work / ("_".join(map(str, job)) + ".json")
        if not path.exists():
            targets, results = run_table(job, WIDTH)
            row = {str(t): [grid.digest(r), int(r.size)] for t, r in zip(targets, results, strict=True)}
            path.write_text(json.dumps(row))
        for target, (digest, size) in json.loads(path.read_text()).items():
            formats, casts = formats + 1, casts + size
            instantiations += len(grid.cells(job[0], WIDTH))
            differing += [] if digest == wanted[target] else [target]
        passed = time.monotonic() - begin
        print(f"[{done}/{len(todo)}] {casts} casts in {passed:.0f} s, {len(differing)} formats differ", flush=True)
    if headers_digest()[:16] != work.name:
        print("the headers changed during the run: start again")
        return 1
    report = {
        "what": "casts between formats of up to 8 bits by isobit's C++ classes; SHA-256 per target against AMD's",
        "generator": "tools/arith_exhaustive.py --work DIR",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": versions(),
        "vendor_hashes": "tests/law/exhaustive_8.json",
        "isobit_headers_sha256": headers_digest(),
        "formats": formats,
        "casts": casts,
        "instantiations": instantiations,
        "differing": differing,
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{REPORT.name}: {formats} formats, {casts} casts, {len(differing)} differ", *differing[:5], sep="\n  ")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
