"""hls4ml's compiled C-simulation against every road, on networks of tables and on a network of the trigger.

One random network a run; many more once, with tools/tables_run.py (tests/tables/tables_run.json).
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from comparison import compare_roads
from table_networks import FUNCTIONS, SOFTMAXES, build

import isobit as ib
from isobit.engines.registry import get_engine
from isobit.students import zoo

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]


def test_every_road_gives_the_bits_of_csim() -> None:
    model, x = build(0)
    result = compare_roads(model, x)
    assert not result.differences, "\n".join(result.differences)
    assert result.layers == 3 + len(FUNCTIONS) + len(SOFTMAXES) + 2
    # Most layers tell their inputs apart, and saturate or wrap on some.
    traced = model.trace(x)
    assert sum(len(set(array.raw.ravel().tolist())) > 8 for array in traced.values()) >= 9
    assert len({count.layer for count in model.profile(x).overflows}) >= 4


def test_jet_mlp_to_its_softmax(tmp_path: Path) -> None:
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()):
        graph = hls4ml.converters.convert_from_keras_model(
            zoo.network("jet_mlp"), output_dir=str(tmp_path), **zoo.golden_config("jet_mlp")
        )
    model = ib.load(graph)
    x = zoo.inputs("jet_mlp", 200, 0)
    result = compare_roads(model, x)
    assert not result.differences, "\n".join(result.differences)
    # The layers before the softmax take floats as they come.
    for name in ("cpp", "numba"):
        straight = get_engine(name).predict_floats(model.graph, [np.ascontiguousarray(x)], 1)
        assert straight is not None
        assert np.array_equal(straight[0], model.predict(x, engine="cpp-strict"))
    plan = model.plan()
    assert plan.lanes["softmax"] == "int32"
    assert all(plan[f"softmax.{slot}"].safe for slot in ("accum", "inv_inp", "result"))


def test_the_large_run_found_nothing() -> None:
    """What tools/tables_run.py recorded."""
    report = json.loads((Path(__file__).parent / "tables_run.json").read_text())
    assert report["networks_with_differences"] == []
    assert report["networks"] >= 13
    assert report["values_compared"] > 50_000_000
