"""The exported core: formats, constants and the top function of a network, as C++14."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isobit._version import __version__
from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.headers import get_include
from isobit.hls import layers as _elementwise  # the four register their emitters
from isobit.hls import recurrent_layers as _recurrent
from isobit.hls import set_layers as _sets
from isobit.hls import table_layers as _tables
from isobit.hls.arrays import ArrayWiring
from isobit.hls.emitters import Layer, block, pragma
from isobit.hls.names import Names, as_top_name, in_comment, top_name
from isobit.hls.streams import StreamWiring
from isobit.hls.wiring import Port, Wiring
from isobit.model.file import graph_digest
from isobit.model.graph import Graph

__all__ = ["EMITTED_BY", "IO_TYPES", "Core", "Port", "default_name", "header_closure", "make_core"]

EMITTED_BY = (_elementwise, _recurrent, _sets, _tables)
WIRINGS: dict[str, type[Wiring]] = {wiring.io_type: wiring for wiring in (ArrayWiring, StreamWiring)}
#: How numbers may go in and out, by hls4ml's names.
IO_TYPES = tuple(WIRINGS)
#: Where the copied headers lie in the folder.
INCLUDE = "firmware/include"
#: What hls4ml calls a project without a name.
HLS4ML_DEFAULT = "myproject"
_MADE_UP = re.compile(r"(?:model|sequential|functional)(?:_\d+)?")
_QUOTED = re.compile(r'^\s*#\s*include\s+["<]([\w./]+)[">]', re.MULTILINE)


@dataclass(frozen=True)
class Core:
    """The generated firmware.

    Attributes
    ----------
    top
        Name of the top function and of its files.
    namespace
        Namespace of its types, constants and layers. It ends in a hash of the content, so that two exports of the same
        name have different ones.
    inputs, outputs
        Arguments of the top function, in order.
    layers
        What each layer became.
    style
        ``pipeline`` or ``dataflow``.
    interval
        Clocks between two events, as the directives ask for them: hardware may need more, never less.
    files
        Text by path in the folder.
    io_type
        ``io_parallel``: arguments are arrays; ``io_stream``: streams of packets.
    """

    top: str
    namespace: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    style: str
    interval: int
    files: Mapping[str, str]
    io_type: str = ArrayWiring.io_type

    @property
    def on_arrays(self) -> str:
        """The function (and its header) that takes arrays: the top function itself, or what feeds its streams."""
        return self.top if self.io_type == ArrayWiring.io_type else f"{self.top}_arrays"


def make_core(graph: Graph, name: str | None = None, io_type: str = ArrayWiring.io_type) -> Core:
    """Write a network's core.

    With arrays, the style follows one rule: where every layer computes within one pass (latency, resource_unrolled),
    the top function is one pipeline, a new event every max(reuse factor) clocks; as soon as one layer loops over
    several (resource and compressed over the reuse factor, pointwise convolutions over positions), layers run side by
    side (DATAFLOW), and the slowest sets the interval. Either way the function of a layer without a loop is a pipeline
    with the top function's interval. docs/hls.md says where hls4ml's rule (``SetPipelineStyle``,
    backends/vivado/passes/pipeline_style.py) differs.

    With streams they always run side by side.

    Parameters
    ----------
    graph
        The network.
    name
        Name of the top function; see :func:`default_name` for the default.
    io_type
        One of :data:`IO_TYPES`.

    Raises
    ------
    UnsupportedError
        For an op without an emitter, or another io_type.
    FormatError
        For a name that C++ does not take.
    """
    if io_type not in WIRINGS:
        raise UnsupportedError(f"io_type={io_type!r} is not supported; supported: {', '.join(IO_TYPES)}")
    top = top_name(default_name(graph) if name is None else name)
    namespace = f"{top}_core_{_content(graph, io_type)}"
    names = Names()
    wiring = WIRINGS[io_type](graph, names, namespace)
    for taken in (top, namespace, f"{top}_arrays", *interface_macros(top).values()):
        names.take(taken)
    if not graph.ops:
        raise UnsupportedError(f"the network {graph.name!r} has no layer; there is nothing to export")
    inputs, layers, outputs = wiring.wire()
    style = "dataflow" if wiring.dataflow(layers) else "pipeline"
    core = Core(top, namespace, inputs, outputs, layers, style, wiring.interval(layers), {}, io_type)
    files = {
        "firmware/types.hpp": _types_text(core, wiring),
        "firmware/weights.hpp": _weights_text(core),
        f"firmware/{top}.hpp": _top_header(core, wiring),
        f"firmware/{top}.cpp": _top_source(core, wiring),
    }
    if adapter := wiring.adapter(top, inputs, outputs):
        text = guarded(core, f"{top}_arrays.hpp", adapter)
        files[f"firmware/{top}_arrays.hpp"] = written_by("The top function for hosts that work on arrays.") + text
    headers = sorted({f"isobit/kernels/{name}" for name in _kernels(core, wiring)} | wiring.other_headers | _ALWAYS)
    files |= {f"{INCLUDE}/{path}": text for path, text in header_closure(headers).items()}
    return replace(core, files=files)


def default_name(graph: Graph) -> str:
    """The network's name; instead of hls4ml's default, that of the Keras model that it was converted from.

    A name that Keras made up itself (``sequential_1``) gets a hash of the network appended.
    """
    keras_name = graph.metadata.get("keras_model")
    if graph.name != HLS4ML_DEFAULT or not keras_name:
        return graph.name
    name = as_top_name(keras_name)
    return f"{name}_{_content(graph)}" if _MADE_UP.fullmatch(name) else name


def _content(graph: Graph, io_type: str = "") -> str:
    """Ten hexadecimal digits that stand for a network, how its numbers travel, and the isobit that writes it."""
    text = f"{graph_digest(graph)} {io_type} {__version__}"
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _kernels(core: Core, wiring: Wiring) -> list[str]:
    return sorted({header for layer in core.layers for header in layer.headers} | wiring.kernel_headers)


#: Headers of every project.
_ALWAYS = frozenset(
    {
        "numbers/amd/numbers.hpp",
        "numbers/isobit/numbers.hpp",
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


# -- texts ------------------------------------------------------------------------------------------------------------


def written_by(what: str) -> str:
    """First lines of a generated file."""
    return f"// {what}\n//\n// Written by isobit {__version__}; do not edit, export again.\n// clang-format off\n"


def guarded(core: Core, file: str, text: str) -> str:
    """A header's text within its guard, which ends in an underscore, as no name of a layer does."""
    guard = re.sub(r"\W", "_", f"{core.namespace}_{file}_").upper()
    return f"#ifndef {guard}\n#define {guard}\n\n{text}\n#endif\n"


def _types_text(core: Core, wiring: Wiring) -> str:
    lines = []
    for port in core.inputs:
        lines += [f"// Input '{in_comment(port.tensor.name)}'", _alias(port.type, port.tensor.type)]
        lines += [*(_alias(*further) for further in wiring.aliases(port.tensor)), ""]
    for layer in core.layers:
        if layer.types:
            lines.append(f"// Layer '{in_comment(layer.op.name)}': {layer.what}")
            lines += [_alias(name, type) for name, type in layer.types.items()]
            lines += [*(_alias(*further) for further in wiring.aliases(layer.op.output)), ""]
    body = "\n".join(lines)
    includes = _includes(wiring.type_includes)
    space = f"namespace {core.namespace}"
    text = f"#include <numbers.hpp>\n\n{includes}{space} {{\n\n{body}\n}}  // {space}\n"
    what = f"Every number format of '{in_comment(wiring.graph.name)}'. <numbers.hpp> decides whose ap_fixed it is."
    return written_by(what) + guarded(core, "types.hpp", text)


def _includes(headers: Sequence[str]) -> str:
    """Include lines and the empty line after them, if there are any."""
    return "".join(f"#include <{header}>\n" for header in headers) + ("\n" if headers else "")


def _alias(name: str, type: FixedType | str) -> str:
    return f"using {name} = {type};"


def _weights_text(core: Core) -> str:
    constants = [str(constant) for layer in core.layers for constant in layer.constants]
    body = "\n".join(constants)
    headers = {"number.hpp"} | {constant.header for layer in core.layers for constant in layer.constants}
    includes = "\n".join(f"#include <isobit/kernels/{header}>" for header in sorted(headers))
    text = f"{includes}\n\nnamespace {core.namespace} {{\n\n{body}\n}}  // namespace {core.namespace}\n"
    return written_by("Weights and other constants, as raw integers in the formats of types.hpp.") + guarded(
        core, "weights.hpp", text
    )


def _top_header(core: Core, wiring: Wiring) -> str:
    text = f'{_includes(wiring.top_includes)}#include "types.hpp"\n\n// One event.\n{_signature(core, wiring)};\n'
    return written_by("The top function.") + guarded(core, f"{core.top}.hpp", text)


def interface_macros(top: str) -> dict[str, str]:
    """Macros of the C interface's header, by what they count."""
    return {what: f"{top}_{what}".upper() for what in ("inputs", "outputs", "input_words", "output_words")}


def _signature(core: Core, wiring: Wiring) -> str:
    """The top function's declaration, without its semicolon."""
    inputs = [wiring.argument(port, written=False) for port in core.inputs]
    outputs = [wiring.argument(port, written=True) for port in core.outputs]
    return f"void {core.top}({', '.join([*inputs, *outputs])})"


def _top_source(core: Core, wiring: Wiring) -> str:
    includes = "\n".join(f"#include <isobit/kernels/{header}>" for header in _kernels(core, wiring))
    functions = "\n".join(wiring.functions)
    directives = [line for port in core.inputs for line in wiring.interface(port, written=False)]
    directives += [line for port in core.outputs for line in wiring.interface(port, written=True)]
    directives.append(pragma("DATAFLOW" if core.style == "dataflow" else f"PIPELINE II = {core.interval}"))
    top = block(_signature(core, wiring), "\n".join([*directives, "", *wiring.body]))
    what = f"The layers and the top function; {core.style}, at best a new event every {core.interval} clocks."
    return (
        written_by(what)
        + f'#include "{core.top}.hpp"\n\n{includes}\n\n#include "weights.hpp"\n\n'
        + f"namespace kernels = isobit::kernels;\n\nnamespace {core.namespace} {{\n\n{functions}\n"
        + f"}}  // namespace {core.namespace}\n\n{top}"
    )
