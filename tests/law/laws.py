"""isobit's three laws behind one shape, so that the same comparison serves tests, hashes and mutants.

Each takes raw integers, one shift and a target format, and gives raw integers: :func:`vectorised` (``fixed/law.py``),
:func:`definition` (``engines/reference/law.py``) and, in batches because it is a program, :class:`CppLaw` (law.hpp).
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import grid
import numpy as np
import numpy.typing as npt
import vendor

from isobit.engines.reference import law as reference
from isobit.fixed import law
from isobit.fixed.types import FixedType

__all__ = ["INCLUDE", "CppLaw", "definition", "differences", "modes", "vectorised"]

INCLUDE = Path(__file__).resolve().parents[2] / "cpp" / "include"

RUNNER = r"""
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "isobit/law.hpp"

namespace law = isobit::law;

// What law.hpp offers beside cast: the same through two formats, a raw copy within one, rounding with bits gained.
template <class Int> static bool consistent(Int raw, int shift, const isobit::format& target, Int result) {
  isobit::format moved = target;
  moved.integer -= 7;
  const isobit::format source = isobit::fixed_format(99, 99 - shift - moved.fraction(), true);
  return law::cast_between<Int>(raw, source, moved) == result && law::cast_between<Int>(raw, moved, moved) == raw &&
         (shift > 0 || law::round_shift<Int>(raw, shift, target.rounding) == isobit::shift_left(raw, -shift));
}

// Jobs from the file argv[1] to results in the file argv[2]; see CppLaw.
template <class T> static std::vector<T> take(std::FILE* file, std::size_t count) {
  std::vector<T> values(count);
  if (count && std::fread(values.data(), sizeof(T), count, file) != count) std::exit(3);
  return values;
}

template <class Int> static void job(std::FILE* in, std::FILE* out, std::size_t count, const isobit::format& target) {
  const std::vector<Int> raw = take<Int>(in, count);
  const std::vector<std::int32_t> shift = take<std::int32_t>(in, count);
  std::vector<Int> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = law::cast<Int>(raw[i], shift[i], target);
    if (!consistent(raw[i], shift[i], target, result[i])) std::exit(4);
  }
  std::fwrite(result.data(), sizeof(Int), count, out);
}

// Quirk B13: what an ap_int (and nothing else) takes from numbers with -1, 0 or 1 integer bits.
static bool takes_whole_numbers() {
  for (int integer = -1; integer <= 1; ++integer)
    for (int is_signed = 0; is_signed < 2; ++is_signed)
      for (int raw = is_signed ? -4 : 0; raw < (is_signed ? 4 : 8); ++raw) {
        const isobit::format source = isobit::fixed_format(3, integer, is_signed != 0);
        const isobit::format fixed = isobit::fixed_format(5, 5, true, isobit::rounding_mode::TRN_ZERO);
        const int toward_zero = integer < 1 ? 0 : raw / 4;
        const bool down = is_signed != 0 && integer == 0 && raw < 0;
        const std::int64_t whole = law::cast_between<std::int64_t>(raw, source, isobit::integer_format(5, true));
        if (whole != (down ? -1 : toward_zero) || law::cast_between<std::int64_t>(raw, source, fixed) != toward_zero)
          return false;
      }
  return true;
}

int main(int, char** argv) {
  if (!takes_whole_numbers()) return 5;
  std::FILE* in = std::fopen(argv[1], "rb");
  std::FILE* out = std::fopen(argv[2], "wb");
  if (!in || !out) return 2;
  std::int32_t head[8];
  while (std::fread(head, sizeof head, 1, in) == 1) {
    const isobit::format target{head[0], head[0], head[1] != 0, static_cast<isobit::rounding_mode>(head[2]),
                                static_cast<isobit::overflow_mode>(head[3]), head[4], head[5] != 0};
    if (head[6] == 64) job<std::int64_t>(in, out, static_cast<std::size_t>(head[7]), target);
    else job<isobit::int128>(in, out, static_cast<std::size_t>(head[7]), target);
  }
  return std::fclose(out);
}
"""


def modes(target: FixedType) -> tuple[int, bool, int, int, int]:
    """Arguments of ``law.cast`` that come from the target."""
    return target.width, target.signed, int(target.rounding), int(target.overflow), target.saturation_bits


def vectorised(raw: npt.NDArray[Any], shift: int, target: FixedType, module: ModuleType = law) -> npt.NDArray[Any]:
    """Cast by ``isobit.fixed.law`` (or a mutant of it) on an int64 or object array."""
    bounded = shift if raw.dtype == object else module.int64_shift(shift)
    return np.asarray(module.cast(raw, bounded, *modes(target)))


def definition(
    raw: npt.NDArray[Any], shift: int, target: FixedType, module: ModuleType = reference
) -> npt.NDArray[Any]:
    """Cast by ``isobit.engines.reference.law`` (or a mutant of it), one value after the other.

    The source is one bit wider than the values need and has ``shift`` fraction bits more than the target; it is never
    the target's own type (that would be a raw copy, see test_quirks.py).
    """
    bits = max(max(int(v).bit_length() for v in (*raw.flat, 0)) + 1, target.width + 1)
    source = FixedType(bits, bits - target.fraction - shift)
    kind = object if target.width > 63 else np.int64
    return np.array([module.cast(int(v), source, target) for v in raw.flat], dtype=kind).reshape(raw.shape)


class CppLaw:
    """``law.hpp`` (or a mutant of it) as a program.

    Parameters
    ----------
    folder
        Where its questions and answers lie.
    include
        Folder that holds ``isobit/law.hpp``.
    flags
        Of the compiler.
    """

    def __init__(self, folder: Path, include: Path = INCLUDE, flags: Sequence[str] = ("-std=c++14", "-O1")) -> None:
        self.folder = folder
        self.program = vendor.build(RUNNER, flags, include, "law.hpp")

    def cast(
        self,
        jobs: Sequence[tuple[FixedType, Sequence[int] | npt.NDArray[Any], Any]],
        bits: int = 64,
        timeout: float = 600,
    ) -> list[npt.NDArray[Any]]:
        """Cast batches of (target, raw values, shift or shifts) on native integers of 64 or 128 bits."""
        asked, answered = self.folder / "jobs", self.folder / "results"
        with asked.open("wb") as stream:
            for target, raw, shifts in jobs:
                stream.write(struct.pack("8i", *modes(target), target.is_int, bits, len(raw)))
                if bits == 64:
                    stream.write(np.asarray(raw, dtype=np.int64).tobytes())
                else:
                    stream.write(b"".join(int(v).to_bytes(16, "little", signed=True) for v in raw))
                stream.write(np.broadcast_to(np.asarray(shifts, dtype=np.int32), (len(raw),)).tobytes())
        subprocess.run([str(self.program), str(asked), str(answered)], check=True, timeout=timeout)
        data, results, at = answered.read_bytes(), [], 0
        for _, raw, _ in jobs:
            piece = data[at : at + len(raw) * bits // 8]
            at += len(piece)
            if bits == 64:
                results.append(np.frombuffer(piece, dtype=np.int64))
            else:
                numbers = [int.from_bytes(piece[i : i + 16], "little", signed=True) for i in range(0, len(piece), 16)]
                results.append(np.array(numbers, dtype=object))
        if at != len(data):
            raise RuntimeError(f"law.hpp gave {len(data)} bytes instead of {at}")
        return results

    def apply(self, targets: Sequence[FixedType], max_source: int, bits: int = 64) -> list[npt.NDArray[np.uint8]]:
        """Cast the grid of some targets: its bytes."""
        jobs = []
        for target in targets:
            points = grid.points(target.width, max_source)
            jobs.append((target, points.raw, points.shift))
        return [(np.asarray(r).astype(np.int64) & 0xFF).astype(np.uint8) for r in self.cast(jobs, bits)]


def differences(
    name: str, target: FixedType, max_source: int, expected: npt.NDArray[np.uint8], found: npt.NDArray[np.uint8]
) -> str:
    """Tell where two results of a target's grid differ: count and the first five with their inputs, or nothing."""
    wrong = np.flatnonzero(expected != found)
    if not len(wrong):
        return ""
    points, row = grid.points(target.width, max_source), grid.cells(target.width, max_source)
    lines = [f"{name} -> {target}: {len(wrong)} of {len(expected)} differ"]
    for i in wrong[:5]:
        source = row[points.cell[i]].source
        lines.append(f"  {source} raw {points.raw[i]} (shift {points.shift[i]}): {found[i]}, expected {expected[i]}")
    return "\n".join(lines)
