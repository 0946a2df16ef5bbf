"""Let the tests import their neighbours; networks that they share are converted and compiled once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def csim_cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path]:
    """A cache of compiled simulations that is not the user's, shared by the workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "csim-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOBIT_CACHE", str(folder))
        yield folder
