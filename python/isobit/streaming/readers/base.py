"""What every reader of events is, and what they share."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError, IsobitError, MissingDependencyError

__all__ = ["INPUT_FILE", "Reader", "Selection", "damaged_file", "is_numeric", "require"]


#: What to do if a file does not say what belongs to which input.
INPUT_FILE = "name the file of each input: INPUT=FILE, a dict by input name"


@dataclass(frozen=True)
class Selection:
    """What of a file to read.

    Attributes
    ----------
    columns
        Parquet columns, ROOT branches or one-dimensional HDF5 datasets that are the features, in their order; None
        takes all numeric ones.
    dataset
        HDF5 dataset, or array of a ``.npz``; None takes the only one, or the one with the input's name.
    tree
        TTree or RNTuple of a ROOT file; None takes the only one.
    shared
        Whether other inputs read the same file: then the only array or dataset is not taken for granted.
    without
        Columns that are not features unless they are named.
    booleans
        Whether booleans are numbers.
    """

    columns: tuple[str, ...] | None = None
    dataset: str | None = None
    tree: str | None = None
    shared: bool = False
    without: tuple[str, ...] = ()
    booleans: bool = False


@runtime_checkable
class Reader(Protocol):
    """Events of one input of a model, read in blocks. Reading forward is fast, jumping back need not be.

    Attributes
    ----------
    name
        The file and what in it, as errors call it.
    events
        How many there are.
    shape
        Shape of one event.
    dtype
        What :meth:`read` gives.
    """

    name: str
    events: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Events start to stop, native byte order, shape (stop - start, *shape), as a new array.

        Raises
        ------
        DataFileError
            If the file ends early or cannot be decoded.
        """
        ...

    def column(self, index: tuple[int, ...]) -> str:
        """Name a value of an event for an error: ``column 'pt'`` or ``index (0, 2)``."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def is_numeric(dtype: np.dtype[Any], booleans: bool = False) -> bool:
    """Whether it is a dtype that :meth:`isobit.Model.predict` takes: floats and integers of up to 64 bits."""
    return (dtype.kind in "fiu" and dtype.itemsize <= 8) or (booleans and dtype.kind == "b")


def require(module: str, what: str) -> Any:
    """Import an optional library.

    Raises
    ------
    MissingDependencyError
        Naming the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{what} files need {module.split('.')[0]}: pip install 'isobit[files]' ({error})"
        ) from None


@contextmanager
def damaged_file(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a file library raises into one error that names the file."""
    try:
        yield
    except IsobitError:
        raise
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist") from None
    except MemoryError:
        raise
    except Exception as error:  # the libraries raise nearly everything on damaged files
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise DataFileError(f"{path} is not a readable {kind} file, or truncated: {told[0]}") from error
