r"""Networks on sets against hls4ml's C-simulation, made once: random ones, and those of the zoo; result as JSON.

    python tools/sets_run.py --networks 60 --out tests/sets/sets_run.json
    python tools/sets_run.py --zoo jet_deepsets btag_conv1d --events 2000 --out tests/sets/zoo_run.json
    python tools/sets_run.py --zoo econ_t_encoder cicada_cnn tau_cnn ad_cnn_ae --io-type io_parallel io_stream \
        --events 1000 --out tests/families/zoo_run.json

Classifiers of the zoo are cut before a softmax or sigmoid.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from itertools import product
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


def zoo_network(name: str, events: int, io_type: str) -> dict[str, Any]:
    """Compile a network of the zoo and compare every layer on every road."""
    import numpy as np

    import isobit
    from isobit.frontends.keras import convert
    from isobit.students import zoo
    from isobit.students.zoo.entry import keras_package

    keras_model, arguments = zoo.network(name), zoo.golden_config(name)
    config = arguments["hls_config"]
    head = keras_model.layers[-1].name
    if head in ("softmax", "sigmoid"):
        keras_model = keras_package().Model(keras_model.input, keras_model.layers[-2].output)
        del config["LayerName"][head]
    model = isobit.load(convert(keras_model, config, backend=arguments["backend"], io_type=io_type))
    x = zoo.inputs(name, events, seed=7)
    wanted = isobit.csim(model, optimisation="1").trace(x)
    differing, values = {}, 0
    for engine in ("cpp", "numba", "cpp-strict", "reference"):
        few = 20 if engine == "reference" else events
        found = model.trace(x[:few], engine=engine)
        values += sum(array.raw.size for array in found.values())
        # Copies of a stream that cast nothing are no layers of isobit's.
        wrong = sum(int(np.count_nonzero(array.raw != wanted[layer].raw[:few])) for layer, array in found.items())
        differing[engine] = wrong
    distinct = len(np.unique(next(reversed(wanted.values())).raw.reshape(events, -1), axis=0))
    return {
        "name": name,
        "io_type": io_type,
        "events": events,
        "values": values,
        "differing": differing,
        "distinct": distinct,
    }


def main() -> int:
    """Run, and write what was found after every network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=0)
    parser.add_argument("--start", type=int, default=1000, help="first seed")
    parser.add_argument("--zoo", nargs="*", default=[])
    parser.add_argument("--io-type", nargs="+", default=["io_parallel"])
    parser.add_argument("--events", type=int, default=2000)
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
    for name, io_type in product(options.zoo, options.io_type):
        report.setdefault("zoo", []).append(zoo_network(name, options.events, io_type))
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    wrong = report.get("networks_with_differences", []) or [
        z for z in report.get("zoo", []) if any(z["differing"].values())
    ]
    print(f"{len(done) + len(report.get('zoo', []))} networks, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
