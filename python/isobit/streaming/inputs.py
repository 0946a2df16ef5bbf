"""Which files or arrays give which input of a model, opened and pinned."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from isobit.data import in_order
from isobit.errors import DataFileError, IsobitError, RangeError, ShapeError, TypeMismatchError
from isobit.fixed.array import FixedArray
from isobit.model.ops import Tensor
from isobit.ports import Port
from isobit.streaming.readers import ChainReader, Reader, Selection, open_input, require_shape
from isobit.streaming.readers.arrays import ArrayReader
from isobit.streaming.readers.kept import KeptColumns

__all__ = ["Files", "Inputs", "is_files", "paths_of", "require_files"]

#: A path, or several whose events follow each other.
Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
#: Bytes at either end of a file that its fingerprint covers.
_END = 1 << 20


class Inputs:
    """The events of every input of a model, read block by block.

    Parameters
    ----------
    tensors
        The inputs.
    data
        Files that hold all inputs; or what :meth:`isobit.Model.predict` takes; or a dict by input name of files, arrays
        or readers.
    columns, dataset, tree
        What to read of files (:class:`~isobit.streaming.readers.Selection`), for all inputs or by input name.
    keep
        Columns that are carried along, and are features only where they are named as such.

    Attributes
    ----------
    events
        How many there are.
    kept
        The columns that are carried along, None if there are none.
    single
        Whether an array of a single event was given, without an axis of events.

    Raises
    ------
    DataFileError, ShapeError, TypeMismatchError, MissingDependencyError
        For files or arrays that do not hold the events of these inputs.
    """

    def __init__(
        self,
        tensors: Sequence[Tensor | Port],
        data: Any,
        columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        dataset: str | Mapping[str, str] | None = None,
        tree: str | Mapping[str, str] | None = None,
        keep: Sequence[str] = (),
    ) -> None:
        self.tensors = tuple(tensors)
        names = [tensor.name for tensor in tensors]
        for value in (columns, dataset, tree):
            if isinstance(value, Mapping) and (unknown := [key for key in value if key not in names]):
                raise TypeMismatchError(f"no input is called {unknown[0]!r}; the model's inputs: {', '.join(names)}")
        given = [data] * len(names) if is_files(data) else in_order(tensors, data)
        self._files = {name: _paths(value) for name, value in zip(names, given, strict=True) if is_files(value)}
        shared = is_files(data) and len(names) > 1
        self._selections = {
            name: Selection(_tuple(_of(columns, name)), _of(dataset, name), _of(tree, name), shared, tuple(keep))
            for name in names
        }
        self._readers: dict[str, ChainReader | ArrayReader] = {}
        self.kept: KeptColumns | None = None
        try:
            for tensor, value in zip(tensors, given, strict=True):
                self._readers[tensor.name] = self._open(tensor, value)
            lengths = {reader.name: reader.events for reader in self._readers.values()}
            if len({reader.events for reader in self._readers.values()}) > 1:
                raise ShapeError(f"the inputs have different numbers of events: {lengths}")
            first = next(iter(self._readers.values()))
            self.events = first.events
            self.single = isinstance(first, ArrayReader) and first.single
            trees = {name: selection.tree for name, selection in self._selections.items()}
            self.kept = KeptColumns(keep, self._files, trees, self.events) if keep else None
        except BaseException:
            self.close()
            raise

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that is read, once."""
        return tuple(dict.fromkeys(Path(path) for paths in self._files.values() for path in paths))

    def _open(self, tensor: Tensor | Port, value: Any) -> ChainReader | ArrayReader:
        selection = self._selections[tensor.name]
        if tensor.name in self._files:
            return open_input(self._files[tensor.name], tensor, selection)
        if (selection.columns, selection.dataset, selection.tree) != (None, None, None):
            raise TypeMismatchError(f"columns=, dataset= and tree= are for files; input {tensor.name!r} is an array")
        if isinstance(value, Reader):
            require_shape(value, tensor)
            return ChainReader([value])
        return ArrayReader(tensor, value)

    def read(self, start: int, stop: int) -> list[Any]:
        """Events start to stop of every input, each of shape (stop - start, *the input's shape)."""
        return [self._readers[t.name].read(start, stop).reshape(stop - start, *t.shape) for t in self.tensors]

    def read_kept(self, start: int, stop: int) -> list[Any]:
        """Events start to stop of every column that is carried along."""
        return [] if self.kept is None else self.kept.read(start, stop)

    def pins(self) -> dict[str, Any]:
        """What identifies the data: size, time of change, ends of every file, and what is read of it."""
        found: dict[str, Any] = {}
        for name, selection in self._selections.items():
            if name not in self._files:
                raise TypeMismatchError(f"input {name!r} is an array; only files can be told apart later")
            for option in ("columns", "dataset", "tree"):
                value = getattr(selection, option)
                found[f"input {name}: {option}"] = list(value) if isinstance(value, tuple) else value
            found[f"input {name}: files"] = len(self._files[name])
            for number, path in enumerate(self._files[name], 1):
                found[f"input {name}: file {number}:"] = _fingerprint(path)
        return found

    def explain(self, error: IsobitError, arrays: Sequence[Any], start: int) -> IsobitError:
        """Name the file, event and column of what a model refused among the events from ``start`` on."""
        for tensor, array in zip(self.tensors, arrays, strict=True):
            if isinstance(array, FixedArray) or array.dtype.kind != "f" or bool((good := np.isfinite(array)).all()):
                continue
            at = tuple(int(i) for i in np.argwhere(~good)[0])
            reader, event = self._readers[tensor.name].locate(start + at[0])
            index = at[1:] if reader.shape == tensor.shape else (int(np.ravel_multi_index(at[1:], tensor.shape)),)
            column = reader.column(index) if reader.shape else "the only column"
            return RangeError(f"{reader.name}: event {event}, {column} is {array[at]}; NaN and infinity are refused")
        with suppress(Exception):  # an error class may want other arguments
            return type(error)(f"events {start} to {start + len(arrays[0]) - 1}: {error}")
        return error

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers.values():
            reader.close()
        if self.kept is not None:
            self.kept.close()


def is_files(data: Any) -> bool:
    """Whether data are a path, or several."""
    if isinstance(data, (list, tuple)):
        return bool(data) and all(isinstance(path, (str, os.PathLike)) for path in data)
    return isinstance(data, (str, os.PathLike))


def require_files(data: Any) -> None:
    """Check that data are files, for all inputs or by input name.

    Raises
    ------
    DataFileError, TypeMismatchError
        If there is none, or if they are arrays.
    """
    for value in data.values() if isinstance(data, Mapping) else [data]:
        if isinstance(value, (list, tuple)) and not value:
            raise DataFileError("no data file is given")
        if not is_files(value):
            raise TypeMismatchError(
                f"data must be paths of files, got {type(value).__name__}; Model.predict takes arrays"
            )


def paths_of(data: Any) -> list[Path]:
    """Every path in what :func:`require_files` takes."""
    values = data.values() if isinstance(data, Mapping) else [data]
    return [path for value in values for path in _paths(value)]


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else value


def _tuple(value: Any) -> tuple[str, ...] | None:
    return None if value is None else (value,) if isinstance(value, str) else tuple(value)


def _paths(value: Any) -> list[Path]:
    return [Path(value)] if isinstance(value, (str, os.PathLike)) else [Path(path) for path in value]


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        digest = hashlib.sha256(file.read(_END))
        file.seek(max(0, status.st_size - _END))
        digest.update(file.read(_END))
    return {"size": status.st_size, "changed at (ns)": status.st_mtime_ns, "checksum of the ends": digest.hexdigest()}
