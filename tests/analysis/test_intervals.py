"""Bounds hold every number that the emulator computes, and a single layer reaches them exactly."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from drawing import BIT, ELEMENTWISE, WIDE, graphs, number
from graphs_at_bounds import corner_events, reaching
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from observing import contradictions, dot_steps, observe

from isobit.bounds.intervals import DotBounds, OpBounds, Range, graph_bounds, measured, register_bounds
from isobit.bounds.rules import Ranges
from isobit.engines.exact import vector
from isobit.errors import RangeError, ShapeError
from isobit.fixed import FixedArray, FixedType, Overflow, Rounding
from isobit.model import Dense, Graph, Tensor
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensors
from isobit.model.products import Product
from isobit.model.weights import Encoding
from isobit.testing import fixed_types, models, precisions
from isobit.testing.numbers import raw_integers
from tiers import examples

#: Few numbers, so that every input of a layer can be tried.
FEW = fixed_types(max_width=3, min_fraction=-2, max_fraction=5)


def example(count: int) -> Any:
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def every_input(graph: Graph) -> dict[str, Any]:
    (tensor,) = graph.inputs
    values = range(tensor.type.raw_min, tensor.type.raw_max + 1)
    return {tensor.name: np.array(list(itertools.product(values, repeat=tensor.size)), dtype=object)}


@st.composite
def events(draw: st.DrawFn, graph: Graph, count: int = 12) -> dict[str, Any]:
    kinds = {t.name: raw_integers(t.type, [t.type for t in graph.tensors.values()][:3]) for t in graph.inputs}
    drawn = {
        t.name: np.array(
            draw(st.lists(st.lists(kinds[t.name], min_size=t.size, max_size=t.size), min_size=count, max_size=count)),
            dtype=object,
        )
        for t in graph.inputs
    }
    corners = corner_events(graph, np.random.default_rng(draw(st.integers(0, 2**20))), 20)
    return {name: np.concatenate([raw, corners[name]]) for name, raw in drawn.items()}


@seed(1)
@example(examples(100, 200))
@given(st.data())
def test_bounds_hold_every_number_of_a_chain(data: Any) -> None:
    graph = data.draw(graphs(max_layers=4))
    assert not contradictions(graph, graph_bounds(graph), data.draw(events(graph)))


@seed(2)
@example(examples(30, 60))
@given(st.data())
def test_bounds_hold_numbers_beyond_int64(data: Any) -> None:
    graph = data.draw(graphs(max_layers=3, kinds=WIDE, max_size=2))
    assert not contradictions(graph, graph_bounds(graph), data.draw(events(graph)))


@seed(3)
@example(examples(50, 100))
@given(st.data())
def test_bounds_hold_under_drawn_precisions(data: Any) -> None:
    model = data.draw(models())
    graph = model.with_types(data.draw(precisions(model))).graph
    inputs = data.draw(events(graph))
    found = {t.name: FixedArray.from_raw(inputs[t.name], t.type) for t in graph.inputs}
    for bounds in (graph_bounds(graph), graph_bounds(graph, measured(graph, found))):
        assert not contradictions(graph, bounds, inputs)


@seed(4)
@example(examples(100, 200))
@given(graphs(kinds=FEW, inputs=FEW, layers=("dense",)))
def test_a_dense_layer_reaches_its_bounds(graph: Graph) -> None:
    """Every input tried: each bound is the smallest or largest number that occurs, each verdict happens."""
    (op,) = graph.lowered.ops
    assert isinstance(op, Dot)
    inputs = every_input(graph)
    bounds = graph_bounds(graph)
    of = bounds.ops[op.name]
    assert isinstance(of, DotBounds)
    assert not contradictions(graph, bounds, inputs)
    steps = dot_steps(op, graph.inputs[0], inputs["x"])
    exact = ["start", "terms", "free_sum"]
    exponential = Product.of(graph.inputs[0], op.weight) is Product.WEIGHT_EXPONENTIAL
    if exponential and not _register_is_wide_enough(op, graph.inputs[0]):
        exact = ["start"]
    if not of.accum_overflow.any():
        exact += ["partial", "accum"] if len(exact) > 1 else []
    for name in exact:
        for bound, reached in (
            (getattr(of.hull, name).low, steps[name].min(axis=0)),
            (getattr(of.hull, name).high, steps[name].max(axis=0)),
        ):
            np.testing.assert_array_equal(bound, reached, err_msg=name)
    *_, (_, _, result, counted) = observe(graph, inputs)
    if len(exact) > 1:
        reached = counted.get("accum", np.zeros((1, op.output.size), bool)).any(axis=0)
        np.testing.assert_array_equal(of.accum_overflow, reached)
    if len(exact) > 3:
        # Sums step over some integers, so a result may miss what the hull of its source suggests; not its verdict.
        np.testing.assert_array_equal(
            of.result_overflow, counted.get("result", np.zeros((1, op.output.size), bool)).any(axis=0)
        )
        if not of.result_overflow.any():
            np.testing.assert_array_equal(of.result.low, result.min(axis=0))
            np.testing.assert_array_equal(of.result.high, result.max(axis=0))


def _register_is_wide_enough(op: Dense, tensor: Tensor) -> bool:
    """Whether no shift by a power of two leaves its register: then nothing wraps on the way."""
    register = Product.WEIGHT_EXPONENTIAL.exact_type(tensor.type, op.weight.type)
    align = register.fraction - tensor.type.fraction
    return align >= 0 and tensor.type.width + align + int(op.weight.raw.max()) < register.width


@seed(5)
@example(examples(125, 250))
@given(graphs(kinds=FEW, inputs=FEW, max_size=2, layers=ELEMENTWISE))
def test_an_elementwise_layer_reaches_its_bounds(graph: Graph) -> None:
    (op,) = graph.ops
    bounds, inputs = graph_bounds(graph), every_input(graph)
    assert not contradictions(graph, bounds, inputs)
    *_, (_, _, result, counted) = observe(graph, inputs)
    of = bounds.ops[op.name]
    if op.tag == "batchnorm" and Product.of(graph.inputs[0], op.scale) is Product.WEIGHT_EXPONENTIAL:
        return
    if getattr(op, "function", "") == "ternary_tanh":  # twice a number may wrap, and then not be monotone
        return
    np.testing.assert_array_equal(
        of.result_overflow, counted.get("result", np.zeros((1, op.output.size), bool)).any(axis=0)
    )
    kind = op.output.type
    saturates = kind.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    if saturates or not of.result_overflow.any():
        np.testing.assert_array_equal(of.result.low, result.min(axis=0))
        np.testing.assert_array_equal(of.result.high, result.max(axis=0))


@pytest.mark.oracle(sample=5)
@pytest.mark.parametrize("rounding", Rounding, ids=lambda mode: mode.name)
@pytest.mark.parametrize("case", range(6))
def test_inputs_that_reach_the_bounds_of_a_sum(rounding: Rounding, case: int) -> None:
    """Large layers, too many inputs to try: the corner that the bounds speak of is built, and gives them."""
    rng = np.random.default_rng([case, int(rounding)])
    n_in, n_out = int(rng.integers(2, 60)), int(rng.integers(1, 20))
    source, weight_kind = FixedType(int(rng.integers(4, 19)), 4, bool(rng.integers(2))), FixedType(9, 2)
    accum = FixedType(int(rng.integers(14, 22)), 14, True, rounding)
    raw = rng.integers(weight_kind.raw_min, weight_kind.raw_max + 1, (n_in, n_out))
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (n_out,), FixedType(10, 6, True, rounding, Overflow.SAT)),
        number("weight", raw, weight_kind),
        number("bias", rng.integers(-9, 9, n_out), FixedType(6, 3)),
        accum,
    )
    graph = Graph("one", (Tensor("x", (n_in,), source),), (op,), ("y",))
    (dot,) = graph.lowered.ops
    assert isinstance(dot, Dot)
    of = graph_bounds(graph).ops["fc"]
    assert isinstance(of, DotBounds)
    assert not of.accum_overflow.any()
    for j in range(n_out):
        for side, name in ((1, "high"), (-1, "low")):
            event = reaching(graph.inputs[0], raw[:, j] * side)
            steps = dot_steps(dot, graph.inputs[0], event[None].astype(object))
            for what in ("free_sum", "accum"):
                assert steps[what][0, j] == getattr(getattr(of, what), name)[j], (what, name, j)
            assert steps["accum"][0, j] == getattr(of.source, name)[j]
            result = vector.compute(dot, graph.inputs, (event[None].astype(object),))
            assert result[0, j] == getattr(of.result, name)[j]


def test_what_is_exact_and_what_is_dropped() -> None:
    """An even weight loses nothing at a shift of one, an odd one does; a zero never does."""
    weight = number("weight", [[4, 3, 0, -6]], FixedType(6, 2))
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (4,), FixedType(20, 10)),
        weight,
        number("bias", [0, 0, 0, 0], FixedType(6, 2)),
        FixedType(20, 14),
    )
    graph = Graph("one", (Tensor("x", (1,), FixedType(8, 4)),), (op,), ("y",))  # drops 4 + 4 - 6 = 2 bits
    of = graph_bounds(graph).ops["fc"]
    assert isinstance(of, DotBounds)
    assert of.hull.terms_exact.tolist() == [[True, False, True, False]]
    assert of.hull.terms.low.tolist() == [[-128, -96, 0, -191]]


def test_the_order_of_the_sum_decides_whether_it_overflows() -> None:
    """3 x0 + 3 x1 - 3 x2 with x in 2..3 fits 5 bits; x0 and x1 together do not, unless x2 comes in between."""
    one = FixedType(2, 2, signed=False)
    weight, bias = number("weight", [[3], [3], [-3], [0]], FixedType(3, 3)), number("bias", [0], FixedType(2, 2))
    found = {}
    for strategy, reuse in (("latency", 1), ("resource", 2)):
        op = Dense("fc", ("x",), Tensor("y", (1,), FixedType(8, 8)), weight, bias, FixedType(5, 5), strategy, reuse)
        graph = Graph("one", (Tensor("x", (4,), one),), (op,), ("y",))
        of = graph_bounds(graph, {"x": Range(np.array([2] * 4), np.array([3] * 4), 0)}).ops["fc"]
        assert isinstance(of, DotBounds)
        found[strategy] = (of.accum_overflow.tolist(), of.partial.low.tolist(), of.partial.high.tolist())
        # A sum modulo 2**5 forgets the wraps on its way.
        for sums in (of.accum, of.free_sum):
            assert (sums.low.tolist(), sums.high.tolist()) == ([3], [12])
        assert of.hull.free_magnitude.tolist() == [27]
    assert found == {"latency": ([True], [-25], [18]), "resource": ([False], [-3], [12])}


@pytest.mark.hls4ml
@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("slot", range(4))
def test_bounds_hold_every_number_of_the_differential_networks(slot: int) -> None:
    from networks import Rejected, build

    try:
        _, _, model, x = build(slot)
    except Rejected:
        _, _, model, x = build(slot + 1_000_000)
    inputs, _ = model.quantise(x)
    data = {name: array.raw.astype(object) for name, array in inputs.items()}
    corners = corner_events(model.graph, np.random.default_rng(slot), 60)
    everything = {name: np.concatenate([raw, corners[name]]) for name, raw in data.items()}
    assert not contradictions(model.graph, graph_bounds(model.graph), everything)
    assert not contradictions(model.graph, graph_bounds(model.graph, measured(model.graph, inputs)), data)


# -- inputs, refusals, ops of one's own -------------------------------------------------------------------------------


def simple() -> Graph:
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (1,), FixedType(20, 10)),
        number("weight", [[1], [2]], FixedType(4, 4)),
        number("bias", [1], FixedType(4, 4)),
        FixedType(20, 10),
    )
    return Graph("one", (Tensor("x", (2,), FixedType(8, 8)),), (op,), ("y",))


def test_given_bounds_narrow_what_follows() -> None:
    graph = simple()
    data = {"x": FixedArray.from_raw([[1, -2], [3, 5]], "ap_fixed<8,8>")}
    bounds = graph_bounds(graph, measured(graph, data))
    assert bounds.inputs["x"].low.tolist() == [1, -2]
    assert bounds.tensors["y"].low.tolist() == [(1 - 4 + 1) << 10]
    assert bounds.tensors["y"].high.tolist() == [(3 + 10 + 1) << 10]
    assert graph_bounds(graph).inputs["x"].high.tolist() == [127, 127]


@pytest.mark.parametrize(
    ("given_", "error", "says"),
    [
        ({"z": Range.of_type(FixedType(8, 8), 2)}, RangeError, "'z', which is no input; inputs: x"),
        ({"x": Range.of_type(FixedType(8, 8), 3)}, ShapeError, r"shape \(3,\), expected \(2,\)"),
        ({"x": Range.of_type(FixedType(8, 7), 2)}, RangeError, "at 1 fraction bits, expected 0"),
        ({"x": Range.of_type(FixedType(9, 9), 2)}, RangeError, r"-256..255 of input 'x' exceed ap_fixed<8,8>"),
    ],
)
def test_bounds_of_inputs_that_cannot_be(given_: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        graph_bounds(simple(), given_)


def test_no_events_have_no_bounds() -> None:
    with pytest.raises(RangeError, match="no events were given for input 'x'"):
        measured(simple(), {"x": FixedArray.from_raw(np.zeros((0, 2), int), "ap_fixed<8,8>")})


def test_an_op_of_ones_own() -> None:
    from dataclasses import dataclass

    from isobit.bounds.rules import KERNELS

    @dataclass(frozen=True, eq=False)
    class Negate(Op):
        tag = "negate"

    op = Negate("neg", ("x",), Tensor("y", (2,), FixedType(9, 9)))
    graph = Graph("own", (Tensor("x", (2,), FixedType(8, 8)),), (op,), ("y",))
    unknown = graph_bounds(graph).tensors["y"]  # whatever its format holds
    assert (unknown.low.tolist(), unknown.high.tolist()) == ([-256, -256], [255, 255])

    @register_bounds(Negate)
    def negate(op: Negate, tensors: Tensors, ranges: Ranges) -> OpBounds:
        (values,) = ranges
        turned = Range(-values.high, -values.low, values.fraction)
        return OpBounds(op, turned, turned, turned, np.zeros(turned.shape, dtype=bool))

    try:
        assert graph_bounds(graph).tensors["y"].high.tolist() == [128, 128]
    finally:
        del KERNELS[Negate]


def test_every_op_has_bounds() -> None:
    from isobit.bounds.rules import KERNELS
    from isobit.model.lookup import Lookup
    from isobit.model.ops import OPS
    from isobit.model.primitives import Formula, Select
    from isobit.model.reduce import Reduce
    from isobit.model.softmax import Softmax

    primitives = {Dot, Formula, Lookup, Reduce, Select, Softmax}
    assert set(KERNELS) == {op for op in OPS.values() if op.primitive} | primitives


def test_one_bit_data_and_weights() -> None:
    """The sum of matches becomes a sum of signs."""
    op = Dense(
        "fc",
        ("x",),
        Tensor("y", (2,), FixedType(8, 8)),
        number("weight", [[0, 1], [1, 1], [1, 0]], BIT, Encoding.XNOR),
        number("bias", [0, 0], FixedType(4, 4)),
        FixedType(8, 8),
    )
    graph = Graph("one", (Tensor("x", (3,), BIT, xnor=True),), (op,), ("y",))
    of = graph_bounds(graph).ops["fc"]
    assert (of.result.low.tolist(), of.result.high.tolist()) == ([-3, -3], [3, 3])
