"""How many flips of weight bits a minute, on one thread: python benchmarks/bench_flips.py student.isobit."""

from __future__ import annotations

import argparse
import time

import numpy as np

import isobit as ib
from isobit.studies.flips import flips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a model file, as isobit convert writes it")
    parser.add_argument("--events", type=int, default=2000)
    chosen = parser.parse_args()
    model = ib.load(chosen.model)
    tensor = model.graph.inputs[0]
    numbers = np.random.default_rng(1).normal(0.0, 1.0, (chosen.events, tensor.size))
    x = ib.FixedArray.from_float(numbers, tensor.type)
    cpu, wall = time.process_time(), time.perf_counter()
    number = sum(1 for _ in flips(model.graph, x, threads=1))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{number:,} flips on {chosen.events:,} events: {cpu:.1f} s of CPU time, {wall:.1f} s by the clock")
    print(f"{60 * number / cpu:,.0f} flips a minute of CPU time, {60 * number / wall:,.0f} by the clock")


if __name__ == "__main__":
    main()
