"""Mutants of the C++ kernels, all of them in one copy of the sources: a number says at run time which one runs."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cpp_changes import CHANGES

__all__ = ["SWITCH", "CppMutant", "is_current", "mutants", "write_sources"]

ROOT = Path(__file__).resolve().parents[2]
SWITCH = "isobit_mutant"


@dataclass(frozen=True)
class CppMutant:
    """One changed place: ``number`` chooses it, ``begin`` and ``end`` bound what ``other`` takes the place of."""

    area: str
    number: int
    file: str
    begin: int
    end: int
    old: str
    other: str
    around: str

    @property
    def name(self) -> str:
        """File, what was there, and what is there now."""
        return f"{self.file}: `{self.old}` -> `{self.other or 'nothing'}` in `{self.around}`"


def mutants() -> Iterator[CppMutant]:
    """Every one, numbered from 1."""
    number = 0
    for name, area in CHANGES.items():
        for marked, other in area.changes:
            elsewhere = re.match(r"([\w/]+\.hpp)::(.*)", marked, re.DOTALL)
            file, text = elsewhere.groups() if elsewhere else (area.file, marked)
            before, rest = text.split("@{", 1)
            old, after = rest.rsplit("}@", 1)
            whole, source = before + old + after, (ROOT / "cpp/include/isobit" / file).read_text()
            if source.count(whole) != 1:
                raise ValueError(f"{file} has {source.count(whole)} times: {whole}")
            number += 1
            begin = source.index(whole) + len(before)
            yield CppMutant(name, number, file, begin, begin + len(old), old, other, " ".join(whole.split()))


def _digest() -> str:
    """Of the C++ sources and of all mutants with their numbers."""
    digest = hashlib.sha256(repr([(m.number, m.begin, m.name) for m in mutants()]).encode())
    for path in sorted(path for path in (ROOT / "cpp").rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def is_current(folder: Path) -> bool:
    """Whether a folder was written from the sources and the mutants as they are now."""
    stamp = folder / "cpp" / "written_from"
    return stamp.is_file() and stamp.read_text() == _digest()


def write_sources(folder: Path) -> None:
    """A copy of the C++ sources with every mutant in it."""
    shutil.copytree(ROOT / "cpp", folder / "cpp")
    (folder / "cpp" / "written_from").write_text(_digest())
    by_file: dict[str, list[CppMutant]] = {}
    for mutant in mutants():
        by_file.setdefault(mutant.file, []).append(mutant)
    include = folder / "cpp" / "include" / "isobit"
    (include / "mutant.hpp").write_text(f'#pragma once\nextern "C" volatile int {SWITCH};\n')
    for file, here in by_file.items():
        text = _switched((include / file).read_text(), here)
        text = re.sub(r"constexpr (?=int clamped_index)", "inline ", text)  # it reads the number now
        (include / file).write_text(f"#include <isobit/mutant.hpp>\n{text}")


def _switched(text: str, here: list[CppMutant], first: int = 0) -> str:
    """A file's text from ``first`` on with its mutants, including those within a text that is mutated itself."""
    spans = sorted({(mutant.begin, mutant.end) for mutant in here}, key=lambda span: (span[0], -span[1]))
    found, done = "", 0
    for begin, end in spans:
        begin, end = begin - first, end - first
        if begin < done:
            continue  # within the one before
        same = [m for m in here if (m.begin - first, m.end - first) == (begin, end)]
        inner = [m for m in here if begin <= m.begin - first and m.end - first <= end and m not in same]
        found += text[done:begin] + _choice(_switched(text[begin:end], inner, first + begin), same)
        done = end
    return found + text[done:]


def _choice(text: str, same: list[CppMutant]) -> str:
    for mutant in same:
        if mutant.old.endswith(";"):
            text = f"if ({SWITCH} == {mutant.number}) {{ {mutant.other} }} else {{ {text} }}"
        else:
            text = f"({SWITCH} == {mutant.number} ? ({mutant.other}) : ({text}))"
    return text
