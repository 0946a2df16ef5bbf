"""Layers on sets: bounds hold, profiles are exact, witnesses overflow."""

from __future__ import annotations

import numpy as np
import pytest
from set_graphs import draw

import isobit as ib
from isobit.bounds.intervals import graph_bounds, measured
from isobit.bounds.refine import refined_bounds
from isobit.engines.cpp.observe import OBSERVER
from isobit.engines.registry import get_engine
from isobit.fixed import FixedType
from isobit.model import Graph, Pooling, Tensor
from isobit.plan.plan import make_plan
from isobit.profile.exact import exact_profile
from isobit.profile.segments import fast_profile
from isobit.witness.search import find_witnesses


@pytest.mark.parametrize("seed", range(16))
def test_bounds_hold(seed: int) -> None:
    graph, inputs = draw(seed)
    values = get_engine("cpp-strict").run(graph, inputs, 1)
    counted = exact_profile(graph, {"x": inputs["x"].raw}, 1)
    for bounds in (graph_bounds(graph), graph_bounds(graph, measured(graph, inputs)), refined_bounds(graph)):
        for op in graph.ops:
            assert bounds.tensors[op.output.name].contains(values[op.output.name].raw), op.name
            if op.name not in counted:
                continue
            seen, sums = counted[op.name]
            assert not (seen.outside.astype(bool) & ~bounds.ops[op.name].result_overflow).any(), op.name
            overflow = getattr(bounds.ops[op.name], "accum_overflow", None)
            if overflow is not None:
                assert not (sums[1].astype(bool) & ~overflow).any(), op.name


def test_fast_profiles_are_the_exact_ones() -> None:
    taken = 0
    for seed in range(40):
        graph, inputs = draw(seed)
        raw = {"x": inputs["x"].raw}
        fast = fast_profile(graph, raw, 1, OBSERVER)
        if fast is None:  # wide formats, or overflows that no lane counts
            continue
        taken += 1
        exact = exact_profile(graph, raw, 1)
        for name, (seen, sums) in fast.items():
            for part in ("low", "high", "held_low", "held_high", "lossy", "outside"):
                np.testing.assert_array_equal(getattr(seen, part), getattr(exact[name][0], part), f"{name}.{part}")
            if sums.size:
                np.testing.assert_array_equal(sums, exact[name][1], name)
    assert taken >= 3


def test_witnesses_overflow() -> None:
    found = asked = 0
    for seed in range(4):
        graph, _ = draw(seed)
        witnesses = find_witnesses(graph, rounds=6)
        found, asked = found + len(witnesses), asked + len(witnesses) + len(witnesses.open)
        for witness in list(witnesses)[:20]:
            _, sums = exact_profile(graph, {"x": witness.inputs["x"].raw}, 1)[witness.layer]
            seen = exact_profile(graph, {"x": witness.inputs["x"].raw}, 1)[witness.layer][0]
            happened = sums[1] if witness.slot == "accum" else seen.outside
            assert happened[witness.neuron], witness
    assert found > 0.6 * asked


def test_a_mean_is_cut_toward_zero_by_any_number_of_positions() -> None:
    """Division becomes a multiplication; proven here by trying every number of the accumulator."""
    kind = FixedType.parse("ap_fixed<10,10>")
    every = np.arange(kind.raw_min, kind.raw_max + 1)[:, None]
    for positions in (1, 2, 3, 5, 6, 7, 8, 12, 31):
        source = Tensor("x", (positions, 1), kind)
        wide = FixedType.parse("ap_fixed<16,16>")
        op = Pooling(
            "mean", ("x",), Tensor("mean", (1,), wide), "average", "parallel", wide, 1, positions, 1, positions
        )
        graph = Graph("mean", (source,), (op,), ("mean",))
        raw = np.concatenate([every, np.zeros((len(every), positions - 1), dtype=np.int64)], axis=1)
        raw[:, -1] = every[:, 0]
        inputs = {"x": ib.FixedArray.from_raw(raw, kind)}
        total = raw.sum(axis=1)
        for engine in ("cpp", "numba", "cpp-strict"):
            found = get_engine(engine).run(graph, inputs, 1)["mean"].raw[:, 0]
            np.testing.assert_array_equal(found, np.trunc(total / positions).astype(np.int64))
        assert make_plan(graph).lanes["mean"] != "wide"
