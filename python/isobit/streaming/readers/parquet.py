"""Parquet, through pyarrow: batches of row groups, pages streamed rather than whole column chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import Selection, damaged_file, require
from isobit.streaming.readers.columns import Column, Table, column_of, features

__all__ = ["ParquetReader", "open_parquet"]

#: Bytes of a column chunk held at once. Without it, pyarrow reads a row group's column as a whole.
_BUFFER = 1 << 20
#: Rows decoded at once.
_BATCH = 1 << 16
#: Where Arrow's name of a type is not NumPy's.
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


class ParquetReader:
    """Columns of a Parquet file; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, selection: Selection, wanted: str) -> None:
        parquet = require("pyarrow.parquet", "Parquet")
        self._path, self.name = path, str(path)
        with damaged_file(path, "Parquet"):
            if not path.exists():
                raise FileNotFoundError(path)
            self._file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
            fields = list(self._file.schema_arrow)
        names = [field.name for field in fields]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise DataFileError(
                f"{path}: column names must be unique, got {repeated[0]!r} {names.count(repeated[0])} times"
            )
        known = {
            field.name: _column(field.name, field.type, self._first_size(field), selection.booleans) for field in fields
        }
        self._table = Table(self.name, features(self.name, "column", selection, wanted, known))
        self.events: int = self._file.metadata.num_rows
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype
        self._batches: Iterator[Any] = iter(())
        self._batch: Any = None
        self._used = self._position = 0
        self._seek(0)

    def _first_size(self, field: Any) -> int:
        """Numbers in the first event of a column of lists without a declared size; all others must have as many."""
        import pyarrow.types as kinds

        if not (kinds.is_list(field.type) or kinds.is_large_list(field.type)):
            return 0
        with damaged_file(self._path, "Parquet"):
            for batch in self._file.iter_batches(batch_size=1, columns=[field.name], use_threads=False):
                if batch.num_rows and batch.column(0)[0].is_valid:
                    return len(batch.column(0)[0])
        return 0

    def _seek(self, event: int) -> None:
        """Begin with the row group that holds the event."""
        metadata, first, group = self._file.metadata, 0, 0
        while group < metadata.num_row_groups and first + metadata.row_group(group).num_rows <= event:
            first += metadata.row_group(group).num_rows
            group += 1
        names = [column.name for column in self._table.columns]
        groups = list(range(group, metadata.num_row_groups))
        self._batches = self._file.iter_batches(batch_size=_BATCH, row_groups=groups, columns=names)
        self._batch, self._used, self._position = None, 0, first
        while self._position < event:
            self._next(event - self._position)

    def _next(self, limit: int) -> Any:
        """The next rows, at most ``limit``."""
        while self._batch is None or self._used == self._batch.num_rows:
            with damaged_file(self._path, "Parquet"):
                self._batch, self._used = next(self._batches, None), 0
            if self._batch is None:
                raise DataFileError(f"{self.name} ended at event {self._position} of {self.events}; did it change?")
        rows = self._batch.slice(self._used, min(limit, self._batch.num_rows - self._used))
        self._used += rows.num_rows
        self._position += rows.num_rows
        return rows

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        if start != self._position:
            self._seek(start)
        matrix = self._table.empty(stop - start)
        while self._position < stop:
            event = self._position
            rows = self._next(stop - event)
            block = matrix[event - start : event - start + rows.num_rows]
            for index, column in enumerate(self._table.columns):
                array = rows.column(rows.schema.get_field_index(column.name))
                self._table.fill(block, index, self._numbers(array, column, event), event)
        return matrix

    def _numbers(self, array: Any, column: Column, event: int) -> npt.NDArray[Any]:
        """The numbers of some rows, shape (rows * size,)."""
        import pyarrow.types as kinds

        where = f"column {column.name!r}"
        if array.null_count:
            row = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise DataFileError(f"{self.name}: event {event + row}, {where} is null; every event needs a number there")
        while kinds.is_fixed_size_list(array.type) or kinds.is_list(array.type) or kinds.is_large_list(array.type):
            if not kinds.is_fixed_size_list(array.type):
                lengths = np.asarray(array.value_lengths())
                if (lengths != column.size).any():
                    row = int(np.argmax(lengths != column.size))
                    raise DataFileError(
                        f"{self.name}: event {event + row}, {where} holds {lengths[row]} numbers, expected "
                        f"{column.size} as in the first event"
                    )
            array = array.flatten()
            if array.null_count:
                at = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
                raise DataFileError(
                    f"{self.name}: event {event + at // column.size}, {where}[{at % column.size}] is null; every event "
                    "needs a number there"
                )
        return np.asarray(array.to_numpy(zero_copy_only=False))

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _column(name: str, kind: Any, first_size: int, booleans: bool) -> Column | str:
    """The column, or in words why it cannot be read."""
    import pyarrow.types as kinds

    size, value = 1, kind
    while kinds.is_fixed_size_list(value):
        size, value = size * value.list_size, value.value_type
    if size == 1 and (kinds.is_list(value) or kinds.is_large_list(value)):
        size, value = first_size, value.value_type
    numbers = kinds.is_floating(value) or kinds.is_integer(value) or (booleans and kinds.is_boolean(value))
    if not numbers or size == 0:
        return f"holds {kind}, not numbers"
    return column_of(name, np.dtype(_FLOATS.get(str(value), str(value))), size, booleans)


def open_parquet(path: Path, selection: Selection, wanted: str) -> ParquetReader:
    """Open a Parquet file."""
    return ParquetReader(path, selection, wanted)
