"""The hls4ml project beside a model file: ``student.hls4ml/`` beside ``student.isobit``, for its C-simulation.

A model file is data, and reading one runs no code of the file's. A project is C++, and simulating it runs it. So the
project beside a model file is compiled only if nobody else can have written it: the model file holds the project's
digest, and the same digest is noted where only this user writes when isobit wrote the project for him. A project that
came with a model file from somewhere else is compiled if the user names it, and not otherwise.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isobit.engines.csim.cache import notes_folder, writing
from isobit.engines.csim.project import Project
from isobit.errors import IsobitError, OverwriteError, UnsupportedError
from isobit.frontends.project import read_project, write_project

__all__ = ["PROJECT_DIGEST", "Beside", "folder_beside", "write_beside"]

#: Entry of a graph's metadata: the digest of the project beside its model file.
PROJECT_DIGEST = "hls4ml_project_sha256"


def folder_beside(model_file: str | os.PathLike[str]) -> Path:
    """Where the project of a model file is: ``student.hls4ml`` for ``student.isobit``."""
    return Path(model_file).with_suffix(".hls4ml")


@dataclass(frozen=True)
class Beside:
    """A project for a model that was read from a file.

    Attributes
    ----------
    folder
        Where it is, or would be.
    digest
        What the model file says of its content; None: it was saved without a project.
    named
        Whether the user named the folder.
    """

    folder: Path
    digest: str | None
    named: bool = False

    def refusal(self) -> str | None:
        """Why the project is not compiled; None if it is.

        Raises
        ------
        ModelFileError
            If the folder is there and is no hls4ml project.
        """
        return self._judged()[1]

    def read(self) -> Project:
        """The project, if it may be compiled.

        Raises
        ------
        UnsupportedError
            Saying why not.
        ModelFileError
            If the folder is there and is no hls4ml project.
        """
        project, refusal = self._judged()
        if project is None:
            raise UnsupportedError(str(refusal))
        return project

    def changed(self) -> bool:
        """Whether the folder holds something else than what the model was converted with."""
        return self.named and self.digest is not None and _digest(read_project(self.folder)) != self.digest

    def _judged(self) -> tuple[Project | None, str | None]:
        if self.named:
            return read_project(self.folder), None
        again = "isobit convert the Keras file again, or name a folder with --project (project=)"
        if self.digest is None:
            return None, f"this model file was saved without its hls4ml project; {again}"
        if not self.folder.is_dir():
            return None, f"there is no {self.folder}, the hls4ml project that belongs to this model file; {again}"
        project = read_project(self.folder)
        if _digest(project) != self.digest:
            return None, f"{self.folder} has changed since the model file was written; {again}"
        if not _noted(self.digest):
            return None, (
                f"{self.folder} was not written by your isobit here, and simulating it runs its C++: if you trust "
                "where it comes from, name it with --project (project=)"
            )
        return project, None


def write_beside(model_graph: Any, folder: Path, *, overwrite: bool = False) -> str:
    """Write the project of an hls4ml ``ModelGraph``, every layer traced, and note that it is the user's own.

    Returns
    -------
    Its digest.

    Raises
    ------
    OverwriteError
        If the folder exists, unless ``overwrite`` is true and it holds an hls4ml project.
    """
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            raise OverwriteError(f"{folder} exists; choose another name or ask for it (overwrite=True, --overwrite)")
        if folder.is_symlink() or not (folder / "firmware").is_dir() or not (folder / "hls4ml_config.yml").is_file():
            raise OverwriteError(f"{folder} is no hls4ml project and is left alone; choose another name")
        shutil.rmtree(folder)
    try:
        write_project(model_graph, folder)
        digest = _digest(read_project(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _note(digest)
    return digest


def _digest(project: Project) -> str:
    """Of everything that is compiled."""
    digest = hashlib.sha256(repr((project.name, project.namespace, project.parameters)).encode())
    for path in sorted(project.files):
        for part in (path.encode(), project.files[path]):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def _note(digest: str) -> None:
    with writing():
        notes_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        (notes_folder() / digest).touch(mode=0o600)


def _noted(digest: str) -> bool:
    """Whether isobit wrote this project for this user: nobody else can have made the note."""
    try:
        folder, note = (path.lstat() for path in (notes_folder(), notes_folder() / digest))
    except (OSError, IsobitError):
        return False
    alone = all(entry.st_uid == os.getuid() and not entry.st_mode & 0o022 for entry in (folder, note))
    return alone and stat.S_ISDIR(folder.st_mode) and stat.S_ISREG(note.st_mode)
