"""The large run over networks of tables, made once: random tables and softmaxes on every road, result as JSON.

python tools/tables_run.py --first 0 --networks 20 --out tests/tables/tables_run.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in ("tests/differential", "tests/tables", "tools"):
    sys.path.insert(0, str(ROOT / folder))


def one(seed: int) -> dict[str, object]:
    """Build, compile and compare one network; one that cannot be read from hls4ml is told apart."""
    from comparison import compare_roads
    from table_networks import build, draw

    from isobit.errors import UnsupportedError

    what = repr(draw(seed))
    try:
        subject, x = build(seed)
    except UnsupportedError as reason:
        return {"seed": seed, "rejected": str(reason), "what": what}
    try:
        result = compare_roads(subject, x)
    except Exception as error:  # counts as a network that differs
        return {"seed": seed, "values": 0, "differences": [repr(error)], "what": what}
    return {
        "seed": seed,
        "values": result.values,
        "layers": result.layers,
        "differences": result.differences,
        "what": what,
    }


def main() -> int:
    """Run, print what differs as it is found, write the summary."""
    from differential_run import summary

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--networks", type=int, default=20, help="seeds to try")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    begin, results = time.time(), []
    for seed in range(options.first, options.first + options.networks):
        results.append(one(seed))
        print(json.dumps(results[-1])[:2000], flush=True)
        report = {
            "what": "random networks of tables on every road against hls4ml's C-simulation (tools/tables_run.py)",
            **summary(results, time.time() - begin),
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    different = sum(bool(result.get("differences")) for result in results)
    print(f"{len(results)} networks, {report['values_compared']} values compared, {different} networks differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
