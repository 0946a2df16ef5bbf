"""HDF5, through h5py in a child process: one dataset of shape (events, ...), or one-dimensional datasets as columns."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.hdf5 import Dataset, Hdf5File
from isobit.streaming.readers.base import Selection, is_numeric
from isobit.streaming.readers.columns import Column, Table, choose, column_of
from isobit.streaming.readers.npy import pick

__all__ = ["ColumnsReader", "DatasetReader", "open_hdf5"]


class DatasetReader:
    """One dataset; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, file: _SharedFile, dataset: Dataset, booleans: bool = False) -> None:
        self._file, self._dataset = file, dataset
        self.name = f"{path}:{dataset.name}"
        dtype = dataset.dtype
        if dtype is None or not is_numeric(dtype, booleans):
            found = dtype or dataset.kind
            raise DataFileError(
                f"{self.name} holds {found}; it must hold real numbers: floats and integers of up to 64 bits"
            )
        if not dataset.shape:
            raise DataFileError(f"{self.name} has no axes; expected shape (events, ...)")
        self.events: int = dataset.shape[0]
        self.shape: tuple[int, ...] = dataset.shape[1:]
        self.dtype: np.dtype[Any] = dtype.newbyteorder("=")

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._file.read(self._dataset, start, stop)

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}" if len(index) == 1 else f"index {index}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ColumnsReader:
    """One-dimensional datasets side by side; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, file: _SharedFile, wanted: tuple[str, ...]) -> None:
        self._file, self.name = file, str(path)
        known = {name: _column(dataset) for name, dataset in file.datasets.items()}
        self._table = Table(self.name, choose(self.name, "dataset", wanted, known))
        self._datasets = [file.datasets[column.name] for column in self._table.columns]
        lengths = {d.name: d.shape[0] for d in self._datasets}
        if len(set(lengths.values())) != 1:
            raise DataFileError(f"{path}: the columns have different numbers of events: {lengths}")
        self.events: int = self._datasets[0].shape[0]
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        matrix = self._table.empty(stop - start)
        for index, dataset in enumerate(self._datasets):
            self._table.fill(matrix, index, self._file.read(dataset, start, stop), start)
        return matrix

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _SharedFile:
    """A file and its process, one for all that read the same file at a time."""

    _open: ClassVar[dict[Path, tuple[Hdf5File, int]]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path, self._closed = path.resolve(), False
        with self._lock:
            known = self._open.get(self._path)
            self._file, readers = known or (Hdf5File(path), 0)
            self._open[self._path] = self._file, readers + 1

    @property
    def datasets(self) -> dict[str, Dataset]:
        return self._file.datasets

    def read(self, dataset: Dataset, start: int, stop: int) -> npt.NDArray[Any]:
        return self._file.read(dataset, start, stop)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            _, readers = self._open[self._path]
            if readers > 1:
                self._open[self._path] = self._file, readers - 1
                return
            del self._open[self._path]
        self._file.close()


def _column(dataset: Dataset) -> Column | str:
    """The column, or in words why it cannot be read."""
    if len(dataset.shape) != 1:
        return f"has {len(dataset.shape)} axes instead of one"
    return f"holds {dataset.kind}, not numbers" if dataset.dtype is None else column_of(dataset.name, dataset.dtype)


def open_hdf5(path: Path, selection: Selection, wanted: str) -> DatasetReader | ColumnsReader:
    """Open an HDF5 file."""
    file = _SharedFile(path)
    try:
        if selection.columns is not None:
            return ColumnsReader(path, file, selection.columns)
        name = pick(path, "dataset", selection, wanted, list(file.datasets))
        return DatasetReader(path, file, file.datasets[name], selection.booleans)
    except BaseException:
        file.close()
        raise
