"""Which variables of a compiled design keep their value from event to event.

Function-local statics and global variables are found in the program's symbol table: whatever was compiled in, through
whatever template, is there, and what the optimiser removed is no state.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

__all__ = ["static_state"]

# hls4ml fills these once and never changes them: tables, and the flags that say that they are filled.
_FILLED_ONCE = re.compile(r"initialized|\w*table|pool_table_\w+|flag|sincos")
_LIBRARIES = re.compile(r"std|__\w+|hls|isobit\w*|ap_\w+|_[A-Z]\w*|_ap\w*")
# What every program holds.
_OF_THE_HOUSE = re.compile(r"_.*|DW\.ref\..*|completed(\.\d+)?|data_start|.*@.*|.* for .*")
# The switches of hls4ml's tracing, which the bridge defines; the masks of its convolutions, constant.
_OF_HLS4ML = re.compile(r"nnet::trace_\w+|(\w+::)*config\w*::pixels")


def static_state(program: Path, compiler: str, filled: Collection[str] = ()) -> tuple[str, ...]:
    """Names of variables that outlive an event and may change: ``function::variable``, or a global one's.

    A constant that the compiler cannot compute stands in writable memory, too, and is named with the others: a design
    is rather taken to keep state than not.

    Parameters
    ----------
    program
        The compiled design.
    compiler
        Path of the compiler, which knows its ``nm``.
    filled
        Global variables that are filled once and never change: hls4ml's weights.

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
        fields = [field.strip() for field in line.rsplit("|", 6)]
        if (
            len(fields) == 7
            and re.fullmatch(r"\.t?(bss|data)(?!\.rel\.ro).*", fields[6])
            and fields[3] in ("OBJECT", "TLS")
        ):
            found.add(_variable(fields[0], filled))
    return tuple(sorted(name for name in found if name is not None))


def _variable(symbol: str, filled: Collection[str]) -> str | None:
    """Name of a demangled variable that may be state, else None."""
    local = re.fullmatch(r"(.*)\)(?: const)?(?:\[abi:\w+\])?::(\w+)(?: \[clone .*\]|\[abi:\w+\])*", symbol)
    if symbol.startswith("guard variable"):
        return None
    if local is None:
        symbol = re.sub(r"\[abi:\w+\]", "", symbol)
        known = any(pattern.fullmatch(symbol) for pattern in (_OF_THE_HOUSE, _OF_HLS4ML))
        library = _LIBRARIES.fullmatch(symbol.partition("::")[0])
        return None if known or library or symbol.rpartition("::")[2] in filled else symbol
    function, variable = re.split(r"[<(]", local[1], maxsplit=1)[0].rsplit(" ", 1)[-1], local[2]
    root = function.partition("::")[0]
    if _LIBRARIES.fullmatch(root) or variable == "loaded_weights":
        return None
    if root == "nnet" and _FILLED_ONCE.fullmatch(variable):
        return None
    return f"{function}::{variable}"
