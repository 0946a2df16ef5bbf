"""Projects of the zoo as releases of hls4ml write them, read as folders; made once (tests/firmware/runs.json).

python tools/firmware_run.py WORK [--releases 1.3.0 1.2.0] [--networks jet_mlp ...] [--simulate 200]

WORK/RELEASE/NETWORK/CONFIG.IO_TYPE is each project; those that are missing are written, all of a release in one
process. For another release than the installed one, WORK/hls4ml-RELEASE-py3-none-any.whl is taken (pip download
--no-deps) and unpacked; 1.0.0 and older also need WORK/deps (pip install --target WORK/deps calmjs.parse tabulate). All
seven run with the packages of the extra hls4ml: an older release is given the same configuration without the arguments
that it does not know, and 0.6.0 has no back end but Vivado.

The canonical digest of each folder's graph is compared with that of the ModelGraph (``as_its_model_graph``; where
isobit refuses that, ``model_graph`` says why), and with that of the folder that the installed release wrote. --simulate
compares every layer's bits with the folder's own C-simulation, on a tenth of the events for the largest networks. A run
that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "tests" / "firmware" / "runs.json"
CONFIGS, IO_TYPES = ("golden", "auto"), ("io_parallel", "io_stream")
INSTALLED, OLDEST = "1.3.0", "0.6.0"

Case = tuple[str, str, str]


def folder_of(work: Path, release: str, case: Case) -> Path:
    """Where a project is."""
    return work / release / case[0] / ".".join(case[1:])


def import_hls4ml(work: Path, release: str) -> Any:
    """The package of a release."""
    if release != INSTALLED:
        package = work / f"hls4ml-{release}"
        if not package.is_dir():
            with zipfile.ZipFile(work / f"{package.name}-py3-none-any.whl") as archive:
                archive.extractall(package)  # templates are read as files
        sys.path[:0] = [str(package)]
        sys.path.append(str(work / "deps"))
    import hls4ml

    if hls4ml.__version__.split("+")[0] != release:
        raise SystemExit(f"hls4ml is {hls4ml.__version__}; expected {release}")
    if release == OLDEST:
        import hls4ml.utils

        older = hls4ml.utils.config_from_keras_model
        hls4ml.utils.config_from_keras_model = lambda model, backend=None, **given: older(model, **given)
    return hls4ml


def convert(hls4ml: Any, release: str, case: Case, folder: Path) -> Any:
    """The ModelGraph of a network, and its project."""
    from zoo_networks import arguments_of, keras_network, loaded

    arguments = arguments_of(*case)
    if release == INSTALLED:
        from isobit.frontends.project import write_project

        model = loaded(case[0], arguments)
        write_project(model.source, folder)
        return model.source
    if release < "1":
        del arguments["clock_uncertainty"]
    backend = arguments.pop("backend", "Vitis")
    if release == OLDEST:  # which writes the names of modes as they are given
        backend = "Vivado"
        text = re.sub(r"(?<=,)(RND|TRN|SAT|WRAP)", r"AP_\1", json.dumps(arguments["hls_config"]))
        arguments["hls_config"] = json.loads(text)
    arguments |= {"output_dir": str(folder), "backend": backend}
    graph = hls4ml.converters.convert_from_keras_model(keras_network(case[0]), **arguments)
    graph.write()
    return graph


def write(work: Path, release: str, cases: list[Case]) -> None:
    """Write projects, each with its graph (``graph.isobit``) or why there is none; ``not_written.json`` has others."""
    sys.path.insert(0, str(ROOT / "tests" / "zoo"))
    hls4ml = import_hls4ml(work, release)
    import isobit as ib
    from isobit.errors import IsobitError

    said = work / release / "not_written.json"
    failed: dict[str, str] = json.loads(said.read_text()) if said.exists() else {}
    for case in cases:
        folder = folder_of(work, release, case)
        try:
            graph = convert(hls4ml, release, case, folder)
            try:
                ib.load(graph).save(folder / "graph.isobit")
            except IsobitError as error:
                (folder / "refused.txt").write_text(str(error))
        except Exception as error:  # whatever hls4ml raises
            failed[".".join(case)] = f"{type(error).__name__}: {error}".replace(str(work), "")[:300]
            said.parent.mkdir(parents=True, exist_ok=True)
            said.write_text(json.dumps(failed, indent=1))


def read(release: str, folder: Path, runs: dict[str, Any], simulate: int, case: Case) -> dict[str, Any]:
    """What a folder is read as, and whether that is right."""
    import numpy as np
    from zoo_networks import SLOW

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
    if (folder / "graph.isobit").exists():
        found["as_its_model_graph"] = digest == canonical_digest(load_graph(folder / "graph.isobit"))
    elif (folder / "refused.txt").exists():
        found["model_graph"] = (folder / "refused.txt").read_text()[:200]
    newest = runs.get(f"{INSTALLED} {'.'.join(case)}", {})
    if release != INSTALLED and "digest" in newest:
        found[f"as_of_{INSTALLED}"] = found["digest"] == newest["digest"]
    if simulate:
        events = simulate // 10 if case[0] in SLOW else simulate
        report = ib.check(model, zoo.inputs(case[0], events, 7), against=("csim",), optimisation="0")
        (road,) = report.roads
        compared = sum(layer.values for layer in road.layers)
        found |= {"events": events, "values": compared, "differing": sum(layer.differ for layer in road.layers)}
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
    parser.add_argument("--write", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "zoo")]
    if given.write:
        release, *names = given.write
        parts = [name.split(".") for name in names]
        write(given.work, release, [(network, config, io_type) for network, config, io_type in parts])
        return 0
    from isobit.students import zoo

    runs: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    every = list(product(given.networks or zoo.ZOO, given.configs, given.io_types))
    for release in given.releases:
        cases = [case for case in every if f"{release} {'.'.join(case)}" not in runs or given.simulate]
        said = given.work / release / "not_written.json"
        failed: dict[str, str] = json.loads(said.read_text()) if said.exists() else {}
        missing = [".".join(case) for case in cases if not written(given.work, release, case)]
        if missing := [name for name in missing if name not in failed]:
            command = [sys.executable, __file__, str(given.work), "--write", release, *missing]
            subprocess.run(command, capture_output=True, check=True)
            failed = json.loads(said.read_text()) if said.exists() else {}
        for case in cases:
            name = ".".join(case)
            before = runs.get(f"{release} {name}", {})
            if "events" in before or (before and not given.simulate):
                continue
            if written(given.work, release, case):
                folder = folder_of(given.work, release, case)
                runs[f"{release} {name}"] = read(release, folder, runs, given.simulate, case)
            else:
                runs[f"{release} {name}"] = {"not_written": failed[name]}
            OUT.write_text(json.dumps(dict(sorted(runs.items())), indent=1) + "\n")
            print(release, name, runs[f"{release} {name}"], flush=True)
    return 0


def written(work: Path, release: str, case: Case) -> bool:
    """Whether a project is there."""
    return (folder_of(work, release, case) / "firmware" / "parameters.h").exists()


if __name__ == "__main__":
    raise SystemExit(main())
