"""Read vectors of whatever file: numbers as text, pattern files with a packing, or arrays, Parquet and ROOT."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import DataFileError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.ops import Tensor
from isobit.streaming.inputs import Inputs
from isobit.streaming.readers import READERS
from isobit.vectors.numbers import read_numbers
from isobit.vectors.packing import read_packing, unpack
from isobit.vectors.patterns import is_pattern, read_pattern
from isobit.vectors.printed import printed

__all__ = ["Given", "read_vectors"]

#: Largest text file that is read, in bytes; it is read whole.
_MOST_BYTES = 1 << 31


@dataclass(frozen=True)
class Given:
    """The numbers of a tensor as a file has them.

    Attributes
    ----------
    tensor
        Which tensor.
    values
        Raw integers in the tensor's format (:class:`FixedArray`), or real numbers (float64); shape (events, size).
    digits
        Significant digits to which real numbers were written, if few.
    single
        Whether real numbers were stored as float32.
    """

    tensor: Tensor
    values: Any
    digits: int | None = None
    single: bool = False

    @property
    def events(self) -> int:
        """How many events."""
        return len(self.values.raw if isinstance(self.values, FixedArray) else self.values)

    def differs(self, found: FixedArray) -> Any:
        """Where numbers of the tensor are other ones than these; bool, shape (events, size).

        Raw integers and numbers in full are compared exactly; numbers that were written to a few digits, or stored as
        float32, stand for every number that is written or stored so.

        Parameters
        ----------
        found
            Shape (events, size).
        """
        if isinstance(self.values, FixedArray):
            return np.asarray(np.not_equal(self.values.raw, found.raw), dtype=bool)
        numbers = np.asarray(found.to_float(), dtype=np.float64)
        if self.single:
            return numbers.astype(np.float32) != self.values.astype(np.float32)
        if self.digits is None:
            return numbers != self.values
        differs = numbers != self.values
        for place in np.argwhere(differs):
            at = tuple(place)
            differs[at] = self.values[at] not in printed(float(numbers[at]))
        return differs


def read_vectors(
    path: str | os.PathLike[str],
    tensors: Sequence[Tensor],
    *,
    part: str = "inputs",
    packing: str | os.PathLike[str] | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Given, ...]:
    """Read the numbers of some tensors.

    Parameters
    ----------
    path
        A text file of numbers (``.dat``, ``.txt``, ``.log``); an EMP or APx pattern file, which needs a ``packing``; or
        ``.npy``, ``.npz``, ``.parquet``, ``.h5`` or ``.root``.
    tensors
        Inputs or outputs of a network.
    part
        ``inputs`` or ``outputs``: which part of the packing, and how errors call it.
    packing
        The packing's description (:mod:`isobit.vectors.packing`).
    columns
        For Parquet and ROOT: the columns that are a tensor, by its name.

    Returns
    -------
    For each tensor its numbers.

    Raises
    ------
    DataFileError
        For a file that cannot be read; text with file and line.
    ModelFileError
        For a packing that cannot be read.
    """
    file = Path(path)
    if file.suffix in READERS:
        if packing is not None:
            raise UnsupportedError(f"{file} needs no packing; a packing is for pattern files of hex words")
        return _arrays(file, tensors, columns)
    if not file.is_file():
        raise DataFileError(f"{file} is a folder; expected a file" if file.is_dir() else f"{file} does not exist")
    if file.stat().st_size > _MOST_BYTES:
        raise DataFileError(f"{file} has {file.stat().st_size} bytes; allowed for text are {_MOST_BYTES}")
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataFileError(f"{file} is no text: byte {error.start} is {error.object[error.start]:#04x}") from None
    if is_pattern(lines):
        if packing is None:
            raise UnsupportedError(
                f"{file} is a pattern file; say with packing= where its numbers lie (docs/vectors.md)"
            )
        found = unpack(read_pattern(file, lines), read_packing(Path(packing), part, tensors), tensors)
        return tuple(Given(tensor, array) for tensor, array in zip(tensors, found, strict=True))
    if packing is not None:
        raise UnsupportedError(f"{file} is no pattern file (EMP or APx), so it takes no packing")
    numbers = read_numbers(file, lines, [tensor.size for tensor in tensors])
    parts = zip(tensors, numbers.columns, numbers.digits, strict=True)
    return tuple(Given(tensor, array, digits) for tensor, array, digits in parts)


def _arrays(file: Path, tensors: Sequence[Tensor], columns: Mapping[str, Sequence[str]] | None) -> tuple[Given, ...]:
    named = columns or {}
    chosen = {tensor.name: list(named[tensor.name]) for tensor in tensors if tensor.name in named}
    data: Any = {tensor.name: file for tensor in tensors} if len(tensors) > 1 else file
    source = Inputs(
        tensors, data, columns=(chosen if len(tensors) > 1 else next(iter(chosen.values()))) if chosen else None
    )
    try:
        arrays = source.read(0, source.events)
    finally:
        source.close()
    found = []
    for tensor, array in zip(tensors, arrays, strict=True):
        flat = np.asarray(array).reshape(len(array), tensor.size)
        if flat.dtype.kind == "f" and not np.isfinite(flat).all():
            event, place = (int(k) for k in np.argwhere(~np.isfinite(flat))[0])
            raise DataFileError(f"{file}: event {event}, {tensor.name}[{place}] is {flat[event, place]}")
        found.append(Given(tensor, flat.astype(np.float64), single=flat.dtype == np.float32))
    return tuple(found)
