"""Damaged files of events on the command line: exit status 2 and one sentence that names the file, no traceback."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isobit.commands import run
from isobit.errors import DataFileError
from isobit.streaming.readers.columns import Column, Table

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "streaming"), str(TESTS / "fuzz")]

import streaming_files as files  # noqa: E402
from mutating import changed_bytes  # noqa: E402


@pytest.mark.parametrize("suffix", ["npy", "npz", "parquet", "root"])
def test_damaged_files_of_events(suffix: str, tmp_path: Path, capsys: Any) -> None:
    rng = random.Random(f"{os.environ['ISOBIT_FRESH_SEED']} {suffix}")
    files.one_input().save(tmp_path / "m.isobit")
    files.write(tmp_path / f"x.{suffix}", files.events(40))
    whole, refused = (tmp_path / f"x.{suffix}").read_bytes(), 0
    for number in range(8):
        path = tmp_path / f"d{number}.{suffix}"
        path.write_bytes(changed_bytes(whole, rng))
        out = ["--out", str(tmp_path / f"y{number}.npy"), "--engine", "cpp-strict"]
        status = run(["predict", str(tmp_path / "m.isobit"), str(path), *out])
        said = capsys.readouterr().err
        assert "Traceback" not in said, said
        assert status in (0, 2)
        if status == 2:
            refused += 1
            assert said.count("error:") == 1, said
            assert path.name in said, said
    assert refused or suffix == "npy"


def test_columns_that_give_other_numbers_than_a_file_declares() -> None:
    """A damaged ROOT file said 7 events and held none: a traceback about shapes."""
    table = Table("d.root:events", [Column("pt", np.dtype("f4")), Column("hits", np.dtype("f4"), 2)])
    rows = table.empty(7)
    table.fill(rows, 0, np.zeros(7, "f4"), 0)
    for index, values in ((0, np.zeros(0, "f4")), (0, np.zeros(8, "f4")), (1, np.zeros(7, "f4"))):
        with pytest.raises(DataFileError, match=rf"d\.root.* is damaged: column .* gives {values.size} values"):
            table.fill(rows, index, values, 0)
    with pytest.raises(DataFileError, match="gives 7 values of object where 7 numbers belong"):
        table.fill(rows, 0, np.full(7, None), 0)
