"""What the tests of the law share: the C++ law as a program."""

from __future__ import annotations

import pytest
from laws import CppLaw


@pytest.fixture(scope="session")
def cpp_law(tmp_path_factory: pytest.TempPathFactory) -> CppLaw:
    """The C++ law; the program is compiled once for all workers."""
    return CppLaw(tmp_path_factory.mktemp("cpp_law"))
