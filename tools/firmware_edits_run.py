"""Random edits of a project's files: each is refused, or has the bits of its C-simulation; made once (edits.json).

python tools/firmware_edits_run.py PROJECT [--cases 200] [--seed 1]

PROJECT is a folder that hls4ml wrote (the record's is jet_mlp of the zoo). A case is loaded in a process of its own
with a limit of time; what is loaded is compiled, and every layer's bits are compared. A run that was stopped goes on
where it was.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "tests" / "firmware" / "edits.json"
EVENTS, LIMIT = 60, 900


def case(folder: Path) -> dict[str, Any]:
    """Load and compare a project: what came of it."""
    import numpy as np

    import isobit as ib
    from isobit.errors import CompilerError, CSimError, IsobitError

    try:
        model = ib.load(folder)
        if any(op.tag == "foreign" for op in model.graph.ops):
            return {"result": "foreign"}
    except IsobitError as error:
        said = str(error)
        return {"result": "refused", "named": str(folder) in said, "says": said.replace(str(folder), "")[:150]}
    draw = np.random.default_rng(1)
    (tensor,) = model.graph.inputs
    low, high = tensor.type.raw_min * 2.0**-tensor.type.fraction, tensor.type.raw_max * 2.0**-tensor.type.fraction
    x = draw.uniform(low, high, (EVENTS, *tensor.shape))
    x[: EVENTS // 3] = draw.choice([low, high, 0.0], (EVENTS // 3, *tensor.shape))
    try:
        simulation = model.csim(optimisation="0")
        report = ib.check(model, x, against=(simulation,))
    except (CompilerError, CSimError) as error:
        return {"result": "no simulation", "says": f"{type(error).__name__}: {error}".replace(str(folder), "")[:150]}
    return {"result": "equal" if report.ok else "DIFFERENT"}


def main() -> int:
    """Make the cases that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "fuzz")]
    if given.case:
        print(json.dumps(case(given.project)))
        return 0
    from folder_edits import edit

    found = json.loads(OUT.read_text()) if OUT.exists() else {"seed": given.seed, "cases": []}
    if found["seed"] != given.seed:
        found = {"seed": given.seed, "cases": []}
    for number in range(len(found["cases"]), given.cases):
        with tempfile.TemporaryDirectory(prefix="isobit-edit-") as name:
            folder = Path(name) / "project"
            shutil.copytree(given.project, folder)
            what = edit(folder, random.Random(f"{given.seed} {number}"))
            command = [sys.executable, __file__, str(folder), "--case"]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
                last = done.stdout.strip().rpartition("\n")[2]
                result = json.loads(last) if done.returncode == 0 else {"result": "CRASH", "says": done.stderr[-400:]}
            except subprocess.TimeoutExpired:
                result = {"result": "HANG"}
        found["cases"].append({"edit": what, **result})
        OUT.write_text(json.dumps(found, indent=1) + "\n")
        print(number, what, result, flush=True)
    bad = [one for one in found["cases"] if one["result"].isupper() or one.get("named") is False]
    print(f"{len(found['cases'])} cases, {len(bad)} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
