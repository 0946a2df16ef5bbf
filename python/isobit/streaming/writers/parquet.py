"""Parquet: a row group for each block, uncompressed; the metadata is in the schema under ``isobit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from isobit.streaming.readers.base import require
from isobit.streaming.writers.base import Layout
from isobit.streaming.writers.tables import TableWriter

__all__ = ["ParquetWriter"]


class ParquetWriter(TableWriter):
    """A column for each number of each output."""

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        super().__init__(folder, out, layout)
        require("pyarrow.parquet", "Parquet")
        import pyarrow

        self.libraries = {"pyarrow": pyarrow.__version__}
        fields = []
        for column in self.columns:
            kind = pyarrow.from_numpy_dtype(column.dtype)
            if column.length:
                kind = pyarrow.list_(pyarrow.field("item", kind, nullable=False), column.length)
            about = None if column.type is None else {"type": column.type}
            fields.append(pyarrow.field(column.name, kind, nullable=False, metadata=about))
        self._schema = pyarrow.schema(fields, metadata={"isobit": layout.text})
        self._writer: Any = None

    def begin(self) -> None:
        """See :class:`TableWriter`."""
        import pyarrow.parquet

        self._writer = pyarrow.parquet.ParquetWriter(
            self.table, self._schema, compression="NONE", use_dictionary=False, version="2.6"
        )

    def append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        """See :class:`TableWriter`."""
        import pyarrow

        values = [
            pyarrow.array(array)
            if array.ndim == 1
            else pyarrow.FixedSizeListArray.from_arrays(array.ravel(), type=kind)
            for array, kind in zip(columns.values(), self._schema.types, strict=True)
        ]
        batch = pyarrow.record_batch(values, schema=self._schema)
        self._writer.write_batch(batch, row_group_size=max(1, batch.num_rows))

    def end(self) -> None:
        """See :class:`TableWriter`."""
        self._writer.close()
        self._writer = None

    def close(self) -> None:
        """See :class:`Writer`."""
        try:
            if self._writer is not None:
                self.end()
        finally:
            super().close()
