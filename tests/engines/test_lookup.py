"""Lookup and Softmax on every engine, and what is proven of them: tables of rows, any index, groups along any axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit.bounds.intervals import graph_bounds, measured
from isobit.check.tables import TableWatch
from isobit.engines.exact import vector
from isobit.engines.registry import get_engine
from isobit.errors import IsobitError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.fixed.assign import assign
from isobit.model import Encoding, Graph, Tensor, Transpose, Weight
from isobit.model import Softmax as SoftmaxLayer
from isobit.model.lookup import Lookup
from isobit.model.softmax import Softmax
from isobit.model.table_index import AroundZero, BelowZero, Counted, FromZero, Index, Itself
from isobit.model.tables import exponential_table, inverse_table
from isobit.profile.exact import exact_profile
from isobit.profile.profiling import profile_graph

KINDS = ["ap_fixed<8,3>", "ap_fixed<7,2,AP_RND,AP_SAT>", "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>", "ap_int<5>"]


def kind_of(rng: np.random.Generator) -> FixedType:
    return FixedType.parse(KINDS[rng.integers(len(KINDS))])


def weight(rng: np.random.Generator, *shape: int) -> Weight:
    kind = kind_of(rng)
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, shape)
    values = raw * 2.0**-kind.fraction
    return Weight("table", raw, kind, values, values, Encoding.TABLE)


def draw(seed: int) -> tuple[Graph, Any]:
    """Each index: rows of entries, factors of entries and of the numbers that look nothing up."""
    rng = np.random.default_rng(seed)
    x = Tensor("x", (int(rng.integers(1, 5)),), FixedType.parse("ap_uint<3>") if rng.integers(2) else kind_of(rng))
    indices: list[Index] = [AroundZero(2 ** int(rng.integers(1, 5))), BelowZero(2 ** int(rng.integers(1, 5)))]
    indices.append(FromZero(int(rng.integers(0, 4))))
    if x.type == FixedType.parse("ap_uint<3>"):
        indices.append(Counted(0))
        indices += [Itself(), Itself(2)]
    ops = []
    for index in (index for index in indices for _ in range(2)):
        row = () if index.sided else ((), (1,), (3,))[int(rng.integers(3))]
        table = weight(rng, int(rng.integers(15, 20)), *row)
        stride = int(rng.integers(1, 4)) if row == (3,) and isinstance(index, Itself) else None
        scale = weight(rng, 1) if rng.integers(2) else None
        other = weight(rng, 1) if index.sided and rng.integers(2) else None
        name = f"t{len(ops)}"
        output = Tensor(f"{name}_o", (x.size * (row[0] if row else 1),), kind_of(rng))
        ops.append(Lookup(name, ("x",), output, table, index, "", scale, other, stride))
    graph = Graph("g", (x,), tuple(ops), tuple(op.output.name for op in ops), primitive=True)
    return graph, rng.integers(x.type.raw_min, x.type.raw_max + 1, (100, x.size))


def by_definition(op: Lookup, x: Tensor, event: list[int]) -> list[int]:
    """One number after the other, on exact fractions."""

    def cast(value: int, form: FixedType) -> int:
        return int(assign(np.array([value], dtype=object), form, op.output.type)[0])

    def times(value: int, form: FixedType, factor: Weight | None) -> tuple[int, FixedType]:
        return (value, form) if factor is None else (value * int(factor.raw[0]), factor.type.product_with(form))

    numbers: list[int] = []
    for number in event:
        entries = len(op.table.raw)
        if isinstance(op.index, Itself):
            index = number * op.index.times
        elif isinstance(op.index, Counted):
            index = number - op.index.least
        elif isinstance(op.index, FromZero):
            index = min(max(int(number * x.type.lsb * entries * 2**op.index.power), 0), entries - 1)
        elif number >= 0 and op.index.sided:
            numbers.append(cast(*times(number, x.type, op.other_factor)))
            continue
        else:
            assert isinstance(op.index, (AroundZero, BelowZero))
            steps = int(number * x.type.lsb * entries / op.index.span)  # toward zero, as an int
            index = min(max(steps + entries // 2 if not op.index.sided else -steps, 0), entries - 1)
        start = index * (op.stride or op.row)
        row = op.table.raw.ravel()[start : start + op.row].tolist()
        numbers += [cast(*times(entry, op.table.type, op.entry_factor)) for entry in row]
    return numbers


def agree(graph: Graph, data: Any, values: dict[str, Any], hint: str) -> None:
    """Engines, bounds and profiles of a graph with one input, whose tensors are known."""
    (x,) = graph.inputs
    inputs = {"x": FixedArray.from_raw(data, x.type)}
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(graph, inputs, 1)
        for name, wanted in values.items():
            np.testing.assert_array_equal(found[name].raw, wanted, err_msg=f"{engine} {name} {hint}")
    for limits in (None, measured(graph, inputs)):
        bounds = graph_bounds(graph, limits)
        assert all(bounds.tensors[name].contains(raw) for name, raw in values.items())
    fast, slow = profile_graph(graph, {"x": data}, 1), exact_profile(graph, {"x": data}, 1)
    counted = {(count.layer, count.slot): count.total for count in fast.counts}
    for layer in fast.layers:
        seen = slow[layer.layer][0]
        for end in ("low", "high", "held_low", "held_high", "lossy"):
            np.testing.assert_array_equal(getattr(layer, end), getattr(seen, end), err_msg=f"{layer.layer} {end}")
        outside = counted.get((layer.layer, "result"), 0 * seen.outside)
        np.testing.assert_array_equal(outside, seen.outside, err_msg=layer.layer)


@pytest.mark.oracle(sample=10)
@pytest.mark.parametrize("seed", range(25))
def test_engines_bounds_and_profiles(seed: int) -> None:
    graph, data = draw(seed)
    (x,) = graph.inputs
    values = {}
    for op in graph.ops:
        assert isinstance(op, Lookup)
        values[op.output.name] = np.array([by_definition(op, x, event) for event in data.tolist()])
    agree(graph, data, values, str(seed))
    watch = TableWatch(graph)
    watch.update({"x": FixedArray.from_raw(data, x.type)})
    sampled = [op for op in graph.ops if isinstance(op, Lookup) and not isinstance(op.index, (Counted, Itself))]
    for use, op in zip(watch.result(), sampled, strict=True):
        negative = data[data < 0] if op.index.sided else data
        assert use.used == len(np.unique(op.indices(negative, x.type))), use
        assert use.entries == len(op.table.raw)


@pytest.mark.parametrize("fraction", [-4, -2, -1, 0, 1, 3])
@pytest.mark.parametrize("entries", [2, 4, 16, 119])
def test_every_number_of_a_format_around_a_table(fraction: int, entries: int) -> None:
    """Also where the LSB is coarser than one, and the firmware cuts the product with the entries at it."""
    rng = np.random.default_rng(entries)
    x = Tensor("x", (1,), FixedType.from_bits(9, fraction=fraction))
    data = np.arange(x.type.raw_min, x.type.raw_max + 1)[:, None]
    for span in (2, 8, 16):
        op = Lookup("t", ("x",), Tensor("o", (1,), kind_of(rng)), weight(rng, entries), AroundZero(span))
        graph = Graph("g", (x,), (op,), ("o",), primitive=True)
        wanted = vector.compute(op, (x,), (data.astype(object),))
        agree(graph, data, {"o": wanted}, f"{fraction} {entries} {span}")


def test_what_no_table_has_is_refused() -> None:
    rng = np.random.default_rng(0)
    x, output = Tensor("x", (2,), FixedType.parse("ap_uint<3>")), Tensor("o", (2,), FixedType.parse("ap_int<9>"))
    table, rows, one = weight(rng, 8), weight(rng, 8, 2), weight(rng, 1)
    wrong: list[tuple[type[IsobitError], str, tuple[Any, ...]]] = [
        (UnsupportedError, "reads the entries 0 to 7 by .x. .*has the entries 0 to 6", (weight(rng, 7), Itself())),
        (ShapeError, "has 2 outputs, expected 4", (rows, Itself())),
        (ShapeError, r"expected \(entries,\) or \(entries, row\)", (weight(rng, 2, 2, 2), Itself())),
        (ShapeError, "factors of several values", (table, Itself(), "", table)),
        (UnsupportedError, "rows of 2 entries", (rows, BelowZero(8))),
        (UnsupportedError, "factor of other numbers", (table, AroundZero(8), "", None, one)),
    ]
    for error, text, given in wrong:
        with pytest.raises(error, match=text):
            Graph("g", (x,), (Lookup("t", ("x",), output, *given),), ("o",), primitive=True)


@pytest.mark.parametrize("implementation", ["stable", "latency", "argmax"])
def test_groups_along_any_axis_are_those_of_the_transposed_input(implementation: str) -> None:
    """Numbers of a group in any places give what they give side by side."""
    rng = np.random.default_rng(5)
    kind, own = FixedType.parse("ap_fixed<9,4>"), FixedType.parse("ap_fixed<12,3,AP_RND,AP_SAT>")
    norm = FixedType.parse("ap_ufixed<9,4>")
    x, shape, perm = Tensor("x", (3, 4, 2), kind), (3, 4, 2), (2, 0, 1)
    data = rng.integers(kind.raw_min, kind.raw_max + 1, (200, x.size))
    parts: dict[str, Any] = {}
    if implementation != "argmax":
        stable = implementation == "stable"
        address = norm if stable else kind
        parts = {"inp_norm": norm} if stable else {"address": kind}
        parts |= {
            "exp_table": exponential_table("exp_table", 64, address, 1.0, stable, own),
            "inv_table": inverse_table("inv_table", 64, own, own),
            "accum": own,
            "inv_inp": own,
        }
    turned = Tensor("turned", (2, 3, 4), kind)
    layer = SoftmaxLayer("s", ("turned",), Tensor("s", (2, 3, 4), own), implementation, 4, 6, **parts)
    beside = Graph("beside", (x,), (Transpose("turned", ("x",), turned, shape, perm), layer), ("s",))
    wanted = get_engine("reference").run(beside, {"x": FixedArray.from_raw(data, kind)}, 1)["s"].raw
    places = np.arange(x.size).reshape(shape).transpose(perm).ravel()
    (side_by_side,) = layer.lower(turned)
    assert isinstance(side_by_side, Softmax)
    fields = {name: getattr(side_by_side, name) for name in ("exp_table", "inv_table", "accum", "inv_inp", "inp_norm")}
    groups = places[side_by_side.groups]
    output = Tensor("y", x.shape, own)
    apart = Softmax("y", ("x",), output, implementation, groups, **fields, exp_address=side_by_side.exp_address)
    graph = Graph("apart", (x,), (apart,), ("y",), primitive=True)
    agree(graph, data, {"y": wanted[:, np.argsort(places)]}, implementation)


def test_groups_hold_each_number_once() -> None:
    kind = FixedType.parse("ap_fixed<9,4>")
    x, output = Tensor("x", (4,), kind), Tensor("y", (4,), kind)
    for groups in ([[0, 1], [2, 2]], [0, 1, 2, 3], [[0, 1, 2]], [[0, 1], [2, 4]]):
        with pytest.raises(ShapeError, match="with each index from 0 to 3 once"):
            Graph("g", (x,), (Softmax("y", ("x",), output, "argmax", np.array(groups)),), ("y",), primitive=True)
