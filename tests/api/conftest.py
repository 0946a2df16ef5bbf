"""Networks that the tests share: TensorFlow is imported once, each C-simulation compiled once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from api_networks import MIXED, Network, convert, events, hls_config, mixed_keras, small_keras

import isobit as ib


@pytest.fixture(scope="session")
def csim_cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path]:
    """A cache of compiled simulations that is not the user's, shared by the workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "csim-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOBIT_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Network:
    keras = mixed_keras()
    config = hls_config(keras, **{name: dict(entry) for name, entry in MIXED.items()})
    graph = convert(keras, config, tmp_path_factory.mktemp("mixed") / "project")
    return Network(keras, config, graph, ib.load(graph), events(1))


@pytest.fixture(scope="session")
def mixed_csim(mixed: Network, csim_cache: Path) -> ib.CSim:
    return ib.csim(mixed.model, optimisation="0")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Network:
    keras = small_keras()
    config = hls_config(keras, features={"Precision": {"result": "ap_fixed<12,4>"}})
    graph = convert(keras, config, tmp_path_factory.mktemp("small") / "project")
    return Network(keras, config, graph, ib.load(graph), events(2, 60))


@pytest.fixture(scope="session")
def small_csim(small: Network, csim_cache: Path) -> ib.CSim:
    return ib.csim(small.model, optimisation="0")
