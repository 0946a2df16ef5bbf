"""The large differential run, made once: random networks on every road, result written as JSON.

python tools/differential_run.py --networks 400 --start 100000 --out tests/differential/run.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "differential"))


def one(seed: int) -> dict[str, object]:
    """Draw, build, compile and compare one network."""
    from comparison import compare_roads
    from networks import Rejected, build, describe, draw

    begin = time.time()
    try:
        description, _, subject, x = build(seed)
    except Rejected as reason:
        return {"seed": seed, "rejected": str(reason), "what": describe(draw(seed))}
    try:
        result = compare_roads(subject, x)
    except Exception as error:  # counts as a network that differs
        return {"seed": seed, "values": 0, "differences": [repr(error)], "what": describe(description)}
    return {
        "seed": seed,
        "values": result.values,
        "layers": result.layers,
        "differences": result.differences,
        "what": describe(description),
        "seconds": round(time.time() - begin, 1),
    }


def summary(results: list[dict[str, object]], seconds: float) -> dict[str, object]:
    """What is committed: counts, every difference, every rejection with its reason, versions."""
    import hls4ml
    import numpy

    done = [r for r in results if "rejected" not in r]
    rejected = [r for r in results if "rejected" in r]
    seeds = sorted(int(str(r["seed"])) for r in results)
    return {
        "networks": len(done),
        "values_compared": sum(int(str(r["values"])) for r in done),
        "layers_compared": sum(int(str(r["layers"])) for r in done if "layers" in r),
        "networks_with_differences": [r for r in done if r["differences"]],
        "rejected": rejected,
        "rejected_share": round(len(rejected) / max(1, len(results)), 4),
        "seeds": {
            "first": seeds[0],
            "last": seeds[-1],
            "missing": sorted(set(range(seeds[0], seeds[-1])) - set(seeds)),
        },
        "seconds": round(seconds),
        "date": time.strftime("%Y-%m-%d"),
        "commit": subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip(),
        "versions": {
            "hls4ml": hls4ml.__version__,
            "numpy": numpy.__version__,
            "python": platform.python_version(),
            "g++": subprocess.run(
                ["g++", "-dumpfullversion"], capture_output=True, text=True, check=True
            ).stdout.strip(),
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=400)
    parser.add_argument("--start", type=int, default=100_000, help="first seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop drawing after this time")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.out.exists():
        parser.error(f"{options.out} exists")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import multiprocessing

    results: list[dict[str, object]] = []
    begin = time.time()
    accepted = 0
    # Spawned, and each worker replaced after some networks: TensorFlow neither forks nor forgets.
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.workers, maxtasksperchild=40) as pool:
        for result in pool.imap_unordered(one, range(options.start, options.start + 2 * options.networks)):
            results.append(result)
            accepted += "rejected" not in result
            if result.get("differences"):
                print(json.dumps(result), flush=True)
            elif len(results) % 20 == 0:
                print(f"{accepted} of {len(results)} draws compared, {time.time() - begin:.0f} s", flush=True)
            if accepted >= options.networks or time.time() - begin > 60 * options.minutes:
                pool.terminate()
                break
    report = summary(results, time.time() - begin)
    options.out.write_text(json.dumps(report, indent=1) + "\n")
    different = sum(bool(result.get("differences")) for result in results)
    print(f"{accepted} networks, {report['values_compared']} values compared, {different} networks differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
