"""What every writer of predictions is."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from isobit.files import naming
from isobit.streaming.writers.flat import FlatFile, Region
from isobit.streaming.writers.layout import Layout

__all__ = ["Layout", "Writer", "sync_path"]


class Writer(ABC):
    """Predictions on their way into a file, by way of a folder that holds them until the file is whole.

    Attributes
    ----------
    libraries
        Versions on which the file's bytes depend.
    """

    libraries: Mapping[str, str] = {}

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        self.folder, self.out, self.layout = folder, out, layout
        self._flat: FlatFile | None = None
        _ = layout.fields  # whose names must differ

    # -- what a format says ----------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def staged(self) -> Path:
        """The file in the folder that holds the rows."""

    @staticmethod
    def files(out: Path) -> list[Path]:
        """The files that there will be, in the order in which they get their names."""
        return [out]

    @property
    def targets(self) -> list[Path]:
        """:meth:`files` of this run."""
        return self.files(self.out)

    @abstractmethod
    def lay_out(self) -> list[Region]:
        """Write the staged file again, in its final length, without its rows."""

    @abstractmethod
    def regions(self) -> list[Region]:
        """The regions of the staged file that an earlier run laid out."""

    def replay(self, done: int) -> None:  # noqa: B027 - nothing is kept by default
        """Bring what is kept beside the staged rows up to the first ``done`` events."""

    def also(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:  # noqa: B027
        """Take rows beyond the staged file."""

    @abstractmethod
    def complete(self) -> dict[Path, Path]:
        """Finish the files once all rows are written: file in the folder -> its final name, the main one last."""

    # -- what a run does -------------------------------------------------------------------------------------------

    @property
    def flat(self) -> FlatFile:
        """The staged rows."""
        if self._flat is None:
            raise RuntimeError("the writer is not open")
        return self._flat

    def open(self, done: int) -> None:
        """Begin, or resume after the first ``done`` events.

        Raises
        ------
        ResumeError
            If the staged rows of an earlier run are not there.
        """
        with naming(self.out):
            regions = self.regions() if done else self.lay_out()
            self._flat = FlatFile(self.staged, regions, self.layout.events)
            self.replay(done)

    def write(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Write the events from ``start`` on: an array of each field.

        Raises
        ------
        WriteError
            If the disk is full, or failing.
        """
        with naming(self.out):
            self.flat.write(start, self.rows(arrays))
            self.also(start, arrays)

    def rows(self, arrays: Sequence[npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        """The rows of each region."""
        return [array.astype(field.dtype, copy=False) for array, field in zip(arrays, self.layout.fields, strict=True)]

    def sync(self) -> None:
        """Return when what was written is on the disk."""
        with naming(self.out):
            self.flat.sync()

    def close(self) -> None:
        """Close what is open; the folder stays as it is."""
        if self._flat is not None:
            self._flat.close()
            self._flat = None


def sync_path(path: Path) -> None:
    """Return when a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
