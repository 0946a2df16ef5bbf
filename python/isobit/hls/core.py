"""The exported core: formats, constants and the top function of a network, as C++14."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import isobit
from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.headers import get_include
from isobit.hls import layers as _elementwise  # the three register their emitters
from isobit.hls import set_layers as _sets
from isobit.hls import table_layers as _tables
from isobit.hls.emitters import Layer, emit, pragma
from isobit.hls.names import Names, top_name
from isobit.model.graph import Graph
from isobit.model.ops import Tensor

__all__ = ["EMITTED_BY", "Core", "Port", "header_closure", "make_core"]

EMITTED_BY = (_elementwise, _sets, _tables)
#: Where the copied headers lie in the folder.
INCLUDE = "firmware/include"
_QUOTED = re.compile(r'^\s*#\s*include\s+["<]([\w./]+)[">]', re.MULTILINE)


@dataclass(frozen=True)
class Port:
    """An argument of the top function: its name and type in C++, the tensor behind it."""

    name: str
    type: str
    tensor: Tensor

    def __str__(self) -> str:
        return f"{self.type} {self.name}[{self.tensor.size}]"


@dataclass(frozen=True)
class Core:
    """The generated firmware.

    Attributes
    ----------
    top
        Name of the top function and of its files.
    namespace
        Namespace of its types, constants and layers.
    inputs, outputs
        Arguments of the top function, in order.
    layers
        What each layer became.
    style
        ``pipeline`` or ``dataflow``.
    interval
        Clocks between two events.
    files
        Text by path in the folder.
    """

    top: str
    namespace: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    style: str
    interval: int
    files: Mapping[str, str]


@dataclass
class _Draft:
    """What is known while the layers are walked through."""

    names: Names
    types: dict[str, str] = field(default_factory=dict)  # C++ type by tensor
    arrays: dict[str, str] = field(default_factory=dict)  # C++ array by tensor
    functions: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)  # tensor by array, of arguments that a layer writes


def make_core(graph: Graph, name: str | None = None) -> Core:
    """Write a network's core.

    The style follows one rule, hls4ml's own (``SetPipelineStyle``, backends/vivado/passes/pipeline_style.py): where
    every layer computes within one pass (latency strategy), the top function is one pipeline, a new event every
    max(reuse factor) clocks; as soon as one layer loops over its reuse factor (resource), layers run side by side
    (DATAFLOW), each in its own pipeline, and the slowest sets the interval.

    Parameters
    ----------
    graph
        The network.
    name
        Name of the top function; by default the network's.

    Raises
    ------
    UnsupportedError
        For an op without an emitter.
    FormatError
        For a name that C++ does not take.
    """
    top = top_name(graph.name if name is None else name)
    namespace = f"{top}_core"
    draft = _Draft(Names())
    for taken in (top, namespace):
        draft.names.take(taken)
    if not graph.ops:
        raise UnsupportedError(f"the network {graph.name!r} has no layer; there is nothing to export")
    input_names = {tensor.name: draft.names.take(tensor.name) for tensor in graph.inputs}
    for tensor in graph.inputs:
        draft.types[tensor.name] = draft.names.take(f"{tensor.name}_t")
        draft.arrays[tensor.name] = input_names[tensor.name]
    read = {name for op in graph.ops for name in op.inputs}
    made = [_layer(graph, k, draft, read) for k in range(len(graph.ops))]
    inputs = tuple(Port(input_names[t.name], draft.types[t.name], t) for t in graph.inputs)
    outputs = tuple(_output(t, draft, read) for t in graph.output_tensors)
    dataflow = any(layer.dataflow for layer in made)
    interval = max(layer.interval for layer in made)
    core = Core(top, namespace, inputs, outputs, tuple(made), "dataflow" if dataflow else "pipeline", interval, {})
    files = {
        "firmware/types.hpp": _types_text(core, graph),
        "firmware/weights.hpp": _weights_text(core),
        f"firmware/{top}.hpp": _top_header(core),
        f"firmware/{top}.cpp": _top_source(core, draft),
    }
    headers = sorted({f"isobit/kernels/{header}" for layer in made for header in layer.headers} | _ALWAYS)
    files |= {f"{INCLUDE}/{path}": text for path, text in header_closure(headers).items()}
    return Core(top, namespace, inputs, outputs, core.layers, core.style, interval, files)


#: Headers of every project.
_ALWAYS = frozenset(
    {
        "numbers/amd/numbers.hpp",
        "numbers/isobit/numbers.hpp",
        "isobit/kernels/linear.hpp",
        "isobit/kernels/pragma.hpp",
        "isobit/host/raw_words.hpp",
    }
)


def header_closure(headers: Sequence[str], root: Path | None = None) -> dict[str, str]:
    """Those of isobit's headers that the named ones need, themselves included; text by path below the include folder.

    Raises
    ------
    UnsupportedError
        If one is missing in this copy of isobit.
    """
    folder = Path(get_include()) if root is None else root
    found: dict[str, str] = {}
    open_paths = list(headers)
    while open_paths:
        path = open_paths.pop()
        if path in found:
            continue
        if not (folder / path).is_file():
            raise UnsupportedError(f"the C++ header {path} is not installed with this copy of isobit")
        found[path] = (folder / path).read_text()
        for name in _QUOTED.findall(found[path]):
            beside = (folder / path).parent / name
            for candidate in (beside, folder / name):
                if candidate.is_file():
                    open_paths.append(candidate.resolve().relative_to(folder.resolve()).as_posix())
                    break
    return dict(sorted(found.items()))


# -- layers -----------------------------------------------------------------------------------------------------------


def _layer(graph: Graph, index: int, draft: _Draft, read: set[str]) -> Layer:
    op = graph.ops[index]
    tensor = graph.tensors[op.inputs[0]]
    name = draft.names.take(op.name)
    result = draft.names.take(f"{op.name}_result_t")
    layer = Layer(op, tensor, name, draft.types[tensor.name], result, draft.names)
    body = emit(layer)
    if not body:  # another name for the same array
        draft.types[op.output.name] = draft.types[tensor.name]
        draft.arrays[op.output.name] = draft.arrays[tensor.name]
        return layer
    layer.types[result] = op.output.type
    draft.types[op.output.name] = result
    shown = op.output.name if op.output.name != op.name else f"{op.name}_out"
    direct = op.output.name in graph.outputs and op.output.name not in read
    if op.output.name in graph.outputs and not direct:
        shown += "_local"  # the argument has the name itself
    array = draft.names.take(shown)
    draft.arrays[op.output.name] = array
    if direct:
        draft.written[array] = op.output.name
    else:
        draft.calls += [f"{result} {array}[{op.output.size}];", pragma(f"ARRAY_PARTITION variable = {array} complete")]
    inputs = [graph.tensors[name] for name in op.inputs]
    parameters = ["data"] if len(inputs) == 1 else [f"data{k}" for k in range(len(inputs))]
    taken = [f"const {draft.types[t.name]} {p}[{t.size}]" for t, p in zip(inputs, parameters, strict=True)]
    arguments = ", ".join([*(draft.arrays[t.name] for t in inputs), array])
    draft.calls.append(f"{name}({arguments});")
    head = f"static void {name}({', '.join([*taken, f'{result} results[{op.output.size}]'])}) {{"
    draft.functions.append(f"// {layer.what or op.tag}\n{head}\n{_indented(body)}\n}}\n")
    return layer


def _output(tensor: Tensor, draft: _Draft, read: set[str]) -> Port:
    """An output: written by its layer, or copied where other layers read it, too, or where it is an alias."""
    array = draft.arrays[tensor.name]
    if draft.written.get(array) != tensor.name:
        name = draft.names.take(tensor.name)
        kind = draft.types[tensor.name]
        copy = f"kernels::linear(kernels::linear_arith<{kind}>(), kernels::static_vector_shape<{tensor.size}>(), "
        draft.calls.append(f"{copy}{array}, {name});")
        return Port(name, kind, tensor)
    return Port(array, draft.types[tensor.name], tensor)


def _indented(text: str, by: int = 4) -> str:
    return "\n".join(" " * by + line if line else "" for line in text.splitlines())


# -- texts ------------------------------------------------------------------------------------------------------------


def written_by(what: str) -> str:
    """First lines of a generated file."""
    return (
        f"// {what}\n//\n// Written by isobit {isobit.__version__}; do not edit, export again.\n// clang-format off\n"
    )


def guarded(core: Core, file: str, text: str) -> str:
    """A header's text within its guard."""
    guard = re.sub(r"\W", "_", f"{core.namespace}_{file}").upper()
    return f"#ifndef {guard}\n#define {guard}\n\n{text}\n#endif\n"


def _types_text(core: Core, graph: Graph) -> str:
    lines = []
    for port in core.inputs:
        lines += [f"// Input '{_plain(port.tensor.name)}'", _alias(port.type, port.tensor.type), ""]
    for layer in core.layers:
        if layer.types:
            lines.append(f"// Layer '{_plain(layer.op.name)}': {layer.what}")
            lines += [_alias(name, type) for name, type in layer.types.items()]
            lines.append("")
    body = "\n".join(lines)
    text = f"#include <numbers.hpp>\n\nnamespace {core.namespace} {{\n\n{body}\n}}  // namespace {core.namespace}\n"
    what = f"Every number format of '{_plain(graph.name)}'. <numbers.hpp> decides whose ap_fixed it is."
    return written_by(what) + guarded(core, "types.hpp", text)


def _alias(name: str, type: FixedType) -> str:
    return f"using {name} = {type};"


def _plain(name: str) -> str:
    """A name that can stand in a comment."""
    return re.sub(r"[^ -~]|\\", "?", name)


def _weights_text(core: Core) -> str:
    constants = [str(constant) for layer in core.layers for constant in layer.constants]
    body = "\n".join(constants)
    headers = {"number.hpp"} | {constant.header for layer in core.layers for constant in layer.constants}
    includes = "\n".join(f"#include <isobit/kernels/{header}>" for header in sorted(headers))
    text = f"{includes}\n\nnamespace {core.namespace} {{\n\n{body}\n}}  // namespace {core.namespace}\n"
    return written_by("Weights and other constants, as raw integers in the formats of types.hpp.") + guarded(
        core, "weights.hpp", text
    )


def _top_header(core: Core) -> str:
    text = f'#include "types.hpp"\n\n// One event.\n{signature(core)};\n'
    return written_by("The top function.") + guarded(core, f"{core.top}.hpp", text)


def signature(core: Core) -> str:
    """The top function's declaration, without its semicolon."""
    inputs = [f"const {core.namespace}::{port}" for port in core.inputs]
    outputs = [f"{core.namespace}::{port}" for port in core.outputs]
    return f"void {core.top}({', '.join([*inputs, *outputs])})"


def _top_source(core: Core, draft: _Draft) -> str:
    headers = sorted({header for layer in core.layers for header in layer.headers} | {"linear.hpp", "pragma.hpp"})
    includes = "\n".join(f"#include <isobit/kernels/{header}>" for header in headers)
    functions = "\n".join(draft.functions)
    directives = []
    for port in core.inputs:
        directives += [
            pragma(f"INTERFACE mode = ap_vld port = {port.name}"),
            pragma(f"ARRAY_RESHAPE variable = {port.name} complete"),
        ]
    for port in core.outputs:
        directives += [
            pragma(f"INTERFACE mode = ap_vld port = {port.name}"),
            pragma(f"ARRAY_PARTITION variable = {port.name} complete"),
        ]
    directives.append(pragma("DATAFLOW" if core.style == "dataflow" else f"PIPELINE II = {core.interval}"))
    body = _indented("\n".join([*directives, "", *draft.calls]))
    what = f"The layers and the top function; {core.style}, a new event every {core.interval} clocks."
    return (
        written_by(what)
        + f'#include "{core.top}.hpp"\n\n{includes}\n\n#include "weights.hpp"\n\n'
        + f"namespace kernels = isobit::kernels;\n\nnamespace {core.namespace} {{\n\n{functions}\n"
        + f"}}  // namespace {core.namespace}\n\n"
        + f"{signature(core)} {{\n    using namespace {core.namespace};\n{body}\n}}\n"
    )
