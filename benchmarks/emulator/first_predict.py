"""The first predict after `load`, in new processes: caches empty, caches warm, and another precision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

_CHILD = """
import json, sys, time
import numpy as np
begin = time.perf_counter()
import isobit
imported = time.perf_counter()
model = isobit.load(sys.argv[1])
x = np.load(sys.argv[2])
loaded = time.perf_counter()
y = model.predict(x)
done = time.perf_counter()
np.save(sys.argv[3], y)
print(json.dumps({"import_s": imported - begin, "load_s": loaded - imported, "first_predict_s": done - loaded}))
"""


def first_predicts(model: Any, x: np.ndarray[Any, Any], folder: Path) -> dict[str, dict[str, float]]:
    """Seconds of import, load and first predict, by state of the caches.

    Returns
    -------
    ``cold``: no cache at all; ``warm``: what the cold process left; ``other precision``: the same caches, every
    Dense result one bit narrower, which must add nothing to them (``files_added``).
    """
    folder.mkdir()
    caches = folder / "caches"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(caches / "numba"), "ISOBIT_CACHE": str(caches / "isobit")}
    np.save(folder / "x.npy", x)
    found = {}
    for name, variant in (("cold", model), ("warm", model), ("other precision", _narrower(model))):
        file = folder / f"{name}.isobit"
        variant.save(file)
        before = _files(caches)
        command = [sys.executable, "-c", _CHILD, str(file), str(folder / "x.npy"), str(folder / "y.npy")]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            sys.exit(f"first predict, {name}: {done.stderr[-2000:]}")
        if not np.array_equal(np.load(folder / "y.npy"), variant.predict(x)):
            sys.exit(f"first predict, {name}: other bits than in this process")
        found[name] = {**json.loads(done.stdout), "files_added": len(_files(caches) - before)}
    return found


def _narrower(model: Any) -> Any:
    changes = {}
    for op in model.graph.ops:
        if op.tag == "dense":
            changes[f"{op.name}.result"] = replace(op.output.type, width=op.output.type.width - 1)
    return model.with_types(changes)


def _files(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}
