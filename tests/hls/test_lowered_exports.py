"""Recurrent layers, adder trees, embeddings and products of two tensors: exported to the last bit, as real loops."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from hls_directives import complaints
from hls_lowered import lowered, recurrent
from hls_networks import tensor

import isobit as ib
from isobit.errors import UnsupportedError
from isobit.hls.core import Core, make_core
from isobit.model import Graph, Op, Tensor
from isobit.model.reduce import Reduce

Exported = Callable[[str], ib.HlsProject]


def functions(core: Core) -> dict[str, str]:
    text = core.files[f"firmware/{core.top}.cpp"]
    return {m[1]: m[0] for m in re.finditer(r"^static void (\w+)\(.*?^}", text, re.MULTILINE | re.DOTALL)}


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("name", ["recurrent", "lowered"])
def test_an_export_gives_the_bits_of_the_oracle(name: str, exported: Exported) -> None:
    """AMD's headers or the reference say them; nothing is exported unless isobit's headers and the emulator agree."""
    project = exported(name)
    assert project.manifest["vectors"]["results"][-1] == "isobit's emulator, equal in every bit"
    assert project.manifest["vectors"]["events"] >= 60


@pytest.mark.turn(2)
@pytest.mark.csim
def test_streams_give_the_bits_of_the_reference(streamed: Exported) -> None:
    project = streamed("recurrent")
    assert project.manifest["io_type"] == "io_stream"
    text = (project.folder / "firmware/recurrent.cpp").read_text()
    for name in ("lstm", "gru", "torch"):  # a packet is a step
        assert re.search(rf"void {name}\([^)]*\) {{\n    kernels::recurrent_packets<", text), name
    assert text.count("read_packets<") == 5  # given and its states, pair, last


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("make", [recurrent, lowered])
def test_directives_are_legal(make: Callable[[], Graph], io_type: str) -> None:
    core = make_core(make(), io_type=io_type)
    constants = frozenset(re.findall(r"constexpr [\w:, <>]+ (\w+)\[", core.files["firmware/weights.hpp"]))
    text = core.files[f"firmware/{core.top}.cpp"]
    assert complaints(text, constants, core.top) == []


def test_every_result_says_something() -> None:
    for graph in (recurrent(), lowered()):
        rng = np.random.default_rng(2)
        inputs = []
        for t in graph.inputs:
            inputs.append(ib.FixedArray.from_raw(rng.integers(*t.raw_range, (300, t.size), endpoint=True), t.type))
        for name, found in zip(graph.outputs, ib.Model(graph).predict_raw(inputs), strict=True):
            assert len(np.unique(found.raw)) >= 6, name


def test_a_sequence_of_any_length_is_one_cell() -> None:
    """Longer sequences change a number: neither a function nor a constant comes with them."""
    short = recurrent()
    (gru,) = (op for op in short.ops if op.name == "torch")
    texts = []
    for steps in (4, 40):
        x = Tensor("x", (steps, 2), short.inputs[0].type)
        op = replace(gru, output=Tensor("torch_out", (steps, 2), gru.output.type))
        core = make_core(Graph("g", (x,), (op,), ("torch_out",)), name="g")
        texts.append((core.files["firmware/g.cpp"], core.files["firmware/weights.hpp"]))
        assert core.interval == steps
    (one, weights), (other, same) = texts
    assert one.count("\n") == other.count("\n")
    assert len(weights) == len(same)
    assert "kernels::recurrent<kernels::gru<torch_parts, true>, 40, true>(data, results);" in other


def test_products_of_a_cell_are_pipelines_of_their_own() -> None:
    """Latency: a pipeline at the reuse factor with so many multipliers; resource: the loop of the kernel."""
    core = make_core(recurrent())
    found = functions(core)
    assert "HLS PIPELINE II=2)" in found["gru_input"]
    assert "HLS ALLOCATION operation instances=mul limit=9)" in found["gru_input"]  # 18 products
    assert "HLS PIPELINE II=3)" in found["gru_state"]
    assert "HLS ALLOCATION operation instances=mul limit=9)" in found["gru_state"]  # 27 products
    assert "kernels::dense_resource_rf_leq_nin<" in found["lstm_input"]
    assert "kernels::dense_resource_rf_gt_nin_rem0<" in found["lstm_state"]
    assert "PIPELINE" not in found["lstm_input"] + found["lstm_state"] + found["lstm"]
    assert core.style == "dataflow"
    assert core.interval == 16  # of the LSTM, whose states take four clocks in each of four steps
    what = {layer.op.name: layer.what for layer in core.layers}
    assert what["gru"] == "GRU of 4 steps of 2, 3 states, latency, reuse factors 2, 3"
    assert what["pair"].startswith("GRU of 2 states and LSTM of 1 states, forward and backward over 4 steps of 2")


def test_what_lowered_layers_are_called() -> None:
    core = make_core(lowered())
    what = {layer.op.name: layer.what for layer in core.layers}
    assert what["fc"] == "distributed dense: Dense 3 -> 2, latency, reuse factor 1"
    assert what["rows"] == "embedding: look-up of 2 in 5 rows of 2"
    assert what["dot"] == "dot product of 2 and 2 to 1: x * y, then sum of 2"
    assert what["phi"].endswith("then PointwiseConv 2 -> 3 at 3 positions, latency, reuse factor 1")
    assert core.interval == 3


@dataclass(frozen=True, eq=False)
class _Reduced(Op):
    """Maxima or means of three numbers, and of one beside padding."""

    function: str

    tag: ClassVar[str] = "reduced"

    def check_inputs(self, *tensors: Tensor) -> None:
        """Take any shape."""

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A reduction."""
        view, divisors = np.array([[0, 1, 2], [3, -1, -1]]), np.array([3, 1]) if self.function == "sum" else None
        accum = tensors[0].type
        return (Reduce(self.name, self.inputs, self.output, self.function, view, accum, divisors=divisors),)


@pytest.mark.parametrize(
    ("function", "told"), [("sum", "divides sums by different numbers"), ("max", "takes maxima of padding")]
)
def test_a_reduction_that_no_kernel_has_is_refused_by_name(function: str, told: str) -> None:
    x = tensor("x", 4, "ap_fixed<8,4>")
    op = _Reduced("mine", ("x",), tensor("mine_out", 2, "ap_fixed<8,4>"), function)
    with pytest.raises(UnsupportedError, match=f"layer 'mine' cannot be exported: it {told}, as emitters alone write"):
        make_core(Graph("g", (x,), (op,), ("mine_out",)))
