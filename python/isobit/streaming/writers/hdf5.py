"""HDF5: the file is made whole at the start, its contiguous datasets are filled in place.

The HDF5 library is only at work before the first row, so that nothing that it does could be cut off by a kill.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isobit.errors import ResumeError
from isobit.streaming.readers.base import require
from isobit.streaming.writers.base import Layout, Writer
from isobit.streaming.writers.flat import Region
from isobit.streaming.writers.layout import Field

__all__ = ["Hdf5Writer"]


class Hdf5Writer(Writer):
    """Each output a dataset of shape (events, ...), with its format as the attribute ``type``."""

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        super().__init__(folder, out, layout)
        h5py = require("h5py", "HDF5")
        self.libraries = {"h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version}

    @property
    def staged(self) -> Path:
        """See :class:`Writer`."""
        return self.folder / "rows.h5"

    def lay_out(self) -> list[Region]:
        """See :class:`Writer`."""
        import h5py

        try:
            with h5py.File(self.staged, "w", libver=("earliest", "v110"), track_order=False) as file:
                for key, value in self.layout.metadata.items():
                    file.attrs[key] = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                return self._regions([self._dataset(file, field) for field in self.layout.fields])
        except RuntimeError as error:  # what the library says about the disk, somewhere in a long line
            reason = re.search(r"error message = '([^']*)'", str(error))
            raise OSError(reason[1] if reason else str(error)) from error

    def _dataset(self, file: Any, field: Field) -> int:
        """Make an empty contiguous dataset; returns where its rows begin."""
        import h5py

        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_layout(h5py.h5d.CONTIGUOUS)
        how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        how.set_obj_track_times(False)
        kind = h5py.h5t.py_create(field.dtype, logical=True)
        space = h5py.h5s.create_simple((self.layout.events, *field.shape))
        links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
        links.set_create_intermediate_group(True)  # a column that is carried along may lie in a group
        dataset = h5py.h5d.create(file.id, None, kind, space, how)
        h5py.h5o.link(dataset, file.id, field.name.encode(), lcpl=links)
        if field.type is not None:
            h5py.Dataset(dataset).attrs["type"] = field.type
        return _offset(dataset)

    def _regions(self, offsets: Sequence[int]) -> list[Region]:
        return [Region(offset, row) for offset, row in zip(offsets, self.layout.rows, strict=True)]

    def regions(self) -> list[Region]:
        """See :class:`Writer`."""
        import h5py

        try:
            with h5py.File(self.staged, "r") as file:
                return self._regions([_offset(file[field.name].id) for field in self.layout.fields])
        except (OSError, KeyError) as error:
            raise ResumeError(
                f"{self.staged} is missing or damaged ({error}); begin again: restart=True, --restart"
            ) from None

    def complete(self) -> dict[Path, Path]:
        """See :class:`Writer`."""
        self.flat.sync()
        return {self.staged: self.out}


def _offset(dataset: Any) -> int:
    """Where the rows of a contiguous dataset begin, in bytes; without events nowhere, which is called 0."""
    return int(dataset.get_offset() or 0)
