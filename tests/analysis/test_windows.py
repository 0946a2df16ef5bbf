"""Sums over windows: every engine, bounds and profiles on random graphs, against a loop over products and sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from observing import contradictions

from isobit._core import instruction_sets
from isobit.bounds.dot import distinct
from isobit.bounds.intervals import graph_bounds, measured
from isobit.bounds.ranges import Range
from isobit.bounds.refine import refined_bounds
from isobit.engines.cpp import CppEngine
from isobit.engines.numba.choice import candidates as numba_candidates
from isobit.engines.registry import get_engine
from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.fixed.assign import assign
from isobit.model import Encoding, Graph, Tensor, Weight
from isobit.model.dot import Dot
from isobit.model.products import Product
from isobit.plan.lanes import Lane, candidates
from isobit.plan.plan import Plan, make_plan
from isobit.plan.stages import Stage
from isobit.profile.exact import exact_profile
from isobit.profile.profiling import profile_graph
from isobit.witness.search import find_witnesses

DATA = ["ap_fixed<8,3>", "ap_fixed<7,5,AP_RND,AP_SAT>", "ap_ufixed<6,2>", "ap_fixed<12,4>", "ap_fixed<19,6>"]
WEIGHTS = ["ap_fixed<6,2>", "ap_fixed<4,1>", "ap_int<2>", "ap_fixed<9,5>", "ap_fixed<17,3>"]
ACCUMS = [
    "ap_fixed<24,12>",
    "ap_fixed<9,5>",  # rounds and wraps
    "ap_fixed<10,5,AP_RND,AP_SAT>",
    "ap_fixed<8,4,AP_TRN,AP_SAT_SYM>",
    "ap_fixed<9,6,AP_RND_CONV,AP_SAT_SYM>",
    "ap_fixed<9,4,AP_TRN_ZERO,AP_SAT_ZERO>",
    "ap_fixed<8,4,AP_TRN,AP_WRAP,1>",
    "ap_fixed<40,16>",
]
RESULTS = ["ap_fixed<16,6>", "ap_fixed<6,3,AP_RND_CONV,AP_SAT>", "ap_ufixed<5,3,AP_RND,AP_SAT>", "ap_fixed<7,2>"]


def one_of(names: list[str], rng: np.random.Generator) -> FixedType:
    return FixedType.parse(names[rng.integers(len(names))])


def weight_of(name: str, raw: Any, kind: FixedType) -> Weight:
    values = raw * 2.0**-kind.fraction
    return Weight(name, raw, kind, values, values)


def windows(size: int, n_in: int, groups: int, rng: np.random.Generator) -> Any:
    """Windows as convolutions have them, with steps and padding; or any numbers, some of them twice; or the input."""
    positions = int(rng.integers(1, 6))
    way = rng.integers(4)
    if way == 0:
        return rng.integers(-1, size, (positions * groups, n_in))
    starts = np.arange(positions * groups) * int(rng.integers(1, 4)) - int(rng.integers(0, 3))
    if way == 1:
        starts = np.arange(positions * groups) * n_in
    view = starts[:, None] + np.arange(n_in) * (1 if way < 3 else int(rng.integers(1, 3)))
    return np.where(view < size, np.maximum(view, -1), -1)


def draw_dot(name: str, tensor: Tensor, rng: np.random.Generator, accums: list[str] = ACCUMS) -> Dot:
    n_in, groups = int(rng.integers(1, 7)), int(rng.choice([1, 1, 2, 3]))
    n_out = groups * int(rng.integers(1, 4))
    view = windows(tensor.size, n_in, groups, rng).astype(np.int64)
    strategy, reuse = "latency", 1
    if rng.integers(2):
        divisors = [d for d in range(1, n_in + 1) if n_in % d == 0]
        strategy, reuse = "resource", int(rng.choice(divisors))
    kind, accum = one_of(WEIGHTS, rng), one_of(accums, rng)
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (n_in, n_out))
    if groups == 1 and rng.integers(4) == 0 and n_in > 1:
        raw[rng.random(raw.shape) < 0.3] = 0
        raw[0, 0] = 1
        strategy, reuse = "compressed", 1
        if n_in % 2 == 0:
            reuse = 2
    weight = weight_of("weight", raw, kind)
    if kind.width == 4 and strategy != "compressed" and rng.integers(2):
        exponent = FixedType.int_type(3)
        raw = rng.integers(-4, 4, (n_in, n_out))
        signs = rng.integers(0, 2, raw.shape)
        values = np.where(signs == 1, 1.0, -1.0) * 2.0**raw
        weight = Weight("weight", raw, exponent, values, values, Encoding.EXPONENT, signs)
    own = accum if rng.integers(2) else one_of(WEIGHTS, rng)
    low = own.raw_min if rng.integers(2) else max(own.raw_min, -8)
    bias = weight_of("bias", rng.integers(low, min(own.raw_max, 8) + 1, n_out), own)
    if rng.integers(3) == 0:  # SAT_SYM's minimum, which a copy holds
        bias.raw[0] = own.raw_min
    positions = len(view) // groups
    output = Tensor(f"{name}_o", (positions, n_out), one_of(RESULTS, rng))
    product = Product.of(tensor, weight)
    return Dot(name, (tensor.name,), output, weight, bias, accum, view, product, strategy, reuse, groups)


def draw(seed: int, depth: int = 2, accums: list[str] = ACCUMS) -> tuple[Graph, dict[str, Any]]:
    rng = np.random.default_rng([77, seed])
    tensor = Tensor("x", (int(rng.integers(1, 15)),), one_of(DATA, rng))
    ops: list[Dot] = []
    for place in range(depth):
        ops.append(draw_dot(f"d{place}", ops[-1].output if ops else tensor, rng, accums))
    graph = Graph("g", (tensor,), tuple(ops), tuple(op.output.name for op in ops), primitive=True)
    raw = rng.integers(tensor.type.raw_min, tensor.type.raw_max + 1, (150, tensor.size))
    raw[0], raw[1] = tensor.type.raw_min, tensor.type.raw_max
    return graph, {"x": raw}


def stored(op: Dot) -> list[tuple[int, int]]:
    """The weights that the compressed kernel stores, (neuron, input), in order."""
    n_in, n_out = op.weight.shape
    zeros = [(i, j) for i in range(n_in) for j in range(n_out) if op.weight.written[i, j] == 0]
    count = n_in * n_out - len(zeros)
    left_out = set(zeros[-count % op.reuse_factor :])
    return [(j, i) for j in range(n_out) for i in range(n_in) if (i, j) not in left_out]


def by_definition(op: Dot, tensor: Tensor, raw: Any) -> Any:
    """Position by position, output by output, product by product; all events at once."""
    n_in, n_out = op.weight.shape
    raw = np.asarray(raw).astype(object)
    form = op.product.exact_type(tensor.type, op.weight.type)
    grown = op.accum.sum_with(op.accum)
    results = []
    for position in range(op.positions):
        for j in range(n_out):
            window = op.view[position * op.groups + j // (n_out // op.groups)]

            def term(i: int, j: int = j, window: Any = window) -> Any:
                data = raw[:, window[i]] if window[i] >= 0 else np.zeros(len(raw), dtype=object)
                return assign(product(op, tensor, data, i, j), form, op.accum)

            start = np.full(len(raw), int(op.bias.raw[j]), dtype=object)
            total = assign(start, op.bias.type, op.accum)
            if op.strategy == "compressed":
                for turn in range(op.reuse_factor):
                    part = total * 0
                    for neuron, i in stored(op)[turn :: op.reuse_factor]:
                        if neuron == j:
                            part = assign(part + term(i), grown, op.accum)
                    total = assign(total + part, grown, op.accum)
            else:
                steps = op.reuse_factor if op.strategy == "resource" else 1
                for i in [i for step in range(steps) for i in range(step, n_in, steps)]:
                    total = assign(total + term(i), grown, op.accum)
            results.append(assign(total, op.accum, op.output.type))
    return np.stack(results, axis=1)


def product(op: Dot, tensor: Tensor, data: Any, i: int, j: int) -> Any:
    """A multiplication of nnet_mult.h, at the fraction of the product's format."""
    raw = int(op.weight.raw[i, j])
    if op.product is Product.MULT:
        return data * raw
    if op.product is Product.WEIGHT_TERNARY:
        return data * 0 if raw == 0 else -data if raw == -1 else data
    register = op.product.exact_type(tensor.type, op.weight.type)
    wide = assign(data, tensor.type, register)
    shifted = wide << raw if raw >= 0 else wide >> -raw
    shifted = assign(shifted, FixedType(register.width + 64, register.integer + 64), register)
    assert op.weight.signs is not None
    return shifted if op.weight.signs[i, j] == 1 else assign(-shifted, register.sum_with(register), register)


@pytest.mark.oracle(sample=15)
@pytest.mark.parametrize("seed", range(120))
def test_engines_bounds_and_profiles(seed: int) -> None:
    graph, data = draw(seed)
    values: dict[str, Any] = dict(data)
    for op in graph.ops:
        (tensor,) = graph.inputs_of(op)
        values[op.output.name] = by_definition(op, tensor, values[tensor.name])  # type: ignore[arg-type]
    inputs = {"x": FixedArray.from_raw(data["x"], graph.inputs[0].type)}
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(graph, inputs, 1)
        for op in graph.ops:
            wanted = values[op.output.name]
            np.testing.assert_array_equal(found[op.output.name].raw, wanted, err_msg=f"{engine} {op.name} {seed}")
    limits = measured(graph, inputs)
    for bounds in (
        graph_bounds(graph),
        graph_bounds(graph, limits),
        refined_bounds(graph),
        refined_bounds(graph, limits),
    ):
        assert not contradictions(graph, bounds, data)
    fast, slow = profile_graph(graph, data, 1), exact_profile(graph, data, 1)
    for layer in fast.layers:
        seen = slow[layer.layer][0]
        for mine, other in (("low", "low"), ("high", "high"), ("held_low", "held_low"), ("held_high", "held_high")):
            np.testing.assert_array_equal(getattr(layer, mine), getattr(seen, other), err_msg=f"{layer.layer} {mine}")
        np.testing.assert_array_equal(layer.lossy, seen.lossy, err_msg=layer.layer)
    counts = {count.layer: (count.events, count.total) for count in fast.overflows if count.slot == "accum"}
    for op in graph.ops:
        sums = slow[op.name][1]
        assert (op.name in counts) == bool(sums[1].any())
        np.testing.assert_array_equal(counts.get(op.name, sums), sums, err_msg=f"{op.name}.accum {seed}")


class AnyLane(CppEngine):
    """Takes one of the exact lanes of every stage, drawn."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name)
        self.rng = np.random.default_rng(seed)
        self.taken: set[tuple[str, str]] = set()

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan with a drawn lane."""
        return make_plan(graph, keep=keep, lanes_of=self.pick)

    def pick(self, stage: Stage) -> list[Lane]:
        """One exact lane."""
        lanes = candidates(stage)
        if not lanes:
            return []
        lane = lanes[self.rng.integers(len(lanes))]
        if stage.view is not None:
            self.taken.add((type(stage.map).__name__, lane.multiply))
        return [lane]


LANES = {
    *(("Linear", name) for name in ("float32", "float64", "int32", "int64", "dot16")),
    *(("Sequential", name) for name in ("float32", "float64", "int32", "int64", "floor32", "mulhi16")),
}


@pytest.mark.turn(3)
def test_every_lane_reads_windows() -> None:
    """On every instruction set; each lane was taken in the end."""
    taken: set[tuple[str, str]] = set()
    for seed in range(36):
        graph, data = draw(seed, accums=ACCUMS if seed < 20 else ACCUMS[1:2])  # that of the lanes that round down
        values: dict[str, Any] = dict(data)
        for op in graph.ops:
            (tensor,) = graph.inputs_of(op)
            values[op.output.name] = by_definition(op, tensor, values[tensor.name])  # type: ignore[arg-type]
        inputs = {"x": FixedArray.from_raw(data["x"], graph.inputs[0].type)}
        for name in instruction_sets():
            for again in range(3):
                engine = AnyLane(name, again)
                found = engine.run(graph, inputs, 1)
                for op in graph.ops:
                    wanted = values[op.output.name]
                    np.testing.assert_array_equal(found[op.output.name].raw, wanted, err_msg=f"{name} {op.name} {seed}")
                taken |= engine.taken
    assert taken >= LANES, LANES - taken


@pytest.mark.parametrize("seed", range(6))
def test_verdicts_and_witnesses(seed: int) -> None:
    """A witness is run by the search itself; here the plan says so too, and counts as many outputs as there are."""
    graph, _ = draw(seed, depth=1)
    plan = make_plan(graph, search=lambda g, b: find_witnesses(g, b, rounds=3))
    (op,) = graph.ops
    for verdict in plan.verdicts:
        assert len(verdict.overflows) == op.output.size
        for witness in verdict.witnesses or ():
            assert verdict.overflows[witness.neuron]


def test_lanes_read_windows() -> None:
    """Most of the drawn sums take a lane of either engine; those that do not are cast in an order of their own."""
    for lanes in ({}, {"lanes_of": numba_candidates}):
        planned = [stage for seed in range(40) for stage in make_plan(draw(seed)[0], **lanes).stages]  # type: ignore[arg-type]
        refused = [stage.reason for stage in planned if stage.lane is None]
        assert len(refused) < 0.3 * len(planned), refused
        assert any(stage.stage.view is not None for stage in planned if stage.lane is not None)


def test_what_cannot_be_a_window() -> None:
    tensor, rng = Tensor("x", (4,), FixedType(8, 3)), np.random.default_rng(0)
    op = draw_dot("d", tensor, rng)
    fields = ("name", "inputs", "output", "weight", "bias", "accum")
    given = [getattr(op, field) for field in fields]
    n_in = op.weight.shape[0]
    with pytest.raises(ShapeError, match="reads windows by an array of shape"):
        Dot(*given, np.zeros((2, n_in + 1), dtype=np.int64), op.product)
    with pytest.raises(ShapeError, match="at least -1"):
        Dot(*given, np.full((1, n_in), -2, dtype=np.int64), op.product)
    with pytest.raises(UnsupportedError, match="groups"):
        one = weight_of("weight", np.ones((n_in, 2), dtype=np.int64), FixedType(4, 2))
        two = weight_of("bias", np.zeros(2, dtype=np.int64), FixedType(4, 2))
        output = Tensor("o", (2,), op.output.type)
        view = np.zeros((2, n_in), dtype=np.int64)
        Dot("d", ("x",), output, one, two, op.accum, view, op.product, "compressed", 1, 2)
    far = np.full(op.view.shape, 4, dtype=np.int64)
    with pytest.raises(ShapeError, match="reads the number 4 of 4"):
        Graph("g", (tensor,), (Dot(*given, far, op.product, groups=op.groups),), (op.output.name,), primitive=True)


@pytest.mark.parametrize("collide", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_positions_share_bounds_only_if_their_windows_do(
    seed: int, collide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, _ = draw(seed)
    op, rng = graph.ops[0], np.random.default_rng(seed)
    assert isinstance(op, Dot)
    low = rng.integers(-2, 1, graph.inputs[0].size)
    values = Range(low, low + rng.integers(0, 2, low.size), 0)
    if collide:  # all numbers of a window count alike, so that sums of different windows are the same
        monkeypatch.setattr(np.random, "default_rng", lambda seed: Alike())
    first, which = distinct(op, values)
    ends = zip(values.low.tolist(), values.high.tolist(), values.zeros.tolist(), strict=True)
    kinds = dict(enumerate(ends)) | {-1: None}
    seen = [tuple(kinds[index] for index in view) for view in op.view.reshape(op.positions, -1).tolist()]
    assert [seen[first[k]] for k in which.tolist()] == seen
    assert len(first) == len(set(seen))


class Alike:
    """Draws zeros."""

    def integers(self, high: int, size: int) -> Any:
        return np.zeros(size, dtype=np.int64)
