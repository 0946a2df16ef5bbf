"""Models and files of events that the streaming tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from streaming_files import one_input, write

import isobit as ib


@pytest.fixture(scope="session")
def model() -> ib.Model:
    return one_input()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, with the same events in every format: ``x.npy``, ``x.h5`` and so on."""
    monkeypatch.chdir(tmp_path)
    for suffix in ("npy", "npz", "h5", "parquet", "root"):
        write(tmp_path / f"x.{suffix}")
    return tmp_path
