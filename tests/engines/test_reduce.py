"""Reduce on every engine, and what is proven of it: any windows, repeated numbers and padding included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit.bounds.intervals import graph_bounds, measured
from isobit.engines.registry import get_engine
from isobit.errors import IsobitError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType, growth
from isobit.fixed.assign import assign
from isobit.model import Graph, Tensor
from isobit.model.reduce import Reduce
from isobit.profile.exact import exact_profile
from isobit.profile.profiling import profile_graph

KINDS = [
    "ap_fixed<8,3>",
    "ap_fixed<7,5,AP_RND,AP_SAT>",
    "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>",
    "ap_fixed<9,2,AP_TRN_ZERO,AP_SAT_SYM>",
    "ap_fixed<6,6,AP_RND_INF,AP_SAT_ZERO>",
    "ap_int<5>",
    "ap_fixed<5,1,AP_RND_ZERO,AP_WRAP,1>",
]


def draw(seed: int) -> tuple[Graph, Any]:
    """Every function and order on one input."""
    rng = np.random.default_rng(seed)

    def kind() -> FixedType:
        return FixedType.parse(KINDS[rng.integers(len(KINDS))])

    x = Tensor("x", (int(rng.integers(2, 8)),), kind())
    ops = []
    for function, order, first in (
        ("max", "sequence", False),
        ("max", "sequence", True),
        ("sum", "sequence", False),
        ("sum", "sequence", True),
        ("sum", "tree", True),
    ):
        shape = int(rng.integers(1, 5)), int(rng.integers(1, 7))
        accum = x.type if rng.integers(3) == 0 else kind()
        padded = order != "tree" and (function == "sum" or accum == x.type) and rng.integers(2)
        view = rng.integers(-1 if padded else 0, x.size, shape)
        view[:, 0] = np.maximum(view[:, 0], 0)
        divisors = None if function == "max" or rng.integers(2) else rng.integers(1, 6, shape[0])
        name = f"r{len(ops)}"
        output = Tensor(f"{name}_o", (shape[0],), kind())
        ops.append(Reduce(name, ("x",), output, function, view, accum, order, first, divisors))
    graph = Graph("g", (x,), tuple(ops), tuple(op.output.name for op in ops), primitive=True)
    return graph, rng.integers(x.type.raw_min, x.type.raw_max + 1, (100, x.size))


def by_definition(op: Reduce, x: Tensor, event: list[int]) -> list[int]:
    """One number after the other, on Python integers."""

    def cast(value: int, form: FixedType, target: FixedType) -> int:
        return int(assign(np.array([value], dtype=object), form, target)[0])

    def plus(a: int, b: int, kind: FixedType) -> int:
        exact = growth.sum_of(op.accum, kind)
        up, added = exact.fraction - op.accum.fraction, exact.fraction - kind.fraction
        return cast((a << up) + (b << added), exact, op.accum)

    def tree(values: list[int]) -> int:
        if len(values) == 1:
            return values[0]
        left = 1
        while 2 * left < len(values):
            left *= 2
        return plus(tree(values[:left]), tree(values[left:]), op.accum)

    row = []
    top = op.accum.raw_min if op.accum.signed else 1 << (op.accum.width - 1)
    for j, window in enumerate(op.view.tolist()):
        numbers = [(0 if op.function == "sum" else top) if i < 0 else event[i] for i in window]
        if op.function == "max":
            held = max(cast(v, x.type, op.accum) for v in numbers)
        elif op.order == "tree":
            held = tree([cast(v, x.type, op.accum) for v in numbers])
        else:
            held = 0
            for v in numbers:
                held = plus(held, cast(v, x.type, op.accum), op.accum) if op.cast_first else plus(held, v, x.type)
        if op.divisors is not None:
            held = abs(held) // int(op.divisors[j]) * (-1 if held < 0 else 1)
        row.append(cast(held, op.accum, op.output.type))
    return row


@pytest.mark.oracle(sample=10)
@pytest.mark.parametrize("seed", range(25))
def test_engines_bounds_and_profiles(seed: int) -> None:
    graph, data = draw(seed)
    (x,) = graph.inputs
    inputs = {"x": FixedArray.from_raw(data, x.type)}
    values = {"x": data}
    for op in graph.ops:
        assert isinstance(op, Reduce)
        values[op.output.name] = np.array([by_definition(op, x, event) for event in data.tolist()])
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(graph, inputs, 1)
        for op in graph.ops:
            wanted = values[op.output.name]
            np.testing.assert_array_equal(found[op.output.name].raw, wanted, err_msg=f"{engine} {op.name} {seed}")
    for limits in (None, measured(graph, inputs)):
        bounds = graph_bounds(graph, limits)
        assert all(bounds.tensors[name].contains(raw) for name, raw in values.items())
    fast, slow = profile_graph(graph, {"x": data}, 1), exact_profile(graph, {"x": data}, 1)
    for layer in fast.layers:
        seen = slow[layer.layer][0]
        for end in ("low", "high", "held_low", "held_high", "lossy"):
            np.testing.assert_array_equal(getattr(layer, end), getattr(seen, end), err_msg=f"{layer.layer} {end}")
    counted = {(count.layer, count.slot): count.total for count in fast.counts}
    for name, (seen, sums) in slow.items():
        for slot, times in (("accum", sums[1]), ("result", seen.outside)):
            np.testing.assert_array_equal(counted.get((name, slot), 0 * times), times, err_msg=f"{name} {slot}")


def test_what_no_kernel_adds_is_refused() -> None:
    kind, other = FixedType.parse("ap_fixed<8,3>"), FixedType.parse("ap_fixed<8,4>")
    x, output = Tensor("x", (3,), kind), Tensor("o", (1,), kind)
    view, padded = np.array([[0, 2]]), np.array([[0, -1]])

    def reduce(*given: Any, **more: Any) -> Graph:
        return Graph("g", (x,), (Reduce("r", ("x",), output, *given, **more),), ("o",), primitive=True)

    wrong: list[tuple[type[IsobitError], str, tuple[Any, ...], dict[str, Any]]] = [
        (UnsupportedError, "reduction 'product' of layer 'r'", ("product", view, kind), {}),
        (UnsupportedError, "order 'stack' of layer 'r'", ("sum", view, kind, "stack"), {}),
        (ShapeError, r"expected int64 of shape \(1, numbers of a window\)", ("sum", view[0], kind), {}),
        (ShapeError, "holds nothing but padding", ("sum", padded[:, 1:], kind), {}),
        (ShapeError, "reads the number 3 of 3", ("sum", view + 1, kind), {}),
        (ShapeError, "needs 1 positive divisors", ("sum", view, kind), {"divisors": np.array([0])}),
        (UnsupportedError, "in a tree numbers that are not cast first", ("sum", padded, kind, "tree", True), {}),
        (UnsupportedError, "divides a maximum", ("max", view, kind), {"divisors": np.array([2])}),
        (UnsupportedError, "with padding both must be the same", ("max", padded, other), {}),
    ]
    for error, text, given, more in wrong:
        with pytest.raises(error, match=text):
            reduce(*given, **more)
