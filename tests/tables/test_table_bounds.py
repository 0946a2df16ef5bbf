"""Every road computes table ops alike, and bounds hold whatever the formats: on random ops, without hls4ml."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_draws import a_graph, numbers

import isobit as ib
from isobit.bounds.intervals import Range, graph_bounds
from isobit.bounds.refine import refined_bounds
from isobit.engines.exact import vector
from isobit.engines.exact.int64 import fits_int64
from isobit.engines.registry import get_engine
from isobit.engines.wide import compute_wide
from isobit.fixed import FixedArray
from isobit.fixed.assign import Cast, outside_range
from isobit.model.lookup import Lookup
from isobit.plan.plan import make_plan
from isobit.profile.exact import exact_profile
from isobit.witness.search import find_witnesses

EVENTS = 60


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), most=st.sampled_from([8, 20, 45, 110]))
def test_roads_agree(seed: int, most: int) -> None:
    graph = a_graph(seed, most)
    (op,), (tensor,) = graph.lowered.ops, graph.inputs
    raw = numbers(seed, tensor, EVENTS)
    given = {"x": FixedArray.from_raw(raw, tensor.type)}
    wanted = get_engine("reference").run(graph, {"x": given["x"][:25]}, 1)["y"].raw
    found = {
        "objects": vector.compute(op, (tensor,), (raw.astype(object),)),
        "wide": compute_wide(op, (tensor,), (raw,), 2),
        "cpp": get_engine("cpp").run(graph, given, 2)["y"].raw,
        "numba": get_engine("numba").run_outputs(graph, given, 2)["y"].raw,
    }
    if raw.dtype == np.int64 and fits_int64(op, (tensor,)):
        found["int64"] = vector.compute(op, (tensor,), (raw,))
    for road, values in found.items():
        assert values[:25].tolist() == wanted.tolist(), f"{road}: {op}"
        assert values.tolist() == found["objects"].tolist(), f"{road}: {op}"


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_bounds_hold(seed: int, data: st.DataObject) -> None:
    graph = a_graph(seed)
    (op,), (tensor,) = graph.lowered.ops, graph.inputs
    low = high = None
    if data.draw(st.booleans()):  # inputs that keep to a part of their format
        ends = np.sort(numbers(seed + 1, tensor, 2), axis=0)
        low, high = ends
    bounds = graph_bounds(graph, None if low is None else {"x": Range(low, high, tensor.type.fraction)}).ops[op.name]
    raw = numbers(seed, tensor, EVENTS, low, high)
    held: dict[str, Any] = {}

    def tally(slot: str, index: int, cast: Cast) -> None:
        held.setdefault(slot, []).append((index, cast.rounded, outside_range(cast.rounded, cast.type)))

    result = vector.compute(op, (tensor,), (raw.astype(object),), tally)
    assert bounds.result.contains(result), op
    for slot, casts in held.items():
        ranges, overflow = bounds.rounded, bounds.result_overflow
        if slot != "result":
            ranges, overflow = bounds.inner[slot].rounded, bounds.inner[slot].overflow
        elif getattr(op, "function", "") in ("elu", "selu"):
            continue  # each branch counts 0 where the other holds; see test_profile_sees_the_branch_that_holds
        for index, rounded, left in casts:
            assert (rounded >= ranges.low[index]).all() and (rounded <= ranges.high[index]).all(), f"{slot}: {op}"
            assert overflow[index] or not left.any(), f"{slot}: {op}"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_profile_counts_within_the_verdicts(seed: int) -> None:
    graph = a_graph(seed)
    (op,), (tensor,) = graph.lowered.ops, graph.inputs
    raw = numbers(seed, tensor, EVENTS)
    seen, sums = exact_profile(graph, {"x": raw}, 1)[op.name]
    bounds = graph_bounds(graph).ops[op.name]
    assert bounds.rounded.low.astype(object).min() <= seen.held_low.min(), op
    assert bounds.rounded.contains(np.stack([seen.held_low, seen.held_high])), op
    assert not (seen.outside.astype(bool) & ~bounds.result_overflow).any(), op
    for slot, (events, total) in {**seen.inner, "accum": sums}.items():
        assert (events <= EVENTS).all() and (events <= total).all()
        may = bounds.inner[slot].overflow if slot in bounds.inner else np.zeros(op.output.size, dtype=bool)
        assert not (total.astype(bool) & ~may).any(), f"{slot}: {op}"


def test_bounds_of_one_value_are_that_value() -> None:
    """Where every input is known, so is every looked-up result: bounds are not only wide enough."""
    exact = 0
    for seed in range(120):
        graph = a_graph(seed)
        (op,), (tensor,) = graph.lowered.ops, graph.inputs
        raw = numbers(seed, tensor, 1)
        bounds = graph_bounds(graph, {"x": Range(raw[0], raw[0], tensor.type.fraction)}).ops[op.name]
        result = vector.compute(op, (tensor,), (raw.astype(object),))[0]
        if isinstance(op, Lookup) and not op.index.sided:
            assert bounds.result.low.tolist() == bounds.result.high.tolist() == result.tolist(), op
            exact += 1
    assert exact > 30


def jet_like(kind: str = "ap_fixed<16,6>") -> Any:
    """hls4ml's default softmax on five numbers."""
    from isobit.model import Graph, Softmax, Tensor
    from isobit.model.tables import exponential_table, inverse_table

    own, norm, type = (ib.FixedType.parse(text) for text in ("ap_fixed<18,8,RND,SAT>", "ap_ufixed<15,5>", kind))
    tensor, output = Tensor("x", (5,), type), Tensor("y", (5,), ib.FixedType.parse("ap_fixed<16,6>"))
    op = Softmax(
        "soft",
        ("x",),
        output,
        "stable",
        5,
        exp_table=exponential_table("exp_table", 1024, norm, 1.0, True, own),
        inv_table=inverse_table("inv_table", 1024, own, own),
        accum=own,
        inv_inp=own,
        inp_norm=norm,
    )
    return Graph("soft", (tensor,), (op,), ("y",))


def test_certificate_of_a_softmax() -> None:
    """One exponential of a stable softmax is always that of zero, so that its sum and its inverse are bounded."""
    text = str(make_plan(jet_like()))
    assert "soft: int32\n    the maximum of 5 numbers, read where they lie" in text
    assert "soft.inp_norm ap_ufixed<15,5>: may wrap: 5 of 5 neurons, neuron 0 needs 16 bits, not 15" in text
    assert "soft.accum ap_fixed<18,8,AP_RND,AP_SAT>: cannot overflow (14 of 18 bits)" in text
    assert "soft.result ap_fixed<16,6>: cannot overflow (12 of 16 bits)" in text
    narrow = make_plan(jet_like("ap_fixed<14,4>"))
    assert narrow["soft.inp_norm"].safe
    assert refined_bounds(jet_like()).ops["soft"].result.high.tolist() == [1024] * 5


def test_profile_counts_distances_that_wrap() -> None:
    model = ib.Model(jet_like())
    x = np.zeros((4, 5))
    x[0, 0], x[0, 1] = 31.0, -20.0  # 51 apart: more than ap_ufixed<15,5> holds
    found = {f"{o.layer}.{o.slot}": o for o in model.profile(x).overflows}
    assert list(found) == ["soft.inp_norm"]
    assert found["soft.inp_norm"].events.tolist() == [0, 1, 0, 0, 0]


def test_witness_of_a_result() -> None:
    graph = jet_like().with_types({"soft.result": "ap_ufixed<10,0>"})
    plan = make_plan(graph, search=find_witnesses)
    verdict = plan["soft.result"]
    assert not verdict.safe
    assert verdict.witnesses
    for witness in verdict.witnesses:
        assert witness.value == 1 << 10  # exactly one
    assert plan["soft.inp_norm"].witnesses is None  # nobody searched


@pytest.mark.parametrize("function", ["elu", "selu"])
def test_profile_sees_the_branch_that_holds(function: str) -> None:
    from isobit.model import Encoding, Graph, TableActivation, Tensor, Weight
    from isobit.model.tables import function_table

    data, table, one = (ib.FixedType.parse(t) for t in ("ap_fixed<16,6>", "ap_fixed<18,8>", "ap_ufixed<1,1>"))
    param = Weight.from_written("param", [1.0], one, encoding=Encoding.LITERAL) if function == "elu" else None
    output = Tensor("y", (2,), ib.FixedType.parse("ap_fixed<8,3>"))
    op = TableActivation("act", ("x",), output, function, function_table("table", function, 64, table), param)
    model = ib.Model(Graph("one", (Tensor("x", (2,), data),), (op,), ("y",)))
    seen = model.profile(np.array([[-8.0, 3.0], [-4.0, 2.0]])).layers[0]
    assert (seen.held_high[0] < 0) and (seen.held_low[1] > 0)
    assert seen.held_low.tolist() == seen.low.tolist()
