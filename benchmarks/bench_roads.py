"""Throughput of every road on mugmt_student, and its ratio to hls4ml's C-simulation, in one run.

    python benchmarks/bench_roads.py [--events 200000] [--threads 1 2] [--json]

Measured are events per second of ``predict`` (floats in, floats out), the median of repetitions after a warm-up:
hls4ml's own ``predict`` (its library in a Python loop), isobit's worker processes around the same firmware (a C loop,
files in between), and isobit's engines. The bits of the very runs are compared before anything is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def rate(call: Callable[[], Any], events: int, repetitions: int) -> float:
    """Median events per second."""
    call()
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return events / statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    import isobit
    from isobit.frontends.keras import convert
    from isobit.students import muons, zoo

    golden = zoo.golden_config("mugmt_student")
    golden["clock_ns"] = float(golden.pop("clock_period"))
    x = muons.simulate(options.events, 2026).features
    few = x[: max(1, options.events // 20)]
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        graph = convert(zoo.load_student("mugmt_student"), **golden, output_dir=folder)
        model = isobit.load(graph)
        expected = model.predict(x)
        with contextlib.redirect_stdout(io.StringIO()):
            graph.compile()
        contiguous = np.ascontiguousarray(few)
        if not np.array_equal(graph.predict(contiguous), expected[: len(few)]):
            print("the bits differ; nothing is timed", file=sys.stderr)
            return 1
        results["hls4ml predict, 1 thread"] = rate(lambda: graph.predict(contiguous), len(few), options.repetitions)
    simulation = model.csim()
    for threads in options.threads:
        roads: dict[str, Callable[[Any], Any]] = {
            "isobit csim (workers)": lambda data, n=threads: simulation.predict(data, threads=n),
            "isobit numba": lambda data, n=threads: model.predict(data, "numba", n),
            "isobit cpp-strict": lambda data, n=threads: model.predict(data, "cpp-strict", n),
        }
        for name, predict in roads.items():
            if not np.array_equal(predict(x), expected):
                print(f"{name}: the bits differ; nothing is timed", file=sys.stderr)
                return 1
            label = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
            results[label] = rate(lambda call=predict: call(x), len(x), options.repetitions)
    reference = x[:200]
    results["isobit reference, 1 thread"] = rate(lambda: model.predict(reference, "reference"), len(reference), 1)

    base = results["hls4ml predict, 1 thread"]
    if options.json:
        print(json.dumps({name: {"events_per_s": value, "ratio": value / base} for name, value in results.items()}))
    else:
        print(f"mugmt_student, {options.events:,} events, bits equal on every road")
        for name, value in results.items():
            print(f"  {name:36} {value:12,.0f} events/s {value / base:8.2f} x hls4ml predict")
    return 0


if __name__ == "__main__":
    sys.exit(main())
