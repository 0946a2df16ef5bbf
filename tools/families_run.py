"""Networks that move, merge and rectify numbers against hls4ml's C-simulation, made once: result as JSON.

python tools/families_run.py --networks 30 --out tests/families/families_run.json
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


def compared(family: str, seed: int) -> dict[str, Any]:
    """Draw, compile and compare one network."""
    from comparison import compare_roads
    from family_networks import build

    from isobit.errors import UnsupportedError

    try:
        what, subject, data = build(family, seed)
    except UnsupportedError as reason:
        return {"seed": seed, "rejected": str(reason)}
    result = compare_roads(subject, data)
    layers = Counter(getattr(op, "function", op.tag) for op in subject.graph.ops)
    return {"seed": seed, "what": what, "values": result.values, "layers": layers, "differences": result.differences}


def main() -> int:
    """Run, and write what was found after every network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=30, help="of each family")
    parser.add_argument("--start", type=int, default=1000, help="first seed")
    parser.add_argument("--families", nargs="*", default=["shape", "merge", "elementwise"])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml

    report: dict[str, Any] = {
        "what": "random networks on every road against hls4ml's C-simulation, layer by layer (tools/families_run.py)",
        "hls4ml": hls4ml.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "families": {},
    }
    wrong = 0
    for family in options.families:
        done: list[dict[str, Any]] = []
        for seed in range(options.start, options.start + options.networks):
            done.append(compared(family, seed))
            good = [one for one in done if "rejected" not in one]
            layers: Counter[str] = sum((one["layers"] for one in good), Counter())
            report["families"][family] = {
                "networks": len(good),
                "seeds": [options.start, seed],
                "values_compared": sum(one["values"] for one in good),
                "layers": dict(sorted(layers.items())),
                "io_stream": sum("io_stream" in one["what"] for one in good),
                "networks_with_differences": [one for one in good if one["differences"]],
                "rejected": [one for one in done if "rejected" in one],
            }
            options.out.write_text(json.dumps(report, indent=1) + "\n")
        wrong += len(report["families"][family]["networks_with_differences"])
    print(f"{len(options.families)} families of {options.networks} networks, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
