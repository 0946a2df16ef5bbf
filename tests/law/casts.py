"""Any casts by the vendor's headers: chosen formats and values, of any width, from numbers or from doubles.

Where ``vendor.run_table`` walks the small grid through the base class, this goes as a user's code does: through
``ap_fixed``/``ap_ufixed``/``ap_int``/``ap_uint`` and their constructors, which also refuse (``report()``).
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import vendor

from isobit.fixed.types import FixedType

__all__ = ["OPTIMISED", "PLAIN", "Case", "refusals", "run_cases"]

PLAIN = vendor.FAST
OPTIMISED = (*vendor.COMMON, "-O2")

_PREAMBLE = r"""
typedef std::uint64_t word;

template <class T> void put(T& to, const word* from) {
  for (int low = 0; low < T::width; low += 64) {
    const int high = low + 63 < T::width ? low + 63 : T::width - 1;
    to.range(high, low) = ap_uint<64>(*from++);
  }
}

template <class T> void get(T& from, word* to) {
  for (int low = 0; low < T::width; low += 64) {
    const int high = low + 63 < T::width ? low + 63 : T::width - 1;
    *to++ = ap_uint<64>(from.range(high, low)).to_uint64();
  }
}

template <class T, class S> void from_number(const word* in, word* out) {
  S source = 0;
  put(source, in);
  T target = source;
  get(target, out);
}

template <class T> void from_double(const word* in, word* out) {
  double source;
  std::memcpy(&source, in, sizeof source);
  T target = source;
  get(target, out);
}

static void run(std::FILE* in, std::FILE* out, long count, int from, int to, void (*cast)(const word*, word*)) {
  std::vector<word> source(from), target(to);
  while (count--) {
    if (std::fread(source.data(), 8, from, in) != static_cast<std::size_t>(from)) std::abort();
    cast(source.data(), target.data());
    std::fwrite(target.data(), 8, to, out);
    std::fflush(out);
  }
}
"""


@dataclass(frozen=True)
class Case:
    """Values of one source to one target; ``source`` None: the values are doubles."""

    source: FixedType | None
    target: FixedType
    values: tuple[int, ...] | tuple[float, ...]


def _words(bits: int) -> int:
    return (bits + 63) // 64


def _pack(case: Case) -> bytes:
    if case.source is None:
        return np.asarray(case.values, dtype="<f8").tobytes()
    size = _words(case.source.width) * 8
    return b"".join((int(v) % (1 << 8 * size)).to_bytes(size, "little") for v in case.values)


def _unpack(case: Case, data: bytes) -> list[int]:
    size, target = _words(case.target.width) * 8, case.target
    numbers = [int.from_bytes(data[i : i + size], "little") % (1 << target.width) for i in range(0, len(data), size)]
    return [n - (1 << target.width) if target.signed and n >> (target.width - 1) else n for n in numbers]


def _source(cases: Sequence[Case]) -> str:
    lines = [vendor.HEADERS, _PREAMBLE, "int main(int, char** argv) {"]
    lines.append('  std::FILE* in = std::fopen(argv[1], "rb"); std::FILE* out = std::fopen(argv[2], "wb");')
    for case in cases:
        target = vendor.type_name(case.target)
        if case.source is None:
            sizes, call = (1, _words(case.target.width)), f"from_double<{target} >"
        else:
            sizes = (_words(case.source.width), _words(case.target.width))
            call = f"from_number<{target}, {vendor.type_name(case.source)} >"
        lines.append(f"  run(in, out, {len(case.values)}, {sizes[0]}, {sizes[1]}, {call});")
    return "\n".join([*lines, "  return std::fclose(out);", "}", ""])


def _run(cases: Sequence[Case], flags: Sequence[str]) -> list[list[int]]:
    program = vendor.build(_source(cases), flags, vendor.headers(), "the casts")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "in").write_bytes(b"".join(_pack(c) for c in cases))
        done = subprocess.run(
            [str(program), str(place / "in"), str(place / "out")],
            capture_output=True,
            text=True,
            timeout=vendor.TIMEOUT_S,
        )
        data = (place / "out").read_bytes()
    results, at = [], 0
    for case in cases:
        piece = data[at : at + len(case.values) * _words(case.target.width) * 8]
        results.append(_unpack(case, piece))
        at += len(piece)
        if len(results[-1]) != len(case.values):
            raise vendor.OracleError(
                f"the headers end with status {done.returncode} at {case.source} -> {case.target}, "
                f"value {case.values[len(results[-1])]}: {done.stderr.strip()[-300:]}"
            )
    return results


def run_cases(cases: Sequence[Case], flags: Sequence[str] = PLAIN, per_unit: int = 100) -> list[list[int]]:
    """Cast every case by the headers: raw integers per case. Names the cast on which the headers exit or trap."""
    units = [cases[i : i + per_unit] for i in range(0, len(cases), per_unit)]
    return [result for unit in units for result in _run(unit, flags)]


def refusals(codes: Sequence[str], flags: Sequence[str] = PLAIN) -> list[tuple[int, str]]:
    """Run a line or two of C++ each with the headers; give exit status (negative: signal) and what it printed."""
    lines = [f"case {number}: {{ {code} break; }}" for number, code in enumerate(codes)]
    text = "\n".join(
        [vendor.HEADERS, "int main(int count, char**) {", "switch (count - 1) {", *lines, "}", "return 0;", "}", ""]
    )
    program = vendor.build(text, flags, vendor.headers(), "the lines")
    runs = []
    for number in range(len(codes)):
        done = subprocess.run([str(program), *["x"] * number], capture_output=True, text=True, timeout=60)
        runs.append((done.returncode, done.stdout + done.stderr))
    return runs
