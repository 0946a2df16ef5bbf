"""ROOT: a TTree ``predictions``, a basket of each branch for each block, uncompressed; the metadata is a TObjString."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import UnsupportedError
from isobit.streaming.readers.base import require
from isobit.streaming.writers.base import Layout
from isobit.streaming.writers.root_times import erase_times
from isobit.streaming.writers.tables import TableWriter

__all__ = ["TREE", "RootWriter"]

TREE = "predictions"


class RootWriter(TableWriter):
    """A branch for each number of each output. The file's UUID comes from its metadata, and it has no times."""

    def __init__(self, folder: Path, out: Path, layout: Layout) -> None:
        super().__init__(folder, out, layout)
        uproot = require("uproot", "ROOT")
        import awkward

        self.libraries = {"uproot": uproot.__version__, "awkward": awkward.__version__}
        self._file: Any = None
        self._tree: Any = None
        for column in self.columns:
            if column.dtype == np.float16:
                raise UnsupportedError(f"ROOT has no 16-bit floats, which {column.name!r} holds; write .h5 or .parquet")

    def begin(self) -> None:
        """See :class:`TableWriter`."""
        import uproot

        name = uuid.UUID(bytes=hashlib.sha256(self.layout.text.encode()).digest()[:16], version=4)
        self._file = uproot.recreate(self.table, compression=None, uuid_function=lambda: name)
        self._file["isobit"] = self.layout.text
        blocks = -(-self.layout.events // self.layout.block)  # with room for all, uproot never moves the tree
        kinds = {
            column.name: np.dtype((column.dtype, (column.length,))) if column.length else column.dtype
            for column in self.columns
        }
        self._tree = self._file.mktree(TREE, kinds, initial_basket_capacity=max(1, blocks))

    def append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        """See :class:`TableWriter`."""
        self._tree.extend(columns)

    def end(self) -> None:
        """See :class:`TableWriter`."""
        self._file.close()
        self._file = self._tree = None
        erase_times(self.table)

    def close(self) -> None:
        """See :class:`Writer`."""
        try:
            if self._file is not None:
                self._file.close()
        finally:
            self._file = self._tree = None
            super().close()
