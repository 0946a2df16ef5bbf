"""Files of events, read block by block: ``.npy``, ``.npz``, Parquet, HDF5 and ROOT, told apart by suffix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isobit.errors import DataFileError, ShapeError
from isobit.model.ops import Tensor
from isobit.ports import Port
from isobit.streaming.readers.base import Reader, Selection
from isobit.streaming.readers.chain import ChainReader
from isobit.streaming.readers.hdf5 import open_hdf5
from isobit.streaming.readers.npy import open_npy, open_npz
from isobit.streaming.readers.parquet import open_parquet
from isobit.streaming.readers.root import open_root
from isobit.streaming.readers.single import SingleEvent

__all__ = ["READERS", "ChainReader", "Reader", "Selection", "open_input", "require_shape"]

#: Suffix -> how to open such a file, and which selections it knows.
READERS: dict[str, tuple[Callable[[Path, Selection, str], Reader], tuple[str, ...]]] = {
    ".npy": (open_npy, ("columns",)),
    ".npz": (open_npz, ("dataset",)),
    ".parquet": (open_parquet, ("columns",)),
    ".h5": (open_hdf5, ("dataset", "columns")),
    ".hdf5": (open_hdf5, ("dataset", "columns")),
    ".root": (open_root, ("tree", "columns")),
}
#: Those of arrays, which may lack an axis of events.
_ARRAYS = (".npy", ".npz", ".h5", ".hdf5")


def open_input(paths: list[Path], tensor: Tensor | Port, selection: Selection) -> ChainReader:
    """Open the events of one input.

    Parameters
    ----------
    paths
        Files, in the order of their events.
    tensor
        The input; events must have its shape, flattened or not.
    selection
        What to read of each file.

    Raises
    ------
    DataFileError
        For a file that is missing, damaged, of an unknown suffix, or without what is selected.
    ShapeError
        For events of another shape.
    MissingDependencyError
        If the format's library is not installed.
    """
    opened: list[Reader] = []
    try:
        for path in paths:
            opened.append(_open(path, tensor, selection))
        return ChainReader(opened)
    except BaseException:
        for reader in opened:
            reader.close()
        raise


def _open(path: Path, tensor: Tensor | Port, selection: Selection) -> Reader:
    if path.suffix not in READERS and path.is_dir():
        raise DataFileError(f"{path} is a folder, not a readable .npy file or one of {', '.join([*READERS][1:])}")
    if path.suffix not in READERS:
        raise DataFileError(f"{path} has the suffix {path.suffix!r}; allowed for data: {', '.join(READERS)}")
    opener, allowed = READERS[path.suffix]
    for option in ("columns", "dataset", "tree"):
        if getattr(selection, option) is not None and option not in allowed:
            raise DataFileError(
                f"{path}: {option}= is not for {path.suffix} files; allowed there: {', '.join(allowed) or 'none'}"
            )
    if selection.columns is not None and selection.dataset is not None:
        raise DataFileError(f"{path}: columns= and dataset= exclude each other")
    reader: Reader = opener(path, selection, tensor.name)
    if path.suffix in _ARRAYS and selection.columns is None and (reader.events, *reader.shape) == tensor.shape:
        return SingleEvent(reader)
    more = "; choose some: columns=, --columns" if "columns" in allowed and selection.columns is None else ""
    try:
        require_shape(reader, tensor, more)
    except ShapeError:
        reader.close()
        raise
    return reader


def require_shape(reader: Reader, tensor: Tensor | Port, more: str = "") -> None:
    """Check that a reader gives events of an input.

    Raises
    ------
    ShapeError
        Naming both shapes, and what more is to be said.
    """
    if reader.shape not in (tensor.shape, (tensor.size,)) and not (reader.shape == () and tensor.size == 1):
        raise ShapeError(
            f"{reader.name} has shape {(reader.events, *reader.shape)}; input {tensor.name!r} takes "
            f"(events, {', '.join(map(str, tensor.shape))})"
            f"{f' or (events, {tensor.size})' if len(tensor.shape) > 1 else ''}{more}"
        )
