"""The bridge's header, parsed once for many designs: half of a small design's compilation.

Only where ``ISOBIT_PRECOMPILE`` is 1, as such a header takes 100 MB of the cache and 2 s to make; and only with g++,
whose rules it follows (GCC manual, "Using Precompiled Headers"): the first thing that a source includes, and the same
flags. What decides is every token and every macro that the header leaves, so that none is taken for another's.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from isobit.compiler import compiler, version_and_standard
from isobit.csim.cache import cache_folder, writing
from isobit.csim.compiling import preprocessed, run_compiler
from isobit.errors import CompilerError, UnsupportedError

__all__ = ["lay_precompiled", "wanted"]

_SWITCH = "ISOBIT_PRECOMPILE"
_FIRST = re.compile(rb'(?://[^\n]*\n)*#include "(isobit_csim/\w+\.hpp)"')
#: Folders of a design that the bridge's headers include from.
_ROOTS = ("isobit_csim/", "firmware/ap_types/", "firmware/nnet_utils/")
_MADE = "header.gch"
_Keep = Callable[[bytes, Mapping[str, bytes], Callable[[Path], None], Sequence[str]], Path]


def wanted() -> bool:
    """Whether headers are to be precompiled, and the compiler is one that can.

    Raises
    ------
    UnsupportedError
        If the variable is neither 0 nor 1.
    """
    text = os.environ.get(_SWITCH) or "0"
    if text not in ("0", "1"):
        raise UnsupportedError(f"{_SWITCH} is {text!r}; expected 1 (keep the simulation's headers precompiled) or 0")
    return text == "1" and "Free Software Foundation" in version_and_standard(compiler())[0]


def lay_precompiled(folder: Path, files: Mapping[str, bytes], flags: Sequence[str], keep: _Keep) -> None:
    """Put the precompiled first header of ``main.cpp`` beside it, from the second design on that asks for the same.

    Parameters
    ----------
    folder
        Where the compiler will run; it has ``files``.
    files
        Relative path and content.
    flags
        The compiler's.
    keep
        Makes what is missing in the cache: its content's name, files, the maker, and what is kept of its folder.
    """
    first = _FIRST.match(files["main.cpp"])
    if first is None or not wanted():
        return
    header = first[1].decode()
    sources = tuple(sorted((path, content) for path, content in files.items() if path.startswith(_ROOTS)))
    compiling = tuple(flag for flag in flags if not flag.startswith("-Wl,"))  # no program is linked
    try:
        content = _content(header, sources, compiling, compiler())
        with writing():
            asked = cache_folder() / "locks" / f"{hashlib.sha256(content).hexdigest()[:32]}.asked"
            if not asked.exists():
                asked.touch(mode=0o600)
                return
        made = _made(header, sources, compiling, content, str(cache_folder()), keep)
    except CompilerError:
        return  # what is wrong is said where the design is compiled
    (folder / f"{header}.gch").symlink_to(made / _MADE)


@lru_cache(64)
def _content(
    header: str, sources: tuple[tuple[str, bytes], ...], flags: tuple[str, ...], command: tuple[str, ...]
) -> bytes:
    """All that a precompiled header depends on."""
    seen = preprocessed(dict(sources), [*flags, "-dD"], [header], "the bridge")
    text = "\0".join(["precompiled", header, version_and_standard(command)[0], *command, *flags])
    return text.encode() + b"\0" + hashlib.sha256(seen).digest()


@lru_cache(64)
def _made(
    header: str, sources: tuple[tuple[str, bytes], ...], flags: tuple[str, ...], content: bytes, cache: str, keep: _Keep
) -> Path:
    """Its folder in ``cache``, looked at once in a process: it is large."""

    def make(folder: Path) -> None:
        run_compiler([*flags, "-x", "c++-header", header, "-o", _MADE], folder, "the bridge")

    return keep(content, dict(sources), make, [_MADE])
