"""Layers that move, merge and rectify numbers, as data: every engine against the reference, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_graphs import draw

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import (
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Graph,
    Merge,
    Op,
    PReLU,
    Tensor,
    ThresholdedReLU,
    UpSampling,
    Weight,
    ZeroPadding,
)
from isobit.model.file import load_graph, save_graph

NUMBER = FixedType.parse("ap_fixed<16,6>")


def a_tensor(name: str, *shape: int, kind: FixedType = NUMBER) -> Tensor:
    return Tensor(name, shape, kind)


@pytest.mark.parametrize("seed", range(12))
def test_every_road_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = draw(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    strict = get_engine("cpp-strict").run(graph, inputs, 2)
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    results = [("cpp-strict", strict)]
    for name, road in roads:
        results += [(name, road.run(graph, inputs, 1)), (f"{name} joined", road.run_outputs(graph, inputs, 2))]
    for name, found in results:
        for op in graph.ops:
            np.testing.assert_array_equal(
                found[op.output.name].raw, wanted[op.output.name].raw, err_msg=f"{name}: {op.name}"
            )


@pytest.mark.csim
@pytest.mark.parametrize(("seed", "io_type"), [(0, "io_parallel"), (1, "io_stream")])
def test_an_export_gives_the_bits_of_the_reference(seed: int, io_type: str, tmp_path: Path) -> None:
    """No family has an emitter. With streams in isobit's own, which need not look like hls4ml's."""
    graph, inputs = draw(seed)
    project = ib.export_hls(
        ib.Model(graph), tmp_path / "out", test_vectors=list(inputs.values()), oracle="reference", io_type=io_type
    )
    assert project.manifest["vectors"]["results"][0].startswith("isobit's reference: by definition")
    assert {layer["op"] for layer in project.manifest["layers"]} >= {"merge", "zero_padding", "concatenate", "prelu"}
    assert project.run_test_bench("isobit").ok


@pytest.mark.parametrize(
    ("op", "shapes", "index"),
    [
        (ZeroPadding("l", ("x",), a_tensor("l", 5, 2), (1, 0), (2, 0)), [(2, 2)], [-1, -1, 0, 1, 2, 3, *[-1] * 4]),
        (
            ZeroPadding("l", ("x",), a_tensor("l", 2, 2, 3), (0, 1, 0), (0, 0, 1)),
            [(2, 1, 2)],
            [-1, -1, -1, 0, 1, -1, -1, -1, -1, 2, 3, -1],
        ),
        (Cropping("l", ("x",), a_tensor("l", 1, 2, 1), (1, 0, 0), (0, 1, 0)), [(2, 3, 1)], [3, 4]),
        (UpSampling("l", ("x",), a_tensor("l", 4, 2), (2, 1)), [(2, 2)], [0, 1, 0, 1, 2, 3, 2, 3]),
        (UpSampling("l", ("x",), a_tensor("l", 2, 4, 1), (2, 2, 1)), [(1, 2, 1)], [0, 0, 1, 1] * 2),
        (Concatenate("l", ("x", "y"), a_tensor("l", 2, 3), 1), [(2, 2), (2, 1)], [0, 1, 4, 2, 3, 5]),
        (Concatenate("l", ("x", "y"), a_tensor("l", 3, 2), 0), [(2, 2), (1, 2)], [0, 1, 2, 3, 4, 5]),
        (
            Concatenate("l", ("x", "y"), a_tensor("l", 2, 3, 1), 1),
            [(2, 1, 1), (2, 2, 1)],
            [0, 2, 3, 1, 4, 5],
        ),
        (Broadcast("l", ("x",), a_tensor("l", 1, 2, 2)), [(1, 1, 2)], [0, 1, 0, 1]),
        (Broadcast("l", ("x",), a_tensor("l", 1, 2, 2)), [(1, 2, 1)], [0, 0, 1, 1]),
        (Copy("l", ("x",), a_tensor("l", 2, 3)), [(3, 2)], [0, 1, 2, 3, 4, 5]),
    ],
    ids=lambda value: value.tag if isinstance(value, Op) else "",
)
def test_where_numbers_come_from(op: Any, shapes: list[tuple[int, ...]], index: list[int]) -> None:
    tensors = [a_tensor(name, *shape) for name, shape in zip("xy", shapes, strict=False)]
    graph = Graph("g", tuple(tensors), (op,), ("l",))
    assert op.index(*tensors).tolist() == index
    raw = {t.name: np.arange(t.size)[None] + 100 * (1 + n) for n, t in enumerate(tensors)}
    found = get_engine("reference").run(graph, {n: FixedArray.from_raw(r, NUMBER) for n, r in raw.items()}, 1)
    everything = np.concatenate([r[0] for r in raw.values()])
    assert found["l"].raw[0].tolist() == [0 if i < 0 else everything[i] for i in index]


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        ("add", [-0.25, 2.0]),
        ("subtract", [-3.75, 0.5]),
        ("multiply", [-3.5, 0.9375]),
        ("average", [-0.125, 1.0]),
        ("maximum", [1.75, 1.25]),
        ("minimum", [-2.0, 0.75]),
    ],
)
def test_merges(function: str, wanted: list[float]) -> None:
    one, two = a_tensor("x", 2, kind=FixedType.parse("ap_fixed<6,4>")), a_tensor("y", 2, kind=FixedType(5, 2, False))
    model = ib.Model(Graph("g", (one, two), (Merge("m", ("x", "y"), a_tensor("m", 2), function),), ("m",)))
    x, y = np.array([[-2.0, 1.25]]), np.array([[1.75, 0.75]])
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        assert model.predict([x, y], engine=engine).tolist() == [wanted], engine


def test_rectifiers() -> None:
    """The threshold itself gives zero; a slope counts from zero on."""
    source, slopes = a_tensor("x", 4), Weight.from_written("param", np.array([2.0, -1.0, 0.5, 3.0]), NUMBER)
    ops = (
        ThresholdedReLU("t", ("x",), a_tensor("t", 4), Weight.from_written("param", np.array([0.5]), NUMBER)),
        PReLU("p", ("x",), a_tensor("p", 4), slopes),
    )
    model = ib.Model(Graph("g", (source,), ops, ("t", "p")))
    x = np.array([[-1.0, -0.5, 0.0, 0.5], [0.5, 0.75, -4.0, 0.25]])
    for engine in ("reference", "cpp", "numba", "cpp-strict"):
        over, sloped = model.predict(x, engine=engine)
        assert over.tolist() == [[0.0, 0.0, 0.0, 0.0], [0.0, 0.75, 0.0, 0.0]], engine
        assert sloped.tolist() == [[-2.0, 0.5, 0.0, 0.5], [0.5, 0.75, -2.0, 0.25]], engine


@pytest.mark.parametrize("function", Merge.FUNCTIONS)
@pytest.mark.parametrize(
    ("one", "two", "result"),
    [
        ("ap_ufixed<3,2>", "ap_ufixed<3,1>", "ap_ufixed<5,3>"),  # the format of a sum
        ("ap_ufixed<3,2>", "ap_ufixed<3,1>", "ap_fixed<5,3>"),  # of a difference
        ("ap_ufixed<3,2>", "ap_ufixed<3,1>", "ap_ufixed<6,3>"),  # of a product, and of a mean
        ("ap_fixed<4,-1>", "ap_fixed<3,-1>", "ap_int<3>"),  # B13: a sum without integer bits
        ("ap_fixed<4,0>", "ap_fixed<3,0>", "ap_int<3>"),
        ("ap_int<3>", "ap_uint<3>", "ap_fixed<5,5,AP_RND,AP_SAT_SYM>"),
    ],
)
def test_every_pair_of_numbers(function: str, one: str, two: str, result: str) -> None:
    kinds = [FixedType.parse(kind) for kind in (one, two)]
    tensors = tuple(a_tensor(name, 1, kind=kind) for name, kind in zip("xy", kinds, strict=True))
    op = Merge("m", ("x", "y"), a_tensor("m", 1, kind=FixedType.parse(result)), function)
    graph = Graph("g", tensors, (op,), ("m",))
    every = np.meshgrid(*(np.arange(kind.raw_min, kind.raw_max + 1) for kind in kinds))
    inputs = {t.name: FixedArray.from_raw(raw.reshape(-1, 1), t.type) for t, raw in zip(tensors, every, strict=True)}
    x, y = (array.to_float() for array in inputs.values())
    exact = {
        "add": x + y,
        "subtract": x - y,
        "multiply": x * y,
        "average": (x + y) / 2,
        "maximum": np.maximum(x, y),
        "minimum": np.minimum(x, y),
    }[function]
    wanted = get_engine("reference").run(graph, inputs, 1)["m"]
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["m"].raw, wanted.raw, err_msg=engine)
    if "int" not in result:  # an ap_int is cut toward zero, and has B13
        np.testing.assert_array_equal(wanted.raw, FixedArray.from_float(exact, result).raw)


def test_model_file(tmp_path: Path) -> None:
    tags = set()
    for seed in range(6):
        graph, _ = draw(seed)
        save_graph(graph, path := tmp_path / f"{seed}.isobit")
        assert load_graph(path) == graph
        tags |= {op.tag for op in graph.ops}
    assert tags >= {"zero_padding", "cropping", "upsampling", "concatenate", "broadcast", "copy", "merge", "prelu"}
    assert "thresholded_relu" in tags


def test_changed_formats() -> None:
    graph, inputs = draw(3)
    slots = [slot for slot in graph.types() if not slot.startswith(("in", "upsampling"))]
    other = graph.with_types(dict.fromkeys(slots, "ap_fixed<9,3,AP_RND_CONV,AP_SAT>"))
    assert all(type == other.tensors[name].type for name, type in [("merge7", other.types()["merge7.result"])])
    wanted = get_engine("reference").run(other, inputs, 1)
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(other, inputs, 1)
        for op in other.ops:
            np.testing.assert_array_equal(found[op.output.name].raw, wanted[op.output.name].raw, err_msg=op.name)


def test_an_upsampling_follows_its_input() -> None:
    op = UpSampling("up", ("x",), a_tensor("up", 4, 2), (2, 1))
    graph = Graph("g", (a_tensor("x", 2, 2),), (op,), ("up",))
    narrow = FixedType.parse("ap_fixed<8,4>")
    assert graph.with_types({"x.result": narrow}).by_name["up"].output.type == narrow
    with pytest.raises(FormatError, match=r"up\.result follows its input \(ap_fixed<16,6>\); change x\.result"):
        graph.with_types({"up.result": narrow})
    other = UpSampling("up", ("x",), a_tensor("up", 4, 2, kind=narrow), (2, 1))
    with pytest.raises(FormatError, match="compiles only where both are the same"):
        Graph("g", (a_tensor("x", 2, 2),), (other,), ("up",))


SLOPES = Weight.from_written("param", np.array([0.5, 0.25]), NUMBER)


@pytest.mark.parametrize(
    ("op", "shapes", "error", "words"),
    [
        (lambda: ZeroPadding("l", ("x",), a_tensor("l", 5, 2), (1, 0), (1, 0)), [(2, 2)], ShapeError, r"\(4, 2\)"),
        (lambda: ZeroPadding("l", ("x",), a_tensor("l", 3, 3), (1, 1), (0, 0)), [(2, 2)], UnsupportedError, "channels"),
        (lambda: ZeroPadding("l", ("x",), a_tensor("l", 3, 3), (-1, 0), (0, 0)), [(4, 3)], ShapeError, "at least 0"),
        (lambda: ZeroPadding("l", ("x",), a_tensor("l", 3), (1,), (0,)), [(2,)], UnsupportedError, "last axis"),
        (lambda: Cropping("l", ("x",), a_tensor("l", 1, 2), (2, 0), (2, 0)), [(3, 2)], ShapeError, r"\(-1, 2\)"),
        (lambda: UpSampling("l", ("x",), a_tensor("l", 2, 4), (1, 2)), [(2, 2)], ShapeError, "holds the channels"),
        (lambda: UpSampling("l", ("x",), a_tensor("l", 5, 2), (2, 1)), [(2, 2)], ShapeError, r"expected \(4, 2\)"),
        (lambda: Concatenate("l", ("x", "y"), a_tensor("l", 3), 1), [(2,), (1,)], ShapeError, "axis 1 of 1"),
        (lambda: Concatenate("l", ("x", "y"), a_tensor("l", 2, 3), 1), [(2, 2), (1, 1)], ShapeError, r"\(1, 1\)"),
        (lambda: Concatenate("l", ("x",), a_tensor("l", 2), 0), [(2,)], ShapeError, "reads 1 tensors, expected 2"),
        (lambda: Concatenate("l", ("x", "y"), a_tensor("l", 2, 1, 1, 1), 0), [(1, 1, 1, 1)] * 2, ShapeError, "4 axes"),
        (lambda: Broadcast("l", ("x",), a_tensor("l", 2, 2, 3)), [(1, 1, 2)], ShapeError, r"expected \(2, 2, 2\)"),
        (lambda: Copy("l", ("x",), a_tensor("l", 5)), [(2, 2)], ShapeError, r"\(5,\)"),
        (lambda: Merge("l", ("x", "y"), a_tensor("l", 2), "divide"), [(2,), (2,)], UnsupportedError, "add, subtract"),
        (
            lambda: Merge("l", ("x", "y"), a_tensor("l", 2, 3), "add"),
            [(2, 3), (2, 1)],
            UnsupportedError,
            "leading axes",
        ),
        (lambda: Merge("l", ("x", "y"), a_tensor("l", 1, 3), "add"), [(1, 3), (2, 1)], UnsupportedError, "never both"),
        (lambda: PReLU("l", ("x",), a_tensor("l", 3), SLOPES), [(3,)], ShapeError, "2 slopes, expected 3"),
        (
            lambda: ThresholdedReLU("l", ("x",), a_tensor("l", 2), SLOPES),
            [(2,)],
            ShapeError,
            "2 thresholds, expected 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    op: Any, shapes: list[tuple[int, ...]], error: type[Exception], words: str
) -> None:
    tensors = tuple(a_tensor(name, *shape) for name, shape in zip("xy", shapes, strict=False))
    with pytest.raises(error, match=words):
        Graph("g", tensors, (op(),), ("l",))


@pytest.mark.parametrize(
    "op",
    [
        lambda bit: Copy("l", ("x",), Tensor("l", (2, 1), bit, True)),
        lambda bit: Merge("l", ("x", "x"), Tensor("l", (1, 2), bit, True), "maximum"),
        lambda bit: PReLU("l", ("x",), a_tensor("l", 1, 2), SLOPES),
    ],
)
def test_one_bit_numbers_are_refused(op: Any) -> None:
    bit = FixedType.int_type(1, signed=False)
    with pytest.raises(UnsupportedError, match=r"one-bit \(xnor\) numbers"):
        Graph("g", (Tensor("x", (1, 2), bit, True),), (op(bit),), ("l",))
