"""A witness really overflows; the search is repeatable, keeps within the inputs' bounds, and finds what is there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import SMALL, graphs, number
from hypothesis import HealthCheck, given, seed, settings
from observing import observe
from test_intervals import FEW, every_input

from isobit.bounds.intervals import DotBounds, Range, graph_bounds
from isobit.bounds.ranges import lowest
from isobit.bounds.refine import refined_bounds
from isobit.fixed import FixedType
from isobit.model import Dense, Graph, Tensor
from isobit.witness.margins import AccumMargins, Margins
from isobit.witness.search import MayOverflow, Witness, find_witnesses, may_overflow

RECORD = Path(__file__).with_name("witness_share.json")


def example(count: int) -> Any:
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def really_overflows(graph: Graph, witness: Witness) -> bool:
    """Computed anew from the network's inputs, on Python integers."""
    inputs = {name: array.raw for name, array in witness.inputs.items()}
    for op, _, _, counted in observe(graph, inputs):
        if op.name == witness.layer:
            return witness.slot in counted and bool(counted[witness.slot][0, witness.neuron])
    raise AssertionError(f"no layer is called {witness.layer}")


@seed(21)
@example(40)
@given(graphs(max_layers=4, kinds=SMALL, max_size=4))
def test_every_witness_overflows_and_says_by_how_much(graph: Graph) -> None:
    bounds = refined_bounds(graph)
    found = find_witnesses(graph, bounds, rounds=4)
    assert sorted(map(str, [*map(key, found), *found.open])) == sorted(map(str, may_overflow(bounds)))
    for witness in found:
        assert really_overflows(graph, witness)
        kind = witness.type
        assert graph.types()[f"{witness.layer}.{witness.slot}"] == kind
        assert not lowest(kind) <= witness.value <= kind.raw_max
        assert witness.fraction == kind.fraction
        negative = witness.value < 0 and not kind.signed
        assert witness.bits_needed > kind.width or negative or witness.value == kind.raw_min  # SAT_SYM's minimum
        of = bounds.ops[witness.layer]
        around = of.rounded if witness.slot == "result" else None
        if around is not None:
            assert around.low[witness.neuron] <= witness.value <= around.high[witness.neuron]


def key(witness: Witness) -> MayOverflow:
    return MayOverflow(witness.layer, witness.slot, witness.neuron)


@seed(22)
@example(40)
@given(graphs(kinds=FEW, inputs=FEW, layers=("dense", "batchnorm", "relu", "leaky_relu")))
def test_a_single_layer_has_a_witness_for_what_overflows(graph: Graph) -> None:
    """Every input tried: what can overflow is found, and nothing else."""
    ((op, _, _, counted),) = observe(graph, every_input(graph))
    real = {
        MayOverflow(op.name, slot, int(n))
        for slot, outside in counted.items()
        for n in np.flatnonzero(outside.any(axis=0))
    }
    assert {key(witness) for witness in find_witnesses(graph, rounds=12)} == real


def deep() -> Graph:
    """Two layers whose bounds are met at corners of the input only."""
    rng = np.random.default_rng(5)
    kind, accum = FixedType(10, 4), FixedType(13, 5)
    ops, source, size = [], "x", 6
    for name, n_out in (("fc1", 8), ("fc2", 5)):
        weight = number("weight", rng.integers(-60, 61, (size, n_out)), FixedType(8, 2))
        bias = number("bias", rng.integers(-9, 10, n_out), FixedType(8, 2))
        ops.append(Dense(name, (source,), Tensor(f"{name}_out", (n_out,), accum), weight, bias, accum))
        source, size = f"{name}_out", n_out
    return Graph("deep", (Tensor("x", (6,), kind),), tuple(ops), (source,))


def test_the_same_seed_gives_the_same_witnesses() -> None:
    graph = deep()
    first, second, other = (find_witnesses(graph, rounds=3, seed=number_) for number_ in (1, 1, 2))
    assert len(first) > 5
    assert [(str(w), w.value, w.inputs["x"].raw.tolist()) for w in first] == [
        (str(w), w.value, w.inputs["x"].raw.tolist()) for w in second
    ]
    assert [w.inputs["x"].raw.tolist() for w in first] != [w.inputs["x"].raw.tolist() for w in other]


def test_witnesses_lie_within_the_bounds_of_the_inputs() -> None:
    graph = deep()
    given_ = {"x": Range(np.array([-200, 0, 5, -300, 7, -512]), np.array([300, 0, 400, 100, 511, 511]), 6)}
    found = find_witnesses(graph, graph_bounds(graph, given_))
    assert len(found) > 3
    for witness in found:
        assert given_["x"].contains(witness.inputs["x"].raw)
        assert really_overflows(graph, witness)


def test_what_a_witness_says() -> None:
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (1,), FixedType(12, 12)),
        number("weight", [[3], [-4]], FixedType(4, 4)),
        number("bias", [0], FixedType(4, 4)),
        FixedType(6, 6),
    )
    graph = Graph("one", (Tensor("x", (2,), FixedType(4, 4)),), (op,), ("y",))
    found = find_witnesses(graph)
    assert found.share == 1.0
    assert str(found) == "1 of 1 'may overflow' verdicts have a witness"
    (witness,) = found
    assert str(witness) == "fc.accum ap_fixed<6,6>: neuron 0 needs 7 bits, not 6"
    assert witness.value in range(32, 54) or witness.value in range(-53, -32)
    assert witness.inputs["x"].raw.shape == (1, 2)


def test_no_witness_where_there_is_none() -> None:
    """Intervals cannot see that x - x is 0; the search finds nothing and says so."""
    kind = FixedType(8, 8)
    weights = ([[1, 1]], [[9], [-9]])
    copy, difference = (
        Dense(
            name,
            (source,),
            Tensor(f"{name}_out", (np.shape(w)[1],), kind),
            number("weight", w, kind),
            number("bias", [0] * np.shape(w)[1], kind),
            kind,
        )
        for name, source, w in zip(("copy", "diff"), ("x", "copy_out"), weights, strict=True)
    )
    graph = Graph("cancels", (Tensor("x", (1,), FixedType(4, 4)),), (copy, difference), ("diff_out",))
    limits = {"x": Range(np.array([-8]), np.array([7]), 0)}
    bounds = graph_bounds(graph, limits)
    of = bounds.ops["diff"]
    assert isinstance(of, DotBounds)
    assert may_overflow(bounds) == [MayOverflow("diff", "accum", 0)]
    found = find_witnesses(graph, bounds, rounds=10)
    assert found.open == (MayOverflow("diff", "accum", 0),)
    assert found.share == 0.0
    assert may_overflow(refined_bounds(graph, limits)) == []


def test_nothing_to_witness() -> None:
    kind = FixedType(20, 20)
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (1,), kind),
        number("weight", [[1]], FixedType(4, 4)),
        number("bias", [0], FixedType(4, 4)),
        kind,
    )
    found = find_witnesses(Graph("calm", (Tensor("x", (1,), FixedType(4, 4)),), (op,), ("y",)))
    assert (len(found), found.open, found.share) == (0, (), 1.0)


def one_input(bias: int) -> Graph:
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (1,), FixedType(12, 12)),
        number("weight", [[1]], FixedType(4, 4)),
        number("bias", [bias], FixedType(9, 9)),
        FixedType(6, 6),
    )
    return Graph("one", (Tensor("x", (1,), FixedType(2, 2)),), (op,), ("y",))


def test_a_bias_that_does_not_fit_is_witnessed_by_any_input() -> None:
    (witness,) = find_witnesses(one_input(64))  # 64 becomes 0: nothing else overflows
    assert (witness.slot, witness.value, witness.bits_needed) == ("accum", 64, 8)


def test_what_the_emulator_does_not_confirm_is_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that is wrong about its margins claims nothing."""
    real = AccumMargins.of_events

    def boasting(self: AccumMargins, data: Any, neuron: int) -> Margins:
        margins = real(self, data, neuron)
        return replace(margins, margin=np.ones_like(margins.margin))

    monkeypatch.setattr(AccumMargins, "of_events", boasting)
    graph = one_input(29)  # at most 30 of 31
    bounds = graph_bounds(graph)
    of = replace(bounds.ops["fc"], accum_overflow=np.array([True]))
    found = find_witnesses(graph, replace(bounds, ops={"fc": of}), rounds=2)
    assert (len(found), len(found.open)) == (0, 1)


@pytest.mark.hls4ml
def test_the_shipped_student_has_witnesses() -> None:
    """Golden config: at least 80% of the verdicts, as the record says of all networks."""
    import isobit
    from isobit.students import zoo

    arguments = zoo.golden_config("mugmt_student")
    model = isobit.load(zoo.network("mugmt_student"), hls_config=arguments["hls_config"], backend=arguments["backend"])
    found = find_witnesses(model.graph, refined_bounds(model.graph), rounds=8)
    assert found.share >= 0.8
    for witness in list(found)[::5]:
        assert really_overflows(model.graph, witness)


def test_the_record_reaches_what_was_promised() -> None:
    """Written by tools/witness_share.py --record; the totals are those of its networks."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    networks = [network for group in record["networks"].values() for network in group.values()]
    for what in ("verdicts", "witnesses"):
        assert record["totals"]["all"][what] == sum(network[what] for network in networks)
    for name in ("zoo", "random", "all"):
        assert record["totals"][name]["share"] >= 0.8
