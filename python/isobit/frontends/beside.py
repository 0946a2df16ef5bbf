"""The hls4ml project beside a model file: ``student.hls4ml/`` beside ``student.isobit``, for its C-simulation.

A model file is data, and reading it runs no code from the file. A project is C++, and simulating it runs it. So the
project beside a model file is compiled only if nobody else can have written it: its content has the digest that the
model file records, and a seal in the folder shows that isobit wrote this content with the user's own secret
(:mod:`isobit.private`). A project that came with a model file from somewhere else is compiled only if the user names
it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isobit import private
from isobit.errors import CSimError, IsobitError, OverwriteError, UnsupportedError
from isobit.files import naming, refuse_overwrite
from isobit.frontends.project import read_project, write_project
from isobit.frontends.sources import Project
from isobit.model.file import save_graph
from isobit.model.graph import Graph

__all__ = [
    "NO_PROJECT",
    "PROJECT_DIGEST",
    "Beside",
    "beside",
    "folder_beside",
    "save_with_project",
    "without_project",
    "write_beside",
]

#: Entry of a graph's metadata: the digest of the project beside its model file.
PROJECT_DIGEST = "hls4ml_project_sha256"
#: Why a model without a project cannot be simulated.
NO_PROJECT = (
    "this model has no hls4ml project to simulate (with_types() has none); load it from Keras, from an hls4ml "
    "ModelGraph or from the folder that hls4ml wrote"
)
#: File in the project, written by isobit.
_SEAL = "isobit.seal"


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
        The digest of its content in the model file; None: the model was saved without a project.
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
            If the user named the folder, and it is not an hls4ml project.
        """
        return self._judged()[1]

    def read(self) -> Project:
        """The project, if it may be compiled.

        Raises
        ------
        UnsupportedError
            Saying why not.
        ModelFileError
            If the user named the folder, and it is not an hls4ml project.
        """
        project, refusal = self._judged()
        if project is None:
            raise UnsupportedError(str(refusal))
        return project

    def changed(self) -> bool:
        """Whether the folder's content differs from the project that the model was converted with."""
        return self.named and self.digest is not None and _digest(read_project(self.folder)) != self.digest

    def _judged(self) -> tuple[Project | None, str | None]:
        if self.named:
            return read_project(self.folder), None
        again = "isobit convert the Keras file again, or name a folder with --project (project=)"
        if self.digest is None:
            return None, f"this model file has no hls4ml project to simulate, since it was saved without one; {again}"
        if not self.folder.is_dir():
            return None, f"{self.folder}, the hls4ml project that belongs to this model file, does not exist; {again}"
        try:
            project = read_project(self.folder)
        except IsobitError as error:  # nobody asked for it
            return None, f"the project beside this model file cannot be used: {error}"
        if _digest(project) != self.digest:
            return None, f"{self.folder} has changed since the model file was written; {again}"
        if not _sealed(self.folder, self.digest):
            return None, (
                f"{self.folder} was not written by your isobit, and simulating it runs its C++: if you trust "
                "its origin, name it with --project (project=)"
            )
        return project, None


def beside(graph: Graph, model_file: Path, folder: str | os.PathLike[str] | None) -> Beside:
    """The project of a graph that was read from a model file: in the folder that the user named, or beside the file."""
    digest = graph.metadata.get(PROJECT_DIGEST)
    return Beside(folder_beside(model_file), digest) if folder is None else Beside(Path(folder), digest, named=True)


def without_project(graph: Graph) -> Graph:
    """A copy of a graph that no longer agrees with its project."""
    return replace(graph, metadata={key: value for key, value in graph.metadata.items() if key != PROJECT_DIGEST})


def save_with_project(graph: Graph, model_graph: Any, path: Path, *, overwrite: bool = False) -> None:
    """Write a model file and the project beside it.

    Raises
    ------
    OverwriteError
        If one of them exists and ``overwrite`` is false.
    UnsupportedError
        If there is no ``ModelGraph``.
    """
    if model_graph is None:
        raise UnsupportedError("this model has no hls4ml project to save: load it from Keras or from a ModelGraph")
    refuse_overwrite(path, overwrite)
    digest = write_beside(model_graph, folder_beside(path), overwrite=overwrite)
    save_graph(replace(graph, metadata={**graph.metadata, PROJECT_DIGEST: digest}), path, overwrite=overwrite)


def write_beside(model_graph: Any, folder: Path, *, overwrite: bool = False) -> str:
    """Write the project of an hls4ml ``ModelGraph``, every layer traced, sealed as the user's own.

    Returns
    -------
    Its digest.

    Raises
    ------
    OverwriteError
        If the folder exists, unless ``overwrite`` is true and it holds an hls4ml project. That one is put back if the
        new one cannot be written.
    """
    aside = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            raise OverwriteError(
                f"{folder} exists; choose another name, or replace it with overwrite=True (--overwrite)"
            )
        if folder.is_symlink() or not (folder / "firmware").is_dir() or not (folder / "hls4ml_config.yml").is_file():
            raise OverwriteError(f"{folder} is not an hls4ml project and is left alone; choose another name")
        folder.rename(aside)
    try:
        with naming(folder):
            write_project(model_graph, folder)
            digest = _digest(read_project(folder))
            (folder / _SEAL).write_text(_seal(digest))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if aside.exists():
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
    return digest


def _digest(project: Project) -> str:
    """Digest of everything that is compiled."""
    digest = hashlib.sha256(repr((project.name, project.namespace, project.parameters)).encode())
    for path in sorted(project.files):
        for part in (path.encode(), project.files[path]):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def _seal(digest: str) -> str:
    """The seal of a project's digest, which only this user can write.

    Raises
    ------
    CSimError
        If others could have read or written the user's secret.
    """
    try:
        secret = private.key()
    except PermissionError as error:
        raise CSimError(f"the secret that seals hls4ml projects is not safe: {error}") from None
    return hmac.new(secret, f"hls4ml project {digest}".encode(), hashlib.sha256).hexdigest()


def _sealed(folder: Path, digest: str) -> bool:
    try:
        with (folder / _SEAL).open("rb") as file:
            found = file.read(2 * hashlib.sha256().digest_size + 1)
    except OSError:
        return False
    return hmac.compare_digest(found, _seal(digest).encode())
