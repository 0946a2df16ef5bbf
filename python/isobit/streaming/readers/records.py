"""Structured arrays of ``.npy``: their fields are columns."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import Selection, damaged_file
from isobit.streaming.readers.columns import Column, Table, column_of, features

__all__ = ["RecordsReader"]


class RecordsReader:
    """Fields of a structured array of shape (events,); see :class:`~isobit.streaming.readers.base.Reader`.

    Parameters
    ----------
    path, file
        The file, after its header.
    dtype, events
        What the header says.
    selection, wanted
        Which fields, for which input.
    """

    def __init__(
        self, path: Path, file: IO[bytes], dtype: np.dtype[Any], events: int, selection: Selection, wanted: str
    ) -> None:
        self._path, self.name, self._file = path, str(path), file
        self._dtype, self._offset = dtype, file.tell()
        self.events = events
        fields = {name: dtype[name] for name in dtype.names or ()}
        known: dict[str, Column | str] = {
            name: column_of(name, kind.base, int(np.prod(kind.shape, dtype=np.int64)), selection.booleans)
            for name, kind in fields.items()
        }
        self._table = Table(self.name, features(self.name, "field", selection, wanted, known))
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype
        if (there := path.stat().st_size - self._offset) < events * dtype.itemsize:
            raise DataFileError(
                f"{path} is not a readable .npy file: truncated, it declares {events} events of {dtype.itemsize} bytes "
                f"and holds {there // max(1, dtype.itemsize)}"
            )

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        rows = np.empty(stop - start, dtype=self._dtype)
        left = memoryview(rows.view(np.uint8).data) if rows.size else memoryview(b"")
        with damaged_file(self._path, ".npy"):
            self._file.seek(self._offset + start * self._dtype.itemsize)
            while left:
                if not (got := self._file.readinto(left)):  # type: ignore[attr-defined]
                    raise DataFileError(f"{self.name} ended while it was read; did it change?")
                left = left[got:]
        matrix = self._table.empty(stop - start)
        for index, column in enumerate(self._table.columns):
            values = rows[column.name]
            self._table.fill(matrix, index, values.astype(values.dtype.newbyteorder("=")), start)
        return matrix

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()
