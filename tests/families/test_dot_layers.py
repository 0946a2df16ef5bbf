"""Scalar products as data: every engine against the reference, bounds and profile, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from family_networks import a_format

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import DotProduct, Graph, Merge, Tensor
from isobit.model.file import load_graph, save_graph

KIND = FixedType.parse


def a_graph(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """A squared distance, and a scalar product with numbers of any format, now and then of two bits."""
    rng = np.random.default_rng([seed, 29])
    size = int(rng.integers(1, 10))
    third = KIND("ap_int<2>") if rng.random() < 0.4 else a_format(rng)
    x, y, z = (
        Tensor(name, (size,), kind) for name, kind in zip("xyz", (a_format(rng), a_format(rng), third), strict=True)
    )
    gap = Tensor("gap", (size,), a_format(rng))
    ops = (
        Merge("gap", ("x", "y"), gap, "subtract"),
        DotProduct("square", ("gap", "gap"), Tensor("square", (1,), a_format(rng)), a_format(rng)),
        DotProduct("dot", ("x", "z"), Tensor("dot", (1,), a_format(rng)), a_format(rng)),
    )
    return Graph("dots", (x, y, z), ops, ("square", "dot")), {t.name: some(rng, t) for t in (x, y, z)}


def some(rng: np.random.Generator, tensor: Tensor) -> FixedArray:
    kind = tensor.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (80, tensor.size))
    raw = np.where(rng.random(raw.shape) < 0.15, kind.raw_min, raw)
    return FixedArray.from_raw(np.where(rng.random(raw.shape) < 0.3, raw // 8, raw), kind)


@pytest.mark.parametrize("seed", range(16))
def test_every_engine_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = a_graph(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    results = [("cpp-strict", get_engine("cpp-strict").run(graph, inputs, 2))]
    for name, road in roads:
        results += [(name, road.run(graph, inputs, 1)), (f"{name} joined", road.run_outputs(graph, inputs, 2))]
    for name, found in results:
        for tensor in found:
            np.testing.assert_array_equal(found[tensor].raw, wanted[tensor].raw, err_msg=f"{name}: {tensor}")


def test_profile_plan_and_witness_name_the_layer() -> None:
    """The accumulator of the squares overflows for some events, and its products never do."""
    x, y = (Tensor(name, (10,), KIND("ap_ufixed<10,6>")) for name in "xy")
    gap = Tensor("gap", (10,), KIND("ap_fixed<11,7>"))
    dot = DotProduct("dot", ("gap", "gap"), Tensor("dot", (1,), KIND("ap_ufixed<18,14>")), KIND("ap_ufixed<22,14>"))
    model = ib.Model(Graph("distance", (x, y), (Merge("gap", ("x", "y"), gap, "subtract"), dot), ("dot",)))
    rng = np.random.default_rng(1)
    events = [rng.uniform(0.0, 64.0, (400, 10)) for _ in range(2)]
    events[1][0], events[0][0] = 0.0, 63.9375
    profile, plan = model.profile(events), model.plan(witnesses=True)
    assert not plan["dot.accum"].safe
    assert plan["dot.accum"].witnesses
    exact = ((model.quantise(events)[0]["x"].raw - model.quantise(events)[0]["y"].raw) ** 2).sum(axis=1)
    assert profile["dot.accum"].events == int((exact >= 1 << 22).sum()) > 0
    assert model.predict(events).ravel().tolist() == [float((total % (1 << 22)) >> 4) / 16 for total in exact.tolist()]


def test_files_and_changed_formats(tmp_path: Path) -> None:
    graph, inputs = a_graph(3)
    save_graph(graph, tmp_path / "m.isobit")
    assert load_graph(tmp_path / "m.isobit") == graph
    other = graph.with_types({"dot.accum": "ap_fixed<9,3,AP_RND_CONV,AP_SAT>", "square.accum": "ap_int<7>"})
    wanted = get_engine("reference").run(other, inputs, 1)
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(other, inputs, 1)
        assert np.array_equal(found["dot"].raw, wanted["dot"].raw)
        assert np.array_equal(found["square"].raw, wanted["square"].raw)


def test_minus_two_of_a_ternary_input_counts_as_one() -> None:
    x, t = Tensor("x", (4,), KIND("ap_fixed<8,4>")), Tensor("t", (4,), KIND("ap_int<2>"))
    op = DotProduct("dot", ("x", "t"), Tensor("dot", (1,), KIND("ap_fixed<12,8>")), KIND("ap_fixed<12,8>"))
    model = ib.Model(Graph("ternary", (x, t), (op,), ("dot",)))
    events = [np.array([[1.0, 2.0, 3.0, 0.5]]), np.array([[-2.0, -1.0, 0.0, 1.0]])]
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        assert model.predict(events, engine=engine).tolist() == [[1.0 - 2.0 + 0.5]], engine


def test_what_is_refused() -> None:
    kind = KIND("ap_fixed<8,4>")
    one, two = Tensor("x", (4,), kind), Tensor("y", (3,), kind)
    with pytest.raises(ShapeError, match="'dot' has 3 numbers in its second input, expected 4"):
        Graph("g", (one, two), (DotProduct("dot", ("x", "y"), Tensor("dot", (1,), kind), kind),), ("dot",))
    with pytest.raises(ShapeError, match="'dot' has 2 outputs, expected 1"):
        Graph("g", (one,), (DotProduct("dot", ("x", "x"), Tensor("dot", (2,), kind), kind),), ("dot",))
    bit = Tensor("x", (4,), KIND("ap_uint<1>"))
    with pytest.raises(
        UnsupportedError, match="first input of layer 'dot' is ap_uint<1>, for which hls4ml's dot1d does"
    ):
        Graph("g", (bit,), (DotProduct("dot", ("x", "x"), Tensor("dot", (1,), kind), kind),), ("dot",))
