"""The idioms as programs, and what AMD's headers made them print, as committed (idioms.json).

AMD's headers take half a minute to compile all subjects, so their lines are kept with a hash of each subject's source;
tools/idioms_golden.py makes the file.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from compiling import DoesNotCompile, compiled
from isobit.headers import vendor_include_folder

__all__ = ["GOLDEN", "HERE", "OURS", "SUBJECTS", "golden", "names", "of_subject", "printed", "source_hash"]

HERE = Path(__file__).resolve().parent / "idioms"
OURS = Path(__file__).resolve().parents[2] / "cpp" / "include"
GOLDEN = Path(__file__).resolve().with_name("idioms.json")
SUBJECTS = sorted(path.stem for path in HERE.glob("*.hpp") if path.stem != "show")
FLAGS = ("-w", "-Wno-narrowing", "-O0", "-DNDEBUG", "-DAP_INT_MAX_W=4096")


def printed(headers: str, compiler: str, standard: str, subject: str = "", source: str = "main.cpp") -> list[str]:
    """Lines that the idioms print with the 'vendor' or 'isobit' headers: those of one subject, or all.

    Raises
    ------
    AssertionError
        If the program does not compile or does not end well.
    """
    folders = [vendor_include_folder()] if headers == "vendor" else [OURS, OURS / "vendor_names"]
    flags = [f"-std={standard}", *FLAGS, *["-DIDIOMS_OF_VENDOR"] * (headers == "vendor")]
    flags += [f'-DIDIOMS_SUBJECT="{subject}.hpp"'] * bool(subject)
    try:
        program = compiled(HERE / source, flags, folders, reads=[HERE], command=compiler)
    except DoesNotCompile as error:
        errors = [line for line in str(error).splitlines() if "error:" in line]
        shown = "\n".join(errors[:20]) or str(error)[:2000]
        raise AssertionError(f"{source} does not compile with the {headers} headers:\n{shown}") from None
    done = subprocess.run([str(program)], capture_output=True, text=True, errors="replace", timeout=60)
    assert done.returncode == 0, f"{source} with the {headers} headers: {done.returncode} {done.stderr[:500]}"
    return done.stdout.splitlines()


def names(subject: str) -> list[str]:
    """Names of a subject's idioms."""
    return re.findall(r"^IDIOM\((\w+)\)", (HERE / f"{subject}.hpp").read_text(), flags=re.MULTILINE)


def of_subject(lines: list[str], subject: str) -> dict[str, list[str]]:
    """Pick the lines of each idiom of a subject; the program prints the name of each before it runs it."""
    idioms: dict[str, list[str]] = {name: [] for name in names(subject)}
    current: list[str] = []
    for line in lines:
        if re.fullmatch(r"\w+:", line):
            current = idioms.get(line[:-1], [])
        else:
            current.append(line)
    return idioms


def source_hash(subject: str) -> str:
    """Hash of what decides a subject's lines."""
    return hashlib.sha256((HERE / f"{subject}.hpp").read_bytes() + (HERE / "show.hpp").read_bytes()).hexdigest()


@functools.cache
def golden() -> dict[str, Any]:
    """Read the committed file."""
    return dict(json.loads(GOLDEN.read_text()))
