"""The hls4ml projects and the kernel that these tests share: written and compiled once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sharing import once

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def projects() -> Path:
    """Folders that hls4ml wrote, and NAME.npz with what hls4ml computes with each; read them, don't change them."""

    def make(folder: Path) -> None:
        command = [sys.executable, str(HERE / "make_projects.py"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    return once("csim-projects", make)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of C++ into the test's folder."""

    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write
