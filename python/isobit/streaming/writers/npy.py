"""``.npy``: the rows are written into the final file directly. A ``.npy.json`` beside it says what they mean."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import UnsupportedError
from isobit.streaming.writers.base import Layout, Writer, sync_path
from isobit.streaming.writers.flat import Region, regions_after

__all__ = ["NpyWriter"]


class NpyWriter(Writer):
    """One output as an array of shape (events, ...); with columns carried along, a structured array of (events,)."""

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

    @staticmethod
    def files(out: Path) -> list[Path]:
        """See :class:`Writer`."""
        return [out.with_name(out.name + ".json"), out]

    @property
    def _dtype(self) -> np.dtype[Any]:
        if not self.layout.kept:
            return self.layout.dtype
        output, *kept = self.layout.fields
        return np.dtype([(field.name, field.dtype, field.shape) for field in (*kept, output)])

    def rows(self, arrays: Sequence[npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        """See :class:`Writer`."""
        if not self.layout.kept:
            return super().rows(arrays)
        events = np.empty(len(arrays[0]), dtype=self._dtype)
        for field, array in zip(self.layout.fields, arrays, strict=True):
            events[field.name] = array.reshape(len(array), *field.shape)
        return [events]

    def _header(self) -> bytes:
        buffer = io.BytesIO()
        shape = (self.layout.events, *(() if self.layout.kept else self.layout.outputs[0].shape))
        layout: Any = np.lib.format
        descr = layout.dtype_to_descr(self._dtype)
        layout.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
        return buffer.getvalue()

    def regions(self) -> list[Region]:
        """See :class:`Writer`."""
        return regions_after(len(self._header()), [sum(self.layout.rows)], self.layout.events)

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
