"""What isobit says and makes of convolutions: plan, witnesses, profile, check, trace, formats, files and exports."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convolution_graphs import draw, weights

import isobit as ib
from isobit.engines.registry import get_engine
from isobit.errors import UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import Convolution, DepthwiseConvolution, Encoding, Graph, Tensor, Weight
from isobit.model.file import load_graph, save_graph
from isobit.model.layers.convolution import Windows

NUMBER = FixedType.parse("ap_fixed<10,4>")


@pytest.fixture(scope="module")
def model() -> ib.Model:
    """An image of 5 x 4 pixels and 2 channels: a convolution with padding, and a depthwise one of its result."""
    rng = np.random.default_rng(5)
    kind, accum = FixedType.parse("ap_fixed<8,2>"), FixedType.parse("ap_fixed<12,4,AP_TRN,AP_SAT>")
    full, each = (Weight.from_written("weight", rng.normal(0, 0.5, shape), kind) for shape in ((18, 3), (4, 3)))
    bias = Weight.from_written("bias", rng.normal(0, 0.5, 3), kind)
    ops = (
        Convolution("conv", ("x",), Tensor("conv", (5, 4, 3), NUMBER), full, bias, accum, (3, 3), (1, 1), (1, 1)),
        DepthwiseConvolution(
            "depth", ("conv",), Tensor("depth", (2, 2, 3), NUMBER), each, bias, accum, (2, 2), (2, 2), (0, 0)
        ),
    )
    return ib.Model(Graph("images", (Tensor("x", (5, 4, 2), NUMBER),), ops, ("depth",)))


@pytest.fixture(scope="module")
def events() -> Any:
    return np.random.default_rng(6).normal(0.0, 2.0, (300, 5, 4, 2))


def test_plan_and_witnesses(model: ib.Model) -> None:
    """Bounds are those of each window's sum, and inputs are found that reach an accumulator's end."""
    plan = model.plan(witnesses=True)
    assert "may saturate" in str(plan["conv.accum"])
    assert plan["conv.accum"].witnesses
    assert model.plan().lanes.keys() == {"conv", "depth"}
    for name in ("conv.accum", "conv.result", "depth.accum"):
        for witness in plan[name].witnesses[:3]:
            x = witness.inputs["x"].to_float().reshape(1, 5, 4, 2)
            assert np.any(model.profile(x)[name].events)


def test_a_profile_counts_what_saturates(model: ib.Model, events: Any) -> None:
    """By name, neuron by neuron; with a wider accumulator those neurons alone change."""
    counted = np.asarray(model.profile(events)["conv.accum"].events)
    assert counted.shape == (60,)
    assert np.count_nonzero(counted) > 0
    found, wide = (m.trace(events)["conv"].raw for m in (model, model.with_types({"conv.accum": "ap_fixed<20,12>"})))
    changed = (found != wide).any(axis=0).ravel()
    assert changed.any()
    assert not (changed & (counted == 0)).any()
    assert "conv.accum" in str(model.profile(events)["conv.accum"])


def test_check_compares_every_layer(model: ib.Model, events: Any) -> None:
    report = ib.check(model, events, against=("cpp", "numba", "cpp-strict", "reference"))
    assert report.ok
    assert report.verdict().startswith("EQUAL")


def test_formats_and_files(model: ib.Model, events: Any, tmp_path: Path) -> None:
    narrow = model.with_types({"conv.weight": "ap_fixed<4,1>", "depth.accum": "ap_fixed<9,4,AP_RND,AP_SAT>"})
    wanted = narrow.predict(events, engine="reference")
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(narrow.predict(events, engine=engine), wanted)
    assert (wanted != model.predict(events)).any()
    save_graph(narrow.graph, path := tmp_path / "narrow.isobit")
    assert load_graph(path) == narrow.graph


@pytest.mark.csim
@pytest.mark.parametrize(("seed", "io_type"), [(0, "io_parallel"), (3, "io_stream")])
def test_an_export_gives_the_bits_of_the_reference(seed: int, io_type: str, tmp_path: Path) -> None:
    graph, inputs = draw(seed)
    project = ib.export_hls(
        ib.Model(graph), tmp_path / "out", test_vectors=list(inputs.values()), oracle="reference", io_type=io_type
    )
    assert [layer["op"] for layer in project.manifest["layers"]] == ["convolution", "depthwise_convolution"]
    assert project.run_test_bench("isobit").ok


def test_an_export_of_unrolled_code_is_refused(tmp_path: Path) -> None:
    seed = next(n for n in range(40) if draw(n)[0].by_name["conv"].strategy == "resource_unrolled")
    with pytest.raises(UnsupportedError, match="'conv' has the strategy 'resource_unrolled', which cannot be exported"):
        ib.export_hls(ib.Model(draw(seed)[0]), tmp_path / "out")


# -- mutants of the lowering ------------------------------------------------------------------------------------------

windows = Windows.windows
order = DepthwiseConvolution.order


def _turned(op: Any, tensor: Tensor) -> Any:
    """Windows walked through column by column."""
    found = windows(op, tensor)
    return found.reshape(len(found), *op.kernel, -1).swapaxes(1, len(op.kernel)).reshape(found.shape)


MUTANTS: dict[str, tuple[type, str, Any]] = {
    "padding repeats the first number": (Windows, "windows", lambda op, t: np.maximum(windows(op, t), 0)),
    "windows one number further": (
        Windows, "windows",
        lambda op, t: np.where(windows(op, t) < 0, -1, np.minimum(windows(op, t) + 1, t.size - 1)),
    ),
    "columns before rows": (Windows, "windows", _turned),
    "channels in reverse": (Windows, "windows", lambda op, t: windows(op, t)[..., ::-1]),
    "positions in reverse": (Windows, "windows", lambda op, t: windows(op, t)[:, ::-1]),
    "windows in reverse": (Windows, "windows", lambda op, t: windows(op, t)[::-1]),
    "every window is the first": (Windows, "windows", lambda op, t: np.repeat(windows(op, t)[:1], op.positions, 0)),
    "the last position is padding": (
        Windows, "windows",
        lambda op, t: np.where(windows(op, t) >= t.size - t.shape[-1], -1, windows(op, t)),
    ),
    "no padding is added": (
        Windows, "windows",
        lambda op, t: np.where(windows(op, t) < 0, t.size - 1, windows(op, t)),
    ),
    "depthwise sums in reverse": (DepthwiseConvolution, "order", property(lambda op: order.__get__(op)[:, ::-1])),
    "depthwise sums in the order of the taps": (
        DepthwiseConvolution, "order",
        property(lambda op: np.tile(np.arange(op.taps), (op.weight.shape[1], 1))),
    ),
    "every channel in the first one's order": (
        DepthwiseConvolution, "order",
        property(lambda op: np.repeat(order.__get__(op)[:1], op.weight.shape[1], axis=0)),
    ),
}  # fmt: skip


@pytest.mark.oracle(sample=5)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_lowering_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the comparison with the reference, which shares nothing with the lowering, on at least one of the graphs."""
    place, attribute, mutant = MUTANTS[name]
    seeds = _telling()
    assert not any(_differs(seed) for seed in seeds)
    monkeypatch.setattr(place, attribute, mutant)
    assert any(_differs(seed) for seed in seeds)


@lru_cache(maxsize=1)
def _telling() -> list[int]:
    """Some seeds, and some of graphs with a depthwise convolution that adds each channel in another order."""
    orders = ((seed, _saturating(seed)[0].by_name["depth"].order) for seed in range(14, 400))
    return [*range(14), *islice((seed for seed, rows in orders if (rows != rows[0]).any()), 3)]


@cache
def _wanted(seed: int) -> Any:
    return get_engine("reference").run(*_saturating(seed), 1)


def _saturating(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Accumulators that saturate, so that the order of a sum counts."""
    graph, inputs = draw(seed)
    accum = "ap_fixed<10,3,AP_TRN,AP_SAT>"
    return graph.with_types({"conv.accum": accum, "depth.accum": accum}), inputs


def _differs(seed: int) -> bool:
    found = get_engine("numba").run(*_saturating(seed), 1)
    return any(not np.array_equal(found[name].raw, _wanted(seed)[name].raw) for name in ("conv", "depth"))


@pytest.mark.parametrize("strategy", ["latency", "resource"])
def test_powers_of_two_by_channel(strategy: str) -> None:
    """Signs move with their exponents."""
    rng = np.random.default_rng(8)
    kind = FixedType.int_type(4)
    values = rng.choice([-1.0, 1.0], (6, 3)) * 2.0 ** rng.integers(-3, 3, (6, 3))
    weight = Weight.from_written("weight", values, kind, encoding=Encoding.EXPONENT)
    op = DepthwiseConvolution(
        "l", ("x",), Tensor("l", (4, 3), NUMBER), weight, weights(rng, "bias", (3,)),
        FixedType.parse("ap_fixed<12,5,AP_TRN,AP_SAT>"), (6,), (1,), (2,), strategy, 6 if strategy == "resource" else 1,
    )  # fmt: skip
    graph = Graph("g", (Tensor("x", (7, 3), NUMBER),), (op,), ("l",))
    inputs = {"x": FixedArray.from_raw(rng.integers(-512, 512, (200, 21)), NUMBER)}
    wanted = get_engine("reference").run(graph, inputs, 1)
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["l"].raw, wanted["l"].raw)
