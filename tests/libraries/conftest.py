"""Libraries of small networks, compiled once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from library_networks import FIRST, HIDDEN, SECOND, compiled


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives a library by its name and flags, each compiled once."""
    folder, known = tmp_path_factory.mktemp("libraries"), {}

    def get(name: str, flags: str) -> Path:
        if name not in known:
            known[name] = compiled(folder, name, flags)
        return known[name]

    return get


@pytest.fixture(scope="session")
def clashing(make: Callable[..., Path]) -> list[Path]:
    """Two networks whose symbols clash, as they do without a thought for visibility."""
    return [make("first", FIRST), make("second", SECOND)]


@pytest.fixture(scope="session")
def hidden(make: Callable[..., Path]) -> list[Path]:
    """The same two with hidden symbols."""
    return [make("first_hidden", f"{FIRST} {HIDDEN}"), make("second_hidden", f"{SECOND} {HIDDEN}")]
