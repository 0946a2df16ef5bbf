"""Compile a test program with AMD's headers or with isobit's, run it in a process of its own, read what it prints.

A program prints one line per case: group, operation, result type, count and hash of the results; asked for rows, it
prints operands and result of every evaluation in chosen groups (subject/sink.hpp).
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compiling import DoesNotCompile, compiled, compiler

__all__ = ["HASH_BASIS", "ISOBIT", "Case", "OracleError", "Program", "Row", "Unit", "build", "digest", "fold"]

HERE = Path(__file__).resolve().parent
SUBJECT = HERE / "subject"
INCLUDE = HERE.parents[1] / "cpp" / "include"
#: isobit's headers under the vendor's names.
ISOBIT = (INCLUDE / "vendor_names", INCLUDE)
FLAGS = ("-std=c++17", "-w", "-DNDEBUG", "-fno-stack-protector")
TIMEOUT_S = 1800
HASH_BASIS = 0xCBF29CE484222325


class OracleError(RuntimeError):
    """The oracle is missing, or a program does not compile or does not end well: a failure, never a reason to skip."""


@functools.cache
def vendor() -> tuple[Path, ...]:
    """Folder of AMD's headers as hls4ml ships them, found without importing hls4ml (and with it TensorFlow)."""
    spec = importlib.util.find_spec("hls4ml")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "templates" / "vivado" / "ap_types"
        if (folder / "ap_fixed.h").is_file():
            return (folder,)
    raise OracleError("AMD's headers are missing: install hls4ml 1.3.0 (pip install '.[test]')")


def versions() -> dict[str, str]:
    """Versions of compiler and headers, with a hash of AMD's files."""
    text = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    (folder,) = vendor()
    content = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.rglob("*.h")))).hexdigest()
    return {"g++": text.splitlines()[0], "hls4ml": importlib.metadata.version("hls4ml"), "ap_types_sha256": content}


@dataclass(frozen=True)
class Unit:
    """One translation unit: which headers of subject/ it needs, and the calls that main() makes."""

    name: str
    includes: tuple[str, ...]
    calls: tuple[str, ...]
    before: str = ""

    @property
    def source(self) -> str:
        """The C++ text."""
        lines = [f'#include "{header}"' for header in self.includes]
        lines += [self.before, "int main(int argc, char** argv) {", "  Sink sink(argc, argv);"]
        lines += [f"  {call};" for call in self.calls]
        return "\n".join([*lines, "}", ""])


@dataclass(frozen=True)
class Case:
    """Results of one operation on operands of given types, hashed."""

    group: str
    operation: str
    type: str
    count: int
    hash: str

    @property
    def line(self) -> str:
        """As the program printed it."""
        return "\t".join((self.group, self.operation, self.type, str(self.count), self.hash))


@dataclass(frozen=True)
class Row:
    """One evaluation: operands as raw bits, result as raw bits or text."""

    group: str
    operation: str
    type: str
    operands: tuple[int, ...]
    result: int | str


def fold(value: int, result: int, words: int) -> int:
    """Fold a result into a hash, as subject/sink.hpp does."""
    for i in range(words):
        value = ((value ^ (result >> 64 * i & 0xFFFFFFFFFFFFFFFF)) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        value ^= value >> 32
    return value


def digest(cases: Sequence[Case]) -> str:
    """Hash of all cases of a group."""
    return hashlib.sha256("\n".join(case.line for case in cases).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Program:
    """A compiled unit."""

    path: Path
    name: str

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([str(self.path), *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)
        if done.returncode:
            last = done.stdout.splitlines()[-1:] or ["(nothing)"]
            raise OracleError(
                f"{self.name} ends with status {done.returncode} (negative: a signal) after printing {last[0]!r}: "
                f"{done.stderr.strip()[-500:]}"
            )
        return done.stdout

    def cases(self) -> dict[str, list[Case]]:
        """Run all groups: their cases in the order of the program."""
        groups: dict[str, list[Case]] = {}
        for line in self._run().splitlines():
            group, operation, kind, count, value = line.split("\t")
            groups.setdefault(group, []).append(Case(group, operation, kind, int(count), value))
        return groups

    def rows(self, groups: Sequence[int]) -> list[Row]:
        """Run some groups, given by their position, and give every evaluation."""
        found: list[Row] = []
        group = ""
        for line in self._run("rows", *map(str, groups)).split("\n"):
            parts = line.split("\t")
            if parts[0] == "G":
                group = parts[2]
            elif parts[0] == "R":
                operands = tuple(int(v, 16) for v in parts[3:-1])
                result = parts[-1] if parts[2] == "text" else int(parts[-1], 16)
                found.append(Row(group, parts[1], parts[2], operands, result))
        return found


def build(unit: Unit, include: Sequence[Path], optimise: str = "-O0") -> Program:
    """Compile a unit.

    Raises
    ------
    OracleError
        With the compiler's first errors.
    """
    try:
        return Program(compiled(unit.source, [*FLAGS, optimise], [*include, SUBJECT]), unit.name)
    except DoesNotCompile as error:
        wrong = [line for line in str(error).splitlines() if "error" in line or "required from here" in line]
        raise OracleError(f"{unit.name} does not compile with {include[0]}:\n" + "\n".join(wrong[:10])) from None
