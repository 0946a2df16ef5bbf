"""Networks on sets: every road gives the bits of hls4ml's C-simulation, layer by layer, on arrays and on streams."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads
from set_networks import build, describe

import isobit as ib
from isobit.errors import UnsupportedError
from isobit.students import zoo

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

#: tools/sets_run.py takes many more (sets_run.json). These: a transposition and windows on arrays; an image on streams.
SEEDS = (1, 15)
FRESH = int(os.environ["ISOBIT_FRESH_SEED"])


def accepted(seed: int) -> Any:
    """The network of a seed; a fresh one may be refused by name, as tools/sets_run.py counts, and another follows."""
    for number in range(seed, seed + (10 if seed == FRESH else 1)):
        with contextlib.suppress(*[UnsupportedError] * (seed == FRESH)):
            return build(number)
    raise AssertionError(f"ten draws in a row from {seed} were refused")


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("seed", [*SEEDS, pytest.param(FRESH, id=f"fresh-{FRESH}")])
def test_every_road_gives_the_bits_of_csim(seed: int) -> None:
    description, subject, x = accepted(seed)
    result = compare_roads(subject, x)
    assert not result.differences, "\n".join([describe(description), *result.differences])
    assert result.values > 0
    print(f"{describe(description)}: {result.values} values in {result.layers} layers compared, 0 differ")


def test_jet_deepsets(tmp_path: Path) -> None:
    from hls4ml.converters import convert_from_keras_model

    name = "jet_deepsets"
    graph = convert_from_keras_model(zoo.network(name), output_dir=str(tmp_path / "prj"), **zoo.golden_config(name))
    model = ib.load(graph)
    x = zoo.inputs(name, 300, seed=7)  # tools/sets_run.py takes 2,000, which cost this simulation a minute
    layers = ib.csim(model, optimisation="0").trace(x)
    for engine in ("cpp", "numba", "cpp-strict"):
        found = model.trace(x, engine=engine)
        for layer, wanted in layers.items():
            np.testing.assert_array_equal(found[layer].raw, wanted.raw, err_msg=f"{engine}: {layer}")
    assert len(np.unique(layers["output"].raw, axis=0)) > 280
    assert set(model.plan().lanes.values()).isdisjoint({"wide"})
    model.save(tmp_path / "deepsets.isobit")
    np.testing.assert_array_equal(ib.load(tmp_path / "deepsets.isobit").predict(x), model.predict(x))


def _converted(layers_of: Any, io_type: str = "io_parallel", **entries: Any) -> Any:
    """A Keras model on (6, 4) inputs, converted; ``entries`` are added to the layers' configuration."""
    from isobit.frontends.keras import convert
    from isobit.students.zoo.entry import keras_package

    keras = keras_package()
    inputs = keras.layers.Input((6, 4), name="inputs")
    model = keras.Model(inputs, layers_of(keras.layers, inputs))
    config: dict[str, Any] = {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"}}
    return convert(model, config | {"LayerName": entries}, io_type=io_type)


def test_what_hls4ml_gets_wrong_is_refused() -> None:
    resource = {"Strategy": "Resource", "ReuseFactor": 8}
    with pytest.raises(UnsupportedError, match="reuse factor 8 of layer 'conv' exceeds its 4 channels"):
        ib.load(_converted(lambda keras, x: keras.Conv1D(6, 1, name="conv")(x), conv=resource))
    streamed = ib.load(_converted(lambda keras, x: keras.Conv1D(6, 1, name="conv")(x), "io_stream", conv=resource))
    assert streamed.graph.by_name["conv"].reuse_factor == 8
    with pytest.raises(UnsupportedError, match=r"pool\.accum is ap_fixed<12,5>"):
        accum = {"Precision": {"accum": "fixed<12,5>", "result": "fixed<12,5>"}}
        ib.load(_converted(lambda keras, x: keras.GlobalMaxPooling1D(name="pool")(x), pool=accum))


def test_layers_that_were_not_compared_on_streams_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"'rnn'.*not supported with io_stream"):
        ib.load(_converted(lambda keras, x: keras.SimpleRNN(2, name="rnn")(x), "io_stream"))


def test_copies_of_a_stream_are_the_stream() -> None:
    def fork(keras: Any, x: Any) -> Any:
        x = keras.Conv1D(4, 1, name="conv")(x)
        return [keras.GlobalAveragePooling1D(name="mean")(x), keras.Conv1D(2, 1, name="other")(x)]

    model = ib.load(_converted(fork, "io_stream"))
    assert [model.graph.by_name[name].inputs for name in ("mean", "other")] == [("conv",), ("conv",)]
