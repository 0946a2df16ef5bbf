"""Modules of this folder, and the models of the wrappers in wrappers.cpp."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import isobit as ib

sys.path[:0] = [str(Path(__file__).parent)]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., ib.Model]:
    """Gives the network of a wrapper with its description around it, in which texts are replaced."""
    from wrapped_networks import DESCRIPTIONS, described, network

    def loaded(name: str, old: str = "", new: str = "") -> ib.Model:
        text = DESCRIPTIONS[name]
        assert old in text, f"the description has no {old!r}"
        return ib.load(network(name), wrapper=described(tmp_path, name, text.replace(old, new, 1)))

    return loaded
