"""A call whose code is none of hls4ml's becomes a layer of its own, with a project that computes it alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from isobit.errors import UnsupportedError
from isobit.frontends.firmware.building import Builder
from isobit.frontends.firmware.cpp.top import Call
from isobit.frontends.firmware.nodes import Node, UnknownCodeError, Variable
from isobit.frontends.sources import Parameter, Project

__all__ = ["Alone", "foreign_layer"]


class Alone:
    """What computes one layer alone.

    Parameters
    ----------
    key
        Digest of the statement and of every source.
    project
        A project whose top function is that statement.
    """

    def __init__(self, key: str, project: Project) -> None:
        self.key, self.project = key, project


def foreign_layer(b: Builder, call: Call, project: Project, unknown: UnknownCodeError, later: Sequence[Call]) -> Alone:
    """Add the layer of a call of unknown code.

    Parameters
    ----------
    b, call, project
        The call, and where it is.
    unknown
        Why it is not known; with what it reads and writes, if its function is one that isobit knows.
    later
        The calls behind it.

    Raises
    ------
    UnsupportedError
        If what it reads and writes cannot be told, or somebody reads its inputs later, which it could have changed.
    """
    inputs, place, shape = unknown.inputs, unknown.place, unknown.shape
    if not inputs:
        inputs, place, shape = _guessed(b, call, unknown)
    names = {variable.name for variable in inputs}
    aliases = {name for name, array in b.top.arrays.items() if array.alias in names}
    for other in later:
        if b.model.io_type == "io_parallel" and (names | aliases) & set(other.arguments):
            b.fail(call, f"{unknown.reason}; and its input is read again at {other.place}, where it may have changed")
    output = b.output(call, place, shape, template=None, tensor=b.name(call, place))
    alone = _alone(b, call, project, inputs, output)
    facts = {"function_cpp": call.text, "reason": unknown.reason, "key": alone.key}
    tensors = [variable.tensor for variable in inputs]
    b.model.nodes.append(Node("Foreign", output.tensor, tensors, [output.tensor], facts, {}, b.model))
    return alone


def _guessed(b: Builder, call: Call, unknown: UnknownCodeError) -> tuple[list[Variable], int, tuple[int, ...]]:
    """Inputs are tensors that have been written, the output is the one that has not."""
    inputs, outputs = [], []
    for place, name in enumerate(call.arguments):
        array = b.top.arrays.get(name) or b.top.parameters.get(name)
        if array is None:
            continue
        if name in b.written or array.alias:
            inputs.append(b.input(call, place, template=None))
        else:
            outputs.append((place, array.shape))
    if not inputs or len(outputs) != 1 or outputs[0][1] is None:
        b.fail(call, f"{unknown.reason}; what it reads and writes is not clear")
    return inputs, outputs[0][0], outputs[0][1]


def _alone(b: Builder, call: Call, project: Project, inputs: Sequence[Variable], output: Variable) -> Alone:
    """A project with the call alone in its top function."""
    digest = hashlib.sha256(f"{call.text}\n{project.name}".encode())
    for path, content in sorted(project.files.items()):
        digest.update(f"{path} {len(content)}\n".encode() + content)
    streams = b.model.io_type == "io_stream"
    parameters = [
        Parameter(variable.name, direction, variable.type.name, variable.shape, streams)
        for direction, variables in (("in", inputs), ("out", [output]))
        for variable in variables
    ]
    if len({parameter.name for parameter in parameters}) != len(parameters):
        raise UnsupportedError(f"{call.place}: {call.text!r} reads one tensor twice, or what it writes")
    listed = ", ".join(
        f"hls::stream<{p.type}> &{p.name}" if p.stream else f"{p.type} {p.name}[{p.size}]" for p in parameters
    )
    loads = "".join(
        f'        nnet::load_{how}weights_from_txt<{w.kind}, {w.count}>({w.name}, "{w.file}");\n'
        for w, how in ((w, f"{w.how}_" if w.how else "") for w in b.top.loaded.values())
    )
    aliases = "".join(
        f"    auto& {array.name} = {array.alias};\n"
        for array in b.top.arrays.values()
        if array.alias in {p.name for p in parameters}
    )
    begin, end = (f"namespace {project.namespace} {{\n", "}\n") if project.namespace else ("", "")
    prototype = f"void {project.name}({listed})"
    body = f"    static bool loaded = false;\n    if (!loaded) {{\n{loads}        loaded = true;\n    }}\n{aliases}"
    include = f'#include "{project.name}.h"\n#include "parameters.h"\n'
    source = f"{include}{begin}{prototype} {{\n{body}    {call.text}\n}}\n{end}"
    old = project.files[f"firmware/{project.name}.h"].decode()
    includes = "\n".join(re.findall(r"^#include .*$", old, re.MULTILINE))
    header = f"#pragma once\n{includes}\n{begin}{prototype};\n{end}"
    files = dict(project.files) | {
        f"firmware/{project.name}.cpp": source.encode(),
        f"firmware/{project.name}.h": header.encode(),
    }
    return Alone(
        digest.hexdigest(), replace(project, parameters=tuple(parameters), files=files, traced=False, reuse=())
    )
