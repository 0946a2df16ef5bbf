"""Seconds of `isobit.explain` and of a sweep of a thousand configurations, on 100,000 events each.

    python benchmarks/bench_explain.py [--networks mugmt_student jet_mlp econ_t_encoder] [--sweep] [--limits]

explain: the golden configuration against exact numbers. The sweep: 1,000 configurations of mugmt_student drawn at
random (accumulators and results of each layer, all scales together), rms against the network as it is, two processes,
their start included. `--limits`: exit status 1 beyond 10 s (mugmt_student), 60 s (others) and 120 s (sweep). The
machine must be idle.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tools")]
EVENTS, POINTS = 100_000, 1000
LIMITS = {"mugmt_student": 10.0, "sweep": 120.0}
OTHERS = 60.0


def explained(name: str) -> dict[str, Any]:
    """One network."""
    from explain_run import sound

    import isobit as ib
    from isobit.students import zoo

    model, x = sound(name), zoo.inputs(name, EVENTS, seed=5)
    model.predict(x[:10])  # what Numba compiles is kept from then on
    start, cpu = time.perf_counter(), time.process_time()
    found = ib.explain(model, x)
    return {
        "what": name, "seconds": round(time.perf_counter() - start, 2), "cpu_s": round(time.process_time() - cpu, 2),
        "networks_run": found.runs,
    }  # fmt: skip


def swept() -> dict[str, Any]:
    """A thousand configurations."""
    from explain_run import sound

    import isobit as ib
    from isobit.students import zoo

    model, x = sound("mugmt_student"), zoo.inputs("mugmt_student", EVENTS, seed=5)
    space = [
        {"slots": ["fc?.accum", "output.accum"], "type": [f"ap_fixed<{b},6>" for b in range(12, 19)], "tied": False},
        {"slots": ["fc?.result", "bn?.result"], "fraction": list(range(6, 13)), "tied": False},
        {"slots": "*.scale", "fraction": list(range(6, 13)), "name": "scales"},
    ]
    start = time.perf_counter()
    found = ib.sweep(model, space, x, metrics=("rms", "bits"), method="random", trials=POINTS, seed=1, workers=2)
    return {"what": "sweep", "seconds": round(time.perf_counter() - start, 1), "configurations": found.computed}


def main() -> int:
    """Measure, print, and hold to the limits."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", default=["mugmt_student", "jet_mlp", "econ_t_encoder"])
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = [explained(name) for name in options.networks] + ([swept()] if options.sweep else [])
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    slow = [row["what"] for row in rows if row["seconds"] > LIMITS.get(row["what"], OTHERS)]
    if options.limits and slow:
        print(f"too slow: {', '.join(slow)}")
    return int(bool(options.limits and slow))


if __name__ == "__main__":
    sys.exit(main())
