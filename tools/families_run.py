"""Random networks of each family of layers against hls4ml's C-simulation, made once; a JSON file for each family.

python tools/families_run.py --networks 40 [--families shape merge]

Draws that are rejected, for they tell too little or isobit refuses them, do not count; the file has each reason.
A run that was stopped goes on after its last seed, and a larger ``--networks`` extends what is there. Files of another
hls4ml are begun anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "families"), str(ROOT / "tests" / "differential")]

#: Seed of the first network; those of the tests in CI are smaller.
FIRST = 1000


def compared(family: str, seed: int) -> dict[str, Any]:
    """Draw, compile and compare one network."""
    from comparison import compare_roads
    from family_networks import Rejected, build

    try:
        what, subject, data = build(family, seed)
    except Rejected as reason:
        return {"seed": seed, "kind": reason.kind, "rejected": str(reason)}
    result = compare_roads(subject, data)
    layers = Counter(getattr(op, "function", op.tag) for op in subject.graph.ops)
    return {"seed": seed, "what": what, "values": result.values, "layers": layers, "differences": result.differences}


def with_one_more(report: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """The report of a family after one more network."""
    report = {**report, "date": time.strftime("%Y-%m-%d"), "seeds": [FIRST, one["seed"]]}
    if "rejected" in one:
        rejected = [*report["rejected"], one]
        reasons = Counter(each.get("kind", "refused") for each in rejected)
        return {**report, "reasons": dict(sorted(reasons.items())), "rejected": rejected}
    layers = Counter(report["layers"]) + one["layers"]
    return {
        **report,
        "networks": report["networks"] + 1,
        "values_compared": report["values_compared"] + one["values"],
        "io_stream": report["io_stream"] + ("io_stream" in one["what"]),
        "layers": dict(sorted(layers.items())),
        "networks_with_differences": [*report["networks_with_differences"], *([one] if one["differences"] else [])],
    }


def begun(path: Path, version: str) -> dict[str, Any]:
    """What an earlier run found, or an empty report."""
    if path.exists() and (report := json.loads(path.read_text()))["hls4ml"] == version:
        return dict(report)
    return {
        "what": "random networks on every road against hls4ml's C-simulation, layer by layer (tools/families_run.py)",
        "hls4ml": version,
        "date": "",
        "networks": 0,
        "seeds": [FIRST, FIRST - 1],
        "values_compared": 0,
        "io_stream": 0,
        "layers": {},
        "networks_with_differences": [],
        "reasons": {},
        "rejected": [],
    }


def main() -> int:
    """Run, and write what was found after every network."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml
    from family_networks import FAMILIES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=40, help="of each family, in all")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "families" / "runs", help="folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for family in options.families:
        path = options.out / f"{family}.json"
        report = begun(path, hls4ml.__version__)
        while report["networks"] < options.networks:
            began, one = time.perf_counter(), compared(family, report["seeds"][1] + 1)
            report = with_one_more(report, one)
            path.write_text(json.dumps(report, indent=1) + "\n")
            what = one.get("rejected", f"{one.get('values')} values, {len(one.get('differences', []))} differences")
            print(f"{family} {one['seed']}, {time.perf_counter() - began:.1f} s: {what}", flush=True)
        wrong += len(report["networks_with_differences"])
    print(f"{len(options.families)} families of {options.networks} networks, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
