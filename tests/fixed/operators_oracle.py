"""The oracle of the operators: AMD's headers compute every pair of values of two types and say their result types.

A program is written, compiled with the headers that hls4ml ships (-DNDEBUG, -O0) and run in a process of its own;
several pairs of types share a translation unit. It writes machine words: per operator the result's format as the
C++ type has it, then one result a pair of values.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import vendor

from isobit import FixedType, Overflow, Rounding

__all__ = ["Case", "Result", "run"]

FLAGS = vendor.FAST

_PREAMBLE = r"""
typedef std::int64_t word;
static std::FILE *in, *out;

// Never freed: the program is short.
template <class T> struct Values {
  T *first, *last;
  T* begin() const { return first; }
  T* end() const { return last; }
};

template <class T> Values<T> load() {
  word count;
  if (std::fread(&count, 8, 1, in) != 1) __builtin_abort();
  T* const first = new T[count];
  const Values<T> values = {first, first + count};
  for (T& value : values) {
    if constexpr (std::is_arithmetic<T>::value) {
      word bits;
      if (std::fread(&bits, 8, 1, in) != 1) __builtin_abort();
      if constexpr (std::is_floating_point<T>::value) std::memcpy(&value, &bits, 8);
      else value = static_cast<T>(bits);
    } else {
      for (int i = 0; i < (T::width + 63) / 64; ++i) {
        std::uint64_t bits;
        if (std::fread(&bits, 8, 1, in) != 1) __builtin_abort();
        value.V.set_pVal(i, bits);
      }
    }
  }
  return values;
}

static void say(word width, word integer, word is_signed, word q, word o, word n, word is_int) {
  const word text[] = {width, integer, is_signed, q, o, n, is_int};
  std::fwrite(text, 8, 7, out);
}
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N> void say(const ap_fixed_base<W, I, S, Q, O, N>&) {
  say(W, I, S, Q, O, N, 0);
}
template <int W, bool S> void say(const ap_int_base<W, S>&) { say(W, W, S, AP_TRN_ZERO, AP_WRAP, 0, 1); }
static void say(bool) { say(1, 1, 0, AP_TRN_ZERO, AP_WRAP, 0, 2); }

template <class T> void give(const T& value) {
  for (int i = 0; i < (T::width + 63) / 64; ++i) {
    const word bits = value.V.get_pVal(i);
    std::fwrite(&bits, 8, 1, out);
  }
}
static void give(bool value) {
  const word bits = value;
  std::fwrite(&bits, 8, 1, out);
}

#define EACH(expression)                \
  {                                     \
    bool first = true;                  \
    for (auto& a : as)                  \
      for (auto& b : bs) {              \
        auto r = expression;            \
        if (first) say(r);              \
        first = false;                  \
        give(r);                        \
      }                                 \
  }
"""

#: What C++ writes for an operator of ours; a division by zero would trap, so it is left out (0 stands there).
_GUARDED = {"/": "b == 0 ? decltype(a / b)(0) : a / b", "%": "b == 0 ? decltype(a % b)(0) : a % b"}
_UNARY = {"neg": "-a", "~": "~a"}


@dataclass(frozen=True)
class Case:
    """Two types (a FixedType, or the name of a native C++ type), values of each, and the operators to try."""

    a: FixedType | str
    b: FixedType | str
    a_values: tuple[Any, ...]
    b_values: tuple[Any, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What the headers gave: a format (None: a bool) and raw integers, shape (values of a, values of b)."""

    type: FixedType | None
    raw: Any


def _name(kind: FixedType | str) -> str:
    return kind if isinstance(kind, str) else vendor.type_name(kind)


def _words(kind: FixedType | str) -> int:
    return 1 if isinstance(kind, str) else (kind.width + 63) // 64


def _pack(kind: FixedType | str, values: Sequence[Any]) -> bytes:
    count = len(values).to_bytes(8, "little")
    if kind == "double":
        return count + np.asarray(values, dtype="<f8").tobytes()
    size = 8 * _words(kind)
    return count + b"".join((int(v) % (1 << 8 * size)).to_bytes(size, "little") for v in values)


def _expression(symbol: str) -> str:
    if symbol in _UNARY:
        return _UNARY[symbol]
    if symbol in _GUARDED:
        return _GUARDED[symbol]
    if symbol.endswith("=") and symbol not in ("==", "!=", "<=", ">="):  # compound: the target keeps its type
        guard = "if (b == 0) return t; " if symbol in ("/=", "%=") else ""
        return f"[&] {{ auto t = a; {guard}t {symbol} b; return t; }}()"
    return f"a {symbol} b"


def _source(cases: Sequence[Case]) -> str:
    lines = [vendor.HEADERS, _PREAMBLE]
    for number, case in enumerate(cases):
        lines.append(f"static void case{number}() {{")
        lines.append(f"  auto as = load<{_name(case.a)} >(); auto bs = load<{_name(case.b)} >();")
        lines += [f"  EACH({_expression(symbol)})" for symbol in case.operators]
        lines.append("}")
    lines.append("int main(int, char** argv) {")
    lines.append('  in = std::fopen(argv[1], "rb"); out = std::fopen(argv[2], "wb");')
    lines += [f"  case{number}(); std::fflush(out);" for number in range(len(cases))]
    return "\n".join([*lines, "  return std::fclose(out);", "}", ""])


def _unpack(case: Case, words: Any, at: int) -> tuple[dict[str, Result], int]:
    found = {}
    shape = (len(case.a_values), len(case.b_values))
    for symbol in case.operators:
        width, integer, signed, q, o, n, what = (int(w) for w in words[at : at + 7])
        at += 7
        size = (width + 63) // 64
        block = words[at : at + size * shape[0] * shape[1]].reshape(-1, size)
        at += block.size
        raw = sum(block[:, i].astype(np.uint64).astype(object) << 64 * i for i in range(size)) % (1 << width)
        if signed:
            raw = raw - ((raw >> (width - 1)) << width)
        kind = None
        if what == 0:
            kind = FixedType(width, integer, bool(signed), Rounding(q), Overflow(o), n)
        elif what == 1:
            kind = FixedType.int_type(width, signed=bool(signed))
        found[symbol] = Result(kind, raw.reshape(shape))
    return found, at


def run(cases: Sequence[Case], per_unit: int = 40, headers: Path | None = None) -> list[dict[str, Result]]:
    """What the headers (by default the vendor's) give for every case and operator.

    Raises
    ------
    vendor.OracleError
        If the program does not compile, or dies; the case at which it died is named.
    """
    results = []
    for first in range(0, len(cases), per_unit):
        unit = cases[first : first + per_unit]
        program = vendor.build(
            _source(unit), FLAGS, headers or vendor.headers(), f"the operators of {unit[0].a}, {unit[0].b}"
        )
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch)
            (place / "in").write_bytes(b"".join(_pack(c.a, c.a_values) + _pack(c.b, c.b_values) for c in unit))
            command = [str(program), str(place / "in"), str(place / "out")]
            done = subprocess.run(command, capture_output=True, timeout=vendor.TIMEOUT_S)
            words = np.frombuffer((place / "out").read_bytes(), dtype="<i8")
        at = 0
        for case in unit:
            if done.returncode and at >= len(words):
                raise vendor.OracleError(f"the headers end with status {done.returncode} at {case}")
            found, at = _unpack(case, words, at)
            results.append(found)
    return results
