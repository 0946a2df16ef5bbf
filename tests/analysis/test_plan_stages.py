"""Stages by their definition, on every number of small formats: results, bounds on the way, and which ops join."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from stage_values import mapped, through

from isobit.bounds.intervals import graph_bounds
from isobit.engines.registry import get_engine
from isobit.fixed import FixedArray, FixedType
from isobit.model import Activation, Convolution, Dense, Encoding, Graph, Merge, Op, Softmax, Tensor, Weight
from isobit.model.layers.shape import Copy
from isobit.model.primitives import Opaque
from isobit.model.tables import exponential_table, inverse_table
from isobit.plan.graph import stages_of
from isobit.plan.maps import Linear, Sequential
from isobit.plan.stages import Stage
from isobit.plan.steps import Step

KIND = FixedType.parse
NUMBER = KIND("ap_fixed<4,2>")


def dense(weights: Any, biases: Any, accum: str, result: str, form: Any = "ap_fixed<4,3>", **more: Any) -> Graph:
    weight = Weight.from_written(
        "weight", np.asarray(weights, float), KIND(form) if isinstance(form, str) else form, **more
    )
    bias = Weight.from_written("bias", np.asarray(biases, float), KIND("ap_fixed<6,4>"))
    n_in, n_out = np.asarray(weights).shape
    op = Dense("fc", ("x",), Tensor("fc", (n_out,), KIND(result)), weight, bias, KIND(accum))
    return Graph("g", (Tensor("x", (n_in,), NUMBER),), (op,), ("fc",))


def stages(graph: Graph, *keep: str) -> list[Stage]:
    return stages_of(graph.lowered, graph_bounds(graph.lowered), keep)


def every(graph: Graph) -> Any:
    """All numbers of all inputs."""
    (tensor,) = graph.inputs
    numbers = range(tensor.type.raw_min, tensor.type.raw_max + 1)
    return np.array(list(product(numbers, repeat=tensor.size)), dtype=np.int64)


SUMS = {
    "exact": ("ap_fixed<16,8>", "ap_fixed<16,8>"),
    "exact, wraps": ("ap_fixed<7,3>", "ap_fixed<16,8>"),
    "finer": ("ap_fixed<16,6>", "ap_fixed<9,5>"),
    "coarser, exact": ("ap_fixed<10,8>", "ap_fixed<9,5>"),
    "rounded": ("ap_fixed<10,8,AP_RND>", "ap_fixed<8,5,AP_TRN,AP_SAT>"),
    "rounded, wraps": ("ap_fixed<4,3,AP_RND_CONV>", "ap_fixed<8,5,AP_RND>"),
    "saturates": ("ap_fixed<7,3,AP_TRN,AP_SAT>", "ap_fixed<8,5>"),
    "saturates at finer LSBs": ("ap_fixed<9,2,AP_TRN,AP_SAT>", "ap_fixed<8,5>"),
    "saturates and rounds": ("ap_fixed<5,3,AP_RND,AP_SAT>", "ap_fixed<8,5>"),
    "terms saturate": ("ap_fixed<4,2,AP_RND_INF,AP_SAT_SYM>", "ap_fixed<8,5,AP_RND_ZERO>"),
    "zero beyond": ("ap_fixed<6,3,AP_TRN,AP_SAT_ZERO>", "ap_fixed<6,3,AP_TRN,AP_SAT_ZERO>"),
    "saturation bits": ("ap_fixed<6,3,AP_RND,AP_WRAP,2>", "ap_fixed<6,2,AP_TRN,AP_WRAP_SM>"),
}


@pytest.mark.parametrize("what", SUMS)
def test_sums_are_what_their_stage_says(what: str) -> None:
    for weights, biases in (
        ([[1.5, -2.0], [-0.5, 3.5]], [0.75, -1.25]),
        ([[3.5, -4.0], [3.0, -3.5]], [7.0, -8.0]),
        ([[2.0, -3.0], [1.0, -4.0]], [0.0, -7.75]),
    ):
        graph = dense(weights, biases, *SUMS[what])
        x = every(graph)
        wanted = get_engine("reference").run(graph, {"x": FixedArray.from_raw(x, NUMBER)}, 1)["fc"].raw
        (stage,) = stages(graph)
        assert stage.refusal is None
        sums = mapped(stage.map, x)
        np.testing.assert_array_equal(through(stage.steps, sums), wanted, err_msg=f"{weights}")
        whole = all(weight == int(weight) for row in weights for weight in row)
        if what.startswith(("exact", "finer")) or (what.startswith("coarser") and whole):
            assert isinstance(stage.map, Linear)
        elif not whole:
            assert isinstance(stage.map, Sequential)


BIT = FixedType.int_type(1, signed=False)


def bits(accum: str, weights: Any) -> Graph:
    rng = np.random.default_rng(107)
    weight = Weight.from_written("weight", np.asarray(weights, dtype=float), BIT, encoding=Encoding.XNOR)
    bias = Weight.from_written("bias", rng.integers(-30, 31, 3).astype(float), KIND("ap_fixed<7,6>"))
    op = Dense("fc", ("x",), Tensor("fc", (3,), KIND("ap_fixed<10,9>")), weight, bias, KIND(accum))
    return Graph("g", (Tensor("x", (7,), BIT, xnor=True),), (op,), ("fc",))


@pytest.mark.parametrize(
    ("accum", "ones"),
    [
        ("ap_fixed<8,8>", False),
        ("ap_fixed<9,8>", False),
        ("ap_fixed<14,8>", False),
        ("ap_fixed<4,4>", False),
        ("ap_fixed<6,9>", True),
        ("ap_fixed<5,6,AP_RND,AP_SAT>", True),
    ],
)
def test_matches_of_bits_become_sums_of_signs(accum: str, ones: bool) -> None:
    graph = bits(accum, np.ones((7, 3)) if ones else np.random.default_rng(5).integers(0, 2, (7, 3)))
    x = every(graph)
    wanted = get_engine("reference").run(graph, {"x": FixedArray.from_raw(x, BIT)}, 1)["fc"].raw
    (stage,) = stages(graph)
    assert stage.refusal is None
    np.testing.assert_array_equal(through(stage.steps, mapped(stage.map, x)), wanted)


def test_matches_that_are_rounded_are_refused() -> None:
    for accum in ("ap_fixed<6,9>", "ap_fixed<5,6,AP_RND,AP_SAT>", "ap_fixed<3,3,AP_TRN,AP_SAT>"):
        (stage,) = stages(bits(accum, np.eye(7, 3)))
        assert stage.refusal == "binary data whose products are rounded or saturate"


@pytest.mark.parametrize(("accum", "fits"), [("ap_fixed<4,4,AP_TRN,AP_SAT>", False), ("ap_fixed<9,9>", True)])
def test_sums_in_an_order_of_their_own_are_refused_if_it_matters(accum: str, fits: bool) -> None:
    """A turn for every weight: a neuron has the turns 6, 7 and 8, which no set has in order."""
    rng = np.random.default_rng(199)
    weights = rng.choice([-3.0, -2.0, 2.0, 3.0], (3, 4))
    graph = dense(weights, rng.integers(-9, 10, 4), accum, accum, "ap_fixed<4,4>")
    (op,) = graph.ops
    (stage,) = stages(replace(graph, ops=(replace(op, strategy="compressed", reuse_factor=12),)))  # type: ignore[call-arg]
    assert stage.refusal == (
        None if fits else "partial sums that may overflow, in an order that the neurons do not share"
    )


@pytest.mark.parametrize(("least", "most", "fits"), [(-6, 4, True), (-7, 0, False), (-6, 5, False), (0, 0, True)])
def test_powers_of_two_that_lose_bits_are_refused(least: int, most: int, fits: bool) -> None:
    """Products have the format ap_fixed<16,8>: an LSB of 2**-2 times 2**-6, and up to 2 times 2**4."""
    coded = {"form": FixedType.int_type(4), "encoding": Encoding.EXPONENT}
    graph = dense([[2.0**least], [-(2.0**most)]], [0.0], "ap_fixed<24,12>", "ap_fixed<24,12>", **coded)
    (stage,) = stages(graph)
    assert (stage.refusal is None) is fits
    if fits:
        x = every(graph)
        wanted = get_engine("reference").run(graph, {"x": FixedArray.from_raw(x, NUMBER)}, 1)["fc"].raw
        np.testing.assert_array_equal(through(stage.steps, mapped(stage.map, x)), wanted)


# -- which ops join ----------------------------------------------------------------------------------------------------


def act(name: str, source: str, kind: str = "ap_fixed<6,3,AP_RND,AP_SAT>", function: str = "relu", size: int = 2) -> Op:
    return Activation(name, (source,), Tensor(name, (size,), KIND(kind)), function)


def chain(*ops: Op, outputs: str) -> Graph:
    """Some ops behind a Dense layer."""
    graph = dense([[1.5, -2.0], [-0.5, 3.5]], [0.75, -1.25], "ap_fixed<16,8>", "ap_fixed<16,8>")
    return replace(graph, ops=(*graph.ops, *ops), outputs=tuple(outputs.split()))


def shown(found: list[Stage]) -> list[str]:
    """Ops, sources and target of every stage."""
    return [f"{'+'.join(op.name for op in s.ops)}({' '.join(s.sources)}) {s.target}" for s in found]


def test_elementwise_ops_join_what_only_they_read() -> None:
    graph = chain(act("a", "fc"), act("b", "a", "ap_fixed<4,3>"), outputs="b")
    assert shown(stages(graph)) == ["fc+a+b(x) b"]
    assert shown(stages(graph, "a")) == ["fc+a(x) a", "b(a) b"]
    assert shown(stages(graph, "fc")) == ["fc(x) fc", "a+b(fc) b"]
    assert shown(stages(replace(graph, outputs=("a", "b")))) == ["fc+a(x) a", "b(a) b"]
    both = chain(act("a", "fc"), act("b", "fc", "ap_fixed<4,3>"), outputs="a b")
    assert shown(stages(both)) == ["fc(x) fc", "a(fc) a", "b(fc) b"]
    alone = replace(graph, ops=(act("a", "x"), act("b", "a", "ap_fixed<4,3>")))
    assert shown(stages(alone)) == ["a+b(x) b"]
    assert [stage.positions for stage in stages(alone)] == [1]


def test_stages_hold_the_bounds_of_what_they_read_and_give() -> None:
    graph = chain(act("a", "fc"), Merge("s", ("a", "x"), Tensor("s", (2,), KIND("ap_fixed<9,5>")), "add"), outputs="s")
    bounds = graph_bounds(graph.lowered)
    one, two = stages(graph)
    assert shown([one, two]) == ["fc+a(x) a", "s(a x) s"]
    assert (one.data.low.tolist(), one.data.high.tolist()) == ([-8, -8], [7, 7])
    for stage, name in ((one, "a"), (two, "s")):
        assert (stage.result.low.tolist(), stage.result.high.tolist()) == (
            bounds.tensors[name].low.tolist(),
            bounds.tensors[name].high.tolist(),
        )
    assert two.data.low.tolist() == [*bounds.tensors["a"].low.tolist(), -8, -8]


def test_other_names_of_a_tensor_are_no_stages() -> None:
    """Of a copy that two layers read, and of one that must exist."""
    copy = Copy("c", ("fc",), Tensor("c", (1, 2), KIND("ap_fixed<16,8>")))
    graph = chain(copy, act("a", "c"), act("b", "c", "ap_fixed<4,3>"), outputs="a b")
    assert shown(stages(graph)) == ["fc(x) fc", "a(fc) a", "b(fc) b"]
    one = chain(copy, act("a", "c"), outputs="a")
    assert shown(stages(one)) == ["fc+a(x) a"]
    assert shown(stages(one, "c")) == ["fc(x) fc", "a(fc) a"]
    assert shown(stages(replace(one, outputs=("a", "c")))) == ["fc(x) fc", "a(fc) a"]


def test_what_no_lane_takes_is_a_stage_with_a_reason() -> None:
    coded = {"form": FixedType.int_type(4), "encoding": Encoding.EXPONENT}
    lossy = dense([[2.0**-7], [1.0]], [0.0], "ap_fixed<24,12>", "ap_fixed<24,12>", **coded)
    graph = replace(lossy, ops=(*lossy.ops, act("a", "fc", size=1)), outputs=("a",))
    refused, alone = stages(graph)
    assert shown([refused, alone]) == ["fc(x) fc", "a(fc) a"]
    assert refused.refusal is not None
    assert refused.refusal.startswith("power-of-two weights that lose bits")
    assert (refused.map, refused.steps, alone.refusal) == (None, (), None)
    assert refused.data.low.tolist() == [-8, -8]
    assert refused.result.high.tolist() == graph_bounds(graph.lowered).tensors["fc"].high.tolist()


def test_steps_are_arranged_by_the_caller() -> None:
    """Called with each op, whether its map begins the stage, and the steps before; then neighbours alone join."""
    graph = chain(act("a", "fc"), outputs="a")
    coarse = replace(graph.ops[0], output=Tensor("fc", (2,), KIND("ap_fixed<7,4>")))
    graph = replace(graph, ops=(coarse, *graph.ops[1:]))
    calls: list[tuple[str, bool, int, int]] = []

    def arrange(op: Op, mapped: bool, before: Any, steps: Any) -> list[Step]:
        calls.append((op.name, mapped, len(before), len(steps)))
        return [*before, *steps]

    lowered = graph.lowered
    (stage,) = stages_of(lowered, graph_bounds(lowered), (), arrange)
    ((first, mapped, none, some), (second, no, before, more)) = calls
    assert (first, mapped, none, second, no, before) == ("fc", True, 0, "a", False, some)
    assert some > 0
    assert len(stage.steps) == some + more
    apart = chain(act("y", "x", "ap_fixed<9,4>"), act("a", "fc"), outputs="a y")
    lowered = apart.lowered
    assert shown(stages_of(lowered, graph_bounds(lowered), ())) == ["fc+a(x) a", "y(x) y"]
    assert shown(stages_of(lowered, graph_bounds(lowered), (), arrange)) == ["fc(x) fc", "y(x) y", "a(fc) a"]


def test_views_and_positions() -> None:
    """A view is kept where windows are no neighbours; the map is that of one position."""
    weight = Weight.from_written("weight", np.array([[1.0, 2.0], [-1.0, 0.5]]), KIND("ap_fixed<4,3>"))
    bias = Weight.from_written("bias", np.array([0.5, -1.0]), KIND("ap_fixed<6,4>"))
    wide, source = KIND("ap_fixed<16,8>"), Tensor("x", (4, 1), NUMBER)
    for kernel, strides, view in (((2,), (2,), None), ((2,), (1,), [[0, 1], [1, 2], [2, 3]])):
        count = 2 if view is None else 3
        op = Convolution("fc", ("x",), Tensor("fc", (count, 2), wide), weight, bias, wide, kernel, strides, (0,))
        (stage,) = stages(Graph("g", (source,), (op,), ("fc",)))
        assert (None if stage.view is None else stage.view.tolist()) == view
        assert (stage.positions, stage.windows) == (count, count)
        assert isinstance(stage.map, Linear)
        assert stage.map.weights.shape == (2, 2)


def test_twins_are_left_out_if_asked() -> None:
    total = Merge("s", ("a", "b"), Tensor("s", (2,), KIND("ap_fixed<9,5>")), "add")
    graph = chain(act("a", "x"), act("b", "x"), total, outputs="s")
    lowered = replace(graph, ops=graph.ops[1:]).lowered
    bounds = graph_bounds(lowered)
    assert [stage.target for stage in stages_of(lowered, bounds, ())] == ["a", "s"]
    assert [stage.target for stage in stages_of(lowered, bounds, (), twins=True)] == ["a", "b", "s"]
    assert [stage.target for stage in stages_of(lowered, bounds, ("b",))] == ["a", "b", "s"]


def test_a_softmax_is_several_stages_unless_it_stays_whole() -> None:
    address, exponentials = FixedType(8, 4, True, "RND", "SAT"), FixedType(9, 1, False)
    inverse = FixedType(10, 4, False, "RND", "SAT")
    tables = (
        exponential_table("exp_table", 64, address, 1.0, True, exponentials),
        inverse_table("inv_table", 64, inverse, FixedType(10, 4, False, "RND", "SAT")),
    )
    more = {"accum": FixedType(14, 6, False, "RND", "SAT"), "inv_inp": inverse, "inp_norm": address}
    op = Softmax("soft", ("fc",), Tensor("soft", (2,), FixedType(9, 1)), "stable", 2, 1, 1, *tables, **more)
    graph = chain(op, outputs="soft")
    x = every(graph)
    wanted = get_engine("reference").run(graph, {"x": FixedArray.from_raw(x, NUMBER)}, 1)["soft"].raw
    values = {"x": x}
    found = stages(graph)
    assert len(found) > 3
    for stage in found:
        assert stage.refusal is None
        given = np.concatenate([values[name] for name in stage.sources], axis=1)
        values[stage.target] = through(stage.steps, mapped(stage.map, given))
    np.testing.assert_array_equal(values["soft"], wanted)
    lowered = graph.lowered
    dense_alone, whole = stages_of(lowered, graph_bounds(lowered), (), whole=("soft",))
    assert shown([dense_alone, whole]) == ["fc(x) fc", "soft(fc) soft"]
    assert whole.refusal == "op 'softmax' is neither a map nor elementwise"
    watched = stages_of(lowered, graph_bounds(lowered), (), lambda op, mapped, before, steps: [*before, *steps])
    assert watched[-1].refusal == whole.refusal


def test_an_op_of_the_users_is_computed_by_itself() -> None:
    opaque = Opaque("o", ("fc",), Tensor("o", (2,), KIND("ap_fixed<6,3>")), act("o", "fc"))
    graph = replace(chain(act("a", "fc"), outputs="a"), primitive=True)
    lowered = replace(graph.lowered, ops=(*chain(outputs="fc").lowered.ops, opaque), outputs=("o",))
    assert stages_of(lowered, graph_bounds(lowered), ())[-1].refusal == (
        "computed by the layer's own reference, on exact numbers"
    )
