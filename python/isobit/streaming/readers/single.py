"""An array of one event, without an axis of events, as a file of one event."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.streaming.readers.base import Reader

__all__ = ["SingleEvent"]


class SingleEvent:
    """A reader whose array has the shape of an event; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.name = reader.name
        self.events = 1
        self.shape: tuple[int, ...] = (reader.events, *reader.shape)
        self.dtype: np.dtype[Any] = reader.dtype

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._reader.read(0, self.shape[0])[np.newaxis][start:stop]

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}" if len(index) == 1 else f"index {index}"

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
