"""Ops of several inputs, and layers that lower to several primitives: toys of both go everywhere."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

import isobit as ib
from isobit.bounds import rules as op_bounds
from isobit.bounds.intervals import OpBounds, Range, graph_bounds
from isobit.bounds.ranges import cast_range, one_after_another
from isobit.bounds.refine import refined_bounds
from isobit.engines import strict
from isobit.engines.exact import vector
from isobit.engines.exact.tallies import of_index
from isobit.engines.reference import kernels as reference
from isobit.engines.registry import get_engine
from isobit.engines.wide import compute_wide
from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType, growth
from isobit.fixed.assign import assign
from isobit.model import Activation, Dense, Graph, Reshape, Tensor
from isobit.model.ops import Op, Tensors
from isobit.model.tensor import layer_of, reported
from isobit.model.weights import Weight
from isobit.plan.plan import make_plan
from isobit.profile.blocks import joined
from isobit.profile.exact import exact_profile
from isobit.profile.profiling import profile_graph
from isobit.witness.search import find_witnesses

ROADS = ("cpp", "numba", "cpp-strict")


@dataclass(frozen=True, eq=False)
class Difference(Op):
    """The first input minus the second, number by number, and one cast."""

    tag: ClassVar[str] = "difference"
    primitive: ClassVar[bool] = True
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)


@dataclass(frozen=True, eq=False)
class Gap(Op):
    """The same, where it is positive, and else zero: a layer that is a difference and a ReLU."""

    tag: ClassVar[str] = "gap"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        inner = Tensor(f"{self.name}/2", self.output.shape, exact_of(tensors))
        return (
            Difference(inner.name, self.inputs, inner),
            Activation(self.name, (inner.name,), self.output, "relu"),
        )


def exact_of(tensors: Tensors) -> FixedType:
    first, second = tensors
    return growth.difference(first.type, second.type)


def difference_bounds(op: Difference, tensors: Tensors, ranges: op_bounds.Ranges) -> OpBounds:
    exact = exact_of(tensors)
    a, b = (values.at(exact.fraction) for values in ranges)
    source = Range(a.low - b.high, a.high - b.low, exact.fraction)
    cast = cast_range(source, exact, op.output.type)
    return OpBounds(op, source, cast.rounded, cast.result, cast.overflow)


def difference_columns(op: Difference, tensors: Tensors, inputs: Any, tally: Any) -> Any:
    exact = exact_of(tensors)
    a, b = (data << (exact.fraction - tensor.type.fraction) for data, tensor in zip(inputs, tensors, strict=True))
    return np.stack([assign(row, exact, op.output.type, of_index(tally, "result", i)) for i, row in enumerate(a - b)])


def difference_words(op: Difference, tensors: Tensors, inputs: Any, threads: int) -> Any:
    return vector.compute(op, tensors, inputs)


def difference(op: Difference, tensors: Tensors, inputs: reference.Inputs) -> Any:
    return reference.assign(inputs[0] - inputs[1], op.output.type, exact_of(tensors))


def gap(op: Gap, tensors: Tensors, inputs: reference.Inputs) -> Any:
    positive = inputs[0] - inputs[1]
    cast = reference.assign(positive, op.output.type, exact_of(tensors))
    return reference.where(positive > 0, cast, reference.assign(0, op.output.type))


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(op_bounds.KERNELS, Difference, difference_bounds)
    monkeypatch.setitem(vector.KERNELS, Difference, difference_columns)
    monkeypatch.setitem(strict.KERNELS, Difference, difference_words)
    monkeypatch.setitem(reference.KERNELS, Difference, difference)
    monkeypatch.setitem(reference.KERNELS, Gap, gap)
    yield


def kind(text: str) -> FixedType:
    return FixedType.parse(text)


def weight(name: str, values: Any, text: str) -> Weight:
    return Weight.from_written(name, np.asarray(values, dtype=np.float64), kind(text))


def network(middle: type[Op] = Difference, result: str = "ap_fixed<7,4,AP_RND,AP_SAT>") -> Graph:
    """x and y; a Dense layer of x, reshaped; what it differs from y by; and two layers after that."""
    x, y = Tensor("x", (3,), kind("ap_fixed<6,3>")), Tensor("y", (2,), kind("ap_fixed<5,4>"))
    rng = np.random.default_rng(4)
    fc = Dense(
        "fc",
        ("x",),
        Tensor("fc_out", (2,), kind("ap_fixed<9,5>")),
        weight("weight", rng.uniform(-1, 1, (3, 2)), "ap_fixed<5,1>"),
        weight("bias", [0.25, -0.5], "ap_fixed<6,2>"),
        kind("ap_fixed<12,6>"),
    )
    flat = Reshape("flat", ("fc_out",), Tensor("flat_out", (2, 1), fc.output.type))
    both = middle("both", ("flat_out", "y"), Tensor("both_out", (2,), kind(result)))
    back = middle("back", ("both_out", "both_out"), Tensor("back_out", (2,), kind("ap_fixed<6,3>")))
    last = Activation("last", ("both_out",), Tensor("last_out", (2,), kind("ap_ufixed<5,3>")), "relu")
    return Graph("toys", (x, y), (fc, flat, both, back, last), ("last_out", "back_out"))


def events_of(graph: Graph, count: int = 300) -> dict[str, FixedArray]:
    rng = np.random.default_rng(11)
    return {
        t.name: FixedArray.from_raw(rng.integers(t.type.raw_min, t.type.raw_max + 1, (count, t.size)), t.type)
        for t in graph.inputs
    }


# -- the number of inputs, and the size of each -----------------------------------------------------------------------


def test_an_op_of_one_input_refuses_others() -> None:
    graph = network()
    fc = graph.by_name["fc"]
    with pytest.raises(ShapeError, match="layer 'fc' reads 2 tensors, expected 1 for op 'dense'"):
        replace(graph, ops=(replace(fc, inputs=("x", "y")), *graph.ops[1:]))
    with pytest.raises(ShapeError, match="layer 'fc' reads 0 tensors, expected 1 for op 'dense'"):
        replace(graph, ops=(replace(fc, inputs=()), *graph.ops[1:]))


@pytest.mark.parametrize("tag", sorted(set(ib.model.ops.OPS)))
def test_every_op_counts_its_inputs(tag: str) -> None:
    """Whatever it checks besides: before it looks at a size."""
    op = object.__new__(ib.model.ops.OPS[tag])
    object.__setattr__(op, "name", "mine")
    least, most = op.input_counts
    tensor, allowed = Tensor("x", (2,), FixedType(4, 4)), f"{least}" if least == most else f"{least} to {most}"
    if most is None:
        allowed = f"{least} or more"
    for count in (0,) if most is None else (0, most + 1):
        with pytest.raises(ShapeError, match=f"layer 'mine' reads {count} tensors, expected {allowed} for op '{tag}'"):
            op.check_inputs(*(tensor,) * count)


@pytest.mark.parametrize(
    ("counts", "given", "says"),
    [((2, 2), 1, "expected 2"), ((2, 2), 3, "expected 2"), ((1, 2), 3, "expected 1 to 2"), ((2, None), 1, "2 or more")],
)
def test_other_numbers_of_inputs(counts: tuple[int, int | None], given: int, says: str) -> None:
    class Mine(Difference):
        input_counts = counts

    tensor = Tensor("x", (2,), FixedType(4, 4))
    op = Mine("mine", ("x",) * given, Tensor("y", (2,), FixedType(4, 4)))
    with pytest.raises(ShapeError, match=f"layer 'mine' reads {given} tensors, .*{says} for op 'difference'"):
        op.check_inputs(*(tensor,) * given)
    op.check_inputs(tensor, tensor)


def test_the_size_of_each_input_is_checked() -> None:
    for inputs in (("flat_out", "x"), ("x", "flat_out")):
        graph = network()
        ops = [replace(op, inputs=inputs) if op.name == "both" else op for op in graph.ops]
        with pytest.raises(ShapeError, match="layer 'both' has 2 outputs, expected 3 for an input of 3 values"):
            replace(graph, ops=tuple(ops))


def test_a_missing_second_input_is_named() -> None:
    graph = network()
    ops = [replace(op, inputs=("flat_out", "z")) if op.name == "both" else op for op in graph.ops]
    with pytest.raises(ShapeError, match="layer 'both' reads 'z', which no earlier layer gives"):
        replace(graph, ops=tuple(ops))


# -- rules and roads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["ap_fixed<4,3>", "ap_ufixed<3,2,AP_RND,AP_SAT>", "ap_fixed<6,4>"])
def test_bounds_of_two_inputs_are_reached(result: str) -> None:
    """Every pair of two small inputs: the bounds hold, and the numbers before overflow reach them."""
    a, b = Tensor("a", (1,), kind("ap_fixed<4,2>")), Tensor("b", (1,), kind("ap_ufixed<3,3>"))
    op = Difference("d", ("a", "b"), Tensor("d_out", (1,), kind(result)))
    graph = Graph("pair", (a, b), (op,), ("d_out",))
    of = graph_bounds(graph).ops["d"]
    pairs = np.array(
        list(itertools.product(*(range(t.type.raw_min, t.type.raw_max + 1) for t in (a, b)))), dtype=object
    )
    seen, rounded = [], []
    seen = vector.compute(
        op, (a, b), (pairs[:, :1], pairs[:, 1:]), lambda slot, index, cast: rounded.append(cast.rounded)
    )
    assert of.result.contains(seen)
    (before,) = rounded
    assert (before.min(), before.max()) == (of.rounded.low[0], of.rounded.high[0])
    inputs = {"a": FixedArray.from_raw(pairs[:, :1], a.type), "b": FixedArray.from_raw(pairs[:, 1:], b.type)}
    wanted = get_engine("reference").run(graph, inputs, 1)["d_out"].raw
    assert seen.tolist() == wanted.tolist()


@pytest.mark.parametrize("middle", [Difference, Gap])
@pytest.mark.parametrize("road", ROADS)
def test_roads_agree(road: str, middle: type[Op]) -> None:
    graph = network(middle)
    events = events_of(graph)
    wanted = get_engine("reference").run(graph, events, 1)
    found = get_engine(road).run(graph, events, 2)
    assert list(found) == list(wanted) == ["fc_out", "flat_out", "both_out", "back_out", "last_out"]
    for name, array in wanted.items():
        assert np.array_equal(found[name].raw, array.raw), name
        assert found[name].type == array.type
    assert (wanted["both_out"].raw != 0).mean() > 0.2
    model = ib.Model(graph)
    given = [events["x"].to_float(), events["y"].to_float()]
    for raw, name in zip(model.predict_raw(given, engine=road), graph.outputs, strict=True):
        assert np.array_equal(raw.raw, wanted[name].raw)
    assert list(model.trace(given, engine=road)) == ["fc", "both", "back", "last"]


def test_the_wide_road_of_an_op_that_the_strict_kernels_do_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = Tensor("a", (2,), kind("ap_fixed<90,70>")), Tensor("b", (2,), kind("ap_ufixed<8,3>"))
    op = Difference("d", ("a", "b"), Tensor("d_out", (2,), kind("ap_fixed<91,70>")))
    raws = [np.array([[1 << 85, -3]], dtype=object), np.array([[255, 7]])]
    with monkeypatch.context() as patch:
        patch.delitem(strict.KERNELS, Difference)
        found = compute_wide(op, (a, b), raws, 1)
    # 20 and 5 fraction bits; the result has 21.
    assert found.tolist() == [[(1 << 86) - (255 << 16), -6 - (7 << 16)]]


@pytest.mark.parametrize("middle", [Difference, Gap])
def test_profiles(middle: type[Op]) -> None:
    graph = network(middle, "ap_fixed<5,3>")
    inputs = {name: np.ascontiguousarray(array.raw) for name, array in events_of(graph).items()}
    found = profile_graph(graph, inputs, 2)
    assert found is not None
    assert [layer.layer for layer in found.layers] == ["fc", "both", "back", "last"]
    exact = exact_profile(graph, inputs, 1)
    for layer in found.layers:
        seen, _ = exact[layer.layer]
        assert np.array_equal(layer.held_low, seen.held_low), layer.layer
        assert np.array_equal(layer.held_high, seen.held_high), layer.layer
    assert int(found["both.result"].events.sum()) == int(exact["both"][0].outside.sum()) > 0
    parts = ({name: array[part] for name, array in inputs.items()} for part in (slice(150), slice(150, 300)))
    halves = [profile_graph(graph, part, 1) for part in parts]
    whole = joined(graph, [half for half in halves if half is not None])
    assert int(whole["both.result"].events.sum()) == int(found["both.result"].events.sum())


@pytest.mark.parametrize("middle", [Difference, Gap])
def test_refined_bounds_hold(middle: type[Op]) -> None:
    graph = network(middle)
    events = events_of(graph)
    values = {**events, **get_engine("reference").run(graph, events, 1)}
    plain, refined = graph_bounds(graph), refined_bounds(graph)
    for name, array in values.items():
        assert refined.tensors[name].contains(array.raw), name
        assert (refined.tensors[name].low >= plain.tensors[name].low).all()
        assert (refined.tensors[name].high <= plain.tensors[name].high).all()


@pytest.mark.parametrize("middle", [Difference, Gap])
def test_witnesses_lie_in_both_inputs(middle: type[Op]) -> None:
    """Slopes go back into each input: extremes of both are needed for an overflow as far as this."""
    graph = network(middle, "ap_fixed<4,3>")
    found = [w for w in find_witnesses(graph, rounds=12) if (w.layer, w.slot) == ("both", "result")]
    assert {w.neuron for w in found} == {0, 1}
    for witness in found:
        fc = get_engine("reference").run(graph, witness.inputs, 1)["flat_out"]
        exact = fc.to_float().ravel()[witness.neuron] - witness.inputs["y"].to_float().ravel()[witness.neuron]
        assert np.floor(exact * 2) == witness.value
        assert not -8 <= witness.value <= 7
    text = str(make_plan(graph, search=find_witnesses)["both.result"])
    assert "inputs were found for 2 of them" in text


def test_one_after_another_keeps_raw_integers() -> None:
    a = Range(np.array([-1, 2]), np.array([3, 4]), 5)
    b = Range(np.array([0], dtype=object), np.array([1 << 70], dtype=object), 2, 1)
    both = one_after_another([a, b])
    assert both.low.tolist() == [-1, 2, 0]
    assert both.high.tolist() == [3, 4, 1 << 70]
    assert both.zeros.tolist() == [0, 0, 1]
    assert one_after_another([a]) is a


def test_stages_name_all_sources() -> None:
    graph = network()
    plan = make_plan(graph)
    stages = {planned.stage.name: planned.stage for planned in plan.stages}
    assert stages["fc"].sources == ("x",)
    assert stages["both"].sources == ("fc_out", "y")
    data = stages["both"].data
    for end in ("low", "high"):
        parts = [getattr(plan.bounds.tensors[name], end).tolist() for name in ("fc_out", "y")]
        assert getattr(data, end).tolist() == parts[0] + parts[1]


# -- layers and primitives --------------------------------------------------------------------------------------------


def test_a_network_of_primitives_is_its_own_lowering() -> None:
    graph = network().lowered
    assert graph.lowered is graph
    gone = weakref.ref(graph)
    gc.disable()
    try:
        del graph
        assert gone() is None, "a graph must not keep itself alive"
    finally:
        gc.enable()


def test_a_lowered_network() -> None:
    graph = network(Gap)
    lowered = graph.lowered
    assert [op.name for op in lowered.ops] == ["fc", "flat", "both/2", "both", "back/2", "back", "last"]
    assert lowered is graph.lowered is lowered.lowered
    assert [op.name for op in graph.ops] == ["fc", "flat", "both", "back", "last"]
    assert lowered.tensors["both/2"].type == growth.difference(kind("ap_fixed<9,5>"), kind("ap_fixed<5,4>"))
    assert (lowered.inputs, lowered.outputs) == (graph.inputs, graph.outputs)
    finer = graph.with_types({"y.result": "ap_fixed<9,4>"})
    assert finer.lowered.tensors["both/2"].type.fraction == 5


def test_reports_know_layers_alone() -> None:
    plan = make_plan(network(Gap))
    assert set(plan.lanes) - {"flat"} == {"fc", "both", "back", "last"}
    assert {verdict.layer for verdict in plan.verdicts} == {"fc", "both", "back", "last"}
    assert "/2" not in str(plan)


@pytest.mark.parametrize(
    ("name", "layer"), [("a/2", "a"), ("a", "a"), ("a/b", "a/b"), ("a/b/3", "a/b"), ("/2", ""), ("a/", "a/")]
)
def test_names_of_primitives(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_slots_of_primitives() -> None:
    output = Tensor("conv", (2,), FixedType(8, 4))
    state = replace(output, slot="state")
    assert reported("conv", "accum", output) == ("conv", "accum")
    assert reported("conv/3", "accum", output) == ("conv", "accum/3")
    assert reported("conv", "result", output) == ("conv", "result")
    # All steps of a loop are one, and an inner result is of the slot that gave its format.
    assert {reported(f"conv/3@{step}", "result", state) for step in range(4)} == {("conv", "state/3")}


@dataclass(frozen=True, eq=False)
class Rounded(Gap):
    """A gap whose difference is cast to a narrow format on its way."""

    tag: ClassVar[str] = "rounded"

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        first, second = super().lower(*tensors)
        narrow = replace(first.output, type=kind("ap_fixed<5,4>"))
        return replace(first, output=narrow), second


def test_what_overflows_inside_a_layer_is_reported_there() -> None:
    graph = network(Rounded, "ap_fixed<9,5>")
    plan = make_plan(graph, search=find_witnesses)
    verdict = plan["both.result/2"]
    assert not verdict.safe
    assert verdict.type == kind("ap_fixed<5,4>")
    assert plan["both.result"].safe
    assert verdict.witnesses
    for witness in verdict.witnesses:
        assert not -16 <= witness.value <= 15
    assert "both.result/2 ap_fixed<5,4>: may wrap" in str(plan)
    inputs = {name: np.ascontiguousarray(array.raw) for name, array in events_of(graph).items()}
    found = profile_graph(graph, inputs, 1)
    assert found is not None
    assert found["both.result/2"].type == kind("ap_fixed<5,4>")
    exact = exact_profile(graph, inputs, 1)
    assert found["both.result/2"].events.tolist() == exact["both/2"][0].outside.tolist()
    assert [layer.layer for layer in found.layers] == ["fc", "both", "back", "last"]
    assert joined(graph, [found, found])["both.result/2"].events.tolist() == (2 * exact["both/2"][0].outside).tolist()


def test_a_layer_may_not_have_the_name_of_a_primitive() -> None:
    graph = network()
    with pytest.raises(UnsupportedError, match="layer 'fc/2' has a name that only parts of a layer have; rename it"):
        replace(graph, ops=(replace(graph.by_name["fc"], name="fc/2"), *graph.ops[1:]))
