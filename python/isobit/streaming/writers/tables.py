"""Formats whose library can neither resume after a kill nor write in place: Parquet and ROOT.

Rows go into a plain file, which the journal covers, and at the same time, block by block, into the table. After a kill
the table is written again from the plain rows, in the same blocks, so that its bytes are the same; nothing is predicted
twice.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.streaming.writers.base import Layout, Writer, sync_path
from isobit.streaming.writers.flat import Region, regions_after
from isobit.streaming.writers.layout import Column

__all__ = ["TableWriter"]


class TableWriter(Writer):
    """A column for each number of each output."""

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        super().__init__(folder, out, layout)
        self.columns = layout.columns()

    @property
    def table(self) -> Path:
        """The table in the folder."""
        return self.folder / f"table{self.out.suffix}"

    @abstractmethod
    def begin(self) -> None:
        """Begin a new table."""

    @abstractmethod
    def append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        """Append a block: a row group, a basket of each branch."""

    @abstractmethod
    def end(self) -> None:
        """Close the table."""

    @property
    def staged(self) -> Path:
        """See :class:`Writer`."""
        return self.folder / "rows.bin"

    def regions(self) -> list[Region]:
        """See :class:`Writer`."""
        return regions_after(0, self.layout.rows, self.layout.events)

    def lay_out(self) -> list[Region]:
        """See :class:`Writer`."""
        with self.staged.open("wb") as file:
            file.truncate(sum(self.layout.rows) * self.layout.events)
        return self.regions()

    def replay(self, done: int) -> None:
        """See :class:`Writer`."""
        self.begin()
        for start in range(0, done, self.layout.block):
            stop = min(start + self.layout.block, done)
            fields = enumerate(self.layout.fields)
            self.also(start, [self.flat.read(start, stop, place, field.dtype) for place, field in fields])

    def also(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """See :class:`Writer`."""
        flat = [array.reshape(len(array), -1) for array in arrays]
        self.append({column.name: _values(flat[column.field], column) for column in self.columns})

    def complete(self) -> dict[Path, Path]:
        """See :class:`Writer`."""
        self.end()
        sync_path(self.table)
        return {self.table: self.out}


def _values(rows: npt.NDArray[Any], column: Column) -> npt.NDArray[Any]:
    """A column's numbers, shape (events,), or (events, length) where it holds several of an event."""
    chosen = rows if column.length else rows[:, column.number or 0]
    return np.ascontiguousarray(chosen, dtype=column.dtype)
