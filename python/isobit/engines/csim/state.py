"""Which variables of a compiled design keep their value from event to event.

Function-local statics are found in the program's symbol table: whatever was compiled in, through whatever template, is
there, and what the optimiser removed is no state.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

__all__ = ["static_state"]

# hls4ml fills these once and never changes them: tables, and the flags that say that they are filled.
_FILLED_ONCE = re.compile(r"loaded_weights|initialized|\w*table|pool_table_\w+|flag|sincos")
_LIBRARIES = re.compile(r"std|__gnu_cxx|__cxxabiv1|hls|isobit\w*|ap_\w+|_[A-Z]\w*|_ap\w*")


def static_state(program: Path, compiler: str) -> tuple[str, ...]:
    """Names of function-local variables that outlive a call and may change, ``function::variable``.

    Parameters
    ----------
    program
        The compiled design.
    compiler
        Path of the compiler, which knows its ``nm``.

    Returns
    -------
    The names; one that says so if the symbols cannot be read, since nothing may then be assumed.
    """
    try:
        asked = subprocess.run([compiler, "-print-prog-name=nm"], capture_output=True, text=True, check=False)
        command = [asked.stdout.strip() or "nm", "-C", "--defined-only", "--format=sysv", str(program)]
        listed = subprocess.run(command, capture_output=True, errors="replace", check=False)
    except OSError:
        return ("unknown: the symbols cannot be read",)
    if listed.returncode != 0:
        return ("unknown: the symbols cannot be read",)
    found = set()
    for line in listed.stdout.splitlines():
        fields = line.rsplit("|", 6)
        if len(fields) == 7 and fields[6].strip().startswith((".bss", ".data", ".tbss", ".tdata")):
            found.add(_local(fields[0].strip()))
    return tuple(sorted(name for name in found if name is not None))


def _local(symbol: str) -> str | None:
    """``function::variable`` of a demangled function-local symbol that may be state, else None."""
    match = re.fullmatch(r"(.*)\)(?: const)?(?:\[abi:\w+\])?::(\w+)(?: \[clone .*\]|\[abi:\w+\])*", symbol)
    if match is None or symbol.startswith("guard variable"):
        return None
    function = re.split(r"[<(]", match[1], maxsplit=1)[0].rsplit(" ", 1)[-1]
    root = function.partition("::")[0]
    if _LIBRARIES.fullmatch(root):
        return None
    variable = match[2]
    if variable == "loaded_weights" or (root == "nnet" and _FILLED_ONCE.fullmatch(variable)):
        return None
    return f"{function}::{variable}"
