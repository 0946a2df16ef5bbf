"""``.npy``: the rows lie in the final file from the first on. What it means stands in a ``.npy.json`` beside it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.streaming.writers.base import Layout, Writer, sync_path
from isobit.streaming.writers.flat import Region, regions_after

__all__ = ["NpyWriter"]


class NpyWriter(Writer):
    """One output as an array of shape (events, ...)."""

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        super().__init__(folder, out, layout)
        if len(layout.outputs) != 1:
            names = ", ".join(tensor.name for tensor in layout.outputs)
            raise UnsupportedError(
                f"the model has {len(layout.outputs)} outputs ({names}) and a .npy file holds one; write .h5, .parquet "
                "or .root"
            )

    @property
    def staged(self) -> Path:
        """See :class:`Writer`."""
        return self.folder / "rows.npy"

    @property
    def targets(self) -> list[Path]:
        """See :class:`Writer`."""
        return [self.out.with_name(self.out.name + ".json"), self.out]

    def _header(self) -> bytes:
        buffer = io.BytesIO()
        shape = (self.layout.events, *self.layout.outputs[0].shape)
        layout: Any = np.lib.format
        descr = layout.dtype_to_descr(self.layout.dtype)
        layout.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
        return buffer.getvalue()

    def regions(self) -> list[Region]:
        """See :class:`Writer`."""
        return regions_after(len(self._header()), self.layout.rows, self.layout.events)

    def lay_out(self) -> list[Region]:
        """See :class:`Writer`."""
        (region,) = self.regions()
        with self.staged.open("wb") as file:
            file.write(self._header())
            file.truncate(region.offset + region.row * self.layout.events)
        return [region]

    def complete(self) -> dict[Path, Path]:
        """See :class:`Writer`."""
        self.flat.sync()
        note = self.folder / "rows.json"
        note.write_text(self.layout.text + "\n")
        sync_path(note)
        return dict(zip((note, self.staged), self.targets, strict=True))
