"""Hashes of files, names of folders, and versions: what a certificate is about."""

from __future__ import annotations

import hashlib
import os
import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from isobit.check.provenance import installed_versions
from isobit.csim.compiling import header_identity
from isobit.errors import IsobitError, ModelFileError
from isobit.frontends.descriptions import read_mapping
from isobit.frontends.wrapper import find_wrapper

__all__ = ["file_hash", "folder_files", "folder_names", "versions"]

#: Files in a folder, at most: a folder with more is no project.
_MOST_FILES = 20_000


def file_hash(path: Path) -> str:
    """The sha256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def folder_files(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, and of wrapper and library beside it, by paths from there.

    Links count as what they lead to.

    Raises
    ------
    ModelFileError
        If there are too many files.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [path for name in names if (path := Path(place, name)).is_file()]
        if len(found) > _MOST_FILES:
            raise ModelFileError(f"{folder} holds more than {_MOST_FILES} files; expected an hls4ml project")
    hashes = {path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(found)}
    return hashes | {os.path.relpath(path, folder): file_hash(path) for path in _beside(folder) if path.is_file()}


def _beside(folder: Path) -> list[Path]:
    """The description of the class around the network and its library, as far as they are not in the folder."""
    try:
        description = find_wrapper(folder)
        if description is None:
            return []
        library = read_mapping(description).get("library")
    except IsobitError:  # which is said where the class is read
        return []
    paths = [description, *([description.parent / library] if isinstance(library, str) else [])]
    return [path for path in paths if not path.resolve().is_relative_to(folder.resolve())]


def folder_names(folders: Sequence[Path]) -> list[str]:
    """A name for each folder: its own, with as many of those above it as tell it from the others.

    Raises
    ------
    ModelFileError
        If a folder is given twice.
    """
    real = [folder.resolve() for folder in folders]
    if twice := [folder for folder, count in Counter(real).items() if count > 1]:
        raise ModelFileError(f"{twice[0]} is given twice")
    depth = [1] * len(real)
    while True:
        names = ["/".join(path.parts[-n:]) for path, n in zip(real, depth, strict=True)]
        if len(set(names)) == len(names):
            return names
        depth = [n + (names.count(name) > 1) for n, name in zip(depth, names, strict=True)]


def versions() -> dict[str, str]:
    """Of isobit and its headers, what it stands on, and the compiler."""
    return {
        "python": platform.python_version(),
        **installed_versions(("isobit", "numpy", "numba"), compiler=True),
        "headers": f"sha256 {header_identity('isobit').hex()}",
    }
