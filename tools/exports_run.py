"""Every network of the zoo as an exported HLS core, with arrays and with streams, made once; one JSON file.

    python tools/exports_run.py [--networks jet_mlp top_gru] [--io-types io_stream] [--again]

Each export's vectors are compared by :func:`isobit.export_hls` itself: AMD's headers, hls4ml's compiled C-simulation,
the emulator and the test bench have to agree about every result, or there is no export. What the file holds of this
hls4ml and of the network's golden configuration is not done again.
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
import traceback
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("hls", "zoo", "differential")]
OUT = ROOT / "tests" / "hls" / "zoo_exports.json"


def one(name: str, io_type: str) -> dict[str, Any]:
    """Export one network and say which roads agreed about how many results, or who refuses it and why."""
    from zoo_agreement import exported

    from isobit.errors import IsobitError

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        try:
            found = exported(name, io_type, Path(folder) / name)
        except IsobitError as error:
            found = {"refused": str(error).splitlines()[0][:400]}
        except Exception as error:
            if "/hls4ml/" not in traceback.extract_tb(error.__traceback__)[-1].filename:
                raise
            found = {"hls4ml_refuses": f"{type(error).__name__}: {str(error).splitlines()[0][:400]}"}
    return {**found, "seconds": round(time.perf_counter() - began, 1)}


def main() -> int:
    """Run, and write after every network."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml
    from zoo_networks import digest

    from isobit.students import zoo

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(zoo.ZOO), choices=list(zoo.ZOO))
    parser.add_argument("--io-types", nargs="+", default=["io_parallel", "io_stream"])
    parser.add_argument("--again", action="store_true", help="also what the file holds already")
    options = parser.parse_args()
    runs: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    for name, io_type in product(options.networks, options.io_types):
        case = f"{name}.{io_type}"
        facts = {"hls4ml": hls4ml.__version__, "golden_config": digest(zoo.golden_config(name))}
        if not options.again and facts.items() <= runs.get(case, {}).items():
            continue
        runs[case] = {**facts, "date": time.strftime("%Y-%m-%d"), **one(name, io_type)}
        OUT.write_text(json.dumps(dict(sorted(runs.items())), indent=1) + "\n")
        print(case, json.dumps(runs[case]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
