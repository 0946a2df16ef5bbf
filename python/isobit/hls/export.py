"""Export a network as a synthesisable project whose test bench checks every bit."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from isobit._version import __version__
from isobit.api import Model, load
from isobit.data import Data
from isobit.engines.registry import get_engine, thread_count
from isobit.errors import CSimError, FormatError, RangeError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.hls.core import Core, make_core
from isobit.hls.emulator import emulator_files
from isobit.hls.folder import HlsProject, check_target, make_manifest, read_folder, write_folder
from isobit.hls.host import compile_host, compile_test_bench, run_test_bench
from isobit.hls.texts import GOLDEN, golden_text, host_files, readme_text, testbench_files, tool_files
from isobit.hls.vectors import Vectors, choose_vectors
from isobit.hls.wiring import Port as CorePort
from isobit.model.file import graph_digest
from isobit.model.graph import Graph
from isobit.ports import Port

__all__ = ["ORACLES", "core_files", "export_hls"]

#: Where golden results may come from.
ORACLES = ("vendor", "reference")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def export_hls(
    model: Any,
    folder: str | os.PathLike[str],
    part: str = "xcvu9p-flga2104-2L-e",
    clock_ns: float = 5.0,
    test_vectors: Data = None,
    *,
    name: str | None = None,
    io_type: str = "io_parallel",
    oracle: str = "vendor",
    csim: bool | None = None,
    random_events: int = 128,
    seed: int = 2026,
    overwrite: bool = False,
) -> HlsProject:
    """Write a network as an HLS project for Vitis: C++ core, self-checking test bench, Tcl, README.

    Parameters
    ----------
    model
        A :class:`isobit.Model`, or what :func:`isobit.load` takes.
    folder
        Where it goes: a new or an empty folder.
    part, clock_ns
        FPGA and clock period (ns) of the Tcl script.
    test_vectors
        Events for the test bench, as for :meth:`isobit.Model.predict`; a few hundred are usual. Edges of the input
        formats, inputs that overflow and random events are added in any case.
    name
        Name of the top function; by default the network's, or the Keras model's where hls4ml's project was not named.
    io_type
        How numbers go in and out, by hls4ml's names. ``io_parallel``: arguments of the top function are arrays.
        ``io_stream``: they are ``hls::stream``s of packets, each the channels of one position, and so is everything
        between the layers. Bits are the same.
    oracle
        Where the golden results come from. ``vendor``: the exported core compiled with AMD's open headers (of the
        installed hls4ml). ``reference``: isobit's reference on Python integers, which shares no code with the core.
    csim
        Whether hls4ml's own C-simulation must give the same results; None: if the model has a project.
    random_events, seed
        Random events, and their seed.
    overwrite
        Replace an earlier export: only files that its manifest names.

    Returns
    -------
    HlsProject
        The project, to simulate: ``.predict(x)``, ``.run_test_bench()``.

    Raises
    ------
    UnsupportedError
        For a layer that cannot be exported, another io_type, or a csim where no project is known.
    OverwriteError
        If the folder is not empty.
    MissingDependencyError
        If AMD's headers are needed and hls4ml is not installed.
    CSimError
        If two roads disagree about a bit: nothing is exported then.

    Notes
    -----
    The order of operations is hls4ml's, kernel by kernel; see docs/hls.md.
    """
    target = Path(folder)
    check_target(target, overwrite)
    if not _PART.fullmatch(part):
        raise FormatError(f"part {part!r} is not the name of a device; expected for example 'xcvu9p-flga2104-2L-e'")
    if not 0.1 <= clock_ns <= 1000:
        raise RangeError(f"clock_ns is {clock_ns}; expected a period of 0.1 to 1000 ns")
    if oracle not in ORACLES:
        raise UnsupportedError(f"oracle={oracle!r} is not supported; supported: {', '.join(ORACLES)}")
    if random_events < 0:
        raise RangeError(f"random_events must be 0 or more, got {random_events}")
    subject = load(model)
    graph = subject.graph
    core = make_core(graph, name, io_type)
    given = None if test_vectors is None else subject.quantise(test_vectors)[0]
    vectors = choose_vectors(graph, given, random_events=random_events, seed=seed)
    files = core_files(core)
    results, roads = _results(subject, core, files, vectors, oracle, csim)
    golden = {n: a.raw.reshape(vectors.events, -1) for n, a in {**vectors.inputs, **results}.items()}
    texts = {
        **testbench_files(core),
        GOLDEN: golden_text(core, golden),
        **emulator_files(core),
        **tool_files(core, part, clock_ns),
        "README.md": readme_text(
            core,
            model=graph.name,
            part=part,
            clock_ns=clock_ns,
            events=vectors.events,
            vectors=[*vectors.sources, *(f"results: {line}" for line in roads)],
        ),
    }
    files |= {path: text.encode() for path, text in texts.items()}
    _bench_agrees(files, core)
    manifest = make_manifest(
        files,
        isobit=__version__,
        model={"name": graph.name, "sha256": graph_digest(graph)},
        top=core.top,
        part=part,
        clock_ns=clock_ns,
        io_type=core.io_type,
        inputs=[_port(p) for p in core.inputs],
        outputs=[_port(p) for p in core.outputs],
        layers=[{"name": layer.op.name, "op": layer.op.tag, "what": layer.what} for layer in core.layers],
        schedule={"style": core.style, "interval": core.interval},
        vectors={
            "events": vectors.events,
            "inputs": list(vectors.sources),
            "results": roads,
            "tables": [asdict(table) for table in vectors.tables],
        },
    )
    write_folder(target, files, manifest, overwrite=overwrite)
    return read_folder(target)


def core_files(core: Core) -> dict[str, bytes]:
    """Core and host interface: what a simulation on a host needs."""
    return {path: text.encode() for path, text in {**core.files, **host_files(core)}.items()}


def _port(port: CorePort) -> dict[str, Any]:
    tensor, packets = port.tensor, port.packets
    known = {"name": tensor.name, "argument": port.name, "shape": list(tensor.shape), "type": str(tensor.type)}
    return known if packets is None else {**known, "packets": {"count": packets.count, "width": packets.width}}


def _results(
    model: Model, core: Core, files: Mapping[str, bytes], vectors: Vectors, oracle: str, csim: bool | None
) -> tuple[dict[str, FixedArray], list[str]]:
    """Golden results by tensor name, and in words which roads gave them; all must agree."""
    graph = model.graph
    if oracle == "vendor":
        program = compile_host(
            files, core.top, ports(core.inputs), ports(core.outputs), headers="vendor", optimisation="0"
        )
        found = program.run(vectors.inputs, raw=True)
        roads = ["this core compiled with AMD's open headers (ap_types of hls4ml)"]
    else:
        found = _engine(graph, "reference", vectors)
        roads = ["isobit's reference: by definition, on Python integers and fractions"]
    if csim is None:
        csim = model.csim_refusal() is None
    if csim:
        _same(found, _hls4ml(model, vectors), graph, "hls4ml's C-simulation", core.top)
        roads.append("hls4ml's own C-simulation of the network, equal in every bit")
    _same(found, _engine(graph, "auto", vectors), graph, "isobit's emulator", core.top)
    roads.append("isobit's emulator, equal in every bit")
    return found, roads


def ports(found: Any) -> tuple[Port, ...]:
    """The core's ports, by tensor name, as the simulation knows them."""
    return tuple(Port(p.tensor.name, p.tensor.shape, p.tensor.type) for p in found)


def _engine(graph: Graph, engine: str, vectors: Vectors) -> dict[str, FixedArray]:
    values = get_engine(engine).run(graph, vectors.inputs, thread_count(1))
    return {name: values[name] for name in graph.outputs}


def _hls4ml(model: Model, vectors: Vectors) -> dict[str, FixedArray]:
    simulation = model.csim(optimisation="0")
    _, outputs = simulation.run(vectors.inputs, raw=True, trace=False, threads=1)
    return outputs


def _same(found: dict[str, FixedArray], other: dict[str, FixedArray], graph: Graph, road: str, top: str) -> None:
    for name in graph.outputs:
        size = graph.tensors[name].size
        mine, theirs = found[name].raw.reshape(-1, size), other[name].raw.reshape(-1, size)
        if not np.array_equal(mine, theirs):
            event, index = (int(i) for i in np.argwhere(mine != theirs)[0])
            raise CSimError(
                f"{top} is not exported: {road} gives raw {theirs[event, index]} for event {event}, {name}[{index}]; "
                f"the exported core gives {mine[event, index]} ({np.count_nonzero(mine != theirs)} results differ)"
            )


def _bench_agrees(files: Mapping[str, bytes], core: Core) -> None:
    """Run the test bench on isobit's number types before anything is written."""
    run = run_test_bench(compile_test_bench(files, core.top, "isobit"))
    if not run.ok:
        raise CSimError(f"{core.top} is not exported: its test bench fails on isobit's headers: {run.text.strip()}")
