"""The oracle: casts by AMD's open simulation headers, as hls4ml ships them (``templates/vivado/ap_types``).

The headers are used from the installed package, unchanged, built with -DNDEBUG (without it they abort on some
roundings, B1). Compile time is the bottleneck: every cast of one format into another is an instantiation of
``ap_fixed_base::operator=``, about 6 ms each with g++ 12 -O0 whatever is done around it. So the base class is used
directly, one small function per cast, and the headers are precompiled.

A program of ours may be killed by the headers, so each runs in a process of its own; if it exits or traps, the cast
that did it is named (:attr:`Table.refused`) and the run goes on behind it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grid
import numpy as np
import numpy.typing as npt

from compiling import DoesNotCompile, compiled, compiler
from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType

__all__ = [
    "FAST",
    "HEADERS",
    "OracleError",
    "Table",
    "build",
    "headers",
    "run_table",
    "run_targets",
    "table_source",
    "versions",
]

COMMON = ("-std=c++17", "-w", "-DNDEBUG")
FAST = (*COMMON, "-O0", "-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables", "-fno-stack-protector")
TIMEOUT_S = 900

#: What the oracle's programs begin with.
HEADERS = "".join(
    f"#include <{name}>\n"
    for name in (
        "ap_fixed.h",
        "cstdint",
        "cstdio",
        "cstdlib",
        "cstring",
        "fcntl.h",
        "type_traits",
        "unistd.h",
        "vector",
    )
)
_PREAMBLE = r"""
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


def versions() -> dict[str, str]:
    """Versions of compiler and headers, with a hash of the headers that decide."""
    text = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    files = ("ap_fixed_base.h", "ap_int_base.h", "ap_common.h", "etc/ap_private.h")
    content = hashlib.sha256(b"".join((headers() / name).read_bytes() for name in files)).hexdigest()
    return {"g++": text.splitlines()[0], "hls4ml": importlib.metadata.version("hls4ml"), "ap_types_sha256": content}


def build(source: str, flags: Sequence[str], include: Path, what: str) -> Path:
    """Compile one C++ text to a program with the headers of a folder.

    Raises
    ------
    OracleError
        With the compiler's first lines.
    """
    often = tuple(flags) == FAST and include == headers()  # what is compiled a few times is not worth precompiling
    try:
        return compiled(source, flags, [include], precompiled=HEADERS if often else "")
    except DoesNotCompile as error:
        raise OracleError(f"{what} does not compile:\n" + "\n".join(str(error).splitlines()[:20])) from None


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
    lines = [HEADERS, _PREAMBLE, "template <class T> void all(Sink& sink) {"]
    for cell in grid.cells(width, max_source):
        lines.append(f"  sink.cell({cell.width}, cast_bits<T, {type_name(cell.source, base=True)} >);")
    lines += ["}", "int main(int, char** argv) {"]
    lines.append("  Sink sink{open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600), std::atol(argv[2])};")
    lines += [f"  all<{type_name(target, base=True)} >(sink);" for target in targets]
    return "\n".join([*lines, "}", ""])


def run_table(width: int, signed: bool, rounding: Rounding, max_source: int, flags: tuple[str, ...] = FAST) -> Table:
    """Compile and run one chunk of the grid."""
    return run_targets(grid.targets(width, signed, rounding), max_source, flags)


def run_targets(chosen: list[FixedType], max_source: int, flags: tuple[str, ...] = FAST) -> Table:
    """Compile and run some targets of one width."""
    row = grid.cells(chosen[0].width, max_source)
    program = build(table_source(chosen, max_source), flags, headers(), "the grid")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
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
