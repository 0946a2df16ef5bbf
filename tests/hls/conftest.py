"""Exports that the tests share: each compiled with AMD's headers once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from hls_networks import binary, saturating, wide
from hls_packets import packets
from hls_tables_sets import sets, tables

import isobit as ib
from isobit.model import Graph


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ib.HlsProject]:
    """The export of one of the networks by hand; read it, don't change it."""
    made: tuple[Callable[[], Graph], ...] = (saturating, binary, wide, sets, tables)
    networks = {make.__name__: make for make in made}
    done: dict[str, ib.HlsProject] = {}

    def export(name: str) -> ib.HlsProject:
        if name not in done:
            folder = tmp_path_factory.mktemp("exported") / name
            done[name] = ib.export_hls(ib.Model(networks[name]()), folder, random_events=400)
        return done[name]

    return export


@pytest.fixture(scope="session")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ib.HlsProject]:
    """The export of one of them with streams. What it must give is isobit's definition; benches compare with it."""
    networks = {make.__name__: make for make in (saturating, binary, wide, sets, tables, packets)}

    @lru_cache
    def export(name: str) -> ib.HlsProject:
        model, folder = ib.Model(networks[name]()), tmp_path_factory.mktemp("streamed") / name
        return ib.export_hls(model, folder, io_type="io_stream", oracle="reference", random_events=30)

    return export


@pytest.fixture
def copied(exported: Callable[[str], ib.HlsProject], tmp_path: Path) -> Callable[[str], ib.HlsProject]:
    """A copy of one, to change."""
    from isobit.hls.folder import read_folder

    def copy(name: str) -> ib.HlsProject:
        shutil.copytree(exported(name).folder, tmp_path / name)
        return read_folder(tmp_path / name)

    return copy
