"""Exports that the tests share: each is made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hls_lowered import lowered, recurrent
from hls_networks import binary, saturating, wide
from hls_packets import packets
from hls_primitives import positions, primitives
from hls_tables_sets import sets, tables

import isobit as ib
from isobit.hls.folder import read_folder
from isobit.model import Graph
from sharing import once
from tiers import drawn


def _network(make: Callable[[], Graph], kind: str, **options: Any) -> ib.HlsProject:
    """The export of one of the networks by hand, made by whichever worker needs it first."""

    def export(folder: Path) -> None:
        ib.export_hls(ib.Model(make()), folder / make.__name__, **options)

    return read_folder(once(f"{kind}-{make.__name__}", export) / make.__name__)


@pytest.fixture(scope="session")
def exported() -> Callable[[str], ib.HlsProject]:
    """The export of one of the networks by hand; read it, don't change it.

    AMD's headers compute the golden results; of ``sets`` and ``tables``, and of ``recurrent`` and ``lowered``, those of
    one that the run's seed draws.
    """
    made = (saturating, binary, wide, sets, tables, primitives, recurrent, lowered)
    networks = {make.__name__: make for make in made}
    pairs = (["sets", "tables"], ["recurrent", "lowered"])
    left = {name for pair in pairs for name in pair if name not in drawn(pair, 1)}

    def make(name: str) -> ib.HlsProject:
        by_definition = name in left
        few = by_definition or name == "primitives"
        options = {"oracle": "reference"} if by_definition else {}
        return _network(networks[name], "exported", random_events=60 if few else 400, **options)

    return lru_cache(make)


@pytest.fixture(scope="session")
def streamed() -> Callable[[str], ib.HlsProject]:
    """The export of one of them with streams. What it must give is isobit's definition; benches compare with it.

    Layers of `positions` have no reference: there AMD's headers say it, and the emulator.
    """
    made = (saturating, binary, wide, sets, tables, packets, positions, recurrent)
    networks = {make.__name__: make for make in made}
    oracles = {"positions": "vendor"}
    return lru_cache(
        lambda name: _network(
            networks[name], "streamed", io_type="io_stream", oracle=oracles.get(name, "reference"), random_events=30
        )
    )


@pytest.fixture
def copied(exported: Callable[[str], ib.HlsProject], tmp_path: Path) -> Callable[[str], ib.HlsProject]:
    """A copy of one, to change."""

    def copy(name: str) -> ib.HlsProject:
        shutil.copytree(exported(name).folder, tmp_path / name)
        return read_folder(tmp_path / name)

    return copy
