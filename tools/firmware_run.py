"""Projects of the zoo as releases of hls4ml write them, read as folders; made once (tests/firmware/runs.json).

python tools/firmware_run.py WORK [--releases 1.3.0 1.2.0] [--networks jet_mlp ...] [--simulate 200]

WORK/RELEASE/NETWORK/CONFIG.IO_TYPE is each project; those that are missing are written. For another release than the
installed one, WORK/hls4ml-RELEASE-py3-none-any.whl is taken (pip download --no-deps); it must run in this environment.

The canonical digest of each folder's graph is compared with that of the ModelGraph (installed release), or of the
folder that the installed release wrote (others). --simulate compares every layer's bits with the folder's own
C-simulation. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "tests" / "firmware" / "runs.json"
CONFIGS, IO_TYPES = ("golden", "auto"), ("io_parallel", "io_stream")
INSTALLED = "1.3.0"


def write(release: str, wheel: str, case: tuple[str, str, str], folder: Path) -> None:
    """Convert a network and write its project; of the installed release also its graph (``graph.isobit``)."""
    sys.path.insert(0, str(ROOT / "tests" / "zoo"))
    if wheel:
        sys.path.insert(0, wheel)
    import hls4ml
    from zoo_networks import arguments_of, keras_network, loaded

    assert hls4ml.__version__ == release or wheel, hls4ml.__version__
    arguments = arguments_of(*case)
    if not wheel:
        from isobit.frontends.project import write_project

        model = loaded(case[0], arguments)
        write_project(model.source, folder)
        model.save(folder / "graph.isobit")
        return
    arguments["output_dir"] = str(folder)
    arguments.setdefault("backend", "Vitis")
    hls4ml.converters.convert_from_keras_model(keras_network(case[0]), **arguments).write()


def read(release: str, folder: Path, other: Path, simulate: int, case: tuple[str, str, str]) -> dict[str, Any]:
    """What a folder is read as, and whether that is right."""
    import numpy as np

    import isobit as ib
    from isobit.errors import IsobitError
    from isobit.model.canonical import canonical_digest
    from isobit.model.file import load_graph
    from isobit.students import zoo

    try:
        model = ib.load(folder, run_code=simulate > 0)
    except IsobitError as error:
        return {"refused": str(error).replace(str(folder), "")[:300]}
    foreign = sorted(op.name for op in model.graph.ops if op.tag == "foreign")
    digest = canonical_digest(model.graph)
    found: dict[str, Any] = {"digest": digest[:16], "layers": len(model.layers), "foreign": foreign}
    if release == INSTALLED:
        found["as_its_model_graph"] = digest == canonical_digest(load_graph(folder / "graph.isobit"))
    elif other.is_dir():
        found[f"as_of_{INSTALLED}"] = digest == canonical_digest(ib.load(other).graph)
    if simulate:
        x = zoo.inputs(case[0], simulate, 7)
        report = ib.check(model, x, against=("csim",), optimisation="0")
        (road,) = report.roads
        compared = sum(layer.values for layer in road.layers)
        found |= {"events": simulate, "values": compared, "differing": sum(layer.differ for layer in road.layers)}
    assert np.isfinite(found["layers"])
    return found


def main() -> int:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--releases", nargs="+", default=[INSTALLED])
    parser.add_argument("--networks", nargs="+")
    parser.add_argument("--io-types", nargs="+", default=list(IO_TYPES))
    parser.add_argument("--configs", nargs="+", default=list(CONFIGS))
    parser.add_argument("--simulate", type=int, default=0)
    parser.add_argument("--write", nargs=6, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT / "python"))
    if given.write:
        release, wheel, *case, folder = given.write
        write(release, wheel.strip(), (case[0], case[1], case[2]), Path(folder))
        return 0
    from isobit.students import zoo

    runs: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    for release, *case in product(given.releases, given.networks or zoo.ZOO, given.configs, given.io_types):
        name, folder = f"{release} {'.'.join(case)}", given.work / release / case[0] / ".".join(case[1:])
        if name in runs and ("events" in runs[name] or not given.simulate or "refused" in runs[name]):
            continue
        if not (folder / "firmware" / "parameters.h").exists():
            wheel = "" if release == INSTALLED else str(given.work / f"hls4ml-{release}-py3-none-any.whl")
            command = [sys.executable, __file__, str(given.work), "--write", release, wheel or " ", *case, str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = done.stderr.strip().rpartition("\n")[2]
                runs[name] = {"not_written": last.replace(str(given.work), "")[:300]}
        if (folder / "firmware" / "parameters.h").exists():
            other = given.work / INSTALLED / case[0] / ".".join(case[1:])
            runs[name] = read(release, folder, other, given.simulate, (case[0], case[1], case[2]))
        OUT.write_text(json.dumps(dict(sorted(runs.items())), indent=1) + "\n")
        print(name, runs[name], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
