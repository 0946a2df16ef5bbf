"""`isobit.tune` against random and TPE draws on networks of the zoo; a JSON file.

    python tools/tune_run.py [--networks mugmt_student ...] [--trials 300] [--out tests/tune/tuned.json]

For each network the limit is three times the error that the golden configuration makes against exact numbers. Then
formats are tuned, and drawn `--trials` times at random and by TPE: total bits, 4 to 24, of every weight, result and
accumulator, their integer bits as they are. What counts is the fewest bits of a draw within the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from explain_run import sound

import isobit as ib
from isobit.explain import explain

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ("mugmt_student", "jet_mlp", "ad_student", "pion_deepsets", "econ_t_encoder")
EVENTS = 4000


def compared(name: str, trials: int) -> dict[str, Any]:
    """One network."""
    from isobit.students import zoo

    model, x = sound(name), zoo.inputs(name, EVENTS, seed=5)
    limit = 3 * explain(model, x).error
    start = time.process_time()
    tuned = ib.tune(model, x, limit=limit)
    seconds = time.process_time() - start
    patterns = [p for p in ("*.weight", "*.result", "*.accum") if any(k.endswith(p[1:]) for k in model.types)]
    inputs = {f"{tensor.name}.result" for tensor in model.graph.inputs}
    keys = [k for k in model.types if k not in inputs and any(k.endswith(p[1:]) for p in patterns)]
    free = ib.sweep(model, x[:1], [{"slots": "*", "bits": [24]}], metrics=("bits",), workers=1).records[0].types
    vary = [{"slots": [k], "bits": list(range(4, 25))} for k in keys if k in free]
    found = {}
    for method in ("random", "tpe"):
        goals = ["penalised"] if method == "tpe" else []
        wanted = ib.sweep(
            model, x, vary, metrics=("rms", "bits", "penalised") if goals else ("rms", "bits"),
            functions={"penalised": Penalised(model, x, limit)} if goals else None,
            method=method, trials=trials, goals=goals, seed=1, workers=1,
        )  # fmt: skip
        within = [one.metrics["bits"] for one in wanted if one.metrics and one.metrics["rms"] <= limit]
        found[method] = {"within": len(within), "best_bits": min(within, default=None), "trials": trials}
    return {
        "network": name,
        "limit": limit,
        "before_bits": tuned.bits_before,
        "bits": tuned.bits,
        "value": tuned.value,
        "unproven": list(tuned.unproven),
        "evaluations": tuned.evaluations,
        "probes": tuned.probes,
        "cpu_s": round(seconds, 1),
        "types": dict(tuned.types),
        **found,
    }


class Penalised:
    """The error alone where it is beyond the limit: what TPE is told to make small."""

    def __init__(self, model: Any, x: Any, limit: float) -> None:
        self.wanted = model.predict(x)
        self.limit = limit
        self.__qualname__ = f"Penalised {limit}"
        self.__module__ = "tune_run"

    def __call__(self, outputs: list[Any]) -> float:
        rms = float(np.sqrt(np.mean((outputs[0] - self.wanted) ** 2)))
        return max(rms, self.limit)


def main() -> int:
    """Run, and write what was found after every network."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "tune" / "tuned.json")
    options = parser.parse_args()
    report: dict[str, Any] = {"what": "isobit.tune against draws (tools/tune_run.py)", "networks": []}
    for name in options.networks:
        report["networks"].append(compared(name, options.trials))
        report["date"] = time.strftime("%Y-%m-%d")
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        one = report["networks"][-1]
        shown = ("network", "before_bits", "bits", "evaluations", "probes", "random", "tpe")
        print({key: one[key] for key in shown}, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
