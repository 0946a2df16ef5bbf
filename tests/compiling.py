"""C++ programs of the tests: each compiled once for its content, however many tests and workers ask for it.

What decides is the compiler, the flags, the source and every file of the include folders. Programs live as long as the
run; where ISOBIT_CACHE was set before it, they are kept there for the next one.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sharing import FOLDER, once

__all__ = ["PROGRAMS", "DoesNotCompile", "clean", "compiled", "compiler"]

#: Folder of the programs, set by the controller and inherited by xdist's workers.
PROGRAMS = "ISOBIT_TEST_PROGRAMS"
TIMEOUT_S = 1800
#: GCC collects no garbage below so many kB, which saves a tenth of its time.
ROOMY = ["--param=ggc-min-heapsize=1000000"]
#: Programs that no run has used for so long are deleted.
KEPT_S = 14 * 24 * 3600


class DoesNotCompile(RuntimeError):
    """A source that the compiler refuses; the message is what it said."""


@functools.cache
def compiler(name: str = "") -> str:
    """Path of a compiler: ``$CXX``, else g++, where none is named; a missing one is a failure, no reason to skip."""
    name = name or os.environ.get("CXX") or "g++"
    if (path := shutil.which(name)) is None:
        raise RuntimeError(f"{name} is missing: the tests compare with C++ headers; install a C++17 compiler")
    return path


def clean(folder: Path) -> None:
    """Delete what has not been used for weeks from a folder of programs that are kept."""
    for lock in folder.glob("*.lock"):
        if time.time() - lock.stat().st_mtime > KEPT_S:
            shutil.rmtree(lock.read_text() or folder / "none", ignore_errors=True)
            lock.unlink(missing_ok=True)


def compiled(
    source: str | Path,
    flags: Sequence[str],
    include: Sequence[Path] = (),
    *,
    precompiled: str = "",
    reads: Sequence[Path] = (),
    link: Sequence[str] = (),
    command: str = "",
) -> Path:
    """Compile one C++ file to a program.

    Parameters
    ----------
    source
        The text, or the file that holds it.
    flags
        Of the compiler.
    include
        Folders of headers, as with -I; their whole content counts.
    precompiled
        Lines that the source begins with, or could: they are parsed once for all that name them, with the same flags
        and headers. That takes as long as parsing them five times.
    reads
        Further files and folders that the source includes by their path.
    link
        Libraries and objects.
    command
        The compiler, if not the usual one.

    Returns
    -------
    The program; run it, don't change it.

    Raises
    ------
    DoesNotCompile
        With all that the compiler said.
    """
    path = compiler(command)
    call = [
        path,
        *(ROOMY if "Free Software Foundation" in _version(path) else []),
        *flags,
        *(f"-I{folder}" for folder in include),
    ]
    headers = b"".join(map(_content, (*include, *reads)))
    before = []
    if precompiled:
        name = f"header-{_key(call[0], flags, headers, precompiled)}"
        made = once(name, functools.partial(_precompile, call, precompiled))
        before = ["-include", str(made / "first.hpp")]
    text = source if isinstance(source, str) else source.read_text()

    def make(folder: Path) -> None:
        path = folder / "program.cpp" if isinstance(source, str) else source
        if isinstance(source, str):
            path.write_text(source)
        _run([*call, *before, str(path), "-o", "program", *link], folder)

    key = _key(call[0], flags, headers, precompiled, text, *link, str(getattr(source, "parent", "")))
    program = once(f"program-{key}", make, _programs()) / "program"
    os.utime(_programs() / f"program-{key}.lock")  # in use
    return program


def _precompile(call: Sequence[str], text: str, folder: Path) -> None:
    (folder / "first.hpp").write_text(text)
    _run([*call, "-x", "c++-header", "first.hpp", "-o", "first.hpp.gch"], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    english = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, env=english, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise DoesNotCompile(done.stderr or f"exit status {done.returncode}")


def _content(place: Path) -> bytes:
    """Hash of a file, or of all files of a folder with their names; where it lies does not count."""
    files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(place)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def _key(path: str, flags: Sequence[str], headers: bytes, *texts: str) -> str:
    parts = [_version(path), "\0".join(flags), *texts]
    return hashlib.sha256(headers + b"\0".join(hashlib.sha256(part.encode()).digest() for part in parts)).hexdigest()[
        :32
    ]


@functools.cache
def _version(path: str) -> str:
    return f"{path} " + subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout


@functools.cache
def _programs() -> Path:
    """Folder of the programs; outside pytest, one that lives as long as the process."""
    if PROGRAMS not in os.environ:
        folder = tempfile.mkdtemp(prefix="isobit-programs-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[PROGRAMS] = os.environ.setdefault(FOLDER, folder)
    return Path(os.environ[PROGRAMS])
