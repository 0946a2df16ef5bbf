"""Builds ``text_worker.cpp`` for a list of formats and reads what it prints."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path

from compiling import DoesNotCompile, compiled

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "cpp" / "include"
TIMEOUT_S = 900
FLAGS = ("-std=c++17", "-w", "-DNDEBUG", "-O0")


@dataclass
class Difference:
    """One line of the worker: what AMD's headers and isobit made of one thing."""

    what: str
    format: str
    argument: str
    theirs: str
    ours: str

    @property
    def kind(self) -> tuple[int, int, bool, bool]:
        """Width, integer bits, signed, is_int."""
        numbers = [int(text) for text in re.findall(r"-?\d+", self.format)]
        is_int = "int<" in self.format
        return numbers[0], numbers[0] if is_int else numbers[1], "_u" not in self.format, is_int

    @property
    def value(self) -> Fraction:
        """The number that was written, from the bits at the end of the argument."""
        width, integer, signed, _ = self.kind
        raw = int(self.argument.rsplit(" ", 1)[1], 2)
        if signed and raw >> (width - 1):
            raw -= 1 << width
        return raw * Fraction(2) ** (integer - width)


def headers() -> Path:
    """Folder of the vendor's headers; missing ones are a failure, never a reason to skip."""
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "ap_fixed.h").is_file():
            return folder
    raise RuntimeError("the oracle's headers are missing: install hls4ml 1.3.0 (pip install '.[test]')")


def run(calls: list[str], texts: int, include: Path = INCLUDE) -> tuple[dict[str, int], list[Difference]]:
    """Compile and run the worker; gives the number of comparisons by kind, and the differences."""
    body = "".join(f"    {call}();\n" for call in calls)
    worker = (HERE / "text_worker.cpp").as_posix()
    source = f'#define ISOBIT_TEST_TEXTS {texts}\n#include "{worker}"\nvoid all() {{\n{body}}}\n}}\n'
    try:
        program = compiled(source, FLAGS, [headers(), include], reads=[HERE, HERE.parent / "cpp" / "check.hpp"])
    except DoesNotCompile as error:
        raise RuntimeError("the worker does not compile:\n" + "\n".join(str(error).splitlines()[:20])) from None
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise RuntimeError(f"the worker ended with status {done.returncode}: {done.stderr[:500]}")
    counts: dict[str, int] = {}
    found = []
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        if fields[0] == "compared":
            counts[fields[1]] = int(fields[2])
        else:
            found.append(Difference(*fields[1:]))
    return counts, found


def number(text: str, radix: int = 0) -> Fraction | None:
    """What a text says, by Python's own arithmetic; None where it is no number of the grammar."""
    match = re.fullmatch(r"([+-]?)(?:0([bodx]))?([0-9a-f]*)(?:\.([0-9a-f]*))?(?:([ep])([+-]?\d+))?", text.lower())
    if radix in (0, 10) and not re.match(r"[+-]?0[box]", text.lower()):
        match = re.fullmatch(r"([+-]?)(?:0(d))?([0-9]*)(?:\.([0-9]*))?(?:(e)([+-]?\d+))?", text.lower())
    if match is None or not ((match[3] or "") + (match[4] or "")):
        return None
    base = {"b": 2, "o": 8, "d": 10, "x": 16}[match[2]] if match[2] else radix or 10
    if radix not in (0, base):
        return None
    digits = (match[3] or "") + (match[4] or "")
    value = int(digits, base) / Fraction(base) ** len(match[4] or "")
    value *= Fraction(10 if match[5] == "e" else 2) ** int(match[6] or 0)
    return -value if match[1] == "-" else value


def is_plain_integer(text: str, radix: int) -> bool:
    """No sign '+', no point, no exponent."""
    hexadecimal = radix == 16 or "x" in text.lower()
    return re.fullmatch(r"-?(0[bodx])?" + ("[0-9a-f]+" if hexadecimal else "[0-9]+"), text.lower()) is not None


def at_precision(value: Fraction, precision: int) -> Fraction:
    """Round to significant digits, ties away from zero."""
    # The denominator is a power of two: the quotient ends.
    exact = Context(prec=2000).divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(Context(prec=precision, rounding=ROUND_HALF_UP).plus(exact))
