"""Compile a project into a program of its own, once for each content: sources, weights, flags and compiler."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from isobit.errors import CompilerError

__all__ = ["build", "cache_folder", "compiler"]


def cache_folder() -> Path:
    """Where compiled simulations are kept: ``$ISOBIT_CACHE``, else ``~/.cache/isobit``."""
    if folder := os.environ.get("ISOBIT_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "isobit"


def compiler() -> str:
    """Path of the C++ compiler: ``$CXX``, else ``g++``.

    Raises
    ------
    CompilerError
        If it is not on PATH.
    """
    name = os.environ.get("CXX") or "g++"
    path = shutil.which(name)
    if path is None:
        raise CompilerError(
            f"the C-simulation needs a C++ compiler, but {name!r} is not on PATH; install g++ "
            "(Debian/Ubuntu: apt-get install g++) or set CXX"
        )
    return path


@lru_cache
def _version_and_standard(path: str) -> tuple[str, str]:
    """Version of the compiler, and the standard that hls4ml's build_lib.sh would choose for it."""
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    probe = [path, "-Werror", "-fsyntax-only", "-std=c++23", "-xc++", "-"]
    modern = subprocess.run(probe, input="", capture_output=True, text=True, check=False).returncode == 0
    return version, "-std=c++23" if modern else "-std=c++11"


_MANIFEST = "manifest.json"


def _fingerprints(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a build."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != _MANIFEST)
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _intact(folder: Path) -> bool:
    """Whether a cached build is still what was put there."""
    try:
        return bool(json.loads((folder / _MANIFEST).read_text()) == _fingerprints(folder))
    except (OSError, ValueError):
        return False


def _discard(folder: Path) -> None:
    """Move a damaged build out of the way, atomically, then delete it."""
    grave = Path(tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):  # another process was faster
        folder.rename(grave / "build")
    shutil.rmtree(grave, ignore_errors=True)


def build(project: Path, optimisation: str = "3") -> Path:
    """Compile the project in ``project`` and return the folder that holds ``program`` and ``firmware/weights``.

    The result stands in :func:`cache_folder` under a hash of everything that it depends on; the project is moved
    there. Flags are those of hls4ml's build_lib.sh plus -DNDEBUG: without it, AMD's headers abort on a cast that
    rounds away more bits than its source has (docs/semantics.md, B1).

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails; the message ends with what it said.
    """
    path = compiler()
    version, standard = _version_and_standard(path)
    flags = [standard, f"-O{optimisation}", "-DNDEBUG", "-w", "-Ifirmware/ap_types", "-Ifirmware", "-I."]
    flags += ['-DWEIGHTS_DIR="firmware/weights"']
    digest = hashlib.sha256("\0".join([version, *flags]).encode())
    for file in sorted(p for p in project.rglob("*") if p.is_file() and (p.parent == project or "firmware" in p.parts)):
        if file.suffix in {".cpp", ".h", ".hpp", ".txt"}:
            digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes() + b"\0")
    home = cache_folder() / "csim"
    final = home / digest.hexdigest()[:32]
    if final.exists():
        if _intact(final):
            return final
        _discard(final)
    done = subprocess.run(
        [path, *flags, "main.cpp", "-o", "program"], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise CompilerError(f"{path} could not compile the project (exit status {done.returncode}):\n{tail}")
    home.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".build-", dir=home))
    try:
        shutil.copy2(project / "program", staging / "program")
        shutil.copytree(project / "firmware" / "weights", staging / "firmware" / "weights")
        (staging / _MANIFEST).write_text(json.dumps(_fingerprints(staging)))
        try:
            staging.rename(final)
        except OSError:  # another process was faster
            if not _intact(final):
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return final
