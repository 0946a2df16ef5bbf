"""Arrays in memory, and memory maps, read block by block as files are."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from isobit.data import events_of
from isobit.fixed.array import FixedArray
from isobit.model.ops import Tensor
from isobit.ports import Port

__all__ = ["ArrayReader"]


class ArrayReader:
    """The events of one input in an array; see :class:`~isobit.streaming.readers.base.Reader`.

    Parameters
    ----------
    tensor
        The input.
    value
        What :meth:`isobit.Model.predict` takes for it. A memory map stays one: only the blocks that are read are ever
        in memory.

    Attributes
    ----------
    single
        Whether it was a single event, without an axis of events.

    Raises
    ------
    ShapeError, TypeMismatchError
        For data of the wrong shape or kind.
    """

    def __init__(self, tensor: Tensor | Port, value: Any) -> None:
        self._array, self.single = events_of(tensor, value)
        self._map = None if isinstance(self._array, FixedArray) else _read_only_map(self._array)
        shape = tuple(np.shape(value))
        self.shape: tuple[int, ...] = shape if self.single else shape[1:]
        self.name = f"input {tensor.name!r}"
        self.events = len(self._array)
        self.dtype: np.dtype[Any] = (self._array.raw if isinstance(self._array, FixedArray) else self._array).dtype

    def read(self, start: int, stop: int) -> Any:
        """Events start to stop, shape (stop - start, size)."""
        block = self._array[start:stop]
        if self._map is not None:
            block = np.array(block)
            self._map.madvise(mmap.MADV_DONTNEED)  # its pages count as ours as long as they are mapped
        return block

    def locate(self, event: int) -> tuple[ArrayReader, int]:
        """The reader itself, and the number of the event in it."""
        return self, event

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}" if len(index) == 1 else f"index {index}"

    def close(self) -> None:
        """Nothing is open."""


def _read_only_map(array: Any) -> mmap.mmap | None:
    """The map of a file behind an array, if nothing can have been written into it."""
    base, read_only = array, False
    while isinstance(base, np.ndarray):
        read_only = (isinstance(base, np.memmap) and base.mode == "r") or read_only
        base = base.base
    known = isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED")
    return base if read_only and known else None
