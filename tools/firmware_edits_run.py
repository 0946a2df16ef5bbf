"""Random edits of projects' files: each is refused, or has the bits of its C-simulation; made once (edits.json).

python tools/firmware_edits_run.py WORK [--cases 10] [--seed 1] [--releases 1.3.0 1.0.0] [--networks dense]

WORK/RELEASE.NETWORK is each project of tests/fuzz/edited_projects.py; those that are missing are written. For another
release than the installed one, WORK/hls4ml-RELEASE-py3-none-any.whl is taken (pip download --no-deps); it must run in
this environment. A case is loaded in a process of its own with a limit of time; what is loaded is compiled, and every
layer's bits are compared with the edited folder's own C-simulation. Layers whose code is none of hls4ml's are named,
and then computed by that code. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EDITS = ROOT / "tests" / "fuzz"
OUT = ROOT / "tests" / "firmware" / "edits.json"
EVENTS, LIMIT, INSTALLED = 60, 900, "1.3.0"


def case(folder: Path) -> dict[str, Any]:
    """Load and compare a project: what came of it."""
    import numpy as np

    import isobit as ib
    from isobit.errors import CompilerError, CSimError, IsobitError

    def told(error: Exception) -> str:
        return f"{type(error).__name__}: {error}".replace(str(folder), "")[:150]

    try:
        model = ib.load(folder)
        foreign = sorted(op.name for op in model.graph.ops if op.tag == "foreign")
        model = ib.load(folder, run_code=True) if foreign else model
    except IsobitError as error:
        return {"result": "refused", "named": str(folder) in str(error), "says": told(error)}
    draw = np.random.default_rng(1)
    x = []
    for tensor in model.graph.inputs:
        low, high = tensor.type.raw_min * 2.0**-tensor.type.fraction, tensor.type.raw_max * 2.0**-tensor.type.fraction
        x.append(draw.uniform(low, high, (EVENTS, *tensor.shape)))
        x[-1][: EVENTS // 3] = draw.choice([low, high, 0.0], (EVENTS // 3, *tensor.shape))
    try:
        report = ib.check(model, x if len(x) > 1 else x[0], against=(model.csim(optimisation="0"),))
    except (CompilerError, CSimError) as error:
        return {"result": "no simulation", "says": told(error)}
    return {"result": "equal" if report.ok else "DIFFERENT", **({"foreign": foreign} if foreign else {})}


def edited(project: Path, number: int, seed: int, folder: Path) -> str:
    """Copy a project into a folder that is not there, with the edit of this number; says what it is."""
    from folder_edits import edit

    shutil.copytree(project, folder)
    return edit(folder, random.Random(f"{seed} {project.name} {number}"))


def written(work: Path, releases: list[str], networks: list[str]) -> list[Path]:
    """The projects, those that are missing written; what a release cannot write is left out."""
    from edited_projects import NETWORKS

    projects = []
    for release, name in product(releases, networks or NETWORKS):
        folder = work / f"{release}.{name}"
        if not (folder / "firmware" / "parameters.h").is_file():
            other = [] if release == INSTALLED else [str(work / f"hls4ml-{release}")]
            if other and not Path(other[0]).is_dir():
                with zipfile.ZipFile(f"{other[0]}-py3-none-any.whl") as wheel:
                    wheel.extractall(other[0])
            path = os.pathsep.join([*other, os.environ.get("PYTHONPATH", "")])
            command = [sys.executable, str(EDITS / "edited_projects.py"), name, str(folder)]
            done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False)
            if done.returncode:
                continue
        projects.append(folder)
    return projects


def main() -> int:
    """Make the cases that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--cases", type=int, default=10, help="of each project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--releases", nargs="+", default=[INSTALLED])
    parser.add_argument("--networks", nargs="+", default=[], help="some of them alone")
    parser.add_argument("--case", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT / "python"), str(EDITS)]
    if given.case:
        print(json.dumps(case(given.work)))
        return 0
    projects = written(given.work, given.releases, given.networks)
    found: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    found = found if found.get("seed") == given.seed else {"seed": given.seed, "projects": {}}
    for number in range(given.cases):
        for project in projects:
            cases = found["projects"].setdefault(project.name, [])
            if number < len(cases):
                continue
            with tempfile.TemporaryDirectory(prefix="isobit-edit-") as name:
                folder = Path(name) / "project"
                what = edited(project, number, given.seed, folder)
                command = [sys.executable, __file__, str(folder), "--case"]
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
                    last = done.stdout.strip().rpartition("\n")[2]
                    crashed = {"result": "CRASH", "says": done.stderr[-400:]}
                    result = crashed if done.returncode else json.loads(last)
                except subprocess.TimeoutExpired:
                    result = {"result": "HANG"}
            cases.append({"edit": what, **result})
            OUT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
            print(project.name, number, what, result, flush=True)
    every = [one for cases in found["projects"].values() for one in cases]
    bad = [one for one in every if one["result"].isupper() or one.get("named") is False]
    print(f"{len(every)} cases, {len(bad)} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
