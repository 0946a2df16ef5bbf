"""What the tests of the law share: a folder common to all xdist workers, and the C++ law as a program."""

from __future__ import annotations

from pathlib import Path

import pytest
from laws import CppLaw


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for what is made once: the vendor's precompiled header."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "law"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def cpp_law(tmp_path_factory: pytest.TempPathFactory) -> CppLaw:
    """The C++ law, one program per worker."""
    return CppLaw(tmp_path_factory.mktemp("cpp_law"))
