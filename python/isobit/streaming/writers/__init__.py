"""Files of predictions: ``.npy``, HDF5, Parquet and ROOT, told apart by suffix."""

from __future__ import annotations

from pathlib import Path

from isobit.errors import DataFileError
from isobit.streaming.writers.base import Layout, Writer, sync_path
from isobit.streaming.writers.hdf5 import Hdf5Writer
from isobit.streaming.writers.npy import NpyWriter
from isobit.streaming.writers.parquet import ParquetWriter
from isobit.streaming.writers.root import RootWriter

__all__ = ["WRITERS", "Layout", "Writer", "check_suffix", "make_writer", "output_files", "sync_path"]

WRITERS: dict[str, type[Writer]] = {
    ".npy": NpyWriter,
    ".h5": Hdf5Writer,
    ".hdf5": Hdf5Writer,
    ".parquet": ParquetWriter,
    ".root": RootWriter,
}


def check_suffix(out: Path) -> None:
    """Refuse a file whose format is not known.

    Raises
    ------
    DataFileError
        With the suffixes that are.
    """
    if out.suffix not in WRITERS:
        raise DataFileError(f"{out} has the suffix {out.suffix!r}; allowed for predictions: {', '.join(WRITERS)}")


def output_files(out: Path) -> list[Path]:
    """The files that there will be: the one asked for, and what is written beside it."""
    check_suffix(out)
    return WRITERS[out.suffix].files(out)


def make_writer(folder: Path, out: Path, layout: Layout) -> Writer:
    """The writer for a file; nothing is written yet."""
    check_suffix(out)
    return WRITERS[out.suffix](folder, out, layout)
