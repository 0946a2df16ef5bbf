"""The exhaustive comparison of the law, made once: all casts between formats of up to 8 bits, against AMD's headers.

    nice python tools/law_exhaustive.py --work DIR   # compiles the vendor's headers: about 25 minutes of one free core
    python tools/law_exhaustive.py --verify          # isobit's three laws against the committed hashes
    python tools/law_exhaustive.py --wide            # makes the golden casts of wide formats anew (a minute)

The grid is that of tests/law/grid.py: widths 1 to 8, both signs, 7 roundings, 5 overflow modes, saturation bits N 0 to
3, every alignment, every value. ``--work`` keeps finished chunks in DIR and goes on where it stopped; at the end it
writes tests/law/exhaustive_8.json with one SHA-256 per target format. Exit status 1: a law differs.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "law"), str(ROOT / "tests"), str(ROOT / "python")]

import golden  # noqa: E402
import grid  # noqa: E402
import laws  # noqa: E402
import vendor  # noqa: E402
from casts import run_cases  # noqa: E402
from samples import edge_cases, wide_cases  # noqa: E402

from isobit.fixed.modes import Rounding  # noqa: E402

Job = tuple[int, bool, Rounding]


def _write(path: Path, report: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    half = path.with_suffix(".part")
    half.write_text(json.dumps(report, indent=1) + "\n")
    half.rename(path)


def _chunk(job: Job, work: Path) -> tuple[Path, float]:
    """Make one chunk of the vendor's results, or find it made."""
    width, signed, rounding = job
    path = work / f"{'s' if signed else 'u'}{width}_{rounding.name}.npz"
    begin = time.monotonic()
    if not path.exists():
        table = vendor.run_table(width, signed, rounding, golden.WIDTH)
        half = path.with_suffix(".part.npz")
        np.savez_compressed(half, results=np.stack(table.results), refused=np.array(table.refused, dtype=str))
        half.rename(path)
    return path, time.monotonic() - begin


def make(work: Path, jobs: int) -> int:
    """Make every chunk by the vendor's headers, then write the hashes."""
    work.mkdir(parents=True, exist_ok=True)
    todo = list(grid.walk(golden.WIDTH))
    begin = time.monotonic()
    formats: dict[str, str] = {}
    refused: list[str] = []
    casts = instantiations = 0
    with ThreadPoolExecutor(jobs) as pool:
        made = pool.map(partial(_chunk, work=work), todo)
        for done, (job, (path, seconds)) in enumerate(zip(todo, made, strict=True), 1):
            with np.load(path) as stored:
                results, named = stored["results"], stored["refused"]
            chosen = grid.targets(*job)
            refused += [str(name) for name in named]
            casts += results.size
            instantiations += len(chosen) * len(grid.cells(job[0], golden.WIDTH))
            formats.update((str(t), grid.digest(r)) for t, r in zip(chosen, results, strict=True))
            passed = time.monotonic() - begin
            print(f"[{done}/{len(todo)}] {path.name} {seconds:.1f} s; {casts} casts in {passed:.0f} s", flush=True)
    report = {
        "what": "SHA-256 per target format of the grid of tests/law/grid.py, from AMD's headers built with -DNDEBUG",
        "generator": "tools/law_exhaustive.py --work DIR",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": vendor.versions(),
        "max_width": golden.WIDTH,
        "casts": casts,
        "instantiations": instantiations,
        "refused_or_trapped": refused,
        "sha256": formats,
    }
    _write(golden.HASHES, report)
    print(f"{golden.HASHES}: {len(formats)} formats, {casts} casts, {len(refused)} refused or trapped")
    return 0


def _verify(job: Job, folder: Path) -> Iterator[tuple[str, str, bool, int]]:
    """Compare the three laws' hashes of one chunk: law, format, whether equal, casts."""
    chosen = grid.targets(*job)
    program = laws.CppLaw(folder / "_".join(map(str, job)).replace("AP_", ""))
    by_cpp = program.apply(chosen, golden.WIDTH)
    for target, cpp in zip(chosen, by_cpp, strict=True):
        roads = {
            "law.py": grid.apply(laws.vectorised, target, golden.WIDTH),
            "reference": grid.apply(laws.definition, target, golden.WIDTH),
            "law.hpp": cpp,
        }
        for name, found in roads.items():
            yield name, str(target), grid.digest(found) == golden.hashes()[str(target)], found.size


def _verify_all(job: Job, folder: Path) -> list[tuple[str, str, bool, int]]:
    return list(_verify(job, folder))


def verify(jobs: int) -> int:
    """Recompute the hashes by isobit's three laws."""
    todo = list(grid.walk(golden.WIDTH))
    counts = dict.fromkeys(("law.py", "reference", "law.hpp"), 0)
    wrong: list[str] = []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:
        for done, rows in enumerate(pool.map(partial(_verify_all, folder=Path(folder)), todo), 1):
            for name, target, equal, casts in rows:
                counts[name] += casts
                wrong += [] if equal else [f"{name}: {target}"]
            print(f"[{done}/{len(todo)}] {time.monotonic() - begin:.0f} s, {len(wrong)} hashes differ", flush=True)
    print("; ".join(f"{name}: {count} casts" for name, count in counts.items()))
    if wrong:
        print(f"{len(wrong)} hashes differ from the vendor's; the first five:", *wrong[:5], sep="\n  ")
    return int(bool(wrong))


def wide() -> int:
    """Make the golden casts of wide formats by the vendor's headers."""
    cases = [*wide_cases(1, 16, 64, 120, 6), *wide_cases(2, 8, 100, 200, 6), *edge_cases(3, 40)]
    rows = [
        {"source": str(c.source), "target": str(c.target), "raw": list(map(str, c.values)), "result": list(map(str, r))}
        for c, r in zip(cases, run_cases(cases), strict=True)
    ]
    _write(golden.WIDE, {"generator": "tools/law_exhaustive.py --wide", "versions": vendor.versions(), "casts": rows})
    print(f"{golden.WIDE}: {len(rows)} formats, {sum(len(r['raw']) for r in rows)} casts")
    return 0


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--work", type=Path, help="make the hashes by the vendor's headers, chunks kept here")
    group.add_argument("--verify", action="store_true", help="compare isobit's three laws with the committed hashes")
    group.add_argument("--wide", action="store_true", help="make the golden casts of wide formats")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (a compiler takes up to 1 GB)")
    arguments = parser.parse_args()
    if arguments.work:
        return make(arguments.work, arguments.jobs)
    return verify(arguments.jobs) if arguments.verify else wide()


if __name__ == "__main__":
    sys.exit(main())
