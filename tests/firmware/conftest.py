"""Projects that hls4ml writes of networks of the zoo: made once, read by many tests."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "zoo")]


@pytest.fixture(scope="session", name="projects")
def _projects() -> Path:
    from firmware_projects import projects

    return projects()


@pytest.fixture(scope="session", name="small_projects")
def _small_projects() -> Path:
    from firmware_projects import small_projects

    return small_projects()


@pytest.fixture
def changed(projects: Path, tmp_path: Path) -> Callable[[str, Mapping[str, tuple[str, str]]], Path]:
    """A copy of a project with texts replaced: for each file what is there and what takes its place."""

    def change(name: str, texts: Mapping[str, tuple[str, str]]) -> Path:
        folder = tmp_path / name
        shutil.copytree(projects / name, folder)
        for path, (old, new) in texts.items():
            text = (folder / "firmware" / path).read_text()
            assert old in text, f"{path} has no {old!r}"
            (folder / "firmware" / path).write_text(text.replace(old, new, 1))
        return folder

    return change
