"""How many 'may overflow' verdicts have a witness: on the zoo's networks and on the random ones of tests/differential.

Writes tests/analysis/witness_share.json with ``--record``; without, it only prints.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "analysis" / "witness_share.json"
sys.path.insert(0, str(ROOT / "tests" / "differential"))


def zoo_models() -> Iterator[tuple[str, Any]]:
    """Every network of the zoo that isobit loads, in its golden and its auto config."""
    import isobit
    from isobit.errors import UnsupportedError
    from isobit.students import zoo

    for name in zoo.ZOO:
        for config, arguments in (("golden", zoo.golden_config(name)), ("auto", zoo.auto_config(name))):
            options = {"backend": arguments["backend"], "part": arguments["part"], "io_type": arguments["io_type"]}
            try:
                model = isobit.load(zoo.network(name), hls_config=arguments["hls_config"], **options)
            except UnsupportedError as error:
                print(f"{name} {config}: not supported ({str(error)[:70]}...)")
                continue
            yield f"{name} {config}", model


def random_models(count: int) -> Iterator[tuple[str, Any]]:
    """The first networks of the differential tests."""
    from networks import Rejected, build

    for seed in range(count):
        try:
            yield f"random {seed}", build(seed)[2]
        except Rejected as reason:
            print(f"random {seed}: rejected ({reason})")


def measure(models: Iterator[tuple[str, Any]]) -> dict[str, dict[str, int]]:
    """MayOverflows by intervals and by back-substitution, and witnesses, of each network."""
    from isobit.bounds.intervals import graph_bounds
    from isobit.bounds.refine import refined_bounds
    from isobit.witness.search import find_witnesses, may_overflow

    found = {}
    for name, model in models:
        intervals = len(may_overflow(graph_bounds(model.graph)))
        start = time.perf_counter()
        bounds = refined_bounds(model.graph)
        middle = time.perf_counter()
        witnesses = find_witnesses(model.graph, bounds)
        end = time.perf_counter()
        count = len(witnesses.found) + len(witnesses.open)
        found[name] = {"by intervals": intervals, "verdicts": count, "witnesses": len(witnesses.found)}
        print(
            f"{name}: {witnesses} (intervals alone: {intervals}; {middle - start:.1f} + {end - middle:.1f} s)",
            flush=True,
        )
    return found


def share(networks: dict[str, dict[str, int]]) -> dict[str, float]:
    total = {
        key: sum(network[key] for network in networks.values()) for key in ("by intervals", "verdicts", "witnesses")
    }
    return {**total, "share": round(total["witnesses"] / max(1, total["verdicts"]), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, default=24, help="number of random networks")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.relative_to(ROOT)}")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    groups = {"zoo": measure(zoo_models()), "random": measure(random_models(options.random))}
    totals = {name: share(networks) for name, networks in groups.items()}
    totals["all"] = share({name: network for networks in groups.values() for name, network in networks.items()})
    for name, total in totals.items():
        print(f"{name}: {total['witnesses']} of {total['verdicts']} verdicts have a witness: {total['share']:.1%}")
    if options.record:
        RECORD.write_text(json.dumps({"totals": totals, "networks": groups}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
