"""law.hpp as terms: its templates, compiled with a symbolic integer (symbolic.hpp), say what they compute."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bitwuzla
from definition import Target
from exact import TERMS, Integer, Truth

from isobit.fixed.modes import Rounding

__all__ = ["INCLUDE", "CppTerms", "Format", "Terms", "between_line", "cast_line", "round_line"]

INCLUDE = Path(__file__).resolve().parents[2] / "cpp" / "include"
SOURCE = Path(__file__).resolve().with_name("law_terms.cpp")


def _format(t: Target, mode: Rounding, integer: int, is_int: bool = False) -> str:
    return f"{t.width} {integer} {int(t.signed)} {int(mode)} {int(t.overflow)} {t.n} {int(is_int)}"


def cast_line(bits: int, shift: int, mode: Rounding, target: Target) -> str:
    return f"cast {bits} {shift} {_format(target, mode, target.width)}"


def round_line(bits: int, shift: int, mode: Rounding) -> str:
    return f"round {bits} {shift} {int(mode)}"


#: A format: what folds, rounding, integer bits, whether it is an ap_[u]int.
Format = tuple[Target, Rounding, int, bool]


def between_line(bits: int, source: Format, target: Format, kind: str = "between") -> str:
    """Ask for ``cast_between``, or for the "way" that cast.hpp takes."""
    texts = [_format(t, mode, integer, is_int) for t, mode, integer, is_int in (source, target)]
    return f"{kind} {bits} {' '.join(texts)}"


@functools.cache
def _unknown(bits: int) -> Integer:
    return Integer.of(TERMS.mk_const(TERMS.mk_bv_sort(bits), "v"))


@dataclass(frozen=True)
class Terms:
    """What law.hpp computes from ``v``, whether C++ defines it, and how many paths lead there."""

    v: Integer
    result: Integer
    defined: Truth
    paths: int


class CppTerms:
    """``law.hpp`` (or a mutant of it) as a program that writes SMT-LIB2.

    Parameters
    ----------
    folder
        Where to build.
    include
        Folder that holds ``isobit/law.hpp``.
    """

    def __init__(self, folder: Path, include: Path = INCLUDE) -> None:
        self.program = folder / "law_terms"
        command = ["g++", "-std=c++17", "-O0", "-w", f"-I{include}", f"-I{SOURCE.parent}", str(SOURCE)]
        done = subprocess.run([*command, "-o", str(self.program)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"law.hpp does not compile with a symbolic integer:\n{done.stderr[:4000]}")

    @classmethod
    def built(cls, program: Path) -> CppTerms:
        """Use a program that was built before."""
        self = cls.__new__(cls)
        self.program = program
        return self

    def value(self, shift: int, mode: Rounding, target: Target, raw: int) -> tuple[int, int]:
        """Compute with the native integer: the rounded and the cast value."""
        line = f"value 64 {shift} {_format(target, mode, target.width)} {raw}"
        rounded, result = next(self.texts([line])).split()
        return int(rounded), int(result)

    def taken(self, source: Format, target: Format, raw: int) -> int:
        """Compute ``cast_between`` with the native integer."""
        return int(next(self.texts([between_line(64, source, target, "taken") + f" {raw}"])))

    def texts(self, lines: Sequence[str]) -> Iterator[str]:
        """Answer lines (see law_terms.cpp) one by one."""
        for start in range(0, len(lines), 64):
            some = lines[start : start + 64]
            asked = "".join(f"{line}\n" for line in some)
            done = subprocess.run(
                [str(self.program)], input=asked, capture_output=True, text=True, check=True, timeout=300
            )
            answers = done.stdout.split("; end\n")[:-1]
            if len(answers) != len(some):
                raise RuntimeError(f"{len(answers)} answers to {len(some)} questions")
            yield from answers

    def read(self, text: str) -> Terms:
        """Read an answer; every answer of one size speaks of the same unknown."""
        parser = bitwuzla.Parser(TERMS, bitwuzla.Options())
        parser.parse(text, True, False)
        own = parser.parse_term("v")
        size = own.sort().bv_size()
        v = _unknown(size)
        result, defined = (TERMS.substitute_term(parser.parse_term(n), {own: v.term}) for n in ("result", "defined"))
        paths = re.search(r"^; (\d+) paths$", text, re.MULTILINE)
        if not paths:
            raise RuntimeError("an answer without its number of paths")
        return Terms(v, Integer.of(result), Truth(defined), int(paths[1]))

    def terms(self, lines: Sequence[str]) -> Iterator[Terms]:
        for text in self.texts(lines):
            yield self.read(text)
