"""``.npy`` and the arrays of ``.npz``: read by plain file reads, so that nothing stays mapped into memory."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import INPUT_FILE, Selection, damaged_file, is_numeric
from isobit.streaming.readers.records import RecordsReader

__all__ = ["NpyReader", "open_npy", "open_npz", "pick", "read_header"]


class NpyReader:
    """An array in NumPy's format, in C or Fortran order; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(
        self, path: Path, name: str, file: IO[bytes], size: int, parent: Any = None, booleans: bool = False
    ) -> None:
        self._path, self.name, self._file, self._parent = path, name, file, parent
        with damaged_file(path, ".npy"):
            shape, self._fortran, dtype = read_header(file)
        if not is_numeric(dtype, booleans):
            what = " is not a readable .npy file: it" if dtype.hasobject else ""  # which only pickle reads
            raise DataFileError(
                f"{name}{what} holds {dtype}; it must hold real numbers: floats and integers of up to 64 bits"
            )
        if not shape:
            raise DataFileError(f"{name} holds a single number; expected an array of shape (events, ...)")
        self._dtype, self._offset = dtype, file.tell()
        self.dtype: np.dtype[Any] = dtype.newbyteorder("=")
        self.events, self.shape = shape[0], shape[1:]
        self._row = int(np.prod(self.shape, dtype=np.int64)) * dtype.itemsize
        there = size - self._offset
        if there < self.events * self._row:
            raise DataFileError(
                f"{name} is not a readable .npy file: truncated, it declares {self.events} events of {self._row} bytes "
                f"and holds {there // max(1, self._row)}"
            )

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        count = stop - start
        if not self._fortran or not self.shape:
            block = np.empty((count, *self.shape), dtype=self._dtype)
            self._fill(block, self._offset + start * self._row)
        else:  # each feature lies by itself, all events of it
            columns = np.empty((self._row // self._dtype.itemsize, count), dtype=self._dtype)
            for index, column in enumerate(columns):
                self._fill(column, self._offset + (index * self.events + start) * self._dtype.itemsize)
            block = columns.reshape(*reversed(self.shape), count).T
        return np.ascontiguousarray(block, dtype=self.dtype)

    def _fill(self, array: npt.NDArray[Any], offset: int) -> None:
        if not array.size:
            return
        left = memoryview(array.data).cast("B")
        with damaged_file(self._path, ".npy"):
            if self._file.tell() != offset:
                self._file.seek(offset)
            while left:
                got = self._file.readinto(left)  # type: ignore[attr-defined]
                if not got:
                    raise DataFileError(f"{self.name} ended while it was read; did it change?")
                left = left[got:]

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}" if len(index) == 1 else f"index {index}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._parent is not None:
            self._parent.close()


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is in Fortran order, and dtype; the file is then at its first number."""
    layout: Any = np.lib.format
    version = layout.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version}; allowed: (1, 0), (2, 0)")
    shape, fortran, dtype = getattr(layout, f"read_array_header_{version[0]}_0")(file)
    return shape, fortran, dtype


def open_npy(path: Path, selection: Selection, wanted: str) -> NpyReader | RecordsReader:
    """Open a ``.npy`` file: an array of numbers, or a structured one, whose fields are columns."""
    with damaged_file(path, ".npy"):
        file = path.open("rb", buffering=0)
    try:
        with damaged_file(path, ".npy"):
            shape, _, dtype = read_header(file)
        if dtype.names is not None and len(shape) == 1:
            return RecordsReader(path, file, dtype, shape[0], selection, wanted)
        if selection.columns is not None:
            raise DataFileError(
                f"{path} is an array of {dtype}, which has no columns to choose from; columns= is for structured "
                "arrays, .parquet, .h5, .hdf5 and .root files"
            )
        if selection.shared:
            raise DataFileError(f"{path} holds one array and the model has other inputs than {wanted!r}; {INPUT_FILE}")
        file.seek(0)
        return NpyReader(path, str(path), file, path.stat().st_size)
    except BaseException:
        file.close()
        raise


def open_npz(path: Path, selection: Selection, wanted: str) -> NpyReader:
    """Open an array of a ``.npz``: the selected one, the only one, or the one with the input's name."""
    with damaged_file(path, ".npz"):
        archive = zipfile.ZipFile(path)
    try:
        known = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
        name = pick(path, "array", selection, wanted, list(known))
        with damaged_file(path, ".npz"):
            file = archive.open(known[name])
        size = archive.getinfo(known[name]).file_size
        return NpyReader(path, f"{path}:{name}", file, size, archive, selection.booleans)
    except BaseException:
        archive.close()
        raise


def pick(path: Path, kind: str, selection: Selection, wanted: str, known: list[str]) -> str:
    """The array or dataset of a file to read.

    Raises
    ------
    DataFileError
        If it does not exist, or if none is asked for and it is not clear which.
    """
    asked = None if selection.dataset is None else selection.dataset.strip("/")
    if asked is not None:
        if asked not in known:
            raise DataFileError(f"{path} has no {kind} {asked!r}; it has: {', '.join(known) or 'none'}")
        return asked
    if wanted in known:
        return wanted
    known = [name for name in known if name not in selection.without]
    if len(known) != 1 or selection.shared:
        some = f"{len(known)} {kind}{'s' * (len(known) != 1)} ({', '.join(known) or 'none'})"
        raise DataFileError(
            f"{path} holds {some}, none with the input's name {wanted!r}; name one: dataset=, --dataset"
        )
    return known[0]
