"""Record networks with what hls4ml's C-simulation gives, for tests/mutation: an oracle that needs no compiler.

    python tools/record_networks.py [--families recurrent dot]
    KERAS_BACKEND=tensorflow python tools/record_networks.py --families einsum quantizer   # where HGQ2 is installed

Random networks of the other test folders, with few events each. Networks are taken until every layer of a family has
been seen as often as :data:`WANTED` says; those that isobit refuses, or that tell little, are left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("mutation", "families", "differential", "kernels", "sets", "tables", "hgq2")
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in FOLDERS]

#: Events of a network.
EVENTS = 48
#: By family, what must be seen (:func:`kinds`) and how often, and the most networks that are taken.
WANTED: dict[str, tuple[int, int]] = {
    "recurrent": (3, 6),
    "dot": (2, 3),
    "embedding": (2, 3),
    "elementwise": (2, 2),
    "merge": (2, 2),
    "shape": (2, 4),
    "convolution": (2, 5),
    "pooling": (2, 6),
    "table": (2, 5),
    "dense": (2, 8),
    "strategies": (1, 4),
    "distributed": (2, 3),
    "normalised": (2, 3),
    "unary": (2, 2),
    "steps": (2, 6),
    "garnet": (1, 2),
    "quantizer": (2, 3),
    "einsum": (2, 3),
}
#: Families that tests/families calls by another name.
CALLED = {"normalised": "layernorm", "unary": "unary_lut", "steps": "time_distributed"}
#: What a family's networks must have, however many are drawn for it.
MUST: dict[str, set[str]] = {"recurrent": {"bidirectional"}, "dense": {"threshold", "batchnorm"}}


def kinds(graph: Any) -> Counter[str]:
    """What a network has: layers by function, cell, implementation or kernel."""
    found: Counter[str] = Counter()
    for op in graph.ops:
        which = next(
            (str(getattr(op, a)) for a in ("function", "cell", "implementation", "kernel") if hasattr(op, a)), ""
        )
        found[
            f"{op.tag} {getattr(op, 'layer', op).tag} {which}" if hasattr(op, "layer") else f"{op.tag} {which}".strip()
        ] += 1
    return found


def drawn(family: str) -> Iterator[tuple[str, Any, list[Any]]]:
    """Networks of a family, one after the other: name, model, events of every input."""
    from isobit.errors import UnsupportedError

    seed = 5000
    while True:
        seed += 1
        try:
            yield (str(seed), *_network(family, seed))
        except UnsupportedError as reason:
            print(f"{family} {seed}: {reason}")


def _network(family: str, seed: int) -> tuple[Any, list[Any]]:
    if family == "pooling":
        from set_networks import build as sets

        _, model, x = sets(seed)
        return model, [x]
    if family == "table":
        from table_networks import build as tables

        model, x = tables(seed)
        return model, [x[np.random.default_rng(seed).permutation(len(x))]]
    if family == "dense":
        from networks import Rejected
        from networks import build as dense

        from isobit.errors import UnsupportedError

        try:
            _, _, model, x = dense(seed)
        except Rejected as reason:
            raise UnsupportedError(str(reason)) from None
        return model, [x]
    if family == "strategies":
        return _strategies(seed)
    if family in ("quantizer", "einsum"):
        from hgq2_networks import build as hgq2

        _, _, model, data = hgq2({"quantizer": "dense", "einsum": "einsum"}[family], seed)
        return model, data
    from family_networks import Rejected as NotTelling
    from family_networks import build

    from isobit.errors import UnsupportedError

    try:
        _, model, data = build(CALLED.get(family, family), seed)
    except NotTelling as reason:
        raise UnsupportedError(str(reason)) from None
    return model, data


def _strategies(seed: int) -> tuple[Any, list[Any]]:
    from strategy_networks import strategy_graph, strategy_keras

    import isobit as ib

    choices: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("resource", (3, 6, 16, 4, 3)),
        ("resource", (24, 3, 4, 36, 18)),
        ("resource_unrolled", (3, 12, 2, 4, 3)),
        ("latency", (1, 1, 1, 1, 1)),
    )
    strategy, factors = choices[seed % len(choices)]
    with tempfile.TemporaryDirectory() as folder:
        model = ib.load(strategy_graph(strategy_keras(), Path(folder), "Vitis", strategy, factors))
    return model, [np.random.default_rng(seed).normal(0.0, 2.0, (EVENTS, 12))]


def record(family: str) -> None:
    """Draw, simulate and write the networks of a family."""
    from recorded_networks import write

    often, most = WANTED[family]
    seen: Counter[str] = Counter()
    found: dict[str, Any] = {}
    for name, model, data in drawn(family):
        here = kinds(model.graph)
        missing = MUST.get(family, set()) - set(seen)
        if found and all(seen[kind] >= often for kind in here):
            if len(found) >= most // 2 and not missing:
                break
            continue
        if len(found) >= most - 1 and not missing & set(here):
            continue
        few = [np.asarray(x)[:EVENTS] for x in data]
        inputs, _ = model.quantise(few if len(few) > 1 else few[0])
        taps, _ = model.csim(optimisation="0").run(inputs, raw=True, trace=True, threads=1)
        outputs = {op.output.name: taps[op.output.name].raw for op in model.graph.ops}
        found[name] = (model.graph, {key: array.raw for key, array in inputs.items()}, outputs)
        seen += here
        write(family, found)
        print(f"{family} {name}: {dict(here)}", flush=True)
        if len(found) >= most:
            break


def main() -> int:
    """Record."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="*", default=list(WANTED), choices=list(WANTED))
    for family in parser.parse_args().families:
        record(family)
    return 0


if __name__ == "__main__":
    sys.exit(main())
