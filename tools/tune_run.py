"""`isobit.tune` against random and TPE draws on networks of the zoo; a JSON file.

    python tools/tune_run.py [--networks mugmt_student ...] [--trials 300] [--out tests/tune/tuned.json]
    python tools/tune_run.py --csim

For each network the limit is three times the error that the golden configuration makes against exact numbers. Then
formats are tuned, and drawn `--trials` times at random and by TPE (goals: error and bits), each weight, bias, scale,
result and accumulator with up to eight bits fewer. What counts is the fewest bits of a draw within the limit. With
`--csim`, the networks of the file are converted by hls4ml with every format written out, compiled, and every layer's
bits compared with those of isobit's tuned network.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from explain_run import sound

import isobit as ib
from isobit.explain import explain
from isobit.sweep import Space, sweep

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "sweep")]
NETWORKS = ("mugmt_student", "jet_mlp", "ad_student", "pion_deepsets", "econ_t_encoder")
EVENTS = 4000
#: Bits that a draw may take away.
FEWER = 8
#: Names of inputs in the zoo, which stay.
INPUTS = ("input", "x.")


def compared(name: str, trials: int) -> dict[str, Any]:
    """One network."""
    from isobit.students import zoo

    model, x = sound(name), zoo.inputs(name, EVENTS, seed=5)
    limit = 3 * explain(model, x).error
    start = time.process_time()
    tuned = ib.tune(model, x, tolerance=limit)
    seconds = time.process_time() - start
    vary = [
        {"slots": [key], "bits": list(range(max(2, kind.width - FEWER), kind.width + 1))}
        for key, kind in Space(model.graph, []).free.items()
        if key.endswith((".weight", ".bias", ".scale", ".result", ".accum")) and not key.startswith(INPUTS)
    ]
    found = {}
    for method in ("random", "tpe"):
        drawn = sweep(model, vary, x, metrics=("rms", "bits"), method=method, trials=trials, seed=1, workers=1)
        within = [one.metrics["bits"] for one in drawn if one.metrics and one.metrics["rms"] <= limit]
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


def against_csim(one: dict[str, Any], events: int) -> dict[str, Any]:
    """A tuned network's layers against hls4ml's C-simulation of it."""
    import hls4ml
    from written import differing, firmware_of

    from isobit.students import zoo

    model, x = sound(one["network"]), zoo.inputs(one["network"], events, seed=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = model.with_types(one["types"]).graph
    with tempfile.TemporaryDirectory() as cache:
        os.environ["ISOBIT_CACHE"] = cache  # each is compiled once
        values, wrong, _ = differing(firmware_of(model, graph, {}), graph, x)
    return {"events": events, "values": values, "differing": wrong, "hls4ml": hls4ml.__version__}


def main() -> int:
    """Run, and write what was found after every network."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "tune" / "tuned.json")
    parser.add_argument("--csim", action="store_true", help="compare the networks of the file with the C-simulation")
    parser.add_argument("--events", type=int, default=500, help="events of that comparison")
    options = parser.parse_args()
    if options.csim:
        report = json.loads(options.out.read_text())
        for one in report["networks"]:
            if one["network"] in options.networks and "csim" not in one:
                one["csim"] = against_csim(one, options.events)
                options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
                print(one["network"], one["csim"], flush=True)
        return 0
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
