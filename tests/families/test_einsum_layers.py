"""Einstein sums as data: every engine against the reference and NumPy's einsum, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_networks import a_format

from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import Einsum, EinsumDense, Graph, Tensor, Weight
from isobit.model.dot import Dot
from isobit.model.file import load_graph, save_graph
from isobit.model.primitives import Select

#: As hls4ml parses them (utils/einsum_utils.py): equation, shapes of data and weights, axes of the data and of the
#: weights in the order in place, free, contracted, and how what is before the last transposition becomes the result.
DENSE = (
    ("ic,cd->id", (4, 3), (3, 5), (0, 1), (1, 0), (0, 1)),
    ("nc,cd->dn", (4, 3), (3, 5), (0, 1), (1, 0), (1, 0)),
    ("nc,ncd->nd", (3, 4), (3, 4, 2), (0, 1), (0, 2, 1), (0, 1)),
    ("nhd,hde->ne", (3, 2, 4), (2, 4, 3), (0, 1, 2), (2, 0, 1), (0, 1)),
    ("inc,icd->ndi", (2, 3, 4), (2, 4, 5), (0, 1, 2), (0, 2, 1), (1, 2, 0)),
)
PAIRS = (
    ("nc,nkc->kn", (3, 4), (3, 2, 4), (0, 1), (0, 1, 2), 1, (1, 0)),
    ("nhd,mhd->hnm", (3, 2, 4), (5, 2, 4), (1, 0, 2), (1, 0, 2), 1, (0, 1, 2)),
    ("nc,cm->mn", (3, 4), (4, 2), (0, 1), (1, 0), 0, (1, 0)),
    ("c,c->", (6,), (6,), (0,), (0,), 0, (0,)),
)


def weights(rng: np.random.Generator, name: str, shape: tuple[int, ...], kind: FixedType) -> Weight:
    return Weight.from_written(name, rng.normal(0.0, 1.0, shape), kind)


def a_dense(rng: np.random.Generator, place: int, source: Tensor, formats: Any = None) -> tuple[EinsumDense, Any]:
    """A layer of this equation, and its weights in the equation's own order."""
    equation, shape, kernel_shape, perm, kernel_perm, after = DENSE[place]
    form = formats or a_format
    first, second = equation.split("->")[0].split(",")
    result = equation.split("->")[1]
    inplace = sum(axis in first and axis in result for axis in second)
    extents = dict(zip(first, shape, strict=True)) | dict(zip(second, kernel_shape, strict=True))
    sums = tuple(kernel_shape[axis] for axis in kernel_perm)
    contracted = int(np.prod([extents[a] for a in set(first) & set(second) - set(result)]))
    size = int(np.prod(sums[:inplace])), contracted, -1
    kernel = weights(rng, "weight", kernel_shape, form(rng))
    ordered = [
        part.transpose(kernel_perm).reshape(size[0], -1, contracted).transpose(0, 2, 1)
        for part in (kernel.raw, kernel.written, kernel.unquantised)
    ]
    weight = Weight("weight", np.ascontiguousarray(ordered[0]), kernel.type, *ordered[1:])
    output = Tensor("e", tuple(extents[axis] for axis in result), form(rng))
    before = tuple(output.shape[after.index(axis)] for axis in range(len(after)))
    free = weight.shape[2]
    rows = rng.normal(0.0, 1.0, (output.size // free, free))
    rows[: len(rows) // 2] = rows[0]  # some positions share their biases, some do not
    bias = Weight.from_written("bias", rows.ravel(), form(rng))
    return EinsumDense("e", (source.name,), output, weight, bias, form(rng), perm, before, after), kernel


def an_einsum(rng: np.random.Generator, place: int, formats: Any = None) -> tuple[Graph, str]:
    equation, one, two, *perms, inplace, after = PAIRS[place]
    form = formats or a_format
    first, second = equation.split("->")[0].split(",")
    result = equation.split("->")[1]
    extents = dict(zip(first, one, strict=True)) | dict(zip(second, two, strict=True))
    tensors = (Tensor("x", one, form(rng)), Tensor("y", two, form(rng)))
    output = Tensor("e", tuple(extents[axis] for axis in result) or (1,), form(rng))
    before = tuple(output.shape[after.index(axis)] for axis in range(len(after)))
    contracted = [axis for axis in first if axis in second and axis not in result]
    free = tuple(
        int(np.prod([extents[a] for a in mine if a in result and a not in other]))
        for mine, other in ((first, second), (second, first))
    )
    op = Einsum(
        "e",
        ("x", "y"),
        output,
        form(rng),
        int(np.prod([extents[a] for a in result if a in first and a in second])),
        free,
        int(np.prod([extents[a] for a in contracted])),
        perms[0] + perms[1],
        before,
        after,
    )
    assert (inplace > 0) == (op.place > 1)
    return Graph("g", tensors, (op,), ("e",)), equation


def draw(rng: np.random.Generator, tensor: Tensor, events: int = 100) -> FixedArray:
    kind = tensor.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (events, tensor.size))
    raw[0], raw[1] = kind.raw_min, kind.raw_max
    return FixedArray.from_raw(raw, kind)


def check(graph: Graph, inputs: dict[str, FixedArray]) -> FixedArray:
    wanted = get_engine("reference").run(graph, inputs, 1)["e"]
    roads = [(name, CppEngine(name)) for name in instruction_sets()]
    for name, road in [*roads, *((name, get_engine(name)) for name in ("numba", "cpp-strict"))]:
        np.testing.assert_array_equal(road.run(graph, inputs, 1)["e"].raw, wanted.raw, err_msg=name)
    return wanted


def wide(rng: np.random.Generator) -> FixedType:
    """A format of numbers near one; :func:`lossless` for the sums."""
    return FixedType(int(rng.integers(4, 9)), 3)


LOSSLESS = FixedType(40, 16)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", range(len(DENSE)), ids=[each[0] for each in DENSE])
def test_dense(place: int, seed: int) -> None:
    rng = np.random.default_rng([place, seed, 3])
    source = Tensor("x", DENSE[place][1], a_format(rng))
    op, _ = a_dense(rng, place, source)
    check(Graph("g", (source,), (op,), ("e",)), {"x": draw(rng, source)})


@pytest.mark.parametrize("place", range(len(DENSE)), ids=[each[0] for each in DENSE])
def test_dense_is_einsum(place: int) -> None:
    rng = np.random.default_rng([place, 5])
    source = Tensor("x", DENSE[place][1], wide(rng))
    op, kernel = a_dense(rng, place, source, wide)
    graph = Graph("g", (source,), (op,), ("e",)).with_types({"e.accum": LOSSLESS, "e.result": LOSSLESS})
    x = draw(rng, source)
    data = x.to_float().reshape(-1, *source.shape)
    exact = np.einsum("Z" + DENSE[place][0].replace("->", "->Z"), data, kernel.raw * 2.0**-kernel.type.fraction)
    bias = (op.bias.raw * 2.0**-op.bias.type.fraction).reshape(op.before).transpose(op.after)
    np.testing.assert_array_equal(check(graph, {"x": x}).to_float(), (exact + bias).reshape(len(data), -1))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", range(len(PAIRS)), ids=[each[0] for each in PAIRS])
def test_pairs(place: int, seed: int) -> None:
    rng = np.random.default_rng([place, seed, 7])
    graph, _ = an_einsum(rng, place)
    check(graph, {tensor.name: draw(rng, tensor) for tensor in graph.inputs})


@pytest.mark.parametrize("place", range(len(PAIRS)), ids=[each[0] for each in PAIRS])
def test_pairs_are_einsum(place: int) -> None:
    rng = np.random.default_rng([place, 9])
    graph, equation = an_einsum(rng, place, wide)
    graph = graph.with_types({"e.accum": LOSSLESS, "e.result": LOSSLESS})
    inputs = {tensor.name: draw(rng, tensor) for tensor in graph.inputs}
    given = [inputs[tensor.name].to_float().reshape(-1, *tensor.shape) for tensor in graph.inputs]
    one, two = equation.split("->")[0].split(",")
    exact = np.einsum(f"Z{one},Z{two}->Z{equation.split('->')[1]}", *given)
    np.testing.assert_array_equal(check(graph, inputs).to_float(), exact.reshape(len(exact), -1))


def test_positions_with_the_same_biases_are_one_sum() -> None:
    rng = np.random.default_rng(1)
    source = Tensor("x", (4, 3), wide(rng))
    op, _ = a_dense(rng, 0, source, wide)
    parts = op.lower(source)
    assert [type(part) for part in parts] == [Dot, Dot, Dot, Select]
    same = Weight.from_written("bias", np.tile([0.5, 1.0, 0.0, -1.0, 0.25], 4), op.bias.type)
    (only,) = EinsumDense("e", ("x",), op.output, op.weight, same, op.accum, op.perm, op.before, op.after).lower(source)
    assert isinstance(only, Dot)
    assert only.name == "e"


def test_model_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    source = Tensor("x", (2, 3, 4), a_format(rng))
    dense, pair = Graph("g", (source,), (a_dense(rng, 4, source)[0],), ("e",)), an_einsum(rng, 1)[0]
    for place, graph in enumerate((dense, pair)):
        save_graph(graph, path := tmp_path / f"{place}.isobit")
        assert load_graph(path) == graph


def test_what_does_not_fit_is_refused() -> None:
    rng = np.random.default_rng(3)
    source = Tensor("x", (4, 3), a_format(rng))
    op, _ = a_dense(rng, 0, source)
    with pytest.raises(ShapeError, match="has 16 inputs, expected 12"):
        Graph("g", (Tensor("x", (4, 4), source.type),), (op,), ("e",))
    with pytest.raises(ShapeError, match=r"transposes data of the shape \(4, 3\) by \(0, 0\)"):
        Graph("g", (source,), (EinsumDense(**{**vars(op), "perm": (0, 0)}),), ("e",))
    bit = FixedType.int_type(1, signed=False)
    with pytest.raises(UnsupportedError, match="has not been compared"):
        Graph("g", (Tensor("x", (4, 3), bit),), (op,), ("e",))
    graph, _ = an_einsum(rng, 0)
    one, two = graph.inputs
    with pytest.raises(UnsupportedError, match="ternary weights"):
        Graph("g", (one, Tensor("y", two.shape, FixedType.int_type(2))), graph.ops, ("e",))
