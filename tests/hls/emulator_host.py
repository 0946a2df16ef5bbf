"""A host of an exported emulator: the border, compiled with AMD's headers, fed with raw integers."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import isobit as ib
from isobit.compiler import compiler
from isobit.headers import vendor_include_folder
from isobit.hls.core import Core, Port

#: Flags of what hosts see, but for the include paths of a folder.
BORDER = ["-std=c++17", "-w", "-DNDEBUG", "-isystem", str(vendor_include_folder())]


def border_flags(folder: Path) -> list[str]:
    """Flags of the emulator's Makefile for the file that hosts see."""
    include = folder / "firmware/include"
    places = [include / "numbers/amd", include, folder / "firmware", folder / "host", folder / "emulator"]
    return [*BORDER, *(f"-I{place}" for place in places)]


def own_flags(folder: Path) -> list[str]:
    """Those of the files behind it, whose numbers are isobit's."""
    include = folder / "firmware/include"
    places = [include / "numbers/isobit", include, folder / "firmware", folder / "host"]
    return ["-std=c++17", "-w", "-O0", *(f"-I{place}" for place in places)]


def compiled(arguments: Sequence[str]) -> None:
    """Run the compiler; its errors fail the test."""
    done = subprocess.run([*compiler(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


def compile_borders(made: Mapping[str, Mapping[str, str]], work: Path) -> None:
    """Compile what hosts see of several exports, text by path for each top function; syntax only, and as one unit.

    AMD's headers take seconds: they are read once. A core's own headers are named by their full path then.
    """
    unit = []
    for top, files in made.items():
        for path, text in files.items():
            file = work / top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace('"types.hpp"', f'"{top}/firmware/types.hpp"')
            file.write_text(text.replace(f'"{top}_c.h"', f'"{top}/host/{top}_c.h"'))
        functions = ("create_model", "destroy_model")
        unit += [f"#define {function} {function}_{top}" for function in functions]
        unit += [f'#include "{top}/emulator/{top}_emulator.cpp"', *(f"#undef {function}" for function in functions)]
    (work / "borders.cpp").write_text("\n".join(unit) + "\n")
    headers = Path(ib.get_include())
    places = [f"-I{place}" for place in (headers / "numbers/amd", headers, work)]
    compiled([*BORDER, *places, "-fsyntax-only", str(work / "borders.cpp")])


def make_emulator(folder: Path, *options: str) -> str:
    """Run its Makefile without optimisation; returns what make said."""
    command = ["make", "-C", str(folder / "emulator"), "CXXFLAGS=-O0", f"AP_TYPES={vendor_include_folder()}"]
    done = subprocess.run(
        [*command, f"CXX={' '.join(compiler())}", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def through_the_emulator(
    folder: Path, core: Core, x: Sequence[ib.FixedArray], work: Path, behind: Path
) -> list[np.ndarray]:
    """Raw results of events, one after the other through `prepare_input`, `predict` and `read_result`.

    For numbers of at most 64 bits; shape (events, size) each. `behind` is the object of the core and its C interface.
    """
    lines = ["#include <cstdio>", "#include <tuple>", "#include <isobit/host/raw_words.hpp>"]
    lines += [f'#include "{core.top}_emulator.cpp"', "static std::int64_t words_[100000];"]
    lines += ["int main() {", "auto* const model_ = create_model();"]
    lines += [f"{core.namespace}::{port};" for port in (*core.inputs, *core.outputs)]
    count = sum(port.tensor.size for port in core.inputs)
    lines.append(f"while (std::fread(words_, 8, {count}, stdin) == {count}) {{")
    start = 0
    for port in core.inputs:
        lines.append(f"isobit::host::read_words(words_ + {start}, {port.tensor.size}, {port.name});")
        start += port.tensor.size
    lines.append(f"model_->prepare_input({_held(core.inputs)}); model_->predict();")
    lines.append(f"model_->read_result({_held(core.outputs)});")
    sizes = [port.tensor.size for port in core.outputs]
    start = 0
    for port, size in zip(core.outputs, sizes, strict=True):
        signed = str(port.tensor.type.signed).lower()
        lines.append(f"isobit::host::write_words<{signed}>({port.name}, {size}, words_ + {start});")
        start += size
    lines += [f"std::fwrite(words_, 8, {start}, stdout);", "}", "destroy_model(model_);", "}"]
    (work / "host.cpp").write_text("\n".join(lines) + "\n")
    compiled([*border_flags(folder), "-O0", str(work / "host.cpp"), str(behind), "-o", str(work / "host")])
    words = np.concatenate([a.raw.reshape(len(a), -1) for a in x], axis=1).astype(np.int64)
    run = subprocess.run([str(work / "host")], input=words.tobytes(), capture_output=True, check=True)
    table = np.frombuffer(run.stdout, dtype=np.int64).reshape(len(words), sum(sizes))
    return np.split(table, np.cumsum(sizes)[:-1], axis=1)


def _held(ports: Sequence[Port]) -> str:
    pointers = ", ".join(f"&{port.name}[0]" for port in ports)
    return f"std::any({pointers})" if len(ports) == 1 else f"std::any(std::make_tuple({pointers}))"
