"""The user's compiler flags: relative paths begin at the kernel's folder, and what is linked counts by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isobit.errors import UnsupportedError

__all__ = ["Flags", "read_flags"]

_FOLDERS = ("-I", "-L", "-isystem", "-iquote", "-idirafter")
_LINKED = (".a", ".o", ".so")
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".C")


@dataclass(frozen=True)
class Flags:
    """Flags for the compiler.

    Attributes
    ----------
    compile
        What goes before the sources, with absolute paths.
    link
        Libraries and objects, which go after them.
    identity
        Hash of the libraries' and objects' content; libraries of the system (``-lm``) count by their name.
    shared
        Names of the user's shared libraries, whose variables no symbol table of the program shows.
    """

    compile: tuple[str, ...]
    link: tuple[str, ...]
    identity: bytes
    shared: tuple[str, ...]


def read_flags(flags: Sequence[str], folder: Path) -> Flags:
    """Sort flags, and resolve their relative paths.

    Parameters
    ----------
    flags
        As for the compiler's command line.
    folder
        Where relative paths begin: the kernel's.

    Raises
    ------
    UnsupportedError
        For sources, response files and a flag without its folder.
    """
    compiled, named, places = [], [], []
    rest = iter(flags)
    for flag in rest:
        option = next((o for o in _FOLDERS if flag.startswith(o)), None)
        if option is not None:
            given = flag[len(option) :] or next(rest, "")
            if not given:
                raise UnsupportedError(f"flags: {flag!r} names no folder")
            place = _absolute(given, folder)
            places += [place] if option == "-L" else []
            compiled += [option, str(place)] if option.startswith("-i") else [f"{option}{place}"]
        elif flag.startswith("@"):
            raise UnsupportedError(f"flags: {flag!r}: files of flags are not supported; give the flags themselves")
        elif flag.startswith("-l"):
            named.append("-l" + (flag[2:] or next(rest, "")))
        elif not flag.startswith("-") and _linked(flag):
            named.append(str(_absolute(flag, folder)))
        elif not flag.startswith("-") and flag.endswith(_SOURCES):
            raise UnsupportedError(f"flags: {flag!r} is a source; pass it with sources=")
        else:
            compiled.append(flag)
    link, shared, digest = [], [], hashlib.sha256()
    for name in named:
        file = _library(name, places)
        link.append(name)
        digest.update(name.encode() + b"\0")
        if file is None:
            continue
        if not file.is_file():
            raise UnsupportedError(f"flags: the library {file} does not exist")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
        if ".so" in file.suffixes:
            shared.append(file.name)
            link.append(f"-Wl,-rpath,{file.parent}")
    return Flags(tuple(compiled), tuple(link), digest.digest(), tuple(shared))


def _absolute(text: str, folder: Path) -> Path:
    return (folder / Path(text).expanduser()).resolve()


def _linked(flag: str) -> bool:
    return flag.endswith(_LINKED) or ".so." in Path(flag).name


def _library(name: str, places: Sequence[Path]) -> Path | None:
    """The file that the linker takes; None for a library of the system."""
    if not name.startswith("-l"):
        return Path(name)
    files = (name[3:],) if name.startswith("-l:") else (f"lib{name[2:]}.so", f"lib{name[2:]}.a")
    return next((place / file for place in places for file in files if (place / file).is_file()), None)
