"""Configurations that hls4ml converts again: formats that are 'auto' are inferred anew, and recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written import differing, firmware_of, network_of

import isobit as ib
from isobit.errors import UnsupportedError
from isobit.lint.rules import fragment_of
from isobit.model.requested import linear_layers
from isobit.sweep import sweep
from isobit.sweep.configuration import configuration_of

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("sweep-reconversion")]

X = np.random.default_rng(6).normal(0.0, 1.5, (300, 5))
#: Configurations in tests/sweep/csim.json.
POINTS = 40
VARY = [
    {"slots": ["fc.weight", "fc.bias"], "type": ["ap_fixed<7,2>", "ap_fixed<12,4>"], "name": "weights"},
    {"conversion": ["retyped", "reconverted"]},
]


@pytest.fixture(scope="module")
def model() -> ib.Model:
    import qkeras  # noqa: F401
    from tensorflow import keras

    keras.utils.set_random_seed(3)
    given = keras.layers.Input((5,), name="x")
    hidden = keras.layers.Dense(4, activation="relu", name="fc")(given)
    return ib.load(keras.Model(given, keras.layers.Dense(2, name="out")(hidden)), granularity="name")


@pytest.fixture(scope="module")
def found(model: ib.Model) -> Any:
    return sweep(model, VARY, X, workers=1)


def test_formats_are_inferred_anew_and_recorded(model: ib.Model, found: Any) -> None:
    assert len(found) == 4 and not any(one.refused for one in found)
    for one in found:
        again = one.point["conversion"] == "reconverted"
        graph = network_of(model, one.changes)
        assert ("fc.accum" in one.inferred) == again
        for key, kind in graph.types().items():
            assert str(kind) == one.inferred.get(key, one.types.get(key, str(model.types[key])))
        rms = np.sqrt(np.mean((ib.Model(graph).predict(X) - model.predict(X)) ** 2))
        assert one.metrics["rms"] == rms
    assert len({one.metrics["bits"] for one in found}) == 4


def test_processes_find_the_same(model: ib.Model, found: Any) -> None:
    assert sweep(model, VARY, X, workers=2).records == found.records


def test_a_linear_activation_gets_the_format_of_its_layer(model: ib.Model) -> None:
    """hls4ml makes a layer of it, which would cast to the format that it had."""
    network = model.source.config.config["KerasModel"]
    fixed = ib.load(network, granularity="model", default_precision="ap_fixed<16,6>")
    types = {"fc.result": "ap_fixed<18,6>", "out.result": "ap_fixed<20,6>"}
    found = fixed.reconvert(configuration_of(fixed, types))
    assert found.layers == fixed.layers
    assert {key: str(found.types[key]) for key in types} == types
    assert np.array_equal(found.predict(X), fixed.with_types(types).predict(X))
    (linear,) = linear_layers(fixed.graph)
    assert fragment_of(types, linear=[linear])["LayerName"] == {
        "fc": {"Precision": {"result": "ap_fixed<18,6>"}},
        "out": {"Precision": {"result": "ap_fixed<20,6>"}},
        "out_linear": {"Precision": {"result": "ap_fixed<20,6>"}},
    }


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("number", range(4))
def test_outputs_and_figures_are_those_of_the_csim(model: ib.Model, found: Any, number: int) -> None:
    one = found.records[number]
    graph = network_of(model, one.changes)
    values, wrong, (outputs,) = differing(firmware_of(model, graph, one.changes), graph, X)
    assert wrong == [] and values >= 300 * 6
    assert np.sqrt(np.mean((outputs - model.predict(X)) ** 2)) == one.metrics["rms"]


def test_a_model_without_keras_is_refused(model: ib.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.isobit")
    found = sweep(ib.load(tmp_path / "m.isobit"), VARY[1:], X, workers=1)
    assert [bool(one.refused) for one in found] == [False, True] or [bool(one.refused) for one in found] == [
        True,
        False,
    ]
    assert any("was loaded from Keras" in one.refused for one in found)
    assert issubclass(UnsupportedError, Exception)


def test_committed_run() -> None:
    """tools/sweep_run.py: random configurations of mugmt_student, retyped and reconverted, in every layer."""
    report = json.loads((Path(__file__).parent / "csim.json").read_text(encoding="utf-8"))
    assert len(report["points"]) >= POINTS
    for one in report["points"]:
        assert one["differing"] == [] and one["figures_equal"] and one["values"] > 0
    assert {one["conversion"] for one in report["points"]} == {"retyped", "reconverted"}
