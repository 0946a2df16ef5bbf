"""What every writer of predictions is."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import UnsupportedError
from isobit.model.ops import Tensor
from isobit.streaming.writers.flat import FlatFile, Region

__all__ = ["Layout", "Writer", "sync_path"]


@dataclass(frozen=True)
class Layout:
    """What is written.

    Attributes
    ----------
    outputs
        The model's output tensors.
    events
        How many events there will be.
    raw
        Raw integers as int64, or values as float64.
    block
        Events in each writing: Parquet's row groups, ROOT's baskets.
    metadata
        What the file says of itself: isobit's version, the model's sha256, each output's format. No paths and no
        times, so that equal runs give equal files.
    """

    outputs: tuple[Tensor, ...]
    events: int
    raw: bool
    block: int
    metadata: Mapping[str, Any]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of every number written."""
        return np.dtype("<i8" if self.raw else "<f8")

    @property
    def rows(self) -> list[int]:
        """Bytes of an event, by output."""
        return [tensor.size * self.dtype.itemsize for tensor in self.outputs]

    @property
    def text(self) -> str:
        """The metadata as JSON."""
        return json.dumps(self.metadata, sort_keys=True)

    def columns(self) -> list[tuple[str, int, int]]:
        """Columns of a table: (name, output, number within its event).

        An output of one number is called as its tensor, others ``tensor_0``, ``tensor_1``; with several axes
        ``tensor_0_1``.

        Raises
        ------
        UnsupportedError
            If two outputs would give columns of one name.
        """
        found = []
        for output, tensor in enumerate(self.outputs):
            for number, index in enumerate(product(*(range(n) for n in tensor.shape))):
                name = tensor.name if tensor.size == 1 else "_".join([tensor.name, *map(str, index)])
                found.append((name, output, number))
        names = [name for name, _, _ in found]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UnsupportedError(f"two outputs would give a column {twice[0]!r}; write .h5, where each is a dataset")
        return found


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

    # -- what a format says ----------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def staged(self) -> Path:
        """The file in the folder that holds the rows."""

    @property
    def targets(self) -> list[Path]:
        """The files that there will be."""
        return [self.out]

    @abstractmethod
    def lay_out(self) -> list[Region]:
        """Write the staged file anew, as long as it will be, without its rows."""

    @abstractmethod
    def regions(self) -> list[Region]:
        """The regions of the staged file that an earlier run laid out."""

    def replay(self, done: int) -> None:  # noqa: B027 - nothing is kept by default
        """Bring what is kept beside the staged rows up to the first ``done`` events."""

    def also(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:  # noqa: B027
        """Take rows beyond the staged file."""

    @abstractmethod
    def complete(self) -> dict[Path, Path]:
        """Finish the files once all rows are written: file in the folder -> its name at last, the main one last."""

    # -- what a run does -------------------------------------------------------------------------------------------

    @property
    def flat(self) -> FlatFile:
        """The staged rows."""
        if self._flat is None:
            raise RuntimeError("the writer is not open")
        return self._flat

    def open(self, done: int) -> None:
        """Begin, or go on after the first ``done`` events.

        Raises
        ------
        ResumeError
            If the staged rows of an earlier run are not there.
        """
        regions = self.regions() if done else self.lay_out()
        self._flat = FlatFile(self.staged, regions, self.layout.events)
        self.replay(done)

    def write(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Write the events from ``start`` on: an array (events, size) of each output."""
        self.flat.write(start, arrays)
        self.also(start, arrays)

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
