"""Random HGQ2 networks against hls4ml's C-simulation, made once where Keras 3 is; a JSON file for each kind.

python tools/hgq2_run.py --networks 40 [--kinds dense attention]

Resumed and extended as tools/families_run.py.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from families_run import ROOT, begun, with_one_more

sys.path[:0] = [str(ROOT / "tests" / "hgq2"), str(ROOT / "tests" / "differential")]


def compared(kind: str, seed: int) -> dict[str, Any]:
    """Draw, compile and compare one network."""
    from comparison import compare_roads
    from hgq2_networks import build

    from isobit.errors import UnsupportedError

    try:
        what, _, subject, data = build(kind, seed)
    except UnsupportedError as reason:
        return {"seed": seed, "rejected": str(reason)}
    result = compare_roads(subject, data if len(data) > 1 else data[0])
    layers = Counter(getattr(op, "function", op.tag) for op in subject.graph.ops)
    layers["elements without bits"] = sum(op.width.count(0) for op in subject.graph.ops if op.tag == "quantizer")
    return {"seed": seed, "what": what, "values": result.values, "layers": layers, "differences": result.differences}


def main() -> int:
    """Run, and write what was found after every network."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    import hls4ml
    from hgq2_networks import KINDS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=40, help="of all kinds together")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "hgq2" / "runs", help="folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    what = "random HGQ2 networks on every road against hls4ml's C-simulation, layer by layer (tools/hgq2_run.py)"
    paths = {kind: options.out / f"{kind}.json" for kind in options.kinds}
    reports = {kind: {**begun(path, hls4ml.__version__), "what": what} for kind, path in paths.items()}
    while sum(report["networks"] for report in reports.values()) < options.networks:
        kind = min(reports, key=lambda kind: reports[kind]["networks"])
        reports[kind] = with_one_more(reports[kind], compared(kind, reports[kind]["seeds"][1] + 1))
        paths[kind].write_text(json.dumps(reports[kind], indent=1) + "\n")
    wrong = sum(len(report["networks_with_differences"]) for report in reports.values())
    print(f"{options.networks} networks of {len(reports)} kinds, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
