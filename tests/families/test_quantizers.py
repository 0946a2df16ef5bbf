"""Quantisers with a format for every element, as data: every engine against the reference; both lowerings."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from family_networks import a_format

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType, Rounding
from isobit.fixed.assign import assign
from isobit.model import Graph, Quantizer, Tensor
from isobit.model.file import load_graph, save_graph
from isobit.model.primitives import Formula, Select
from isobit.profile.exact import exact_profile

ROUNDINGS = [mode.name for mode in Rounding]
#: Overflow modes, and whether elements of several widths are aligned rather than picked by format.
OVERFLOWS = {"WRAP": True, "SAT": True, "SAT_SYM": True, "SAT_ZERO": False}


def quantizer(source: Tensor, formats: Any, result: str, rounding: str = "TRN", overflow: str = "WRAP") -> Quantizer:
    """One that gives an element (signed, width, integer bits) each."""
    columns = (tuple(values) for values in zip(*formats, strict=True))
    output = Tensor("q", source.shape, FixedType.parse(result))
    return Quantizer("q", (source.name,), output, *columns, rounding=rounding, overflow=overflow)


def check(graph: Graph, raw: Any) -> FixedArray:
    """Every engine against the reference."""
    inputs = {tensor.name: FixedArray.from_raw(raw, tensor.type) for tensor in graph.inputs}
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads = [(name, CppEngine(name)) for name in instruction_sets()]
    for name, road in [*roads, *((name, get_engine(name)) for name in ("numba", "cpp-strict"))]:
        found = road.run(graph, inputs, 1)
        for op in graph.ops:
            np.testing.assert_array_equal(found[op.output.name].raw, wanted[op.output.name].raw, err_msg=name)
    return wanted["q"]


CASES = [
    *((rounding, overflow, (True, False)) for overflow in ("WRAP", "SAT") for rounding in ROUNDINGS),
    *(("RND", overflow, (sign,)) for overflow in ("WRAP", "SAT") for sign in (True, False)),
    *((rounding, "SAT_SYM", (True,)) for rounding in ("RND", "TRN", "RND_CONV")),
    *(("RND_CONV", overflow, signs) for overflow in ("SAT_SYM", "SAT_ZERO") for signs in ((False,), (True, False))),
]


@pytest.mark.parametrize(("rounding", "overflow", "signs"), CASES)
def test_every_number_in_every_small_format(rounding: str, overflow: str, signs: tuple[bool, ...]) -> None:
    narrowest = 2 if (overflow, signs) == ("SAT_SYM", (True,)) else 1  # B4; of one bit it is not aligned
    formats = [*product(signs, range(narrowest, 4), range(-2, 5)), (signs[0], 0, 0)]
    source = Tensor("x", (len(formats),), FixedType.parse("ap_fixed<6,3>"))
    op = quantizer(source, formats, "ap_fixed<12,6>", rounding, overflow)
    every = np.repeat(np.arange(-32, 32)[:, None], source.size, axis=1)
    found = check(Graph("g", (source,), (op,), ("q",)), every)
    for place, (signed, width, integer) in enumerate(formats):
        wanted = np.zeros(64, dtype=np.int64)
        if width:
            kind = FixedType(width, integer, signed, rounding, overflow)
            wanted = assign(assign(every[:, place], source.type, kind), kind, op.output.type)
        np.testing.assert_array_equal(found.raw[:, place], wanted, err_msg=str(formats[place]))
    aligned = OVERFLOWS[overflow] and not (overflow == "SAT_SYM" and len(signs) == 2)
    assert {type(part) for part in op.lower(source)} == ({Formula} if aligned else {Select})


@pytest.mark.parametrize("seed", range(10))
def test_every_road_gives_the_bits_of_the_reference(seed: int) -> None:
    """Drawn formats of inputs, elements and results, wide ones among them; a second quantiser reads the first."""
    rng = np.random.default_rng([seed, 29])
    source = Tensor("x", (3, 4), a_format(rng))
    rounding, overflow = str(rng.choice(ROUNDINGS)), str(rng.choice(list(OVERFLOWS)))
    most = 30 if seed % 6 == 0 else 12
    ops = []
    tensors = [source, *(Tensor(name, (3, 4), a_format(rng)) for name in "pq")]
    for given, output in pairwise(tensors):
        signed = rng.random(12) < rng.choice([0.0, 0.5, 1.0])
        width = np.where(rng.random(12) < 0.15, 0, rng.integers(1, most, 12))
        integer = rng.integers(-3, 8, 12)
        parts = (tuple(part.tolist()) for part in (signed, width, integer))
        ops.append(Quantizer(output.name, (given.name,), output, *parts, rounding=rounding, overflow=overflow))
    kind = source.type
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (120, 12))
    raw[0], raw[1], raw[2] = kind.raw_min, kind.raw_max, 0
    check(Graph("g", (source,), tuple(ops), ("q",)), raw)


def test_one_format_is_an_activation() -> None:
    source = Tensor("x", (3,), FixedType.parse("ap_fixed<12,6>"))
    op = quantizer(source, [(True, 5, 2)] * 3, "ap_fixed<6,3>", "RND_CONV", "SAT")
    first, last = op.lower(source)
    assert (first.output.type, last.name) == (FixedType.parse("ap_fixed<5,2,AP_RND_CONV,AP_SAT>"), "q")


def test_a_copy_keeps_the_number_below_a_symmetric_range() -> None:
    """hls4ml's C++ casts into the element's format; into the input's own that is no cast."""
    kind = "ap_fixed<4,4,AP_TRN,AP_SAT_SYM>"
    source = Tensor("x", (2,), FixedType.parse(kind))
    op = quantizer(source, [(True, 4, 4), (True, 3, 3)], kind, "TRN", "SAT_SYM")
    found = check(Graph("g", (source,), (op,), ("q",)), np.full((1, 2), -8))
    assert found.raw.tolist() == [[-8, -3]]


def test_nothing_but_zeros() -> None:
    source = Tensor("x", (2,), FixedType.parse("ap_fixed<4,4>"))
    op = quantizer(source, [(True, 0, 0)] * 2, "ap_ufixed<2,32>")
    assert check(Graph("g", (source,), (op,), ("q",)), np.array([[7, -8]])).raw.tolist() == [[0, 0]]


def test_overflows_are_counted_by_element() -> None:
    rng = np.random.default_rng(5)
    source = Tensor("x", (4,), FixedType.parse("ap_fixed<10,5>"))
    formats = [(True, 6, 3), (False, 5, 4), (True, 3, 5), (True, 0, 0)]
    model = ib.Model(Graph("g", (source,), (quantizer(source, formats, "ap_fixed<12,6>", "RND"),), ("q",)))
    raw = rng.integers(-512, 512, (3000, 4))
    wanted = [0, 0, 0, 0]
    for place, (signed, width, integer) in enumerate(formats[:3]):
        kind = FixedType(width, integer, signed)
        number = np.floor(raw[:, place] / 32.0 * 2.0**kind.fraction + 0.5)
        wanted[place] = int(((number < kind.raw_min) | (number > kind.raw_max)).sum())
    profile = model.profile(raw / 32.0)
    assert profile["q.element/3"].events.tolist() == wanted
    exact = exact_profile(model.graph, {"x": raw}, 1)["q/3"][0]
    assert exact.outside.tolist() == wanted
    verdict = model.plan()["q.element/3"]
    assert verdict.overflows == tuple(count > 0 for count in wanted)
    assert model.plan().lanes == {"q": "int16"}


@pytest.mark.csim
def test_an_export_gives_the_bits_of_the_reference(tmp_path: Path) -> None:
    source = Tensor("x", (5,), FixedType.parse("ap_fixed<10,5>"))
    formats = [(True, 6, 3), (False, 5, 4), (True, 3, 5), (True, 0, 0), (False, 7, 1)]
    model = ib.Model(Graph("g", (source,), (quantizer(source, formats, "ap_fixed<12,6>", "RND_CONV", "SAT"),), ("q",)))
    x = np.random.default_rng(3).uniform(-16, 16, (200, 5))
    assert ib.export_hls(model, tmp_path / "out", test_vectors=x, oracle="reference").run_test_bench("isobit").ok


def test_model_file(tmp_path: Path) -> None:
    source = Tensor("x", (2,), FixedType.parse("ap_fixed<10,5>"))
    graph = Graph("g", (source,), (quantizer(source, [(True, 6, 3), (False, 0, 0)], "ap_fixed<12,6>"),), ("q",))
    save_graph(graph, path := tmp_path / "q.isobit")
    assert load_graph(path) == graph
    assert graph.with_types({"q.result": "ap_fixed<4,2>"}).by_name["q"].output.type == FixedType(4, 2)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"width": (3,)}, ShapeError, r"\[1, 2\] formats"),
        ({"width": (3, -1)}, FormatError, "width -1"),
        ({"rounding": "NEAREST"}, FormatError, "NEAREST"),
        ({"overflow": "CLIP"}, FormatError, "CLIP"),
        ({"output": Tensor("q", (2,), FixedType.int_type(1, signed=False), True)}, UnsupportedError, "xnor"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], error: type[Exception], words: str) -> None:
    source = Tensor("x", (2,), FixedType.parse("ap_fixed<10,5>"))
    given = {"signed": (True, True), "width": (3, 2), "integer": (1, 1), "rounding": "TRN", "overflow": "WRAP"}
    output = Tensor("q", (2,), FixedType.parse("ap_fixed<10,5>"))
    with pytest.raises(error, match=words):
        Graph("g", (source,), (Quantizer("q", ("x",), **{"output": output, **given, **change}),), ("q",))
