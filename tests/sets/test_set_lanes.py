"""Layers on sets: every road gives the bits of the reference, joined and op by op."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from set_graphs import draw

from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.model import Pooling
from isobit.plan.plan import make_plan

GRAPHS = range(16)


@pytest.mark.oracle(sample=6)
@pytest.mark.parametrize("seed", GRAPHS)
def test_every_road_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = draw(seed)
    few = {name: array[:24] for name, array in inputs.items()}
    wanted = get_engine("reference").run(graph, few, 1)
    strict = get_engine("cpp-strict").run(graph, inputs, 2)
    for op in graph.ops:
        np.testing.assert_array_equal(strict[op.output.name].raw[:24], wanted[op.output.name].raw, err_msg=op.name)
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    for name, road in roads:
        apart, joined = road.run(graph, inputs, 1), road.run_outputs(graph, inputs, 2)
        for op in graph.ops:
            found = apart[op.output.name].raw
            np.testing.assert_array_equal(found, strict[op.output.name].raw, err_msg=f"{name}: {op.name}")
        for output in graph.outputs:
            np.testing.assert_array_equal(joined[output].raw, strict[output].raw, err_msg=f"{name}: {output} joined")


def test_the_graphs_take_the_usual_lanes() -> None:
    """Pointwise convolutions and means seldom go the wide road, and every kind of map is among them."""
    lanes: Counter[tuple[str, str]] = Counter()
    for seed in range(60):
        graph, _ = draw(seed)
        for name, lane in make_plan(graph).lanes.items():
            op = graph.by_name[name]
            lanes[op.function if isinstance(op, Pooling) else op.tag, lane] += 1
    convs = {lane: count for (tag, lane), count in lanes.items() if tag == "pointwise_conv"}
    assert convs.get("wide", 0) <= 0.1 * sum(convs.values()), lanes
    assert {"dot16", "floor32", "mulhi16"} <= set(convs), lanes
    assert all(lane != "wide" for tag, lane in lanes if tag in ("max", "transpose")), lanes
    assert {"dot16", "float64", "int32"} <= {lane for tag, lane in lanes if tag == "average"}, lanes
