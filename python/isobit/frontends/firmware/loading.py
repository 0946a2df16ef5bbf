"""A graph from the folder of an hls4ml project alone: its C++ is read, and nothing of it is run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isobit.errors import FirmwareError, IsobitError, ModelFileError, UnsupportedError
from isobit.frontends.beside import Beside
from isobit.frontends.firmware import (  # noqa: F401, they register what they read
    einsum,
    garnet,
    layers,
    moves,
    recurrent,
    time_distributed,
    windows,
)
from isobit.frontends.firmware.building import LAYERS, Builder
from isobit.frontends.firmware.cpp.declarations import read_declarations
from isobit.frontends.firmware.cpp.header import check_header
from isobit.frontends.firmware.cpp.top import Call, read_top
from isobit.frontends.firmware.distributed import generated_layer
from isobit.frontends.firmware.fingerprints import Library, foreign_types, missing_types
from isobit.frontends.firmware.foreign import Alone, foreign_layer
from isobit.frontends.firmware.nodes import FirmwareModel, Node, UnknownCodeError, Variable, named_type
from isobit.frontends.firmware.weights import Weights
from isobit.frontends.hls4ml.distributed import tree_facts
from isobit.frontends.hls4ml.graph import read_graph
from isobit.frontends.project import read_project, read_yaml
from isobit.frontends.sources import Project
from isobit.model.graph import Graph
from isobit.model.hardware import IO_TYPE, spread_facts

__all__ = ["FirmwareFolder", "graph_from_folder", "load_folder"]


#: Nanoseconds of a clock's period at most.
_LONGEST = 1e9


@dataclass(frozen=True)
class FirmwareFolder(Beside):
    """The project that a model was read from; simulating it compiles and runs its C++, which the user asks for.

    Attributes
    ----------
    taps
        Statements that trace layers which the source does not trace itself, each with the line behind which it belongs.
    alone
        For each layer whose function is not known, a project that computes it alone.
    """

    taps: tuple[tuple[int, str], ...] = field(default=(), kw_only=True)
    alone: tuple[Alone, ...] = field(default=(), kw_only=True)

    def read(self) -> Project:
        """The project, every layer traced."""
        project = super().read()
        path = f"firmware/{project.name}.cpp"
        lines = project.files[path].decode().split("\n")
        for line, statement in sorted(self.taps, reverse=True):
            lines[line:line] = ["#ifndef __SYNTHESIS__", statement, "#endif"]
        files = dict(project.files) | {path: "\n".join(lines).encode()}
        return replace(project, files=files, traced=project.traced or bool(self.taps))


def graph_from_folder(folder: str | os.PathLike[str], ranges: Mapping[str, tuple[float, float]] | None = None) -> Graph:
    """Read a project.

    Parameters
    ----------
    folder
        Holds ``firmware/``.
    ranges
        Smallest and largest number of inputs, by name.

    Raises
    ------
    ModelFileError
        For files that are missing or damaged.
    UnsupportedError
        For C++ that hls4ml does not write, and for layers that isobit does not know; with file and line.
    FirmwareError
        For firmware whose results are undefined.
    """
    return load_folder(folder, ranges)[0]


def load_folder(
    folder: str | os.PathLike[str], ranges: Mapping[str, tuple[float, float]] | None = None
) -> tuple[Graph, FirmwareFolder]:
    """Read a project: its graph, and what simulates it when the user asks for that; see :func:`graph_from_folder`."""
    root = Path(folder)
    try:
        return _loaded(root, ranges or {})
    except IsobitError as error:
        if str(root) in str(error):
            raise
        raise type(error)(f"{root}: {error}") from None


def _loaded(root: Path, ranges: Mapping[str, tuple[float, float]]) -> tuple[Graph, FirmwareFolder]:
    project = read_project(root)
    config = read_yaml(root / "hls4ml_config.yml") if (root / "hls4ml_config.yml").exists() else {}
    model, taps, alone = _model(root, project, str(config.get("Backend") or "Vitis"))
    graph = read_graph(model, ranges, _metadata(model, config))
    return graph, FirmwareFolder(root, None, named=True, taps=tuple(taps), alone=tuple(alone))


def _model(root: Path, project: Project, backend: str) -> tuple[FirmwareModel, list[tuple[int, str]], list[Alone]]:
    """The layers of a project, taps of those that are not traced, and what computes those that are not known."""
    files = project.files
    declared = read_declarations(str(root), files)
    path = f"firmware/{project.name}.cpp"
    top = read_top(f"{root}/{path}", project.name, files[path], declared.constants)
    streams = {parameter.stream for parameter in project.parameters if parameter.direction in ("in", "out")}
    if len(streams) != 1:
        raise UnsupportedError(f"{root}/{path}: the top function has arrays and streams; expected one kind")
    model = FirmwareModel(project.name, backend, "io_stream" if streams.pop() else "io_parallel")
    sources = [path, f"firmware/{project.name}.h", "firmware/parameters.h", "firmware/defines.h"]
    library = Library(files, sources)
    if missing := [*library.missing, *missing_types(files)]:
        raise ModelFileError(f"{root}/{min(missing)} is missing: the project's sources include it")
    if foreign := foreign_types(files):
        raise UnsupportedError(
            f"{root}/{foreign[0]} is none of AMD's headers that hls4ml ships, so numbers may be others than isobit's"
        )
    check_header(f"{root}/{sources[1]}", project.name, files[sources[1]])
    builder = Builder(model, declared, top, Weights(str(root), files, declared, top), library)
    builder.generated = files.get("firmware/nnet_utils/nnet_code_gen.h", b"").decode(errors="replace")
    if weights := [parameter.name for parameter in project.directed("weight")]:
        raise UnsupportedError(f"{root}: weights in block RAM interfaces are not supported: {', '.join(weights)}")
    for parameter in project.directed("in"):
        kind = declared.format_of(parameter.type, f"{root}/{path}")
        variable = Variable(parameter.name, named_type(kind), parameter.shape, parameter.name)
        builder.written[parameter.name] = model.tensors[parameter.name] = variable
        model.inputs.append(parameter.name)
        model.nodes.append(Node("Input", parameter.name, [], [parameter.name], {}, {}, model))
    taps: list[tuple[int, str]] = []
    alone: list[Alone] = []
    for place, call in enumerate(top.calls):
        before = len(model.nodes)
        try:
            _add(builder, call)
        except UnknownCodeError as unknown:
            if call.loop:
                builder.fail(call, f"{unknown.reason}; code of others in a loop over steps is not supported")
            if not unknown.inputs:  # else its reshaped inputs stay
                for node in model.nodes[before:]:
                    del model.tensors[node.name]
                del model.nodes[before:]
            alone.append(foreign_layer(builder, call, project, unknown, top.calls[place + 1 :]))
        taps += _taps(builder, call)
    for parameter in project.directed("out"):
        if parameter.name not in builder.written:
            raise UnsupportedError(f"{root}/{path}: nothing is written into the output {parameter.name!r}")
        model.outputs.append(builder.written[parameter.name].tensor)
    return model, taps, alone


def _add(builder: Builder, call: Call) -> None:
    """Add the layer of a call.

    Raises
    ------
    UnknownCodeError
        If its function is none that isobit knows.
    FirmwareError
        If hls4ml's own function leaves results undefined.
    """
    if not generated_layer(builder, call):
        if call.kernel not in LAYERS or not call.function.startswith("nnet::"):
            reason = f"the function {call.function!r} is not known"
            raise UnknownCodeError(f"{call.place}: {reason}", reason)
        try:
            LAYERS[call.kernel](builder, call)
        except (UnknownCodeError, FirmwareError):
            raise
        except UnsupportedError as error:  # a struct as other releases write it goes with code of theirs
            configs = [builder.declared.configs[name] for name in call.templates if name in builder.declared.configs]
            if (foreign := builder.unknown_functions(call, configs)) is None:
                raise
            raise UnknownCodeError(str(error), foreign) from None


def _taps(b: Builder, call: Call) -> list[tuple[int, str]]:
    """The statement that traces the layer of a call, if the source has none."""
    node = b.model.nodes[-1]
    found = []
    for name in node.outputs:
        variable = b.model.tensors[name]
        if variable.name not in b.top.traced:
            kind, size = variable.type.name, variable.size()
            found.append((call.line, f'    nnet::save_layer_output<{kind}>({variable.name}, "{node.name}", {size});'))
    return found


def _metadata(model: FirmwareModel, config: Mapping[str, object]) -> dict[str, str]:
    facts = {"backend": model.backend, "origin": "firmware", IO_TYPE: model.io_type}
    clock = config.get("ClockPeriod", 5)
    if isinstance(clock, bool) or not isinstance(clock, int | float) or not 0 < clock < _LONGEST:
        raise ModelFileError(f"hls4ml_config.yml: ClockPeriod is {clock!r:.60}; expected nanoseconds")
    for key, name in (("part", "Part"), ("clock_period_ns", "ClockPeriod")):
        if name in config:
            facts[key] = str(config[name])
    for node in model.nodes:
        if (reuse := node.get_attr("reuse_factor")) is not None:
            parallel = node.get_attr("parallelization_factor") if model.io_type == "io_parallel" else 1
            facts |= spread_facts(node.name, int(reuse), max(1, int(parallel or 1)))
        facts |= tree_facts(node)
    return facts
