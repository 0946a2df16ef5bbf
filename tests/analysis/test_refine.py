"""Back-substitution: as sound as interval arithmetic, never wider, and exact where intervals forget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawing import SMALL, WIDE, graphs, number
from graphs_at_bounds import corner_events
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from observing import contradictions, dot_steps
from test_intervals import FEW, events, every_input

from isobit.bounds.affine import Elementwise, Linear, exact_matmul, upper_bounds
from isobit.bounds.intervals import Bounds, DotBounds, Range, graph_bounds
from isobit.bounds.product_lines import product_lines
from isobit.bounds.refine import _elementwise, refined_bounds
from isobit.engines.exact import vector
from isobit.fixed import FixedType
from isobit.model import Activation, Dense, Graph, Tensor
from isobit.model.dot import Dot
from isobit.testing import fixed_types
from tiers import examples

SATURATING = fixed_types(max_width=6, min_fraction=-2, max_fraction=4, overflow=["SAT", "SAT_SYM"])
DENSE = ("dense", "dense", "relu", "linear", "batchnorm", "leaky_relu")


def example(count: int) -> Any:
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def wider(outer: Bounds, inner: Bounds) -> list[str]:
    """Where the inner bounds are not within the outer ones."""
    found = []
    for name, of in inner.ops.items():
        other = outer.ops[name]
        names = ["source", "rounded", "result"]
        names += ["partial", "free_sum", "accum"] if isinstance(of, DotBounds) else []
        for what in names:
            a, b = getattr(other, what), getattr(of, what)
            if (b.low < a.low).any() or (b.high > a.high).any():
                found.append(f"{name}.{what}")
        if (of.result_overflow & ~other.result_overflow).any():
            found.append(f"{name}: a verdict more")
    return found


@seed(11)
@example(examples(125, 250))
@given(st.data())
def test_bounds_hold_every_number_of_a_chain(data: Any) -> None:
    kinds = data.draw(st.sampled_from([SMALL, SATURATING, FEW]))
    graph = data.draw(graphs(max_layers=5, kinds=kinds, layers=(*DENSE, "hard_tanh", "threshold", "reshape")))
    bounds = refined_bounds(graph)
    assert not contradictions(graph, bounds, data.draw(events(graph)))
    assert not wider(graph_bounds(graph), bounds)


@seed(12)
@example(examples(75, 150))
@given(graphs(max_layers=4, kinds=FEW | SATURATING, inputs=FEW, max_size=3, layers=DENSE))
def test_bounds_hold_for_every_input(graph: Graph) -> None:
    assert not contradictions(graph, refined_bounds(graph), every_input(graph))


@seed(13)
@example(examples(20, 40))
@given(st.data())
def test_bounds_hold_numbers_beyond_int64(data: Any) -> None:
    graph = data.draw(graphs(max_layers=3, kinds=WIDE, max_size=2, layers=DENSE))
    assert not contradictions(graph, refined_bounds(graph), data.draw(events(graph)))


@pytest.mark.hls4ml
@pytest.mark.parametrize("slot", [3, 8])
def test_bounds_hold_every_number_of_the_differential_networks(slot: int) -> None:
    from networks import build

    _, _, model, x = build(slot)
    inputs, _ = model.quantise(x)
    corners = corner_events(model.graph, np.random.default_rng(slot), 60)
    data = {name: np.concatenate([array.raw.astype(object), corners[name]]) for name, array in inputs.items()}
    bounds, plain = refined_bounds(model.graph), graph_bounds(model.graph)
    assert not contradictions(model.graph, bounds, data)
    assert not wider(plain, bounds)
    width = {
        id(b): sum(float(np.sum((r.high - r.low).astype(float))) for r in b.tensors.values()) for b in (plain, bounds)
    }
    assert width[id(bounds)] < width[id(plain)]


@seed(14)
@example(examples(100, 200))
@given(graphs(kinds=SMALL, max_size=2, inputs=FEW, layers=("relu", "linear", "leaky_relu", "batchnorm")))
def test_lines_enclose_an_elementwise_op(graph: Graph) -> None:
    """At every input: each of the lines lies below or above what the emulator gives."""
    (op,), (tensor,) = graph.lowered.ops, graph.inputs
    values = Range.of_type(tensor.type, tensor.size)
    raw = every_input(graph)["x"]
    result = vector.compute(op, (tensor,), (raw,))
    for stage in _elementwise(op, tensor, values, graph_bounds(graph).ops[op.name]):
        assert isinstance(stage, Elementwise)
        scaled = result * (1 << stage.scale)
        assert (raw * stage.lower_slope.astype(object) + stage.lower.astype(object) <= scaled).all()
        assert (scaled <= raw * stage.upper_slope.astype(object) + stage.upper.astype(object)).all()


def dense(name: str, source: str, weights: Any, accum: FixedType) -> Dense:
    n_out = np.shape(weights)[1]
    bias = number("bias", [0] * n_out, accum)
    return Dense(
        name, (source,), Tensor(name, (n_out,), accum), number("weight", weights, FixedType(8, 8)), bias, accum
    )


def test_what_cancels_is_seen() -> None:
    """x - x is 0, and the sum on the way stays as small as x: both verdicts of the intervals are false."""
    wide, narrow = FixedType(8, 8), FixedType(5, 5)
    x = Tensor("x", (1,), FixedType(5, 5))
    ops = (dense("copy", "x", [[1, 1, -1]], wide), dense("sum", "copy", [[1], [-2], [-1]], narrow))
    graph = Graph("cancels", (x,), ops, ("sum",))
    plain, refined = graph_bounds(graph).ops["sum"], refined_bounds(graph).ops["sum"]
    assert isinstance(plain, DotBounds)
    assert isinstance(refined, DotBounds)
    assert plain.accum_overflow.tolist() == [True]
    assert (plain.free_sum.low.tolist(), plain.free_sum.high.tolist()) == ([-62], [62])
    # Terms -2x leave the accumulator by themselves: the verdict on them stays, the sum is known all the same.
    assert refined.accum_overflow.tolist() == [True]
    assert (refined.free_sum.low.tolist(), refined.free_sum.high.tolist()) == ([0], [0])
    assert (refined.accum.low.tolist(), refined.accum.high.tolist()) == ([0], [0])

    ops = (dense("copy", "x", [[1, 1]], wide), dense("sum", "copy", [[1, 1], [-1, 1]], narrow))
    graph, given_ = Graph("cancels", (x,), ops, ("sum",)), {"x": Range(np.array([-15]), np.array([15]), 0)}
    assert graph_bounds(graph, given_).ops["sum"].accum_overflow.tolist() == [True, True]  # type: ignore[attr-defined]
    refined = refined_bounds(graph, given_).ops["sum"]
    assert isinstance(refined, DotBounds)
    assert refined.accum_overflow.tolist() == [False, True]
    assert (refined.partial.low.tolist()[0], refined.partial.high.tolist()[0]) == (-15, 15)


def test_a_relu_is_enclosed_as_tightly_as_a_triangle_allows() -> None:
    """relu(x) + relu(-x) is at most 8 on -8..8: the chords meet it at both ends; intervals say 16."""
    kind, x = FixedType(8, 8), Tensor("x", (1,), FixedType(5, 5))
    relu = Activation("relu", ("pm",), Tensor("relu", (2,), kind), "relu")
    ops = (dense("pm", "x", [[1, -1]], kind), relu, dense("sum", "relu", [[1], [1]], kind))
    graph, given_ = Graph("abs", (x,), ops, ("sum",)), {"x": Range(np.array([-8]), np.array([8]), 0)}
    assert graph_bounds(graph, given_).tensors["sum"].high.tolist() == [16]
    assert refined_bounds(graph, given_).tensors["sum"].high.tolist() == [8]


@pytest.mark.parametrize("bits", [10, 26, 27, 30, 31, 45, 70])
def test_matrix_products_are_exact_at_any_size(bits: int) -> None:
    rng = np.random.default_rng(bits)
    a, b = (rng.integers(-(1 << 62), 1 << 62, (5, 5)).astype(object) * (1 << 20) >> (82 - bits) for _ in range(2))
    wanted = [[sum(int(x) * int(y) for x, y in zip(row, column, strict=True)) for column in b.T] for row in a]
    for left, right in ((a, b), (np.abs(a), np.abs(b))):
        found = exact_matmul(left, right).tolist()
        assert found == (wanted if left is a else (np.abs(a) @ np.abs(b)).tolist())


def test_coefficients_that_are_cut_widen_the_bound_upwards() -> None:
    """More bits than are kept: the bound stays one, and is close."""
    values = Range(np.array([-1000, -1000]), np.array([1000, 1000]), 0)
    weight = np.array([[123456789012, -998877665544], [314159265358, 271828182845]])
    zero = np.zeros(2, dtype=np.int64)
    stage = Linear(values, weight, zero, zero, 10)
    limits = Range(np.full(2, -(1 << 60)), np.full(2, 1 << 60), 0)
    (bound,) = upper_bounds([stage], np.array([[7777777, -6666666]]), limits).tolist()
    exact = sum(abs(int(c)) for c in (weight.astype(object) @ np.array([7777777, -6666666], dtype=object))) * 1000 >> 10
    assert exact <= bound <= exact + (exact >> 20)


def narrow_chain(rng: np.random.Generator) -> Graph:
    """Three Dense layers of few small inputs; the first two accumulators overflow by a little, or not quite."""
    size, source, ops = int(rng.integers(2, 4)), "x", []
    x = Tensor("x", (size,), FixedType(3, 3))
    for place in range(3):
        n_out = (6, 4, 3)[place]
        # The first layer makes copies and small sums of the inputs, which the next ones can cancel.
        weight = rng.integers(-1, 2, (size, n_out)) if place else rng.integers(-2, 3, (size, n_out))
        mode = ["AP_SAT", "AP_SAT_SYM", "AP_WRAP", "AP_SAT_ZERO"][int(rng.integers(4))]
        width = int(rng.integers(4, 6)) if place < 2 else 12
        accum = FixedType.parse(f"ap_fixed<{width},{width - 1},AP_TRN,{mode}>")
        strategy, reuse = [("latency", 1), ("resource", 2)][int(rng.integers(2))] if place else ("latency", 1)
        bias = number("bias", rng.integers(-2, 3, n_out), FixedType(4, 4))
        output = Tensor(f"fc{place}", (n_out,), accum if rng.integers(2) else FixedType(6, 5))
        ops.append(
            Dense(
                f"fc{place}", (source,), output, number("weight", weight, FixedType(4, 4)), bias, accum, strategy, reuse
            )
        )
        source, size = f"fc{place}", n_out
    return Graph("narrow", (x,), tuple(ops), (source,))


@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("case", range(8))
def test_bounds_hold_where_sums_are_clamped_and_wrapped_by_a_little(case: int) -> None:
    """Small integers, every input tried: here a sum that is taken for linear and is not shows at once."""
    for place in range(examples(15, 40)):
        graph = narrow_chain(np.random.default_rng([case, place]))
        assert not contradictions(graph, refined_bounds(graph), every_input(graph)), (case, place)


@seed(15)
@example(examples(50, 100))
@given(graphs(kinds=SMALL, max_size=2, inputs=FEW, layers=("dense",)))
def test_lines_enclose_products(graph: Graph) -> None:
    """Every datum and weight: also powers of two that shift bits out, or out of their register."""
    (op,), (tensor,) = graph.lowered.ops, graph.inputs
    assert isinstance(op, Dot)
    of = graph_bounds(graph).ops[op.name]
    assert isinstance(of, DotBounds)
    magnitude = Range.of_type(tensor.type, tensor.size).magnitude[:, None]
    lines = product_lines(tensor, magnitude, op.weight, op.weight.raw, op.weight.signs, of.hull.products)
    data = np.arange(tensor.type.raw_min, tensor.type.raw_max + 1).astype(object)
    products = dot_steps(op, tensor, np.tile(data[:, None], (1, tensor.size)))["products"] * (1 << lines.scale)
    line = data[:, None, None] * lines.factor.astype(object)
    assert (line + lines.least.astype(object) <= products).all()
    assert (products <= line + lines.most.astype(object)).all()


@pytest.mark.parametrize(
    ("strategy", "reuse", "width", "overflows"),
    [
        ("latency", 1, 5, True),  # x, 2x, 3x, 2x, x, 0
        ("resource", 2, 5, False),  # x, 2x, x, 2x, x, 0
        ("resource", 2, 4, True),
        ("latency", 1, 6, False),
    ],
)
def test_partial_sums_are_those_of_the_kernels_order(strategy: str, reuse: int, width: int, overflows: bool) -> None:
    """Six numbers x, x, x, -x, -x, -x are summed: how far the sum goes on its way is a matter of order."""
    wide, accum = FixedType(8, 8), FixedType(width, width)
    copies = dense("copies", "x", [[1, 1, 1, -1, -1, -1]], wide)
    weight, bias = number("weight", [[1]] * 6, FixedType(8, 8)), number("bias", [0], accum)
    total = Dense("total", ("copies",), Tensor("total", (1,), accum), weight, bias, accum, strategy, reuse)
    graph = Graph("order", (Tensor("x", (1,), FixedType(4, 4)),), (copies, total), ("total",))
    bounds = refined_bounds(graph, {"x": Range(np.array([-6]), np.array([6]), 0)})
    of = bounds.ops["total"]
    assert isinstance(of, DotBounds)
    assert of.accum_overflow.tolist() == [overflows]
    events_ = {"x": np.arange(-6, 7).astype(object)[:, None]}
    assert not contradictions(graph, bounds, events_)
    first, last = graph.lowered.ops
    assert isinstance(last, Dot)
    steps = dot_steps(last, graph.tensors["copies"], vector.compute(first, graph.inputs, (events_["x"],)))
    assert bool((np.abs(steps["partial"]) > accum.raw_max).any()) == overflows
