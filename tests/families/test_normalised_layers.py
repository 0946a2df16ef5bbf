"""Layer normalisation and HGQ's tables, as data: every engine against the reference, files, formats, refusals."""

from __future__ import annotations

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
from isobit.model import Graph, LayerNorm, Tensor, UnaryLUT, Weight
from isobit.model.file import load_graph, save_graph
from isobit.model.tables import inverse_root_table

KIND = FixedType.parse


def written(rng: np.random.Generator, name: str, size: int) -> Weight:
    return Weight.from_written(name, rng.normal(0.5, 1.0, size), a_format(rng))


def a_graph(seed: int) -> tuple[Graph, dict[str, FixedArray]]:
    """Positions that are normalised, by accumulators of all kinds, and a table of every number of a result."""
    rng = np.random.default_rng([seed, 41])
    shape = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    kind, narrow = a_format(rng), FixedType(int(rng.integers(3, 9)), 2, bool(rng.random() < 0.7), "RND", "SAT")
    roomy = rng.random() < 0.6
    accum = FixedType(16, 6, True, "RND_CONV", "SAT") if roomy else a_format(rng)
    form = FixedType(12, 5, False, "RND", "SAT") if roomy else FixedType(8, 3)
    table = inverse_root_table("table", int(rng.choice([7, 64, 1000])), int(rng.integers(1, 6)), power := 1, form)
    scale, bias = (written(rng, name, shape[1]) for name in ("scale", "bias"))
    norm = LayerNorm("norm", ("x",), Tensor("norm", shape, narrow), scale, bias, table, accum, power)
    entries = written(rng, "table", 1 << narrow.width)
    lut = UnaryLUT("lut", ("norm",), Tensor("lut", shape, a_format(rng)), entries)
    raw = rng.integers(kind.raw_min, kind.raw_max + 1, (80, shape[0] * shape[1]))
    raw = np.where(rng.random(raw.shape) < 0.5, raw // 8, raw)
    graph = Graph("tables", (Tensor("x", shape, kind),), (norm, lut), ("lut",))
    return graph, {"x": FixedArray.from_raw(raw, kind)}


@pytest.mark.parametrize("seed", range(24))
def test_every_engine_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = a_graph(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads = [(name, CppEngine(name)) for name in instruction_sets()] + [("numba", get_engine("numba"))]
    for name, road in [*roads, ("cpp-strict", get_engine("cpp-strict"))]:
        found = road.run(graph, inputs, 1)
        for tensor in ("norm", "lut"):
            assert np.array_equal(found[tensor].raw, wanted[tensor].raw), (name, tensor)


def test_files_formats_profile_and_witnesses(tmp_path: Path) -> None:
    graph, inputs = a_graph(6)
    save_graph(graph, tmp_path / "m.isobit")
    assert load_graph(tmp_path / "m.isobit") == graph
    other = graph.with_types(
        {"norm.table": "ap_fixed<9,4>", "norm.accum": "ap_fixed<14,1>", "lut.table": "ap_fixed<5,2>"}
    )
    wanted = get_engine("reference").run(other, inputs, 1)["lut"].raw
    assert np.array_equal(get_engine("numba").run(other, inputs, 1)["lut"].raw, wanted)
    model = ib.Model(other)
    slots = {count.slot for count in model.profile(inputs["x"]).counts if count.layer == "norm"}
    assert "accum/2" in slots, slots
    model.plan(witnesses=True)
    assert "wide" not in model.plan().lanes.values()


def test_a_table_for_another_format() -> None:
    graph, _ = a_graph(1)
    with pytest.raises(UnsupportedError, match=r"'lut' has a table of \d+ entries for numbers of ap_fixed<13,2>"):
        graph.with_types({"norm.result": "ap_fixed<13,2>"})


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"range_power": 31}, UnsupportedError, "table_range_power2, which must be 0 to 30"),
        ({"bias": 2}, ShapeError, "one of each for every number of a position"),
        ({"scale": 4, "bias": 4}, ShapeError, "gives 6 numbers with scales of shape"),
    ],
)
def test_what_does_not_fit(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    rng, kind = np.random.default_rng(0), KIND("ap_fixed<12,5>")
    sizes = {"scale": 3, "bias": 3} | changes
    parts: dict[str, Any] = {name: written(rng, name, sizes[name]) for name in ("scale", "bias")}
    parts |= {"table": inverse_root_table("table", 16, 3, 0, kind), "range_power": changes.get("range_power", 0)}
    with pytest.raises(error, match=words):
        LayerNorm("norm", ("x",), Tensor("norm", (2, 3), kind), accum=kind, **parts)


@pytest.mark.hls4ml
def test_what_hls4ml_computes_wrongly_is_refused() -> None:
    def network(k: Any, x: Any) -> Any:
        return k.LayerNormalization(name="norm")(x)

    entry = {"norm": {"Precision": {"scale": "ap_int<2>"}}}
    with pytest.raises(FirmwareError, match=r"'norm' has a scale of int<2>, for which .* does not multiply sums"):
        ib.load(converted(network, (3, 4), entries=entry))
    with pytest.raises(UnsupportedError, match=r"'norm' of class 'LayerNormalization' is not supported with io_stream"):
        ib.load(converted(network, (3, 4), **STREAM))
    with pytest.raises(UnsupportedError, match="only three-dimensional input"):
        converted(network, (4,))


def normalised(*layers: Any, shape: tuple[int, ...]) -> Any:
    from tensorflow import keras

    return keras.Sequential([keras.layers.Input(shape), *layers])


@pytest.mark.hls4ml
@pytest.mark.parametrize("what", ["first", "as many", "merged", "two", "negative", "nested", "wrapped"])
def test_batches_normalised_along_another_axis_than_the_last(what: str) -> None:
    """hls4ml reads no axis: with as many channels as steps it would scale the others, and merge them into weights."""
    from tensorflow.keras import layers as k

    batch = k.BatchNormalization(axis=[1, 3] if what == "two" else -2 if what == "negative" else 1, name="normal")
    model = {
        "first": lambda: normalised(batch, shape=(5, 4)),
        "as many": lambda: normalised(batch, shape=(4, 4)),
        "merged": lambda: normalised(k.Conv1D(4, 1), batch, shape=(4, 3)),
        "two": lambda: normalised(batch, shape=(4, 4, 2)),
        "negative": lambda: normalised(batch, shape=(4, 4, 2)),
        "nested": lambda: normalised(normalised(batch, shape=(4, 4)), shape=(4, 4)),
        "wrapped": lambda: normalised(k.TimeDistributed(batch), shape=(3, 4, 4)),
    }[what]()
    axes = {"two": "axes 1, 3 of 4", "negative": "axis 2 of 4"}.get(what, "axis 1 of 3")
    with pytest.raises(
        FirmwareError, match=rf"layer 'normal' normalises {axes} .*put a Permute layer before and after"
    ):
        ib.load(model)


@pytest.mark.hls4ml
def test_the_last_axis_and_one_that_is_moved_there() -> None:
    """What the refusal says to write is the network that was meant: dyadic numbers, so that Keras' floats are exact."""
    from tensorflow.keras import layers as k

    rng = np.random.default_rng(5)

    def batch(axis: int, size: int) -> Any:
        layer = k.BatchNormalization(axis=axis, epsilon=0.0)
        layer.build((None, 6, 4))
        scale, variance = rng.choice([0.5, 1.0, 3.0], size), rng.choice([0.25, 1.0, 4.0], size)
        shift, mean = rng.integers(-4, 5, size) / 4, rng.integers(-4, 5, size) / 4
        layer.set_weights([scale, shift, mean, variance])
        return layer

    x = rng.integers(-32, 32, (50, 6, 4)) / 16.0
    last = normalised(batch(2, 4), shape=(6, 4))
    first = batch(1, 6)
    moved = normalised(k.Permute((2, 1)), turned := k.BatchNormalization(epsilon=0.0), k.Permute((2, 1)), shape=(6, 4))
    turned.set_weights(first.get_weights())
    for model, wanted in ((last, last.predict(x, verbose=0)), (moved, np.asarray(first(x)))):
        found = ib.load(model, default_precision="fixed<24,10>").predict(x)
        assert np.array_equal(found.reshape(wanted.shape), wanted)
        assert len(np.unique(found)) > 50
