"""Would BLAS be faster than the batch engines' register tiles? Wide dense layers, both, one thread, in the same run.

    python benchmarks/bench_blas.py [--events N]

The engines' rates hold everything: floats in, quantising, rounding, overflow, floats out. Those of BLAS (numpy's) are
the bare matrix product, which would need a pass over memory before and another behind.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import isobit as ib
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.layers.dense import Dense
from isobit.model.ops import Tensor
from isobit.model.weights import Weight

#: Formats of data, weights, accumulator and result that leave the tiles one lane: exact sums of 42 and of 22 bits.
FORMATS = {
    "float64": ("ap_fixed<20,10>", "ap_fixed<12,4>", "ap_fixed<50,24>", "ap_fixed<20,10>"),
    "dot16": ("ap_fixed<7,3>", "ap_fixed<6,2>", "ap_fixed<28,12>", "ap_fixed<9,5>"),
}


def two_layers(size: int, formats: tuple[str, ...]) -> ib.Model:
    """Two dense layers of `size` neurons with random weights."""
    rng = np.random.default_rng(size)
    data, kind, accum, result = map(FixedType.parse, formats)

    def weight(name: str, shape: tuple[int, ...]) -> Weight:
        raw = rng.integers(kind.raw_min, kind.raw_max + 1, shape)
        floats = raw * 2.0**-kind.fraction
        return Weight(name, raw, kind, floats, floats)

    current = Tensor("x", (size,), data)
    inputs, ops = (current,), []
    for name in ("first", "second"):
        output = Tensor(f"{name}_out", (size,), result)
        ops.append(Dense(name, (current.name,), output, weight("weight", (size, size)), weight("bias", (size,)), accum))
        current = output
    return ib.Model(Graph("wide", inputs, tuple(ops), (current.name,)))


def best(run: Callable[[], object], rounds: int = 7) -> float:
    """Seconds of CPU time of the fastest round."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return min(found)


def products(data: np.ndarray, weights: np.ndarray, times: int) -> None:
    """The matrix product, again and again."""
    out = np.empty((len(data), weights.shape[1]), data.dtype)
    for _ in range(times):
        np.dot(data, weights, out=out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    events = parser.parse_args().events
    print("G multiply-adds a second, one thread, CPU time")
    for size in (64, 128, 256, 512):
        x = np.random.default_rng(0).uniform(-1, 1, (events, size))
        for lane, formats in FORMATS.items():
            model = two_layers(size, formats)
            taken = set(model.plan().lanes.values())
            if taken != {lane}:
                raise SystemExit(f"expected lane {lane}, the plan takes {taken}")
            for engine in ("cpp", "numba"):
                model.predict(x[:100], engine=engine, threads=1)
                seconds = best(partial(model.predict, x, engine=engine, threads=1))
                print(f"{size:4} x {size:<4} {engine:6} {lane:8} {2 * size * size * events / seconds / 1e9:6.1f}")
        for dtype in (np.float64, np.float32):
            weights = np.ones((size, size), dtype)
            for block in (96, 1024):
                data = x[:block].astype(dtype)
                repeats = max(1, 2 * events // block)
                seconds = best(partial(products, data, weights, repeats))
                rate = repeats * block * size * size / seconds / 1e9
                print(f"{size:4} x {size:<4} BLAS   {dtype.__name__:8} {rate:6.1f}  ({block} events a call)")


if __name__ == "__main__":
    main()
