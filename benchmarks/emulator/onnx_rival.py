"""onnxruntime in float32 with the same network, on the fastest batch size; the network: onnx_network.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from emulator.clock import Contestant, race
from emulator.onnx_network import Floats

BATCHES = (256, 1024, 4096, 16_384, 65_536)
#: Events on which every way is tried before the race.
TRIAL = 131_072


def session(model: bytes, threads: int) -> Any:
    """An onnxruntime session on the CPU with that many threads inside an operator."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_in_batches(one: Any, x: Floats, batch: int) -> None:
    """All events, batch by batch; outputs are dropped."""
    for begin in range(0, len(x), batch):
        one.run(None, {"x": x[begin : begin + batch]})


def ways(model: bytes, x: Floats, threads: int) -> dict[str, Callable[[], None]]:
    """Every way to run all events that is worth a try, by its name.

    With two threads: onnxruntime's own inside each operator, or two Python threads with a session each (`run` gives up
    the interpreter's lock), which suits small networks better.
    """
    batches = sorted({min(batch, len(x)) for batch in BATCHES})
    shared = session(model, threads)
    found: dict[str, Callable[[], None]] = {
        f"batch {batch}": partial(run_in_batches, shared, x, batch) for batch in batches
    }
    if threads > 1:
        pool = ThreadPoolExecutor(threads)
        own = [session(model, 1) for _ in range(threads)]
        parts = np.array_split(x, threads)

        def apart(batch: int) -> None:
            list(pool.map(run_in_batches, own, parts, [batch] * threads))

        found |= {f"{threads} sessions, batch {batch}": partial(apart, batch) for batch in batches}
    return found


def contestant(model: bytes, keras: Any, x: Floats, threads: int) -> Contestant:
    """The fastest way to run an ONNX file of a Keras model, found by trying all on fewer events."""
    flat = np.ascontiguousarray(x.reshape(len(x), -1), np.float32)
    check(keras, x[:1000], session(model, 1).run(None, {"x": flat[:1000]})[0])
    trials = {
        name: Contestant(name, threads, min(len(x), TRIAL), run)
        for name, run in ways(model, flat[:TRIAL], threads).items()
    }
    race(list(trials.values()), rounds=3)
    best = max(trials, key=lambda name: trials[name].rate("wall"))
    return Contestant(f"onnxruntime float32, {best}", threads, len(x), ways(model, flat, threads)[best])


def check(keras: Any, x: Floats, found: Floats) -> None:
    """End the program unless the ONNX network is the Keras one.

    Float32 sums in another order are not the same bits, and a quantised ReLU rounds where ONNX' does not: the outputs
    must correlate, no more is promised.
    """
    expected = np.asarray(keras.predict(x, verbose=0)).reshape(found.shape)
    correlation = np.corrcoef(expected.ravel(), found.ravel())[0, 1]
    if not correlation > 0.95:
        sys.exit(f"the ONNX network is not the Keras one: their outputs correlate by {correlation:.3f}")
