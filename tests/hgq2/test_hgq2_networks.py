"""HGQ2 networks that hls4ml converts: every road gives the bits of hls4ml's C-simulation, layer by layer.

tools/hgq2_run.py takes many more (runs/).
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads
from hgq2_networks import KINDS, build, built, quantizers

import isobit as ib
from isobit.errors import ModelFileError, UnsupportedError
from isobit.frontends.keras import convert

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

FRESH = int(os.environ["ISOBIT_FRESH_SEED"])
#: By kind, a network that has elements without bits, and (where the kind can) signed elements beside unsigned ones.
TELLING = {"dense": 2, "attention": 1}


def check(kind: str, seed: int) -> Any:
    """Compare a network; one that hls4ml or isobit refuses by name is followed by another."""
    for other in range(seed, seed + 5):
        try:
            what, _, subject, data = build(kind, other)
            break
        except UnsupportedError as reason:
            print(f"{kind} {other}: {reason}")
    result = compare_roads(subject, data if len(data) > 1 else data[0])
    assert not result.differences, "\n".join([what, *result.differences])
    assert result.values > 0
    print(f"{what}: {result.values} values in {result.layers} layers compared, 0 differ")
    return subject


@pytest.mark.parametrize("kind", TELLING)
def test_every_road_gives_the_bits_of_csim(kind: str) -> None:
    subject = check(kind, TELLING[kind])
    elements = [op for op in subject.graph.ops if op.tag == "quantizer"]
    assert elements
    if kind == "dense":
        assert any(0 in op.width for op in elements)
        assert any(len(set(op.signed)) > 1 for op in elements)
    assert "wide" not in subject.plan().lanes.values()


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_network(kind: str) -> None:
    check(kind, FRESH)


@pytest.fixture(scope="module")
def network() -> tuple[Any, Any, Any]:
    """A Keras model, isobit's, and events."""
    _, model, data = built("dense", 0)
    return model, ib.load(model), data[0]


def test_what_users_call(network: tuple[Any, Any, Any], tmp_path: Path) -> None:
    """From the Keras model to a check of all layers, a file, a profile and an export."""
    keras_model, model, x = network
    assert model.graph.by_name["qdense0_iq"].tag == "quantizer"
    wanted = np.asarray(keras_model(x))
    for engine in ("auto", "cpp", "cpp-strict", "reference"):
        np.testing.assert_array_equal(model.predict(x, engine=engine), wanted)
    result = ib.check(model, x, against=("csim", "cpp", "reference"), keras_model=keras_model)
    assert result.ok, str(result)
    model.save(tmp_path / "net.isobit")
    np.testing.assert_array_equal(ib.load(tmp_path / "net.isobit").predict(x), wanted)
    assert ib.export_hls(model, tmp_path / "hls", test_vectors=x[:100]).run_test_bench("isobit").ok
    assert str(model.plan()) and str(model.profile(x))


def test_a_model_graph_is_the_same_network(network: tuple[Any, Any, Any]) -> None:
    keras_model, model, _ = network
    other = ib.load(convert(keras_model))
    assert other.graph.ops == model.graph.ops


def test_files(network: tuple[Any, Any, Any], tmp_path: Path) -> None:
    """A file that Keras 3 writes is the same network; absurd widths and layers larger than the file are refused."""
    import keras

    keras_model, model, _ = network
    keras_model.save(file := tmp_path / "net.keras")
    assert ib.load(file).graph.ops == model.graph.ops
    with zipfile.ZipFile(file) as archive:
        config, weights = archive.read("config.json"), archive.read("model.weights.h5")

    def written(document: bytes) -> Path:
        with zipfile.ZipFile(other := tmp_path / "other.keras", "w") as out:
            out.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
            out.writestr("config.json", document)
            out.writestr("model.weights.h5", weights)
        return other

    with pytest.raises(ModelFileError, match="more numbers"):
        ib.load(written(re.sub(rb'"units": \d+', b'"units": 1000000000', config)))
    with pytest.raises(UnsupportedError, match="module 'os'"):
        ib.load(written(config.replace(b'"hgq.layers.core.dense"', b'"os"')))
    with pytest.raises(ModelFileError, match="Keras 3 wrote it as HDF5"):
        keras_model.save(tmp_path / "net.h5")
        ib.load(tmp_path / "net.h5")
    inner = quantizers(keras_model.layers[1])[0].quantizer
    kept = np.array(inner._f)
    inner._f.assign(kept + 1000)
    keras_model.save(file := tmp_path / "wide.keras")
    inner._f.assign(kept)
    with pytest.raises(ModelFileError, match="more than 128 bits"):
        ib.load(file)


def test_distributed_arithmetic() -> None:
    """hls4ml fuses the quantisers into the adder trees; elements without bits are zero there."""
    what, model, data = built("dense", 2)
    subject = ib.load(
        model, hls_config={"Model": {"Precision": "ap_fixed<16,6>", "Strategy": "distributed_arithmetic"}}
    )
    layers = [op for op in subject.graph.ops if op.tag == "distributed_dense"]
    assert any("" in op.elements for op in layers)
    assert len({kind for op in layers for kind in op.elements}) > 5
    result = compare_roads(subject, data[0])
    assert not result.differences, "\n".join([what, *result.differences])
