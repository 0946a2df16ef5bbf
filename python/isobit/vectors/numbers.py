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

__all__ = ["Numbers", "read_numbers"]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
#: Digits that a C++ stream prints unless it is told otherwise, as ``nnet::print_result`` is not.
_STREAM_DIGITS = 6


@dataclass(frozen=True)
class Numbers:
    """Numbers of a text file.

    Attributes
    ----------
    columns
        For each tensor float64, shape (events, size).
    digits
        Significant digits to which they were written, if that is few: then a number stands for all that print so.
        None: they are written in full.
    """

    columns: tuple[Any, ...]
    digits: int | None


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
    rows, digits = [], 0
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if wrong := next((word for word in words if not _NUMBER.fullmatch(word)), None):
            raise DataFileError(f"{path}:{number}: {wrong[:40]!r} is no finite number")
        digits = max(digits, *(_significant(word) for word in words))
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
    if whole:
        table = np.array([row for _, row in rows])
        ends = np.cumsum([0, *sizes])
        columns = [table[:, a:b] for a, b in pairwise(ends)]
    else:
        columns = [np.array([row for _, row in rows[k :: len(sizes)]]) for k in range(len(sizes))]
    return Numbers(tuple(columns), digits if digits <= _STREAM_DIGITS else None)


def _significant(word: str) -> int:
    mantissa = re.split("[eE]", word)[0].lstrip("+-").replace(".", "")
    return len(mantissa.lstrip("0")) or 1
