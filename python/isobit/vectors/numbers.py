"""Text files of numbers, one event a line, as hls4ml's test benches read and write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from isobit.errors import DataFileError
from isobit.vectors.printed import STREAM_DIGITS

__all__ = ["Numbers", "read_numbers"]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Numbers:
    """Numbers of a text file.

    Attributes
    ----------
    columns
        For each tensor float64, shape (events, size).
    digits
        For each tensor, the significant digits to which its numbers were written, if that is few: then a number stands
        for all that print so. None: they are written in full.
    """

    columns: tuple[Any, ...]
    digits: tuple[int | None, ...]


def read_numbers(path: Path, lines: Sequence[str], sizes: Sequence[int]) -> Numbers:
    """Read ``tb_input_features.dat``, ``tb_output_predictions.dat``, ``csim_results.log`` and their like.

    Parameters
    ----------
    path
        The file, for errors.
    lines
        Its text. Every line holds the numbers of all tensors one after the other (hls4ml's ``write_test_bench``), or
        of one tensor, in turn (its test bench with several outputs, ``nnet::print_result``). Blank lines and what
        follows a ``#`` are left out.
    sizes
        Numbers of each tensor.

    Raises
    ------
    DataFileError
        With file and line, for what is no number and for another count of numbers.
    """
    rows, written = [], []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if wrong := next((word for word in words if not _NUMBER.fullmatch(word)), None):
            raise DataFileError(f"{path}:{number}: {wrong[:40]!r} is no finite number")
        written.append([_significant(word) for word in words])
        rows.append((number, [float(word) for word in words]))
    if not rows:
        raise DataFileError(f"{path} holds no numbers")
    whole = len(rows[0][1]) == sum(sizes)
    cycle = [sum(sizes)] if whole else list(sizes)
    for place, (number, row) in enumerate(rows):
        wanted = cycle[place % len(cycle)]
        if len(row) != wanted:
            told = f"{len(row)} numbers; expected {wanted}"
            raise DataFileError(f"{path}:{number}: {told}{'' if whole else f' (or {sum(sizes)} on every line)'}")
        if not np.isfinite(row).all():
            raise DataFileError(f"{path}:{number}: a number is beyond the range of float64")
    if len(rows) % len(cycle):
        raise DataFileError(f"{path}:{rows[-1][0]}: the last event is not complete: {len(cycle)} lines make one")
    values = [row for _, row in rows]
    digits = tuple(int(part.max()) for part in _parted(written, sizes, whole))
    few = tuple(number if number <= STREAM_DIGITS else None for number in digits)
    return Numbers(tuple(_parted(values, sizes, whole)), few)


def _parted(rows: Sequence[Sequence[float]], sizes: Sequence[int], whole: bool) -> list[Any]:
    """For each tensor its columns: of every line, or the lines that are its own."""
    if not whole:
        return [np.array(rows[k :: len(sizes)]) for k in range(len(sizes))]
    table, ends = np.array(rows), np.cumsum([0, *sizes])
    return [table[:, a:b] for a, b in pairwise(ends)]


def _significant(word: str) -> int:
    """Digits of a number as it is written; zeros that end a whole number only say how large it is."""
    mantissa = re.split("[eE]", word)[0].lstrip("+-")
    digits = mantissa.replace(".", "") if "." in mantissa else mantissa.rstrip("0")
    return len(digits.lstrip("0")) or 1
