"""Networks that the tests share: TensorFlow is imported once, each C-simulation compiled once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from api_networks import MIXED, Network, convert, events, hls_config, mixed_keras, small_keras

import isobit as ib


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Network:
    keras = mixed_keras()
    config = hls_config(keras, **{name: dict(entry) for name, entry in MIXED.items()})
    graph = convert(keras, config, tmp_path_factory.mktemp("mixed") / "project")
    return Network(keras, config, graph, ib.load(graph), events(1))


@pytest.fixture(scope="session")
def mixed_csim(mixed: Network) -> ib.CSim:
    return ib.csim(mixed.model, optimisation="0")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Network:
    keras = small_keras()
    config = hls_config(keras, features={"Precision": {"result": "ap_fixed<12,4>"}})
    graph = convert(keras, config, tmp_path_factory.mktemp("small") / "project")
    return Network(keras, config, graph, ib.load(graph), events(2, 60))


@pytest.fixture(scope="session")
def small_csim(small: Network) -> ib.CSim:
    return ib.csim(small.model, optimisation="0")
