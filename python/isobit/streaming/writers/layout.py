"""What a file of predictions holds: outputs, and columns that are carried along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.model.ops import Tensor

__all__ = ["Column", "Field", "Layout"]


@dataclass(frozen=True)
class Field:
    """Some numbers of each event: an output, or a column that is carried along unchanged."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    type: str | None = None

    @property
    def row(self) -> int:
        """Bytes of an event."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


@dataclass(frozen=True)
class Column:
    """A column of a table: a number of a field, or (``number`` is None) all that it has in an event."""

    name: str
    field: int
    number: int | None
    dtype: np.dtype[Any]
    length: int = 0
    type: str | None = None


@dataclass(frozen=True)
class Layout:
    """What is written.

    Attributes
    ----------
    outputs
        The model's output tensors.
    events
        How many events there will be.
    raw
        Raw integers as int64, or values as float64.
    block
        Events in each writing: Parquet's row groups, ROOT's baskets.
    metadata
        The file's metadata: isobit's version, the model's sha256, each output's format. No paths and no
        times, so that equal runs give equal files.
    kept
        Columns of the data that are carried along.
    """

    outputs: tuple[Tensor, ...]
    events: int
    raw: bool
    block: int
    metadata: Mapping[str, Any]
    kept: tuple[Field, ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of every output."""
        return np.dtype("<i8" if self.raw else "<f8")

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Outputs, then what is carried along.

        Raises
        ------
        UnsupportedError
            If two would have one name.
        """
        found = (*(Field(t.name, self.dtype, t.shape, str(t.type)) for t in self.outputs), *self.kept)
        names = [field.name for field in found]
        if twice := [field.name for field in self.kept if names.count(field.name) > 1]:
            raise UnsupportedError(f"{twice[0]!r} cannot be kept beside the model's output of that name")
        return found

    @property
    def rows(self) -> list[int]:
        """Bytes of an event, by field."""
        return [field.row for field in self.fields]

    @property
    def text(self) -> str:
        """The metadata as JSON."""
        return json.dumps(self.metadata, sort_keys=True)

    def columns(self) -> list[Column]:
        """Columns of a table: first those that are carried along, under their names, then one for each number.

        An output of one number has its tensor's name, others ``tensor_0``, ``tensor_1``; with several axes
        ``tensor_0_1``.

        Raises
        ------
        UnsupportedError
            If two columns would have one name.
        """
        found = []
        for place, field in enumerate(self.fields[len(self.outputs) :], len(self.outputs)):
            length = int(np.prod(field.shape, dtype=np.int64)) if field.shape else 0
            found.append(Column(field.name, place, None, field.dtype, length))
        for place, tensor in enumerate(self.outputs):
            for number, index in enumerate(product(*(range(n) for n in tensor.shape))):
                name = tensor.name if tensor.size == 1 else "_".join([tensor.name, *map(str, index)])
                found.append(Column(name, place, number, self.dtype, 0, str(tensor.type)))
        names = [column.name for column in found]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            if twice[0] in {field.name for field in self.kept}:
                raise UnsupportedError(f"{twice[0]!r} cannot be kept beside the column of an output of that name")
            raise UnsupportedError(f"two outputs would give a column {twice[0]!r}; write .h5, where each is a dataset")
        return found
