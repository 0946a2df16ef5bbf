"""Fixtures for pytest, loaded where isobit is installed; nothing is imported before a test asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["isobit_csim"]


@pytest.fixture(scope="session")
def isobit_csim() -> Callable[[Any], Any]:
    """C-simulations of models, each compiled once in a session: ``isobit_csim(model).predict(x)``."""
    from isobit.model.file import graph_digest

    known: dict[str, Any] = {}

    def simulation(model: Any) -> Any:
        key = graph_digest(model.graph)
        if key not in known:
            known[key] = model.csim()
        return known[key]

    return simulation
