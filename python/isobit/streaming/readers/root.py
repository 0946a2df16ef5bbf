"""ROOT, through uproot: branches of a TTree or fields of an RNTuple; ROOT itself is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError
from isobit.streaming.readers.base import Selection, damaged_file, require
from isobit.streaming.readers.columns import Column, Table, column_of, features

__all__ = ["RootReader", "open_root"]

_NTUPLE = "ROOT::RNTuple"
_TREES = ("TTree", _NTUPLE)


class RootReader:
    """Branches of a TTree, or fields of an RNTuple; see :class:`~isobit.streaming.readers.base.Reader`."""

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
            if (size := path.stat().st_size) < (end := self._file.file.fEND):
                raise DataFileError(f"{path} is not a readable ROOT file: truncated, it has {size} of {end} bytes")
            with damaged_file(path, "ROOT"):
                branches = {name: tree[name] for name in tree.keys(recursive=False)}
                known = {name: self._column(uproot, name, branch, selection) for name, branch in branches.items()}
        except BaseException:
            self._file.close()
            raise
        self._table = Table(self.name, features(self.name, "branch", selection, wanted, known))
        self._branches = [branches[column.name] for column in self._table.columns]
        self.events: int = tree.num_entries
        self.shape: tuple[int, ...] = (self._table.width,)
        self.dtype = self._table.dtype

    def _find_tree(self, uproot: Any, asked: str | None) -> Any:
        with damaged_file(self._path, "ROOT"):
            classes = {key: self._file.classname_of(key) for key in self._file.keys(cycle=False)}
        trees = [key for key, kind in classes.items() if kind in _TREES]
        if asked is not None and asked not in trees:
            others = f" ({asked} is a {classes[asked]})" if asked in classes else ""
            raise DataFileError(f"{self._path} has no tree {asked!r}{others}; it has: {', '.join(trees) or 'none'}")
        if asked is None and len(trees) != 1:
            raise DataFileError(
                f"{self._path} holds {len(trees)} trees ({', '.join(trees) or 'none'}); name one: tree=, --tree"
            )
        with damaged_file(self._path, "ROOT"):
            self._is_ntuple = classes[asked or trees[0]] == _NTUPLE
            return self._file[asked or trees[0]]

    def _column(self, uproot: Any, name: str, branch: Any, selection: Selection) -> Column | str:
        """The column, or in words why it cannot be read."""
        words = f"holds {branch.typename}, not one number (or as many in every event)"
        if self._is_ntuple:
            numbers = _numpy(branch.array(entry_start=0, entry_stop=0))
            if numbers is None:
                return words
            base, shape = numbers.dtype, numbers.shape[1:]
        else:
            kind = branch.interpretation
            if not isinstance(kind, uproot.AsDtype) or kind.to_dtype.names is not None:
                return words
            base, shape = kind.to_dtype.base, kind.to_dtype.shape
        return column_of(name, base, int(np.prod(shape, dtype=np.int64)), selection.booleans)

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        matrix = self._table.empty(stop - start)
        for index, branch in enumerate(self._branches):
            with damaged_file(self._path, "ROOT"):
                if self._is_ntuple:
                    values = _numpy(branch.array(entry_start=start, entry_stop=stop))
                else:
                    values = branch.array(entry_start=start, entry_stop=stop, library="np", array_cache=None)
            self._table.fill(matrix, index, values, start)
        return matrix

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return self._table.label(index[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _numpy(array: Any) -> Any:
    """An awkward array as NumPy's, None where it is ragged."""
    import awkward

    try:
        return awkward.to_numpy(array, allow_missing=False)
    except (TypeError, ValueError):
        return None


def open_root(path: Path, selection: Selection, wanted: str) -> RootReader:
    """Open a ROOT file."""
    return RootReader(path, selection, wanted)
