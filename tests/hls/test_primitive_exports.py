"""Layers without an emitter: what they are lowered to is exported, with arrays and with streams, to the last bit."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import hls_primitives
import numpy as np
import pytest
from hls_networks import tensor
from hls_primitives import Computed, Moved, outcome_of, primitives

import isobit as ib
from isobit import FixedType
from isobit.compiler import compiler
from isobit.errors import UnsupportedError
from isobit.hls.core import make_core
from isobit.hls.formulas import index_text
from isobit.model import Graph, Op, Tensor
from isobit.model.primitives import Opaque, Select, broadcast_view, identity_view

Exported = Callable[[str], ib.HlsProject]
#: Layers of `primitives` that work position by position with streams, and such as look as if they did.
STREAMED = ("joined", "sums", "twice", "channels", "cast", "wider1")
GATHERED = ("own", "about", "anyhow", "order", "ordered", "wider0", "wider2")


def _functions(core: str) -> dict[str, str]:
    return {m[1]: m[0] for m in re.finditer(r"^static void (\w+)\(.*?^}", core, re.MULTILINE | re.DOTALL)}


# -- bits -------------------------------------------------------------------------------------------------------------


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", ["primitives", "positions"])
def test_both_header_sets_and_the_emulator_agree(name: str, exported: Exported, streamed: Exported) -> None:
    """Nothing is exported unless AMD's headers, the emulator and, in the bench, isobit's headers give the same bits."""
    project = (exported if name == "primitives" else streamed)(name)
    assert [line.split(",")[0] for line in project.manifest["vectors"]["results"]] == [
        "this core compiled with AMD's open headers (ap_types of hls4ml)",
        "isobit's emulator",
    ]
    bench = project.run_test_bench("isobit")
    assert bench.ok, bench.text
    compared = re.fullmatch(rf"{name}: (\d+) results compared, 0 differ\n", bench.text)
    assert compared is not None
    assert int(compared[1]) == project.manifest["vectors"]["events"] * sum(port.size for port in project.outputs)


def test_every_result_says_something() -> None:
    """Of random events every layer gives many numbers: a constant would agree by itself."""
    graph = primitives()
    rng = np.random.default_rng(2)
    inputs = []
    for t in graph.inputs:
        high = min(t.type.raw_max, 1 << 40)
        inputs.append(ib.FixedArray.from_raw(rng.integers(max(t.type.raw_min, -high), high, (300, t.size)), t.type))
    for op, found in zip(graph.ops, ib.Model(graph).predict_raw(inputs), strict=True):
        assert len(np.unique(found.raw)) >= 4, op.name


@pytest.mark.turn(3)
@pytest.mark.csim
def test_a_corrupted_constant_is_noticed(copied: Exported) -> None:
    """Indices, numbers of a table of places, and slopes: in the bits, and by their digests."""
    project = copied("primitives")
    path = project.folder / "firmware/weights.hpp"
    text = path.read_text()
    names = ("m0_sources", "own_param", "wider3_places1")
    for name in names:
        array = re.search(rf"{name}\[\d+\] = {{\n\s*(-?\d+)", text)
        assert array is not None, name
        text = text[: array.start(1)] + str(int(array[1]) ^ 1) + text[array.end(1) :]
    path.write_text(text)
    run = project.run_test_bench()
    assert not run.ok
    told = run.text.splitlines()
    assert [line for line in told if line.startswith("constant ")] == [
        f"constant {name}: not what was exported" for name in names
    ]
    assert re.match(r"event \d+, output \w+\[\d+\]: got raw", told[0]), told[0]


@pytest.mark.full
def test_no_warning_as_cpp17(exported: Exported) -> None:
    """test_synthesisable.py compiles as C++14, in two compilers."""
    folder = exported("primitives").folder
    include = [f"-I{folder / place}" for place in ("firmware/include/numbers/isobit", "firmware/include", "firmware")]
    flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    source = folder / "firmware/primitives.cpp"
    done = subprocess.run([*compiler(), *flags, *include, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


# -- what is written --------------------------------------------------------------------------------------------------


def test_positions_pass_where_all_are_alike(streamed: Exported) -> None:
    functions = _functions((streamed("positions").folder / "firmware/positions.cpp").read_text())
    for name in STREAMED:
        assert "for (int p = 0; p < 12; ++p)" in functions[name], name
        assert "read_packets" not in functions[name], name
        sizes = [int(n) for n in re.findall(r"\w+\[(\d+)\][,)]", functions[f"{name}_numbers"])]
        assert 0 < max(sizes) <= 6, name
    for name in GATHERED:
        assert "kernels::read_packets<12, " in functions[name], name
    assert "style=flp" in functions["plus0"]  # one packet of each input


@pytest.mark.turn(2)
def test_expressions_are_written_out(exported: Exported) -> None:
    project = exported("primitives")
    what = {layer["name"]: layer["what"] for layer in project.manifest["layers"]}
    assert what["nested6"].endswith(": x - (y - x * (x + y))")
    assert what["channels"] == "computed of 3 x 4 x 6: x > 0 ? x : c * x"
    assert what["joined"] == "moved about of 3 x 4 x 2, 3 x 4 x 2 and 3 x 4 x 2 to 3 x 4 x 6"
    functions = _functions((project.folder / "firmware/primitives.cpp").read_text())
    assert "results[i] = copied_result_t(x)" not in functions["copied"]  # a choice
    assert "x > 0 ? copied_result_t(0) : copied_result_t(x);" in functions["copied"]
    assert "results[i] = again_result_t(again_value_t(x));" in functions["again"]
    assert "data1[i % 2];" in functions["wider0"]
    assert "data1[i / 2];" in functions["wider1"]
    assert "data1[i / 2 % 4];" in functions["wider2"]
    assert "data1[wider3_places1[i]];" in functions["wider3"]
    assert "data1[0];" in functions["wider4"]


def test_indices_by_arithmetic() -> None:
    """Every broadcast of up to three axes: an expression gives its view; only a gap between two axes needs a table."""
    for shape in itertools.product((1, 2, 3), (1, 2, 4), (1, 3)):
        for mask in itertools.product((False, True), repeat=3):
            small = tuple(1 if hidden else extent for hidden, extent in zip(mask, shape, strict=True))
            view = broadcast_view(small, shape)
            text = index_text(view)
            gap = small[0] > 1 and small[1] < shape[1] and small[2] > 1
            assert (text is None) == gap, (shape, small, text)
            if text is not None:
                code = text.replace("/", "//")
                assert [eval(code, {"i": i}) for i in range(len(view))] == view.tolist(), (shape, small, text)
    assert index_text(np.array([1, 2, 0])) is None
    assert index_text(np.array([0, 0, 1, 0])) is None
    assert index_text(identity_view(1)) == "0"


# -- refusals ---------------------------------------------------------------------------------------------------------


class _Hidden(Op):
    """A layer of one's own whose reference alone says what it is."""

    tag: ClassVar[str] = "hidden"

    def check_inputs(self, *tensors: Tensor) -> None:
        """Take any shape."""

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Nothing that is known."""
        return (Opaque.of(self),)


def test_what_is_lowered_to_something_else_is_refused_by_name() -> None:
    x = tensor("x", 4, "ap_fixed<8,4>")
    graph = Graph("g", (x,), (_Hidden("mine", ("x",), tensor("mine_out", 3, "ap_fixed<8,4>")),), ("mine_out",))
    with pytest.raises(UnsupportedError, match="layer 'mine' cannot be exported: no emitter for op 'hidden'"):
        make_core(graph)


def test_a_format_that_does_not_hold_its_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(*arguments: Any) -> Any:
        found = outcome_of(*arguments)
        return replace(found, form=FixedType(found.form.width - 1, found.form.integer - 1))

    monkeypatch.setattr(hls_primitives, "outcome_of", narrow)
    x = tensor("x", 4, "ap_fixed<8,4>")
    graph = Graph("g", (x,), (Computed("sum", ("x", "x"), tensor("y", 4, "ap_fixed<8,4>"), "plus"),), ("y",))
    told = r"layer 'sum' cannot be exported: a value is said to be ap_fixed<8,4>, its operators give ap_fixed<9,5>"
    with pytest.raises(UnsupportedError, match=told):
        make_core(graph)


def test_another_name_for_the_same_numbers_is_no_function() -> None:
    x = tensor("x", 4, "ap_fixed<8,4>")
    alias = Moved("alias", ("x",), tensor("alias_out", 4, "ap_fixed<8,4>"), 0)
    half = Moved("half", ("alias_out",), tensor("half_out", 2, "ap_fixed<8,4>"), 5)
    core = make_core(Graph("g", (x,), (alias, half), ("half_out",)))
    assert list(_functions(core.files["firmware/g.cpp"])) == ["half"]
    assert [layer.what for layer in core.layers] == ["moved about to 4", "moved about of 4 to 2"]


class _First(Op):
    """The first input alone."""

    tag: ClassVar[str] = "first"
    input_counts: ClassVar[tuple[int, int | None]] = (2, 2)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Take any shapes."""

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A cast."""
        return (Select(self.name, self.inputs[:1], self.output, identity_view(tensors[0].size)),)


def test_an_input_that_no_primitive_reads_is_no_warning() -> None:
    x, y = tensor("x", 4, "ap_fixed<8,4>"), tensor("y", 3, "ap_fixed<8,4>")
    core = make_core(
        Graph("g", (x, y), (_First("one", ("x", "y"), tensor("one_out", 4, "ap_fixed<6,4>")),), ("one_out",))
    )
    text = _functions(core.files["firmware/g.cpp"])["one"]
    assert "static_cast<void>(data1);" in text
    assert "kernels::linear(kernels::linear_arith<one_result_t>(), kernels::static_vector_shape<4>(), data0" in text
