"""Configurations of a sweep against hls4ml's C-simulation, retyped and reconverted both; a JSON file.

    python tools/sweep_run.py [--points 20] [--events 2000] [--out tests/sweep/csim.json]

Draws configurations of mugmt_student with inferred types (`auto`; formats of weights come from QKeras), sweeps them
both ways, lets hls4ml convert and compile each, and compares every layer's bits, and the figures of the sweep with
those of the C-simulation's outputs. A run that was stopped goes on after its last configuration.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import isobit as ib

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "sweep")]
NAME = "mugmt_student"
SPACE = [
    {"slots": "bn?.scale", "type": [f"ap_fixed<{bits},6>" for bits in range(10, 19)], "name": "scales"},
    {"slots": ["bn?.result", "relu?.result"], "bits": list(range(12, 21)), "name": "results"},
    {"slots": "fc?.accum", "type": [f"ap_fixed<{bits},{bits // 2}>" for bits in range(18, 37, 3)], "name": "sums"},
    {"slots": "relu?.result", "rounding": ["TRN", "RND", "RND_CONV"], "name": "rounding"},
]


def auto(name: str) -> ib.Model:
    """The network with types that hls4ml infers."""
    from isobit.students import zoo

    facts = zoo.golden_config(name)
    return ib.load(
        zoo.load_student(name) if name == NAME else zoo.network(name),
        granularity="name", default_precision="ap_fixed<18,6>", part=facts["part"], clock_ns=facts["clock_period"],
    )  # fmt: skip


def main() -> int:
    """Run, and write what was found after every configuration."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "sweep" / "csim.json")
    options = parser.parse_args()
    import hls4ml
    from written import differing, firmware_of, network_of

    from isobit.students import zoo
    from isobit.sweep import Axis, Space, sweep

    model, x = auto(NAME), zoo.inputs(NAME, options.events, seed=8)
    right = model.predict(x)
    space = Space(model.graph, [axis for entry in SPACE for axis in Axis.of(entry)])
    report: dict[str, Any] = {"what": f"configurations of {NAME} against hls4ml's C-simulation (tools/sweep_run.py)"}
    report |= json.loads(options.out.read_text()) if options.out.exists() else {"points": []}
    done = {(json.dumps(one["point"], sort_keys=True), one["conversion"]) for one in report["points"]}
    rng = np.random.default_rng(20)
    for _ in range(options.points):
        point = space.random(rng)
        axes = [
            Axis(slots, axis.parameter, (point[name],), name=name)
            for name, axis, slots in ((n, a, tuple(s)) for n, a, s in space.named)
        ]
        for conversion in ("retyped", "reconverted"):
            if (json.dumps(point, sort_keys=True), conversion) in done:
                continue
            (one,) = sweep(model, [*axes, {"conversion": [conversion]}], x, metrics=("rms", "max"), workers=1)
            graph = network_of(model, one.changes)
            with tempfile.TemporaryDirectory() as cache:
                os.environ["ISOBIT_CACHE"] = cache  # each is compiled once
                values, wrong, (outputs,) = differing(firmware_of(model, graph, one.changes), graph, x)
            off = outputs - right
            figures = {"rms": float(np.sqrt(np.mean(off**2))), "max": float(np.abs(off).max())}
            report["points"].append(
                {
                    "point": point, "conversion": conversion, "events": len(x), "values": values, "differing": wrong,
                    "figures": one.metrics, "figures_equal": figures == one.metrics, "inferred": one.inferred,
                }
            )  # fmt: skip
            report |= {"date": time.strftime("%Y-%m-%d"), "hls4ml": hls4ml.__version__, "isobit": ib.__version__}
            options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            print(conversion, values, wrong, figures == one.metrics, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
