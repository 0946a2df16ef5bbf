"""Random networks and precisions on every instruction set and every joining of ops, against the reference."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.batch import BatchEngine
from isobit.testing import fixed_arrays, fixed_types, models, precisions

LOOSE = settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def compare(model: ib.Model, inputs: dict[str, ib.FixedArray]) -> None:
    expected = model.run(inputs, "reference")
    outputs = model.graph.outputs
    for name in instruction_sets():
        engine = BatchEngine(name)
        for tensor, values in engine.run(model.graph, inputs, 1).items():
            np.testing.assert_array_equal(values.raw, expected[tensor].raw, err_msg=f"{name} {tensor}")
        for tensor, values in engine.run_outputs(model.graph, inputs, 1).items():
            np.testing.assert_array_equal(values.raw, expected[tensor].raw, err_msg=f"{name}, joined: {tensor}")
        x = [np.ascontiguousarray(inputs[t.name].to_float()) for t in model.graph.inputs]
        if all(t.type.width <= 53 for t in model.graph.inputs):
            straight = engine.predict_floats(model.graph, x, 1, raw=True)
            for tensor, raw in zip(outputs, straight or [], strict=False):
                np.testing.assert_array_equal(raw, expected[tensor].raw, err_msg=f"{name}, from floats: {tensor}")


def test_small_formats() -> None:
    lanes: Counter[str] = Counter()

    @seed(11)
    @LOOSE
    @given(models(max_layers=5), st.data())
    def run(model: ib.Model, data: st.DataObject) -> None:
        tensor = model.graph.inputs[0]
        compare(model, {tensor.name: data.draw(fixed_arrays(tensor.type, (5, tensor.size)))})
        lanes.update(model.plan().lanes.values())

    run()
    assert {"float32", "int32", "dot16", "floor32", "sequential float32"} <= set(lanes), lanes


def test_wide_formats_and_changed_precisions() -> None:
    lanes: Counter[str] = Counter()
    wide = fixed_types(max_width=34, min_fraction=-6, max_fraction=30)

    @seed(12)
    @LOOSE
    @given(models(max_size=9), st.data())
    def run(model: ib.Model, data: st.DataObject) -> None:
        changed = model.with_types(data.draw(precisions(model, types=wide)))
        tensor = changed.graph.inputs[0]
        compare(changed, {tensor.name: data.draw(fixed_arrays(tensor.type, (5, tensor.size)))})
        lanes.update(changed.plan().lanes.values())

    run()
    assert {"float64", "int64", "floor32", "mulhi16", "sequential float64"} <= set(lanes), lanes
