"""Layers on sets as data: what they refuse, the model file, changed formats, kernels beyond int64."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from set_graphs import draw

from isobit import _core
from isobit.engines.registry import get_engine
from isobit.errors import ModelFileError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import Graph, PointwiseConv, Pooling, Tensor, Transpose, Weight
from isobit.model.file import load_graph, save_graph

NUMBER = FixedType.parse("ap_fixed<16,6>")


def a_pooling(**changes: Any) -> Pooling:
    given: dict[str, Any] = {"function": "average", "order": "parallel", "accum": NUMBER, "height": 1, "width": 4}
    given |= {"pool_height": 1, "pool_width": 2, "stride_width": 2}
    return Pooling(name="pool", inputs=("x",), **{"output": Tensor("pool", (2, 3), NUMBER), **given, **changes})


def test_windows() -> None:
    assert a_pooling().windows.tolist() == [[0, 1], [2, 3]]
    padded = a_pooling(stride_width=1, pad_left=1, output=Tensor("pool", (5, 3), NUMBER))
    assert padded.windows.tolist() == [[-1, 0], [0, 1], [1, 2], [2, 3], [3, -1]]
    assert padded.divisors.tolist() == [1, 2, 2, 2, 1]
    assert replace(padded, count_pad=True).divisors.tolist() == [2] * 5
    image = a_pooling(height=3, width=3, pool_height=2, stride_width=1, output=Tensor("pool", (2, 2, 3), NUMBER))
    assert image.windows.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"function": "median"}, UnsupportedError, "'median'.*max, average"),
        ({"order": "random"}, UnsupportedError, "'random'.*parallel, stream, tree"),
        ({"pool_width": 0}, ShapeError, "must be positive"),
        ({"order": "tree", "pad_left": 1}, UnsupportedError, "padding of layer 'pool'"),
        ({"stride_width": 9}, ShapeError, "nothing but padding"),
    ],
)
def test_pooling_refuses(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        a_pooling(**changes)


def test_a_maximum_needs_the_accumulator_that_compiles() -> None:
    source = Tensor("x", (4, 3), FixedType.parse("ap_fixed<12,6>"))
    with pytest.raises(UnsupportedError, match="ap_fixed<16,6>, the input ap_fixed<12,6>"):
        Graph("g", (source,), (a_pooling(function="max"),), ("pool",))
    Graph("g", (source,), (a_pooling(function="max", order="tree"),), ("pool",))


def test_a_transposition_needs_a_permutation() -> None:
    with pytest.raises(ShapeError, match=r"axes \(0, 0\)"):
        Transpose("t", ("x",), Tensor("t", (2, 3), NUMBER), shape=(3, 2), perm=(0, 0))


def test_model_file(tmp_path: Path) -> None:
    tags = set()
    for seed in range(12):
        graph, _ = draw(seed)
        save_graph(graph, path := tmp_path / f"{seed}.isobit")
        assert load_graph(path) == graph
        tags |= {op.tag for op in graph.ops}
    assert {"pointwise_conv", "pooling", "transpose"} <= tags


def test_a_model_file_with_words_for_axes_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from isobit.model import file

    graph = next(graph for graph, _ in map(draw, range(99)) if any(op.tag == "transpose" for op in graph.ops))
    honest = file._body

    def forged(given: Any) -> Any:
        body, arrays = honest(given)
        body["ops"] = [op | ({"perm": ["1", "0"]} if op["op"] == "transpose" else {}) for op in body["ops"]]
        return body, arrays

    monkeypatch.setattr(file, "_body", forged)
    path = tmp_path / "m.isobit"
    file.save_graph(graph, path)
    with pytest.raises(ModelFileError, match=r"m\.isobit is damaged: .*transpose\.perm"):
        file.load_graph(path)


def test_with_types_changes_one_position_as_all() -> None:
    graph, inputs = draw(3)
    conv = next(op for op in graph.ops if op.tag == "pointwise_conv")
    other = graph.with_types(
        {f"{conv.name}.accum": "ap_fixed<7,4,AP_RND,AP_SAT>", f"{conv.name}.weight": "ap_fixed<5,3>"}
    )
    changed = other.by_name[conv.name]
    assert str(changed.types()["accum"]) == "ap_fixed<7,4,AP_RND,AP_SAT>"
    assert changed.dense.weight.type == FixedType.parse("ap_fixed<5,3>")
    few = {"x": inputs["x"][:20]}
    wanted = get_engine("reference").run(other, few, 1)
    for engine in ("cpp", "numba", "cpp-strict"):
        found = get_engine(engine).run(other, few, 1)
        for op in other.ops:
            np.testing.assert_array_equal(found[op.output.name].raw, wanted[op.output.name].raw)


@pytest.mark.parametrize("width", [16, 90])
@pytest.mark.parametrize(
    "strategy, reuse", [("latency", 1), ("resource", 2), ("resource_unrolled", 2), ("compressed", 1)]
)
def test_every_strategy_at_every_position(strategy: str, reuse: int, width: int) -> None:
    """The strict kernels, too, whatever the order and the weights that are left out; numbers of one word and of two."""
    kind = FixedType.parse(f"ap_fixed<{width},6,AP_RND,AP_SAT>")
    rng = np.random.default_rng(8)
    values = np.where(rng.uniform(size=(4, 3)) < 0.3, 0.0, rng.normal(size=(4, 3)))
    weight = Weight.from_written("weight", values, FixedType.parse("ap_fixed<9,3>"))
    bias = Weight.from_written("bias", rng.normal(size=3), FixedType.parse("ap_fixed<9,3>"))
    accum = FixedType.parse(f"ap_fixed<{width - 2},5,AP_TRN,AP_SAT_SYM>")
    output = Tensor("y", (5, 3), kind)
    conv = PointwiseConv("conv", ("x",), output, weight, bias, accum, strategy, reuse)
    graph = Graph("g", (Tensor("x", (5, 4), kind),), (conv,), ("y",))
    raw = rng.integers(-(1 << 14), 1 << 14, (60, 20))
    inputs = {"x": FixedArray.from_raw(raw if width < 64 else raw.astype(object) << (width - 16), kind)}
    wanted = get_engine("reference").run(graph, inputs, 1)["y"].raw
    for engine in ("cpp-strict", "cpp", "numba"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["y"].raw, wanted, err_msg=engine)


@pytest.mark.parametrize("order", ["parallel", "tree"])
def test_numbers_beyond_int64(order: str) -> None:
    kind = FixedType.parse("ap_fixed<90,40,AP_RND,AP_SAT>")
    source = Tensor("x", (4, 3), kind)
    op = a_pooling(order=order, accum=FixedType.parse("ap_fixed<92,41>"), output=Tensor("pool", (2, 3), kind))
    graph = Graph("wide", (source,), (op,), ("pool",))
    rng = np.random.default_rng(1)
    raw = rng.integers(-(1 << 62), 1 << 62, (9, 12)).astype(object) << 27
    inputs = {"x": FixedArray.from_raw(raw, kind)}
    wanted = get_engine("reference").run(graph, inputs, 1)["pool"].raw
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["pool"].raw, wanted)


def test_the_binding_looks_at_windows() -> None:
    kind = _core.Format(16, 6, True, 5, 3, 0, False)
    raw, channels = np.zeros((2, 12), dtype=np.int64), 3
    given: dict[str, Any] = {"function": "average", "order": "tree", "data": kind, "accum": kind, "result": kind}
    for windows, divisors, words in (
        ([[0, 4]], [2], "position 4"),
        ([[0, -1]], [1], "position -1"),
        ([[0, 1]], [0], "must be positive"),
        ([[0, 1]], [2, 2], "the shapes must be"),
    ):
        with pytest.raises(ValueError, match=words):
            _core.pooling(raw, np.array(windows), np.array(divisors), channels=channels, **given)
    with pytest.raises(ValueError, match="allowed: max, average"):
        _core.pooling(raw, np.array([[0]]), np.array([1]), channels=channels, **{**given, "function": "median"})
