"""The files beside the core in an exported folder: test bench, C interface, Tcl, constraints, README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isobit._version import __version__
from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.hls.constants import FNV_START, Constant, digest_of, flat, integer_rows, native_type
from isobit.hls.core import Core, Port, guarded, written_by
from isobit.hls.templates import fill, indented, template_text

__all__ = ["GOLDEN", "golden_text", "host_files", "readme_text", "testbench_files", "tool_files", "word_count"]

GOLDEN = "tb/golden.hpp"


def testbench_files(core: Core) -> dict[str, str]:
    """The test bench, without its golden vectors."""
    digests = [
        f"digest_ = isobit_tb::digest({core.namespace}_golden::{p.name}, {word_count(p.tensor.type)}, digest_);"
        for p in (*core.inputs, *core.outputs)
    ]
    set_inputs, compare, golden = [], [], f"{core.namespace}_golden"
    for p in core.inputs:
        set_inputs += [_declared(core, p), f"isobit_tb::set({golden}::{p.name}[event_], {p.name});"]
    for p in core.outputs:
        set_inputs += [_declared(core, p), f"tally_.spoil({golden}::{p.name}[event_], {p.name});"]
        compare.append(f'tally_.compare("{p.name}", event_, {golden}::{p.name}[event_], {p.name});')
    constants = [
        f'tally_.constant("{c.name}", isobit_tb::digest({core.namespace}::{c.name}), {golden}::{c.name}_digest_);'
        for c in _constants(core)
    ]
    text = fill(
        "testbench.cpp",
        version=__version__,
        top=core.top,
        namespace=core.namespace,
        digests=indented(digests, 4),
        set=indented(set_inputs, 8),
        header=core.on_arrays,
        call=indented(_guarded_call(core), 8),
        compare=indented(compare, 8),
        constants=indented(constants, 4),
    )
    return {f"tb/{core.top}_test.cpp": text, "tb/compare.hpp": template_text("compare.hpp")}


def _constants(core: Core) -> list[Constant]:
    return [constant for layer in core.layers for constant in layer.constants]


def golden_text(core: Core, vectors: Mapping[str, Any]) -> str:
    """The golden vectors: raw integers of every port by tensor name, shape (events, size)."""
    arrays, digest = [], FNV_START
    events = len(next(iter(vectors.values())))
    for p in (*core.inputs, *core.outputs):
        raw, kind = vectors[p.tensor.name], p.tensor.type
        rows = ",\n".join("    {\n" + integer_rows(flat(row), kind, "        ") + "    }" for row in raw)
        if p.tensor.size <= 16:  # one event a line
            rows = ",\n".join("    {" + " ".join(integer_rows(flat(row), kind, "").split()) + "}" for row in raw)
        arrays.append(
            f"// {kind}\nconstexpr {native_type(kind)} {p.name}[{events}][{p.tensor.size}] = {{\n{rows}\n}};\n"
        )
        digest = digest_of([(flat(raw), kind)], digest)
    body = "\n".join(arrays)
    namespace = f"{core.namespace}_golden"
    known = [f"constexpr unsigned long long {c.name}_digest_ = {c.digest}ULL;\n" for c in _constants(core)]
    constants = "".join(["// Of the constants.\n", *known] if known else [])
    text = (
        f"#include <isobit/kernels/number.hpp>\n\nnamespace {namespace} {{\n\nconstexpr int events_ = {events};\n"
        f"constexpr unsigned long long digest_ = {digest}ULL;\n{constants}\n{body}\n}}  // namespace {namespace}\n"
    )
    what = (
        "Golden vectors: raw inputs, and the raw results that hardware must give. README.md says where they are from."
    )
    return written_by(what) + guarded(core, "golden.hpp", text)


def host_files(core: Core) -> dict[str, str]:
    """The C interface, and the program that reads events from its standard input."""
    declare = [_declared(core, p) for p in (*core.inputs, *core.outputs)]
    read_raw, read, write_raw, write = [], [], [], []
    words = numbers = 0
    for p in core.inputs:
        size = p.tensor.size
        read_raw.append(f"isobit::host::read_words(in_ + {words}, {size}, {p.name});")
        number = f"{core.namespace}::{p.type}(in_[{numbers} + i_])"
        read.append(f"for (int i_ = 0; i_ < {size}; ++i_) {p.name}[i_] = {number};")
        words, numbers = words + size * word_count(p.tensor.type), numbers + size
    input_words, input_numbers = words, numbers
    words = numbers = 0
    for p in core.outputs:
        size, signed = p.tensor.size, str(p.tensor.type.signed).lower()
        write_raw.append(f"isobit::host::write_words<{signed}>({p.name}, {size}, out_ + {words});")
        write.append(f"for (int i_ = 0; i_ < {size}; ++i_) out_[{numbers} + i_] = {p.name}[i_].to_double();")
        words, numbers = words + size * word_count(p.tensor.type), numbers + size
    common = {"version": __version__, "top": core.top, "upper": core.top.upper()}
    header = fill(
        "c_header.h",
        **common,
        guard=f"{core.top.upper()}_C_H_",
        inputs=_contents(core.inputs),
        outputs=_contents(core.outputs),
        input_numbers=input_numbers,
        output_numbers=numbers,
        input_words=input_words,
        output_words=words,
    )
    source = fill(
        "c_source.cpp",
        **common,
        declare=indented(declare, 8),
        read_raw=indented(read_raw, 8),
        read=indented(read, 8),
        write_raw=indented(write_raw, 8),
        write=indented(write, 8),
        header=core.on_arrays,
        call=_call(core),
    )
    return {
        f"host/{core.top}_c.h": header,
        f"host/{core.top}_c.cpp": source,
        f"host/{core.top}_run.cpp": fill("run.cpp", **common),
        "host/exports.map": fill("c_exports.map", top=core.top),
    }


def tool_files(core: Core, part: str, clock_ns: float) -> dict[str, str]:
    """Script, constraints and licence."""
    clock = f"{clock_ns:.3f}"
    return {
        "LICENSE": license_text(),
        "run_hls.tcl": fill("run_hls.tcl", version=__version__, top=core.top, part=part, clock_ns=clock),
        "constraints.xdc": fill("constraints.xdc", top=core.top, clock_ns=clock),
    }


def license_text() -> str:
    """The licence of isobit, and so of the kernels.

    Raises
    ------
    UnsupportedError
        If it is not installed with this copy of isobit.
    """
    package = Path(__file__).parents[1]
    for place in (package / "LICENSE", package.parents[1] / "LICENSE"):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise UnsupportedError(f"{package / 'LICENSE'} is not installed with this copy of isobit")


def readme_text(core: Core, *, model: str, part: str, clock_ns: float, events: int, vectors: Sequence[str]) -> str:
    """The folder's README, enough for somebody who has the tool and not isobit."""
    ports = []
    for direction, found in (("input", core.inputs), ("output", core.outputs)):
        for p in found:
            shape = " x ".join(map(str, p.tensor.shape)) or "1"
            ports.append(f"| {direction} `{p.name}` | {shape} numbers of `{p.tensor.type}`{_in_packets(p)} |")
    style = {
        "pipeline": f"one pipeline, a new event every {core.interval} clocks",
        "dataflow": f"layers side by side (DATAFLOW), a new event every {core.interval} clocks at best",
    }[core.style]
    rows = ["| layer | what | result |", "|---|---|---|"]
    rows += [f"| `{layer.op.name}` | {layer.what} | `{layer.op.output.type}` |" for layer in core.layers]
    directives = template_text(f"README_{core.io_type}.md").rstrip("\n")
    adapter = f"| `firmware/{core.on_arrays}.hpp` | a call of the top function with arrays, for hosts |\n"
    return fill(
        "README.md",
        version=__version__,
        top=core.top,
        model=model,
        part=part,
        clock_ns=f"{clock_ns:g}",
        ports="\n".join(ports),
        schedule=style,
        layers="\n".join(rows),
        adapter=adapter if core.on_arrays != core.top else "",
        directives=directives,
        events=events,
        results=events * sum(p.tensor.size for p in core.outputs),
        **_host_facts(core),
        rtl_ports=_rtl_ports(core),
        vectors="\n".join(f"- {line}" for line in vectors),
    )


def _in_packets(port: Port) -> str:
    if port.packets is None:
        return ""
    count = port.packets.count
    return f", in a stream of {count} packet{'' if count == 1 else 's'} of {port.packets.width}"


def _host_facts(core: Core) -> dict[str, object]:
    """What the README says about events on a host."""
    facts: dict[str, object] = {"upper": core.top.upper()}
    for what, found in (("input", core.inputs), ("output", core.outputs)):
        facts[f"{what}s"] = ", ".join(f"`{p.name}[{p.tensor.size}]` of `{p.tensor.type}`" for p in found)
        facts[f"{what}_numbers"] = sum(p.tensor.size for p in found)
        facts[f"{what}_words"] = sum(p.tensor.size * word_count(p.tensor.type) for p in found)
        pointers = ", ".join(f"{p.tensor.type}*" for p in found)
        facts[f"{what}_form"] = pointers if len(found) == 1 else f"std::tuple<{pointers}>"
    facts["four_events"] = 4 * 8 * sum(p.tensor.size * word_count(p.tensor.type) for p in core.inputs)
    facts["result_bytes"] = 8 * sum(p.tensor.size * word_count(p.tensor.type) for p in core.outputs)
    return facts


def _rtl_ports(core: Core) -> str:
    """The README's table of ports, as the directives of the top function make them."""
    rows = [_rtl_port(p, written=False) for p in core.inputs] + [_rtl_port(p, written=True) for p in core.outputs]
    streams = core.on_arrays != core.top
    reset, active = ("ap_rst_n", "low") if streams else ("ap_rst", "high")  # AXI4-Stream's reset is active low
    return fill("README_ports.md", ports="\n".join(rows), reset=reset, active=active).rstrip("\n")


def _rtl_port(port: Port, *, written: bool) -> str:
    name, width, size = port.name, port.tensor.type.width, port.tensor.size
    if port.packets is not None:
        return f"| `{name}_TDATA`, `{name}_TVALID`, `{name}_TREADY` | as reported, 1, 1 | a packet a transfer |"
    if not written:
        packing = f"number k in bits {width} k to {width} k + {width - 1}: `{name}[0]` is lowest"
        return f"| `{name}`, valid while `{name}_ap_vld` | {width * size} | {packing} |"
    every = f"`{name}_0`" + (f" to `{name}_{size - 1}`" if size > 1 else "")
    more = " and so on" if size > 1 else ""
    return f"| {every}, valid while `{name}_0_ap_vld`{more} | {width} | a number each |"


def _declared(core: Core, port: Port) -> str:
    """A port's array, as a statement."""
    return f"{core.namespace}::{port};"


def word_count(type: FixedType) -> int:
    """Words of 64 bits of a number."""
    return -(-type.width // 64)


def _call(core: Core) -> str:
    return f"{core.on_arrays}({', '.join(p.name for p in (*core.inputs, *core.outputs))});"


def _guarded_call(core: Core) -> list[str]:
    """The test bench's call: streams can end too early, or be left with packets."""
    if core.on_arrays == core.top:
        return [_call(core)]
    broken = ["tally_.broken(event_, error_.what());", "continue;"]
    return [
        "try {",
        f"    {_call(core)}",
        "} catch (const std::exception& error_) {",
        *indented(broken, 4).split("\n"),
        "}",
    ]


def _contents(ports: Sequence[Port]) -> str:
    return ", ".join(f"{p.name}[{p.tensor.size}] of {p.tensor.type}" for p in ports)
