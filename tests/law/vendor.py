"""The oracle: casts by AMD's open simulation headers, as hls4ml ships them (``templates/vivado/ap_types``).

The headers are used from the installed package, unchanged, built with -DNDEBUG (without it they abort on some
roundings, B1). Compile time is the bottleneck: every cast of one format into another is an instantiation of
``ap_fixed_base::operator=``, about 6 ms each with g++ 12 -O0 whatever is done around it. So the base class is used
directly, one small function per cast, and one precompiled header holds the rest.

A program of ours may be killed by the headers, so each runs in a process of its own; if it exits or traps, the cast
that did it is named (:attr:`Table.refused`) and the run goes on behind it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grid
import numpy as np
import numpy.typing as npt

from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType

__all__ = ["OracleError", "Table", "build", "compiler", "headers", "run_table", "table_source", "versions"]

COMMON = ("-std=c++17", "-w", "-DNDEBUG")
FAST = (*COMMON, "-O0", "-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables", "-fno-stack-protector")
TIMEOUT_S = 900

PREAMBLE = r"""
#include <ap_fixed.h>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

// One cast: raw bits in, low 8 bits of the result out.
template <class T, class S> int cast_bits(int bits) {
  S source;
  source.V = bits;
  T target;
  target = source;
  return static_cast<int>(target.V.get_VAL());
}

// Writes cell by cell, so that the length of the file tells which cell the headers did not survive.
struct Sink {
  int file;
  long skip;
  void cell(int width, int (*cast)(int)) {
    if (skip-- > 0) return;
    unsigned char bytes[256];
    const int count = 1 << width;
    for (int bits = 0; bits < count; ++bits) bytes[bits] = static_cast<unsigned char>(cast(bits));
    if (write(file, bytes, count) != count) std::abort();
  }
};
"""


class OracleError(RuntimeError):
    """The oracle is missing or cannot be built: a failure, never a reason to skip."""


@functools.cache
def headers() -> Path:
    """Folder of the vendor's headers, found without importing hls4ml (and with it TensorFlow)."""
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "ap_fixed.h").is_file():
            return folder
    raise OracleError("the oracle's headers are missing: install hls4ml 1.3.0 (pip install '.[test]')")


@functools.cache
def compiler() -> str:
    """Path of g++ (or of $CXX)."""
    path = shutil.which(os.environ.get("CXX", "g++"))
    if path is None:
        raise OracleError("g++ is missing: the law is compared with the vendor's C++ headers; install a C++17 compiler")
    return path


def versions() -> dict[str, str]:
    """Versions of compiler and headers, with a hash of the headers that decide."""
    text = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    files = ("ap_fixed_base.h", "ap_int_base.h", "ap_common.h", "etc/ap_private.h")
    content = hashlib.sha256(b"".join((headers() / name).read_bytes() for name in files)).hexdigest()
    return {"g++": text.splitlines()[0], "hls4ml": importlib.metadata.version("hls4ml"), "ap_types_sha256": content}


def build(source: str, folder: Path, name: str, flags: Sequence[str], include: Sequence[Path] = ()) -> Path:
    """Compile one C++ file to a program.

    Raises
    ------
    OracleError
        With the compiler's first lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text, program = folder / f"{name}.cpp", folder / name
    text.write_text(source)
    command = [compiler(), *flags, *(f"-I{place}" for place in include), str(text), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise OracleError(f"{text.name} does not compile:\n" + "\n".join(done.stderr.splitlines()[:20]))
    return program


@functools.cache
def _precompiled(folder: Path, flags: tuple[str, ...]) -> Path:
    """Precompile the preamble in a folder that several processes may share; renamed into place when whole."""
    home = folder / f"precompiled-{hashlib.sha256(repr(flags).encode()).hexdigest()[:8]}"
    if not home.is_dir():
        made = Path(tempfile.mkdtemp(dir=folder))
        (made / "preamble.h").write_text(PREAMBLE)
        command = [compiler(), *flags, f"-I{headers()}", "-x", "c++-header", "preamble.h", "-o", "preamble.h.gch"]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=TIMEOUT_S)
        if done.returncode:
            raise OracleError(f"the vendor's headers in {headers()} do not compile:\n{done.stderr[:2000]}")
        try:
            made.rename(home)
        except OSError:  # another process was first
            shutil.rmtree(made)
    return home


def type_name(target: FixedType, base: bool = False) -> str:
    """C++ name of a format; ``base``: of the class that does the work."""
    modes = f"{target.rounding},{target.overflow},{target.saturation_bits}"
    if base:
        return f"ap_fixed_base<{target.width},{target.integer},{str(target.signed).lower()},{modes}>"
    if target.is_int:
        return f"ap_{'' if target.signed else 'u'}int<{target.width}>"
    return f"ap_{'' if target.signed else 'u'}fixed<{target.width},{target.integer},{modes}>"


@dataclass
class Table:
    """Results of one chunk of the grid."""

    targets: list[FixedType]
    max_source: int
    results: list[npt.NDArray[np.uint8]]
    refused: list[str] = field(default_factory=list)


def table_source(targets: Sequence[FixedType], max_source: int) -> str:
    """Write the translation unit that casts the grid of some targets of one width."""
    (width,) = {t.width for t in targets}
    lines = ['#include "preamble.h"', "template <class T> void all(Sink& sink) {"]
    for cell in grid.cells(width, max_source):
        lines.append(f"  sink.cell({cell.width}, cast_bits<T, {type_name(cell.source, base=True)} >);")
    lines += ["}", "int main(int, char** argv) {"]
    lines.append("  Sink sink{open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600), std::atol(argv[2])};")
    lines += [f"  all<{type_name(target, base=True)} >(sink);" for target in targets]
    return "\n".join([*lines, "}", ""])


def run_table(
    width: int, signed: bool, rounding: Rounding, max_source: int, folder: Path, flags: tuple[str, ...] = FAST
) -> Table:
    """Compile and run one chunk of the grid; ``folder`` may be shared by processes."""
    chosen = grid.targets(width, signed, rounding)
    row = grid.cells(width, max_source)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        place = Path(scratch)
        source = table_source(chosen, max_source)
        program = build(source, place, "table", flags, [_precompiled(folder, flags), headers()])
        ends = np.cumsum([1 << cell.width for cell in row] * len(chosen))
        data, refused, first = bytearray(), [], 0
        while first < len(ends):
            output = place / f"from{first}"
            output.touch()
            done = subprocess.run([str(program), str(output), str(first)], capture_output=True, timeout=TIMEOUT_S)
            data += output.read_bytes()
            if done.returncode == 0:
                break
            dead = int(np.searchsorted(ends, len(data), side="right"))
            target, cell = chosen[dead // len(row)], row[dead % len(row)]
            refused.append(f"{cell.source} -> {target}: status {done.returncode}")
            data += bytes(1 << cell.width)
            first = dead + 1
    results = np.frombuffer(bytes(data), dtype=np.uint8)
    if len(results) != ends[-1]:
        raise OracleError(f"the oracle wrote {len(results)} results instead of {ends[-1]}")
    return Table(chosen, max_source, np.split(results, len(chosen)), refused)
