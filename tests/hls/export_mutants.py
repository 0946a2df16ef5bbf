"""Mutants of an exported folder: one weight, table entry, type, loop or golden value changed; which benches notice?"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from isobit.compiler import compiler

_ARRAY = re.compile(r"constexpr ([\w: <>]+) (\w+)((?:\[\d+\])+) = \{(.*?)\n?\};", re.DOTALL)
_TABLE = re.compile(r"_table(_\d+)?$")
_ALIAS = re.compile(r"using (\w+) = (ap_u?(?:fixed|int))<([^>]*)>;")
_FLAGS = ["-std=c++14", "-O0", "-w", "-DNDEBUG"]
_LOOP = re.compile(r"(?:ISOBIT_LOOP\((\w+)\)\s*)?for \(int (\w+) = (\w+); \2 < ([^;]+); \+\+\2\)")


@dataclass(frozen=True)
class Mutant:
    """One change: the file's path, its new text, its kind and what was done."""

    kind: str
    path: str
    text: str
    what: str


def mutants(files: Mapping[str, str], top: str) -> Iterator[Mutant]:
    """Every mutant that is known, in a fixed order."""
    yield from _weights(files)
    yield from _types(files)
    yield from _loops(files, top)
    yield from _golden(files)


def judge(folder: Path, mutant: Mutant, work: Path) -> str:
    """``caught`` with the bench's first line, ``survived``, or ``invalid`` if it does not compile.

    The mutant's file is put before the folder's own on the include path, the sources are compiled as one unit.
    """
    shadow = work / "shadow"
    target = shadow / mutant.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(mutant.text)
    program = work / "program"
    include = [f"-I{place / sub}" for sub in ("firmware/include", "firmware", "tb") for place in (shadow, folder)]
    numbers = f"-I{folder / 'firmware/include/numbers/isobit'}"
    command = [*compiler(), *_FLAGS, f"-I{work}", numbers, *include, str(work / "unit.cpp")]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True, check=False)
    try:
        if done.returncode != 0:
            return f"invalid: {next((line for line in done.stderr.splitlines() if 'error' in line), '')[-160:]}"
        run = subprocess.run([str(program)], capture_output=True, text=True, check=False, timeout=60)
        return "survived" if run.returncode == 0 else f"caught: {run.stdout.partition(chr(10))[0]}"
    finally:
        target.unlink()
        program.unlink(missing_ok=True)


def prepare(folder: Path, top: str, work: Path) -> Path:
    """A copy of an exported folder in which every header is found along the include path, and the unit to compile.

    Quoted includes look beside the including file first; there, a mutant's file would not be seen.
    """
    copy = work / "folder"
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        target = copy / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        if path.suffix in (".hpp", ".cpp"):
            text = searched(text, path.relative_to(folder).as_posix())
        target.write_text(text)
    (work / "unit.cpp").write_text(f"#include <number_types.hpp>\n#include <{top}.cpp>\n#include <{top}_test.cpp>\n")
    # The number types are no mutant's, and half of the compiler's work: read once.
    (work / "number_types.hpp").write_text("#include <cstdio>\n#include <isobit/numbers.hpp>\n")
    header = ["-x", "c++-header", str(work / "number_types.hpp"), "-o", str(work / "number_types.hpp.gch")]
    subprocess.run([*compiler(), *_FLAGS, f"-I{copy / 'firmware/include'}", *header], check=True)
    return copy


def searched(text: str, path: str) -> str:
    """A source whose quoted includes are looked up along the include path."""
    root = path.removeprefix("firmware/include/").rpartition("/")[0] if path.startswith("firmware/include/") else ""

    def replace(match: re.Match[str]) -> str:
        parts: list[str] = []
        for part in f"{root}/{match[1]}".split("/"):
            if part == "..":
                parts.pop()
            elif part:
                parts.append(part)
        return f"#include <{'/'.join(parts)}>"

    return re.sub(r'#include "([^"]+)"', replace, text)


# -- kinds ------------------------------------------------------------------------------------------------------------


def _weights(files: Mapping[str, str]) -> Iterator[Mutant]:
    """Every constant of the core, one LSB up or down, and with its sign changed."""
    path = "firmware/weights.hpp"
    text = files[path]
    for array in _ARRAY.finditer(text):
        for k, number in enumerate(re.finditer(r"-?\d+", array[4])):
            value = int(number[0])
            other = (value + 1, value - 1, -value)[k % 3]
            if other == value or "raw_words" in array[1]:
                continue
            kind = "table" if _TABLE.search(array[2]) else "weight"
            new = _put(text, array.start(4), number, other)
            yield Mutant(kind, path, new, f"{array[2]}[{k}]: {value} to {other}")


def _types(files: Mapping[str, str]) -> Iterator[Mutant]:
    """Every format: a bit more or less, the point moved, other modes."""
    path = "firmware/types.hpp"
    text = files[path]
    for alias in _ALIAS.finditer(text):
        fields = alias[3].split(",")
        changes = [[str(int(fields[0]) - 1), *fields[1:]], [str(int(fields[0]) + 1), *fields[1:]]]
        if len(fields) > 1:
            changes += [[fields[0], str(int(fields[1]) + step), *fields[2:]] for step in (1, -1)]
        # A constant is taken from its bits: no cast into its format is ever made, so its modes mean nothing.
        if re.search(r"_(accum|result)_t$", alias[1]) and len(fields) > 1:
            rounding, overflow = [*fields[2:], *["AP_TRN", "AP_WRAP"][len(fields) - 2 :]][:2]
            changes.append([*fields[:2], "AP_RND_INF" if rounding == "AP_TRN" else "AP_TRN", overflow])
            changes.append([*fields[:2], rounding, "AP_SAT" if overflow == "AP_WRAP" else "AP_WRAP"])
        for change in changes:
            new = f"using {alias[1]} = {alias[2]}<{','.join(change)}>;"
            if int(change[0]) > 0:
                yield Mutant("type", path, text[: alias.start()] + new + text[alias.end() :], f"{alias[0]} to {new}")


def _loops(files: Mapping[str, str], top: str) -> Iterator[Mutant]:
    """Every loop of the kernels that the core calls: backwards, without its last turn, without its first."""
    used = set(re.findall(r"kernels::(\w+)[<(]", files[f"firmware/{top}.cpp"]))
    for path, text in files.items():
        if not path.startswith("firmware/include/isobit/kernels/") or path.endswith(("number.hpp", "numbers.hpp")):
            continue
        for loop in _LOOP.finditer(text):
            label, variable, low, high = loop[1] or "unnamed", loop[2], loop[3], loop[4]
            function = re.findall(r"(?:void|auto) (\w+)\(", text[: loop.start()])
            if not function or not {function[-1], Path(path).stem} & used:  # a cell has the name of its file
                continue
            head = f"ISOBIT_LOOP({label}) " if loop[1] else ""
            for name, new in (
                ("backwards", f"for (int {variable} = ({high}) - 1; {variable} >= {low}; --{variable})"),
                ("one turn less", f"for (int {variable} = {low}; {variable} < ({high}) - 1; ++{variable})"),
                ("from the second turn", f"for (int {variable} = {low} + 1; {variable} < {high}; ++{variable})"),
            ):
                what = f"{Path(path).name} {function[-1]} {label} ({variable}) {name}"
                yield Mutant("loop", path, text[: loop.start()] + head + new + text[loop.end() :], what)


def _golden(files: Mapping[str, str]) -> Iterator[Mutant]:
    """Golden inputs and results: one of them changed, one LSB up."""
    path = "tb/golden.hpp"
    text = files[path]
    for array in _ARRAY.finditer(text):
        for k, number in enumerate(re.finditer(r"-?\d+", array[4])):
            value = int(number[0])
            yield Mutant("golden", path, _put(text, array.start(4), number, value + 1), f"{array[2]}, number {k}")


def _put(text: str, start: int, number: re.Match[str], value: int) -> str:
    return text[: start + number.start()] + str(value) + text[start + number.end() :]
