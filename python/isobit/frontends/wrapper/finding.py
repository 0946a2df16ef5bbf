"""Which description belongs to a folder: ``wrapper.yml`` in it, or beside it if it names the folder."""

from __future__ import annotations

import os
from pathlib import Path

from isobit.errors import ModelFileError, TypeMismatchError
from isobit.frontends.descriptions import Entries, read_mapping
from isobit.frontends.identify import is_project, refuse_missing

__all__ = ["FILE", "find_wrapper"]

#: Name of the description that is found by itself.
FILE = "wrapper.yml"


def find_wrapper(source: object, wrapper: str | os.PathLike[str] | bool | None = None) -> Path | None:
    """The description of the class around a network.

    Parameters
    ----------
    source
        What the network is loaded from.
    wrapper
        The description; False: there is none; None: the one in or beside an hls4ml project's folder.

    Returns
    -------
    None where there is none.

    Raises
    ------
    ModelFileError
        If a named file does not exist or is of another folder, or one beside the folder does not say of which it is.
    """
    if wrapper is not None and wrapper is not False:
        if not isinstance(wrapper, (str, os.PathLike)):
            raise TypeMismatchError(f"wrapper is {wrapper!r:.80}; expected the path of a YAML file, False or None")
        refuse_missing(Path(wrapper))
        if isinstance(source, (str, os.PathLike)) and is_project(Path(source)):
            _check_folder(Path(wrapper), Path(source))
        return Path(wrapper)
    if wrapper is False or not isinstance(source, (str, os.PathLike)) or not is_project(Path(source)):
        return None
    folder = Path(source)
    if (inside := folder / FILE).is_file():
        return inside
    beside = folder.resolve().parent / FILE
    return beside if beside.is_file() and _is_of(beside, folder.resolve()) else None


def _check_folder(path: Path, folder: Path) -> None:
    """Refuse a description that says it is of another folder."""
    entries = Entries(path, "", read_mapping(path))
    if not entries.has("project"):
        return
    named = path.parent / entries.text("project")
    if named.resolve() != folder.resolve():
        raise ModelFileError(
            f"{path}: project is {entries.text('project')!r}, which is not {folder}: it describes another"
        )


def _is_of(path: Path, folder: Path) -> bool:
    """Whether a description beside a folder is of this folder."""
    entries = Entries(path, "", read_mapping(path))
    if not entries.has("project"):
        raise ModelFileError(
            f"{path} does not say which folder it describes: add the entry project: {folder.name}, or load "
            f"{folder.name} with wrapper=False (--wrapper none)"
        )
    return (path.parent / entries.text("project")).resolve() == folder
