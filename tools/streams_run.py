"""Networks exported with streams, made once: both test benches, and hls4ml's simulation on streams; result as JSON.

    python tools/streams_run.py --out tests/hls/streams_run.json
    python tools/streams_run.py --zoo jet_deepsets --events 200 --out /tmp/streams.json

Golden results of the networks by hand are isobit's definition; those of the zoo are the core's own on AMD's headers,
which hls4ml's C-simulation of the project with io_stream must equal, or nothing is exported.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "hls")]


def by_hand(name: str) -> tuple[Any, dict[str, Any]]:
    """One of the tests' own networks."""
    import hls_networks
    import hls_packets
    import hls_tables_sets

    import isobit

    modules = (hls_networks, hls_tables_sets, hls_packets)
    make = next(getattr(module, name) for module in modules if hasattr(module, name))
    return isobit.Model(make()), {"oracle": "reference", "random_events": 60}


def of_the_zoo(name: str, events: int) -> tuple[Any, dict[str, Any]]:
    """One of the zoo, converted with io_stream."""
    from zoo_agreement import zoo_project

    import isobit
    from isobit.students import zoo

    model = isobit.load(zoo_project(name, io_type="io_stream"))
    return model, {"test_vectors": zoo.inputs(name, events, seed=5), "random_events": 32}


def exported(name: str, model: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Export with streams, run both test benches."""
    import isobit

    with tempfile.TemporaryDirectory() as folder:
        project = isobit.export_hls(model, Path(folder) / name, io_type="io_stream", **options)
        benches = {headers: project.run_test_bench(headers) for headers in ("isobit", "vendor")}
    compared = re.search(r"(\d+) results compared", benches["vendor"].text)
    return {
        "network": name,
        "layers": [layer["op"] for layer in project.manifest["layers"]],
        "interval": project.manifest["schedule"]["interval"],
        "roads": project.manifest["vectors"]["results"],
        "events": project.manifest["vectors"]["events"],
        "results": int(compared[1]) if compared else 0,
        "test bench passes": {headers: bench.ok for headers, bench in benches.items()},
    }


def main() -> int:
    """Run, and write what was found after every network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    hand = ["saturating", "binary", "wide", "sets", "tables", "packets"]
    parser.add_argument("--hand", nargs="*", default=hand, help="networks of the tests")
    parser.add_argument("--zoo", nargs="*", default=["jet_deepsets", "btag_conv1d", "mugmt_student"])
    parser.add_argument("--events", type=int, default=100, help="events of a network of the zoo")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import hls4ml

    found: list[dict[str, Any]] = []
    for name in [*arguments.hand, *arguments.zoo]:
        made = by_hand(name) if name in arguments.hand else of_the_zoo(name, arguments.events)
        found.append(exported(name, *made))
        print(name, found[-1]["test bench passes"], flush=True)
        facts = {"hls4ml": hls4ml.__version__, "date": time.strftime("%Y-%m-%d"), "networks": found}
        arguments.out.write_text(json.dumps(facts, indent=1) + "\n")
    return 0 if all(all(run["test bench passes"].values()) for run in found) else 1


if __name__ == "__main__":
    sys.exit(main())
