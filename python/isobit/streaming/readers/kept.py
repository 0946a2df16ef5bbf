"""Columns of the data that are carried along unchanged, each separately so that it keeps its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from isobit.errors import DataFileError, ShapeError, TypeMismatchError
from isobit.streaming.readers import READERS, ChainReader, Reader, Selection
from isobit.streaming.writers.layout import Field

__all__ = ["KeptColumns"]


class KeptColumns:
    """Columns that are carried along.

    Parameters
    ----------
    names
        Parquet columns, ROOT branches, HDF5 datasets, arrays of ``.npz``, fields of structured ``.npy`` arrays: numbers
        or booleans, one or a fixed number for each event.
    files, trees
        By input: its files, and the TTree that was chosen. The first input whose files have a column gives it.
    events
        How many there must be.

    Attributes
    ----------
    fields
        The fields that they become in the file of predictions.

    Raises
    ------
    DataFileError, ShapeError
        For a name that no input's files have, that holds something else, or not as many events.
    """

    def __init__(
        self,
        names: Sequence[str],
        files: Mapping[str, Sequence[Path]],
        trees: Mapping[str, str | None],
        events: int,
    ) -> None:
        if isinstance(names, str):
            raise TypeMismatchError(f"keep must be a list of names, got {names!r}")
        if len(set(names)) != len(names):
            raise DataFileError(f"columns to keep must be named once each, got {', '.join(names)}")
        self._readers: list[ChainReader] = []
        self.fields: tuple[Field, ...] = ()
        try:
            for name in names:
                self._readers.append(_find(name, files, trees))
                if self._readers[-1].events != events:
                    raise ShapeError(f"{name!r} to keep has {self._readers[-1].events} events, the inputs {events}")
            pairs = zip(names, self._readers, strict=True)
            self.fields = tuple(Field(name, reader.dtype.newbyteorder("<"), _shape(reader)) for name, reader in pairs)
        except BaseException:
            self.close()
            raise

    def read(self, start: int, stop: int) -> list[npt.NDArray[Any]]:
        """Events start to stop of every column."""
        return [
            reader.read(start, stop).reshape(stop - start, *field.shape)
            for reader, field in zip(self._readers, self.fields, strict=True)
        ]

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers:
            reader.close()


def _shape(reader: ChainReader) -> tuple[int, ...]:
    """Shape of an event; a table says (1,) where it has one number."""
    return () if reader.shape == (1,) else reader.shape


def _find(name: str, files: Mapping[str, Sequence[Path]], trees: Mapping[str, str | None]) -> ChainReader:
    refusals: dict[str, None] = {}  # inputs that read the same files say the same
    for tensor, paths in files.items():
        opened: list[Reader] = []
        try:
            for path in paths:
                opened.append(_open(name, path, trees[tensor]))
            return ChainReader(opened)
        except DataFileError as error:
            refusals[str(error)] = None
            for reader in opened:
                reader.close()
    raise DataFileError(f"{name!r} cannot be kept: {'; '.join(refusals)}")


def _open(name: str, path: Path, tree: str | None) -> Reader:
    opener, allowed = READERS[path.suffix]
    by_dataset = "dataset" in allowed
    kept = Selection(
        None if by_dataset else (name,),
        name if by_dataset else None,
        tree if "tree" in allowed else None,
        booleans=True,
    )
    return opener(path, kept, name)
