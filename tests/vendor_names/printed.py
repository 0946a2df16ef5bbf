"""What worker.cpp prints with either set of headers; AMD's lines as committed, one hash a group (worker.json)."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from compiling import DoesNotCompile, compiled
from isobit.headers import vendor_include_folder

__all__ = ["GOLDEN", "PARTS", "Lines", "golden", "hashes", "isobit_folders", "printed"]

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "cpp" / "include"
GOLDEN = HERE / "worker.json"
PARTS = 4
#: Lines by what they are of.
Lines = dict[str, list[str]]


def isobit_folders(include: Path = INCLUDE) -> list[Path]:
    """Include path of isobit's headers, or of a copy of them."""
    return [include, include / "vendor_names"]


def printed(folders: list[Path] | None, part: int | None = None) -> Lines:
    """Compile with the headers of some folders, AMD's by default, and run: all, or one of four parts.

    Raises
    ------
    AssertionError
        If the program does not compile or does not end well.
    """
    flags = ["-std=c++17", "-w", "-O0", "-DNDEBUG", *([] if part is None else [f"-DISOBIT_PART={part}"])]
    reads = [HERE / "worker.cpp", HERE.parent / "cpp" / "check.hpp"]
    try:
        program = compiled(HERE / "worker.cpp", flags, folders or [vendor_include_folder()], reads=reads)
    except DoesNotCompile as error:
        raise AssertionError("\n".join(str(error).splitlines()[:20])) from None
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:500]
    found: Lines = {}
    for line in done.stdout.splitlines():
        kind, _, rest = line.partition("(")[0].partition(" ")
        group = f"{kind} {rest.split()[0]}" if kind == "math" else kind
        found.setdefault(group, []).append(line)
    return found


def hashes(lines: Lines) -> dict[str, list[Any]]:
    """Count and hash of each group."""
    return {
        group: [len(some), hashlib.sha256("\n".join(some).encode()).hexdigest()[:32]] for group, some in lines.items()
    }


@functools.cache
def golden() -> dict[str, list[Any]]:
    """AMD's hashes."""
    return dict(json.loads(GOLDEN.read_text())["groups"])
