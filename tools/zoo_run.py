"""Every network of the zoo against hls4ml's C-simulation, made once; a JSON file for each network, config and IO type.

python tools/zoo_run.py [--networks jet_mlp top_lstm] [--configs golden auto] [--io-types io_parallel]

A run that was stopped goes on where it was: what has a file of the installed hls4ml is not done again, unless its
golden configuration changed or ``--again`` is given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "zoo"), str(ROOT / "tests" / "differential")]
OUT = ROOT / "tests" / "zoo" / "runs"
#: Multiplications that the reference may spend on a network; it takes at least four events.
REFERENCE_BUDGET = 20_000


def compared(name: str, arguments: dict[str, Any], events: int) -> dict[str, Any]:
    """Convert, compile and compare one network: what was found."""
    import numpy as np
    from comparison import compare_roads
    from zoo_networks import NoBits, chunks, digest, first_lines, keras_network, loaded, overflows

    from isobit.errors import CompilerError, CSimError

    try:
        model = loaded(name, arguments)
        counts = overflows(model, name)
        values, differing, differences = 0, 0, []
        roads: dict[str, int] = {}
        csim = model.csim(optimisation="1")
        for x in chunks(name, events):
            result = compare_roads(model, x, budget=REFERENCE_BUDGET, csim=csim, few=values > 0)
            values, differing = values + result.values, differing + result.differing
            differences += result.differences
            roads |= {road: roads.get(road, 0) + count for road, count in result.events.items()}
    except NoBits as reason:
        return {"refused_by": reason.by, "message": str(reason)}
    except (CompilerError, CSimError) as error:
        by = "compiler" if isinstance(error, CompilerError) else "C-simulation"
        return {"refused_by": by, "message": first_lines(error)}
    predicted = model.predict_raw(next(chunks(name, events)))
    outputs = predicted if isinstance(predicted, list) else [predicted]
    return {
        "events": events,
        "layers": [op.name for op in model.graph.ops if not op.renames],
        "roads": roads,
        "values": values,
        "differing": differing,
        "differences": differences[:20],
        "overflows": counts,
        "weights": digest(keras_network(name).get_weights()),
        "distinct_outputs": len(np.unique(np.hstack([one.raw.reshape(len(one.raw), -1) for one in outputs]), axis=0)),
    }


def current(path: Path, facts: dict[str, Any]) -> bool:
    """Whether a file was made of the same things."""
    return path.exists() and facts.items() <= json.loads(path.read_text()).items()


def main() -> int:
    """Run, and write what was found after every network."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml
    import keras
    from zoo_networks import CONFIGS, IO_TYPES, SEED, arguments_of, digest, events_of

    import isobit
    from isobit.students.zoo import ZOO, golden_config

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", default=list(ZOO), choices=list(ZOO))
    parser.add_argument("--configs", nargs="*", default=list(CONFIGS), choices=CONFIGS)
    parser.add_argument("--io-types", nargs="*", default=list(IO_TYPES), choices=IO_TYPES)
    parser.add_argument("--events", type=int, help="of each network (default: 10,000, of slow ones 1,000)")
    parser.add_argument("--again", action="store_true", help="make files anew that are there")
    parser.add_argument("--out", type=Path, default=OUT, help="folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wrong = []
    for io_type, config, name in product(options.io_types, options.configs, options.networks):
        path = options.out / f"{name}.{config}.{io_type}.json"
        facts = {"network": name, "config": config, "io_type": io_type, "hls4ml": hls4ml.__version__}
        facts |= {"seed": SEED, "golden_config": digest(golden_config(name))}
        if options.again or not current(path, facts):
            arguments = arguments_of(name, config, io_type)
            found = compared(name, arguments, options.events or events_of(name))
            about = {"isobit": isobit.__version__, "keras": keras.__version__, "date": time.strftime("%Y-%m-%d")}
            about["arguments"] = digest(arguments)
            path.write_text(json.dumps({**facts, **about, **found}, indent=1) + "\n")
            print(path.stem, found.get("events"), found.get("differing"), found.get("message", ""), flush=True)
        if json.loads(path.read_text()).get("differences"):
            wrong.append(path.stem)
    print(f"{len(wrong)} differ: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
