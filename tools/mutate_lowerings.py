"""Mutate the lowerings of the layers and the primitives' kernels: does the comparison of bits notice?

    python tools/mutate_lowerings.py                          # every area, Python and C++: about an hour
    python tools/mutate_lowerings.py --areas LSTM GRU --all   # every mutant of these
    python tools/mutate_lowerings.py --again 12 --seed 5      # some of those that were caught; nothing is written
    python tools/mutate_lowerings.py --report                 # only the table, from what was found

A mutant is one changed place of a function (tests/mutation/lowering_mutants.py) or of a C++ kernel (cpp_mutants.py;
all of them are compiled at once). It is compared with recorded numbers of hls4ml's C-simulation, then with the
reference (lowering_judges.py); mutants of what chooses lanes, reads nodes or generates code with tests by numbers.
Mutants of Python are drawn until enough of them were noticed. What was found is kept in tests/mutation/lowerings.json;
survivors must stand in equivalent_lowerings.json with the reason why no number can tell them apart. Exit status 1: one
does not.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Set in a process that runs the package with mutated C++ kernels: where they were built.
BUILT = "ISOBIT_MUTATED"
#: Whether this checkout has its compiled module; else the installed package is mutated.
BUILT_HERE = any((ROOT / "python" / "isobit").glob("_core*.so"))
sys.path[:0] = [
    str(ROOT / "tests" / "mutation"),
    *([] if BUILT in os.environ or not BUILT_HERE else [str(ROOT / "python")]),
]
os.environ.setdefault("ISOBIT_FRESH_SEED", "1")  # test files, whose graphs are drawn, read it

from cpp_builds import build_package, build_test, choose, run_test  # noqa: E402
from cpp_changes import CHANGES  # noqa: E402
from cpp_mutants import is_current  # noqa: E402
from cpp_mutants import mutants as cpp_mutants  # noqa: E402
from lowering_areas import AREAS  # noqa: E402
from lowering_judges import ROADS, Verdict, judge, prepare  # noqa: E402
from lowering_mutants import drawn, install, mutants, written  # noqa: E402
from lowering_report import read, unexplained, write, write_report  # noqa: E402

Row = dict[str, Any]
#: Roads that a process with mutated kernels takes; the others of C++ areas are programs.
IN_PROCESS = {*ROADS, "tests"}


def _row(area: str, name: str, verdict: Verdict) -> Row:
    print(f"{verdict.how or 'SURVIVED':10}{verdict.seconds:6} {area}: {name}  {verdict.detail}", flush=True)
    return {"name": name, "noticed": verdict.how, "detail": verdict.detail}


def judged(area: str, valid: int, most: int, seed: int) -> list[Row]:
    """Judge mutants of an area until bits differed by so many, or so many were judged; all of them if it is 0."""
    here = AREAS[area]
    prepare(here.road, here.families)
    rows: list[Row] = []
    differed = 0
    for mutant in drawn(area, seed):
        verdict = judge(here.road, here.families, partial(install, mutant))
        if verdict.how == "invalid":
            print(f"invalid: {area}: {mutant.name}  {verdict.detail}")
            continue
        rows.append(_row(area, mutant.name, verdict))
        differed += verdict.how in NOTICED
        if valid and (differed >= max(valid, len(written(area))) or len(rows) >= most):
            break
    return rows


def judged_cpp(area: str) -> Iterator[Row]:
    """Judge every mutant of an area of C++ kernels, in a process that runs them."""
    here, folder = CHANGES[area], Path(os.environ[BUILT])
    if not is_current(folder):
        raise SystemExit(f"{folder} was built from other sources or mutants; remove it, and it is built anew")
    if here.road in IN_PROCESS:
        prepare(here.road, here.families)
    for mutant in (each for each in cpp_mutants() if each.area == area):
        verdict, program = Verdict(""), here.road
        if here.road in IN_PROCESS:
            verdict, program = judge(here.road, here.families, partial(choose, mutant.number)), here.program
        if program and not verdict.how:
            verdict = Verdict("test" if run_test(folder / program, mutant.number) else "", f"tests/cpp/{program}.cpp")
        yield _row(area, mutant.name, verdict)


def build_and_judge(areas: list[str]) -> None:
    """Compile all C++ mutants, and judge those of some areas in another process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("ISOBIT_MUTANTS_FOLDER", name))
        programs = {program for area in areas for program in (CHANGES[area].road, CHANGES[area].program) if program}
        for program in programs - IN_PROCESS:
            build_test(folder, program)
        path = folder / "python"
        if any(CHANGES[area].road in IN_PROCESS for area in areas) and not path.exists():
            build_package(folder)
        environment = {**os.environ, BUILT: str(folder), "PYTHONPATH": str(path if path.exists() else ROOT / "python")}
        subprocess.run([sys.executable, __file__, "--areas", *areas], env=environment, check=False)


#: How a mutant is noticed other than by an error.
NOTICED = ("csim", "reference", "test")


def again(count: int, seed: int) -> int:
    """Judge one of the mutants that were caught in so many areas; how many were not."""
    found = read()
    rng = random.Random(seed)
    missed = 0
    for area in rng.sample(here := sorted(found.keys() & AREAS.keys()), min(count, len(here))):
        caught = {row["name"] for row in found[area] if row["noticed"] in NOTICED}
        known = [mutant for mutant in mutants(area) if mutant.name in caught]
        mutant, where = rng.choice(known), AREAS[area]
        prepare(where.road, where.families)  # before the change: the reference may be what is changed
        verdict = judge(where.road, where.families, partial(install, mutant))
        missed += not _row(area, mutant.name, verdict)["noticed"]
    return missed


def main() -> int:
    """Judge, keep what was found, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [*AREAS, *CHANGES]
    parser.add_argument("--areas", nargs="*", default=every, choices=every, metavar="AREA")
    parser.add_argument("--valid", type=int, default=12, help="mutants of each Python area by which bits differ")
    parser.add_argument("--most", type=int, default=45, help="mutants of each Python area that are judged at most")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--again", type=int, help="judge so many that were caught, and keep nothing")
    parser.add_argument("--report", action="store_true", help="write the table alone")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    options = parser.parse_args()
    if options.again:
        return int(again(options.again, options.seed) > 0)
    areas = [] if options.report else options.areas
    for area in areas:
        if area in AREAS:
            write(area, judged(area, 0 if options.all else options.valid, options.most, options.seed))
        elif BUILT in os.environ:
            write(area, list(judged_cpp(area)))
    if BUILT in os.environ:
        return 0
    if cpp := [area for area in areas if area in CHANGES]:
        build_and_judge(cpp)
    write_report()
    left = unexplained()
    print("\n".join([f"{len(left)} survivors without a reason", *left]))
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
