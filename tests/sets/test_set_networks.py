"""Networks on sets: every road gives the bits of hls4ml's C-simulation, layer by layer, on arrays and on streams."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from comparison import compare_roads
from set_networks import build, describe

import isobit as ib
from isobit.students import zoo

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

#: tools/sets_run.py takes many more. These have both back ends, arrays and streams, windows, an image, a transposition.
SEEDS = (1, 3, 4)
FRESH = int(os.environ["ISOBIT_FRESH_SEED"])


@pytest.mark.parametrize("seed", [*SEEDS, pytest.param(FRESH, id=f"fresh-{FRESH}")])
def test_every_road_gives_the_bits_of_csim(seed: int) -> None:
    description, subject, x = build(seed)
    result = compare_roads(subject, x)
    assert not result.differences, "\n".join([describe(description), *result.differences])
    assert result.values > 0
    print(f"{describe(description)}: {result.values} values in {result.layers} layers compared, 0 differ")


def test_jet_deepsets(tmp_path: Path) -> None:
    from hls4ml.converters import convert_from_keras_model

    name = "jet_deepsets"
    graph = convert_from_keras_model(zoo.network(name), output_dir=str(tmp_path / "prj"), **zoo.golden_config(name))
    model = ib.load(graph)
    x = zoo.inputs(name, 2000, seed=7)
    layers = ib.csim(model, optimisation="0").trace(x)
    for engine in ("cpp", "numba", "cpp-strict"):
        found = model.trace(x, engine=engine)
        for layer, wanted in layers.items():
            np.testing.assert_array_equal(found[layer].raw, wanted.raw, err_msg=f"{engine}: {layer}")
    assert len(np.unique(layers["output"].raw, axis=0)) > 1900
    assert set(model.plan().lanes.values()).isdisjoint({"wide"})
    model.save(tmp_path / "deepsets.isobit")
    np.testing.assert_array_equal(ib.load(tmp_path / "deepsets.isobit").predict(x), model.predict(x))
