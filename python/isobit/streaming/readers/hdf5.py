"""HDF5, through h5py: one dataset of shape (events, ...), or one-dimensional datasets as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import Selection, damaged_file, is_numeric, require
from isobit.streaming.readers.columns import Table, choose, column_of
from isobit.streaming.readers.npy import pick

__all__ = ["ColumnsReader", "DatasetReader", "open_hdf5"]

#: Bytes of decompressed HDF5 chunks kept for a dataset, so that one longer than a block is not decompressed twice.
_CACHE = 1 << 24


class DatasetReader:
    """One dataset; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, file: Any, dataset: Any) -> None:
        self._path, self._file, self._dataset = path, file, dataset
        self.name = f"{path}:{dataset.name.lstrip('/')}"
        if not is_numeric(dataset.dtype):
            raise DataFileError(
                f"{self.name} holds {dataset.dtype}; it must hold real numbers: floats and integers of up to 64 bits"
            )
        if not dataset.shape:
            raise DataFileError(f"{self.name} has no axes; expected shape (events, ...)")
        self.events: int = dataset.shape[0]
        self.shape: tuple[int, ...] = dataset.shape[1:]
        self.dtype: np.dtype[Any] = dataset.dtype.newbyteorder("=")

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        block = np.empty((stop - start, *self.shape), dtype=self.dtype)
        with damaged_file(self._path, "HDF5"):
            self._dataset.read_direct(block, np.s_[start:stop])
        return block

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}" if len(index) == 1 else f"index {index}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ColumnsReader:
    """One-dimensional datasets side by side; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, file: Any, wanted: tuple[str, ...]) -> None:
        self._path, self._file, self.name = path, file, str(path)
        datasets = _datasets(file)
        known = {
            name: column_of(name, d.dtype) if len(d.shape) == 1 else f"has {len(d.shape)} axes instead of one"
            for name, d in datasets.items()
        }
        self._table = Table(self.name, choose(self.name, "dataset", wanted, known))
        self._datasets = [datasets[column.name] for column in self._table.columns]
        lengths = {d.name.lstrip("/"): d.shape[0] for d in self._datasets}
        if len(set(lengths.values())) != 1:
            raise DataFileError(f"{path}: the columns have different numbers of events: {lengths}")
        self.events: int = self._datasets[0].shape[0]
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        matrix = self._table.empty(stop - start)
        for index, dataset in enumerate(self._datasets):
            with damaged_file(self._path, "HDF5"):
                values = dataset[start:stop]
            self._table.fill(matrix, index, values, start)
        return matrix

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _datasets(file: Any) -> dict[str, Any]:
    h5py = require("h5py", "HDF5")
    found: dict[str, Any] = {}
    file.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
    return found


def open_hdf5(path: Path, selection: Selection, wanted: str) -> DatasetReader | ColumnsReader:
    """Open an HDF5 file."""
    h5py = require("h5py", "HDF5")
    with damaged_file(path, "HDF5"):
        file = h5py.File(path, "r", rdcc_nbytes=_CACHE)
    try:
        if selection.columns is not None:
            return ColumnsReader(path, file, selection.columns)
        with damaged_file(path, "HDF5"):
            datasets = _datasets(file)
        asked = None if selection.dataset is None else selection.dataset.strip("/")
        return DatasetReader(path, file, datasets[pick(path, "dataset", asked, wanted, list(datasets))])
    except BaseException:
        file.close()
        raise
