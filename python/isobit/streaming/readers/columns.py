"""Columns side by side as the matrix (events, features) that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError, RangeError
from isobit.streaming.readers.base import Selection, is_numeric

__all__ = ["Column", "Table", "choose", "column_of", "features"]

#: Integers up to here are exact in float64.
_EXACT = 1 << 53


@dataclass(frozen=True)
class Column:
    """A column: its dtype, and how many numbers it has in each event (more than one for arrays of a fixed size)."""

    name: str
    dtype: np.dtype[Any]
    size: int = 1


class Table:
    """Columns of one file, in the order of the features.

    The matrix has the dtype to which NumPy promotes the columns'. Where that would round a 64-bit integer to float64,
    the integer is refused by name instead.
    """

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.dtype: np.dtype[Any] = np.result_type(*(column.dtype.newbyteorder("=") for column in columns))
        ends = np.cumsum([column.size for column in columns]).tolist()
        self._slices = [slice(end - column.size, end) for column, end in zip(columns, ends, strict=True)]
        self.width: int = ends[-1]

    def empty(self, events: int) -> npt.NDArray[Any]:
        """A matrix to be filled."""
        return np.empty((events, self.width), dtype=self.dtype)

    def fill(self, rows: npt.NDArray[Any], index: int, values: npt.NDArray[Any], event: int) -> None:
        """Write a column into some rows of the matrix; ``event`` is the number of the first, for errors.

        Raises
        ------
        RangeError
            For an integer that the matrix's float64 cannot hold.
        DataFileError
            If they are not as many numbers as the rows take.
        """
        column = self.columns[index]
        allowed = is_numeric(values.dtype, booleans=column.dtype.kind == "b")
        if values.size != len(rows) * column.size or not allowed:
            raise DataFileError(
                f"{self.name} is damaged: column {column.name!r} gives {values.size} values of {values.dtype} where "
                f"{len(rows) * column.size} numbers belong, from event {event} on"
            )
        block = values.reshape(len(rows), column.size)
        if self.dtype.kind == "f" and values.dtype.kind in "iu" and values.dtype.itemsize == 8:
            self._exact(block, column, event)
        rows[:, self._slices[index]] = block

    def _exact(self, block: npt.NDArray[Any], column: Column, event: int) -> None:
        beyond = block > _EXACT
        if block.dtype.kind == "i":
            beyond |= block < -_EXACT
        if beyond.any():
            at = np.argwhere(beyond)[0]
            raise RangeError(
                f"{self.name}: event {event + int(at[0])}, column {column.name!r} is {block[tuple(at)]}; beside other "
                "columns of floats, integers up to 2^53 are allowed, which float64 holds"
            )

    def label(self, index: int) -> str:
        """Name a feature for errors."""
        for column, part in zip(self.columns, self._slices, strict=True):
            if part.start <= index < part.stop:
                return f"column {column.name!r}" + (f"[{index - part.start}]" if column.size > 1 else "")
        raise IndexError(index)


def features(name: str, kind: str, selection: Selection, wanted: str, known: dict[str, Column | str]) -> list[Column]:
    """The columns that are an input's features: those selected, the one with the input's name, or all with numbers.

    Raises
    ------
    DataFileError
        As :func:`choose`; and if other inputs read the file and nothing says which columns belong to this one.
    """
    if selection.columns is None and isinstance(known.get(wanted), Column):
        return choose(name, kind, [wanted], known)  # one column of arrays
    if selection.columns is None and selection.shared:
        raise DataFileError(
            f"{name} has no {kind} with the input's name {wanted!r}, and the model has other inputs; name the columns "
            f"of each: columns= by input name, --columns {wanted}=A,B"
        )
    if selection.columns is None:
        known = {key: column for key, column in known.items() if key not in selection.without}
    return choose(name, kind, selection.columns, known)


def choose(name: str, kind: str, wanted: Sequence[str] | None, known: dict[str, Column | str]) -> list[Column]:
    """The columns to read.

    Parameters
    ----------
    name, kind
        The file, and what its columns are called (column, branch, dataset), for errors.
    wanted
        Names, or None for all that hold numbers.
    known
        Every column of the file: what it is, or in words why it cannot be read.

    Raises
    ------
    DataFileError
        If a name does not exist, is given twice or holds no numbers; or if there is none to read.
    """
    if wanted is None:
        columns = [column for column in known.values() if isinstance(column, Column)]
        if not columns:
            reasons = "; ".join(f"{key!r} {why}" for key, why in known.items()) or f"it has no {kind}"
            raise DataFileError(f"{name} has no numeric {kind}: {reasons}")
        return columns
    columns = []
    for key in wanted:
        if key not in known:
            raise DataFileError(f"{name} has no {kind} {key!r}; it has: {', '.join(known) or 'none'}")
        found = known[key]
        if not isinstance(found, Column):
            raise DataFileError(f"{name}: {kind} {key!r} {found}; allowed are floats and integers of up to 64 bits")
        columns.append(found)
    if not columns or len(set(wanted)) != len(wanted):
        raise DataFileError(f"{name}: columns must be named once each, got {', '.join(wanted) or 'none'}")
    return columns


def column_of(name: str, dtype: np.dtype[Any], size: int = 1, booleans: bool = False) -> Column | str:
    """A column, or in words why it is not one."""
    return Column(name, dtype, size) if is_numeric(dtype, booleans) and size > 0 else f"holds {dtype}, not numbers"
