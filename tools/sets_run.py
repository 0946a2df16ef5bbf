"""Random networks on sets against hls4ml's C-simulation, made once; result as JSON.

python tools/sets_run.py --networks 60 --out tests/sets/sets_run.json
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
sys.path[:0] = [str(ROOT / "tests" / "sets"), str(ROOT / "tests" / "differential")]


def random_network(seed: int) -> dict[str, Any]:
    """Draw, compile and compare one network."""
    from comparison import compare_roads
    from set_networks import build, describe

    from isobit.errors import UnsupportedError

    try:
        description, subject, x = build(seed)
    except UnsupportedError as reason:
        return {"seed": seed, "rejected": str(reason)}
    result = compare_roads(subject, x)
    kinds = [description["backend"], description["io_type"], f"pool {description['pool']}"]
    kinds += [f"{op.tag} {op.strategy}" for op in subject.graph.ops if hasattr(op, "strategy")]
    return {
        "seed": seed,
        "values": result.values,
        "kinds": kinds,
        "differences": result.differences,
        "what": describe(description),
    }


def main() -> int:
    """Run, and write what was found after every network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=60)
    parser.add_argument("--start", type=int, default=1000, help="first seed")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml

    report: dict[str, Any] = {"hls4ml": hls4ml.__version__, "date": time.strftime("%Y-%m-%d")}
    done: list[dict[str, Any]] = []
    for seed in range(options.start, options.start + options.networks):
        done.append(random_network(seed))
        compared = [one for one in done if "rejected" not in one]
        report |= {
            "networks": len(compared),
            "seeds": [options.start, seed],
            "values_compared": sum(one["values"] for one in compared),
            "kinds": dict(sorted(Counter(kind for one in compared for kind in set(one["kinds"])).items())),
            "networks_with_differences": [one for one in compared if one["differences"]],
            "rejected": [one for one in done if "rejected" in one],
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    wrong = report.get("networks_with_differences", [])
    print(f"{len(done)} networks, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
