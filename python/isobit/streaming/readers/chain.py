"""Several files one after the other, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import ShapeError, TypeMismatchError
from isobit.streaming.readers.base import Reader

__all__ = ["ChainReader"]


class ChainReader:
    """Readers in the order of their events; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = tuple(readers)
        self._ends = np.cumsum([reader.events for reader in readers]).tolist()
        self.name = readers[0].name + (f" and {len(readers) - 1} more" if len(readers) > 1 else "")
        self.events: int = self._ends[-1]
        self.shape = readers[0].shape
        self.dtype: np.dtype[Any] = np.result_type(*(reader.dtype for reader in readers))
        for reader in readers:
            if reader.shape != self.shape:
                raise ShapeError(
                    f"files of one input must have events of one shape: {readers[0].name} has {self.shape}, "
                    f"{reader.name} has {reader.shape}"
                )
            if reader.dtype.kind in "iu" and self.dtype.kind == "f":  # would be rounded to floats at the joints
                raise TypeMismatchError(
                    f"files of one input must all hold floats, or all integers; {reader.name} holds {reader.dtype}, "
                    f"others do not"
                )

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        pieces, first = [], 0
        for reader, end in zip(self._readers, self._ends, strict=True):
            low, high = max(start, first), min(stop, end)
            if low < high:
                pieces.append(reader.read(low - first, high - first))
            first = end
        if not pieces:
            return np.empty((0, *self.shape), dtype=self.dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def locate(self, event: int) -> tuple[Reader, int]:
        """The file of an event, and its number there."""
        first = 0
        for reader, end in zip(self._readers, self._ends, strict=True):
            if event < end:
                return reader, event - first
            first = end
        raise IndexError(event)

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._readers[0].column(index)

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers:
            reader.close()
