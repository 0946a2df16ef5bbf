"""ROOT, through uproot: branches of a TTree, basket by basket; ROOT itself is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import Selection, damaged_file, require
from isobit.streaming.readers.columns import Column, Table, choose, column_of

__all__ = ["RootReader", "open_root"]


class RootReader:
    """Branches of a TTree; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, path: Path, selection: Selection, wanted: str) -> None:
        uproot = require("uproot", "ROOT")
        self._path = path
        with damaged_file(path, "ROOT"):
            if not path.exists():
                raise FileNotFoundError(path)
            # Reads instead of a memory map, whose pages would count as ours; no caches: each event is read once.
            self._file = uproot.open(
                path, handler=uproot.MultithreadedFileSource, num_workers=1, object_cache=None, array_cache=None
            )
        try:
            tree = self._find_tree(uproot, selection.tree)
            self.name = f"{path}:{tree.name}"
            with damaged_file(path, "ROOT"):
                known = {branch.name: _column(uproot, branch) for branch in tree.branches}
        except BaseException:
            self._file.close()
            raise
        if selection.columns is None and isinstance(known.get(wanted), Column):
            known = {wanted: known[wanted]}  # one branch of arrays, called as the input
        self._table = Table(self.name, choose(self.name, "branch", selection.columns, known))
        self._branches = [tree[column.name] for column in self._table.columns]
        self.events: int = tree.num_entries
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype

    def _find_tree(self, uproot: Any, asked: str | None) -> Any:
        with damaged_file(self._path, "ROOT"):
            classes = {key: self._file.classname_of(key) for key in self._file.keys(cycle=False)}
        trees = [key for key, kind in classes.items() if kind == "TTree"]
        if asked is not None and asked not in trees:
            others = f" ({asked} is a {classes[asked]})" if asked in classes else ""
            raise DataFileError(f"{self._path} has no TTree {asked!r}{others}; it has: {', '.join(trees) or 'none'}")
        if asked is None and len(trees) != 1:
            raise DataFileError(
                f"{self._path} holds {len(trees)} TTrees ({', '.join(trees) or 'none'}); name one: tree=, --tree"
            )
        with damaged_file(self._path, "ROOT"):
            return self._file[asked or trees[0]]

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        matrix = self._table.empty(stop - start)
        for index, branch in enumerate(self._branches):
            with damaged_file(self._path, "ROOT"):
                values = branch.array(entry_start=start, entry_stop=stop, library="np", array_cache=None)
            self._table.fill(matrix, index, values, start)
        return matrix

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _column(uproot: Any, branch: Any) -> Column | str:
    """The column, or in words why it cannot be read."""
    kind = branch.interpretation
    if not isinstance(kind, uproot.AsDtype) or kind.to_dtype.names is not None:
        return f"holds {branch.typename or kind}, not one number (or as many in every event)"
    base, shape = kind.to_dtype.base, kind.to_dtype.shape
    return column_of(branch.name, base, int(np.prod(shape, dtype=np.int64)))


def open_root(path: Path, selection: Selection, wanted: str) -> RootReader:
    """Open a ROOT file."""
    return RootReader(path, selection, wanted)
