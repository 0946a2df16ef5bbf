"""Layers in every step of a sequence, as data: every engine against the reference; what hls4ml gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_networks import a_format
from test_family_frontend import STREAM, converted

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import FirmwareError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import (
    BatchNorm,
    Concatenate,
    Dense,
    EveryStep,
    Graph,
    Merge,
    Op,
    Softmax,
    TableActivation,
    Tensor,
    Transpose,
    Weight,
    ZeroPadding,
)
from isobit.model.file import load_graph, save_graph
from isobit.model.tables import function_table

KIND = FixedType.parse
NUMBER = KIND("ap_fixed<12,4>")
STEPS = 3


def numbers(name: str, *shape: int) -> Weight:
    values = np.random.default_rng(len(name)).normal(0.0, 1.0, shape)
    return Weight.from_written(name, values, KIND("ap_fixed<10,3>"))


#: Layers of one step by the shapes of their inputs and of their result.
LAYERS: dict[str, tuple[Callable[[Tensor], Op], list[tuple[int, ...]], tuple[int, ...]]] = {
    "dense": (
        lambda y: Dense("l", ("x",), y, numbers("weight", 4, 3), numbers("bias", 3), KIND("ap_fixed<14,5,RND,SAT>")),
        [(4,)],
        (3,),
    ),
    "batchnorm": (lambda y: BatchNorm("l", ("x",), y, numbers("scale", 4), numbers("bias", 4)), [(4,)], (4,)),
    "channels": (lambda y: BatchNorm("l", ("x",), y, numbers("scale", 2), numbers("bias", 2)), [(3, 2)], (3, 2)),
    "padding": (lambda y: ZeroPadding("l", ("x",), y, (1, 0), (2, 0)), [(2, 3)], (5, 3)),
    "join": (lambda y: Concatenate("l", ("x", "y"), y, 1), [(2, 2), (2, 1)], (2, 3)),
    "merge": (lambda y: Merge("l", ("x", "y"), y, "maximum"), [(4,), (4,)], (4,)),
    "twice": (lambda y: Merge("l", ("x", "x"), y, "multiply"), [(4,)], (4,)),
    "transpose": (lambda y: Transpose("l", ("x",), y, (2, 3), (1, 0)), [(2, 3)], (3, 2)),
    "table": (
        lambda y: TableActivation("l", ("x",), y, "tanh", function_table("table", "tanh", 64, NUMBER)),
        [(5,)],
        (5,),
    ),
    "argmax": (lambda y: Softmax("l", ("x",), y, "argmax", 4), [(4,)], (4,)),
}


def a_graph(kind: str) -> tuple[Graph, dict[str, FixedArray]]:
    make, shapes, result = LAYERS[kind]
    rng = np.random.default_rng([len(kind), 7])
    inputs = tuple(Tensor(n, (STEPS, *s), a_format(rng)) for n, s in zip("xy", shapes, strict=False))
    layer = make(Tensor("l", result, a_format(rng)))
    data = {
        t.name: FixedArray.from_raw(rng.integers(t.type.raw_min, t.type.raw_max + 1, (60, t.size)), t.type)
        for t in inputs
    }
    return Graph("steps", inputs, (EveryStep.of(layer, STEPS),), ("l",)), data


@pytest.mark.parametrize("kind", LAYERS)
def test_every_engine_gives_the_bits_of_the_reference(kind: str, tmp_path: Path) -> None:
    graph, data = a_graph(kind)
    wanted = get_engine("reference").run(graph, data, 1)["l"].raw
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    for name, road in [*roads, ("cpp-strict", get_engine("cpp-strict"))]:
        assert np.array_equal(road.run(graph, data, 1)["l"].raw, wanted), name
    step = Graph(
        "step", tuple(Tensor(t.name, t.shape[1:], t.type) for t in graph.inputs), (graph.ops[0].layer,), ("l",)
    )  # type: ignore[attr-defined]
    for ts in range(STEPS):
        part = {n: FixedArray.from_raw(np.split(a.raw, STEPS, axis=1)[ts], a.type) for n, a in data.items()}
        assert np.array_equal(get_engine("numba").run(step, part, 1)["l"].raw, np.split(wanted, STEPS, axis=1)[ts])
    save_graph(graph, tmp_path / "m.isobit")
    assert load_graph(tmp_path / "m.isobit") == graph
    changed = graph.with_types({"l.result": "ap_fixed<9,3,RND,SAT>", "x.result": "ap_fixed<8,3>"})
    other = dict(data, x=FixedArray.from_raw(data["x"].raw % 128, KIND("ap_fixed<8,3>")))
    wanted = get_engine("reference").run(changed, other, 1)["l"].raw
    assert np.array_equal(get_engine("cpp").run(changed, other, 1)["l"].raw, wanted)


def test_slots_are_those_of_the_layer() -> None:
    graph, data = a_graph("dense")
    model = ib.Model(graph)
    assert {"l.weight", "l.bias", "l.accum", "l.result"} < set(model.types)
    assert model.with_types({"l.weight": "ap_fixed<6,2>"}).types["l.weight"] == KIND("ap_fixed<6,2>")
    assert "wide" not in model.plan().lanes.values()
    model.profile(data["x"])


def test_steps_that_do_not_fit() -> None:
    graph, _ = a_graph("dense")
    (op,) = graph.ops
    with pytest.raises(ShapeError, match=r"'l' reads 'x' of shape \(2, 4\), expected 3 steps"):
        Graph("g", (Tensor("x", (2, 4), NUMBER),), (op,), ("l",))
    with pytest.raises(ShapeError, match="the steps as first axis"):
        EveryStep("l", ("x",), Tensor("l", (3, 4), NUMBER), op.layer)  # type: ignore[attr-defined]


@pytest.mark.hls4ml
@pytest.mark.parametrize(
    ("shape", "make", "words"),
    [
        ((3, 4), lambda k: k.Dense(2, activation="relu", name="in"), "'in' in 't', .*has the activation 'relu', which"),
        ((3, 4, 2), lambda k: k.BatchNormalization(name="in"), r"'t' has the shape \(3, 3, 4, 2\) for 3 steps of"),
        (
            (3, 4),
            lambda k: k.PReLU(name="in"),
            "'in' of class 'PReLU' is not supported in 't'",
        ),
    ],
)
def test_what_hls4ml_gets_wrong_is_refused(shape: Any, make: Any, words: str) -> None:
    with pytest.raises((FirmwareError, UnsupportedError), match=words):
        ib.load(converted(lambda k, x: k.TimeDistributed(make(k), name="t")(x), shape))


@pytest.mark.hls4ml
def test_formats_and_streams_that_do_not_compile() -> None:
    def network(k: Any, x: Any) -> Any:
        return k.TimeDistributed(k.Dense(2, name="in"), name="t")(x)

    with pytest.raises(FirmwareError, match=r"'t' gives fixed<16,6,TRN,WRAP,0> from fixed<8,4,TRN,WRAP,0>"):
        ib.load(converted(network, (3, 4), in0="ap_fixed<8,4>"))
    names = {"in": "ap_fixed<9,3>", "t_end": "ap_fixed<9,3>"}
    with pytest.raises(FirmwareError, match=r"'t' is the last one, takes fixed<16,6.* calls both result_t"):
        ib.load(converted(network, (3, 4), in0="ap_fixed<16,6>", **names))
    with pytest.raises(UnsupportedError, match="'t' of class 'TimeDistributed' is not supported with io_stream"):
        ib.load(converted(network, (3, 4), **STREAM))
