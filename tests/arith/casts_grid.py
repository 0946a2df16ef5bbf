"""The exhaustive grid of casts through the C++ classes themselves: isobit's types under AMD's names.

The grid and AMD's hashes are those of the law's tests (tests/law/grid.py, exhaustive_8.json); there the law's functions
are held against them, here ``target = source`` of two types.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from worker import FLAGS, ISOBIT, TIMEOUT_S, OracleError

from compiling import DoesNotCompile, compiled

sys.path.append(str(Path(__file__).resolve().parents[1] / "law"))

import grid

from isobit.fixed.modes import Rounding
from isobit.fixed.types import FixedType

__all__ = ["differences", "grid", "run_table"]

# Compile time is the bottleneck: tens of thousands of instantiations.
_LEAN = ("-O0", "-fno-asynchronous-unwind-tables")

_PREAMBLE = r"""
#include <ap_fixed.h>
#include <cstdio>

// The low 8 bits of the raw integer of one cast.
template <class T, bool Signed, class S> int cast_bits(int bits) {
    S source;
    source.setBits(static_cast<unsigned long long>(bits));
    T target;
    target = source;
    const int raw = static_cast<int>(target.bits_to_uint64()) & ((1 << T::width) - 1);
    return Signed && raw >> (T::width - 1) ? raw - (1 << T::width) : raw;
}

static std::FILE* out;

static void cell(int width, int (*cast)(int)) {
    for (int bits = 0; bits < 1 << width; ++bits) std::putc(cast(bits) & 0xFF, out);
}
"""


def _name(kind: FixedType) -> str:
    modes = f"{kind.rounding},{kind.overflow},{kind.saturation_bits}"
    return f"ap_{'' if kind.signed else 'u'}fixed<{kind.width},{kind.integer},{modes}>"


def table_source(targets: Sequence[FixedType], max_source: int) -> str:
    """Write the translation unit that casts the grid of some targets of one width."""
    (width,) = {t.width for t in targets}
    lines = [_PREAMBLE, "template <class T, bool Signed> void all() {"]
    lines += [f"    cell({c.width}, cast_bits<T, Signed, {_name(c.source)} >);" for c in grid.cells(width, max_source)]
    lines += ["}", "int main(int, char** argv) {", '    out = std::fopen(argv[1], "wb");']
    lines += [f"    all<{_name(target)}, {str(target.signed).lower()}>();" for target in targets]
    return "\n".join([*lines, "    return std::fclose(out);", "}", ""])


def run_table(
    job: tuple[int, bool, Rounding], max_source: int, include: Sequence[Path] = ISOBIT
) -> tuple[list[FixedType], list[npt.NDArray[np.uint8]]]:
    """Compile and run one chunk of the grid (tests/law/grid.py, ``walk``): its targets and their bytes."""
    targets = grid.targets(*job)
    try:
        program = compiled(table_source(targets, max_source), [*FLAGS, *_LEAN], include)
    except DoesNotCompile as error:
        raise OracleError("the grid does not compile:\n" + "\n".join(str(error).splitlines()[:10])) from None
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        ran = subprocess.run([str(program), str(output)], capture_output=True, timeout=TIMEOUT_S)
        if ran.returncode:
            raise OracleError(f"the grid ends with status {ran.returncode}")
        data = np.frombuffer(output.read_bytes(), dtype=np.uint8)
    if data.size != sum(1 << c.width for c in grid.cells(job[0], max_source)) * len(targets):
        raise OracleError(f"the grid gives {data.size} results")
    return targets, np.split(data, len(targets))


def differences(
    target: FixedType, max_source: int, expected: npt.NDArray[np.uint8], found: npt.NDArray[np.uint8]
) -> str:
    """Say how many casts to one target differ, with the first five; empty if none does."""
    wrong = np.flatnonzero(expected != found)
    if not wrong.size:
        return ""
    points, cells = grid.points(target.width, max_source), grid.cells(target.width, max_source)
    shown = [
        f"{cells[points.cell[i]].source} raw {points.raw[i]} -> {target}: AMD 0x{expected[i]:x}, isobit 0x{found[i]:x}"
        for i in wrong[:5]
    ]
    return f"{wrong.size} of {found.size} casts to {target} differ:\n  " + "\n  ".join(shown)
