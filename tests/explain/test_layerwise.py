"""Networks computed layer by layer, with plans and numbers kept: bits are those of the whole network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isobit as ib
from isobit.explain.explaining import explain
from isobit.explain.layerwise import Layerwise
from isobit.explain.lifting import Lifter
from isobit.explain.outputs import outputs_of, telling
from isobit.network import Network

CORPUS = Path(__file__).resolve().parents[1] / "other_frontends" / "corpus"
LSTM = Path(__file__).parent / "lstm.isobit"
FILES = [LSTM, *(CORPUS / f"{name}.isobit" for name in ("torch_convolution", "torch_residual", "qonnx_tables"))]


def variants(model: ib.Model, x: list[Any]) -> list[Any]:
    """The network, exact, with each quantiser exact, and narrow ones that overflow."""
    lifter = Lifter(model, model.quantise(x[0] if len(x) == 1 else x)[0])
    ranges = {t.name: (float(a.min()), float(a.max())) for t, a in zip(model.graph.inputs, x, strict=True)}
    every = lifter.quantisers(ranges)
    some = every[:: max(1, len(every) // 8)]
    return [lifter.lifted_graph(lifted) for lifted in ([], every, *([one] for one in some), every[1:], every[:-1])]


@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("most", [1 << 29, 1])
def test_bits_are_those_of_the_whole_network(path: Path, most: int) -> None:
    model = ib.load(path)
    rng = np.random.default_rng(3)
    x = [rng.normal(0.0, 2.0, (60, *tensor.shape)) for tensor in model.graph.inputs]
    layers = Layerwise(x, most=most)
    for graph in variants(model, x):
        for got, wanted in zip(layers.outputs(graph), outputs_of(Network(graph), x), strict=True):
            assert np.array_equal(got, wanted)


def test_what_was_computed_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from isobit.engines.cpp import CppEngine

    runs: list[str] = []
    plans: list[str] = []
    run, plan = CppEngine.run_outputs, CppEngine.plan
    monkeypatch.setattr(
        CppEngine, "run_outputs", lambda self, graph, *rest: runs.append(graph.name) or run(self, graph, *rest)
    )
    monkeypatch.setattr(
        CppEngine, "plan", lambda self, graph, keep: plans.append(graph.name) or plan(self, graph, keep)
    )
    graph = ib.load(CORPUS / "torch_mlp.isobit").graph
    layers = Layerwise([np.random.default_rng(1).normal(0.0, 1.0, (50, *graph.inputs[0].shape))])
    layers.outputs(graph)
    assert runs == plans == [op.name for op in graph.ops]
    layers.outputs(graph)
    layers.outputs(graph.with_types({"_3.accum": "ap_fixed<34,16>"}))
    assert runs[3:] == ["_3"]
    # Other numbers of the same magnitudes: planned for these already.
    layers.outputs(graph.with_types({"_0.weight": "ap_fixed<17,6>"}))
    assert runs[4:] == ["_0", "_2", "_3"]
    assert plans[3:] == ["_3", "_0"]
    # The same numbers in the same format, whoever made them.
    layers.outputs(graph.with_types({"_0.bias": "ap_fixed<17,7>"}))
    assert runs[7:] == ["_0"]


def test_all_events_are_ranked_on_where_they_are_few() -> None:
    got, wanted = [np.arange(6.0)[:, None]], [np.zeros((6, 1))]
    assert telling(got, wanted, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert telling(got, wanted, 4).tolist() == [0, 4, 5]


def test_a_fix_holds_on_all_events() -> None:
    """Ranked on a few events, which leave the accumulator a bit too narrow for the others."""
    model = ib.load(CORPUS / "torch_mlp.isobit")
    x = np.random.default_rng(4).normal(0.0, 1.0, (4000, *model.graph.inputs[0].shape))
    bad = model.with_types({"_3.accum": "ap_fixed<19,0>"})
    found = explain(bad, x, model, ranked_on=16)
    assert found.ranked_on <= 16
    assert found.types == {"_3.accum": "ap_fixed<21,2>"}  # on those few events, one bit would be enough
    assert found.fixed_error**2 <= 0.01 * found.error**2
