"""A file whose rows have fixed places: each output a region, event after event."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import ResumeError

__all__ = ["FlatFile", "Region", "regions_after"]


@dataclass(frozen=True)
class Region:
    """Where the rows of an output begin, in bytes, and how long one is."""

    offset: int
    row: int


def regions_after(offset: int, rows: Sequence[int], events: int) -> list[Region]:
    """Regions one after the other."""
    regions = []
    for row in rows:
        regions.append(Region(offset, row))
        offset += row * events
    return regions


class FlatFile:
    """Rows written to their places, in any order and as often as wanted: the last writing counts.

    So a run that was killed resumes at the last event that its journal covers; whatever was written beyond is
    overwritten, and no event is lost or doubled.

    Raises
    ------
    ResumeError
        If the file is not there or not as long as it must be.
    """

    def __init__(self, path: Path, regions: Sequence[Region], events: int) -> None:
        needed = max((region.offset + region.row * events for region in regions), default=0)
        if not path.exists() or path.stat().st_size < needed:
            raise ResumeError(f"{path} is missing or shorter than {needed} bytes; begin again: restart=True, --restart")
        self.path, self._regions = path, tuple(regions)
        self._fd = os.open(path, os.O_RDWR)

    def write(self, start: int, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Write the events from ``start`` on, an array of each output."""
        for region, array in zip(self._regions, arrays, strict=True):
            if not array.size:
                continue
            left = memoryview(np.ascontiguousarray(array).data).cast("B")
            offset = region.offset + start * region.row
            while left:
                written = os.pwrite(self._fd, left, offset)
                left, offset = left[written:], offset + written

    def read(self, start: int, stop: int, output: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Events start to stop of an output, shape (stop - start, numbers in a row)."""
        region = self._regions[output]
        block = np.empty((stop - start, region.row // dtype.itemsize), dtype=dtype)
        left, offset = memoryview(block.data).cast("B"), region.offset + start * region.row
        while left:
            got = os.preadv(self._fd, [left], offset)
            if not got:
                raise ResumeError(f"{self.path} ended while it was read; begin again: restart=True, --restart")
            left, offset = left[got:], offset + got
        return block

    def sync(self) -> None:
        """Return when what was written is on the disk."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
