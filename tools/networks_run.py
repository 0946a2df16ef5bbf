"""Networks of the zoo, exported at every strategy and four reuse factors, against hls4ml's C-simulation; made once.

    python tools/networks_run.py --out tests/hls/networks_run.json
    python tools/networks_run.py --networks jet_mlp --strategies latency --reuse 2 --events 2000 --out jet.json

What the file holds already is kept. Reuse factors are asked for the whole network; hls4ml takes the nearest legal one
in each layer, and the file has what it took. hls4ml 1.3.0 cannot write the strategy "compressed" by itself; for that it
is mended as in tests/kernels/strategy_networks.py.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "hls"), str(ROOT / "tests" / "kernels")]

STRATEGIES = ("latency", "resource", "resource_unrolled", "compressed")
REUSE_FACTORS = (1, 4, 16, 64)
#: hls4ml fills compressed weights up with zeros of the layer, and reads past them where there are too few.
COMPRESSED_REUSE_FACTORS = (1, 2, 4, 8)


def one(name: str, strategy: str, reuse: int, events: int, csim_seconds: float) -> dict[str, Any]:
    """Compare one, or say why hls4ml or isobit refuses it."""
    from strategy_networks import compressed_mended
    from zoo_agreement import compare

    from isobit.errors import IsobitError

    began = time.perf_counter()
    mended = compressed_mended() if strategy == "compressed" else contextlib.nullcontext()
    with mended, tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        try:
            result = compare(name, strategy, reuse, Path(folder) / "out", events, csim_seconds)
        except IsobitError as error:
            result = {"network": name, "strategy": strategy, "reuse factor": reuse, "refused": str(error)}
    return {**result, "seconds": round(time.perf_counter() - began, 1)}


def main() -> int:
    """Run, and write after every network."""
    from zoo_agreement import NETWORKS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--reuse", nargs="+", type=int, default=[], help=f"default: {REUSE_FACTORS}")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--csim-seconds", type=float, default=30.0, help="time that slow simulations get, each")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml

    runs: list[dict[str, Any]] = json.loads(options.out.read_text())["runs"] if options.out.is_file() else []
    known = {(run["network"], run["strategy"], run["reuse factor"]) for run in runs}
    for name in options.networks:
        for strategy in options.strategies:
            factors = COMPRESSED_REUSE_FACTORS if strategy == "compressed" else REUSE_FACTORS
            for reuse in options.reuse or factors:
                if (name, strategy, reuse) in known:
                    continue
                runs.append(one(name, strategy, reuse, options.events, options.csim_seconds))
                report = {"hls4ml": hls4ml.__version__, "date": time.strftime("%Y-%m-%d"), "runs": runs}
                options.out.write_text(json.dumps(report, indent=1) + "\n")
                print(json.dumps(runs[-1]), flush=True)
    wrong = [run for run in runs if any(run.get("differing values", {}).values())]
    same = "every layer of the core is the emulator's"
    wrong += [run for run in runs if not run.get(same, True)]
    failing = [run for run in runs if not all(run.get("test bench passes", {}).values())]
    refused = [run for run in runs if "refused" in run]
    print(f"{len(runs)} runs: {len(wrong)} differ, {len(failing)} with failing test benches, {len(refused)} refused")
    return 1 if wrong or failing else 0


if __name__ == "__main__":
    sys.exit(main())
