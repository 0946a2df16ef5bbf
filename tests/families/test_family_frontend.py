"""Layers of hls4ml that move, merge and rectify numbers: what is read, and what its kernels get wrong is refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads

import isobit as ib
from isobit.errors import ConfigurationWarning, FirmwareError, UnsupportedError
from isobit.fixed import FixedType
from isobit.model import Copy, Cropping, Reshape, UpSampling, ZeroPadding
from isobit.model.comparison import headers_compare_rightly

KIND = FixedType.parse


def converted(
    make: Callable[..., Any],
    *shapes: tuple[int, ...],
    io_type: str = "io_parallel",
    backend: str = "Vitis",
    entries: dict[str, dict[str, Any]] | None = None,
    **names: Any,
) -> Any:
    """hls4ml's graph of what ``make(layers, *inputs)`` gives.

    ``names`` are the precisions of layers' results, ``entries`` what else the configuration says of layers.
    """
    from tensorflow.keras import Model, layers

    from isobit.frontends.keras import convert

    inputs = [layers.Input(shape, name=f"in{number}") for number, shape in enumerate(shapes)]
    config: dict[str, Any] = {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"}}
    config["LayerName"] = {name: {"Precision": {"result": kind}} for name, kind in names.items()}
    config["LayerName"] |= entries or {}
    return convert(Model(inputs, make(layers, *inputs)), config, backend=backend, io_type=io_type)


@pytest.mark.hls4ml
def test_what_padding_cropping_and_upsampling_become() -> None:
    def network(k: Any, x: Any) -> Any:
        x = k.ZeroPadding2D(((1, 2), (3, 4)), name="pad")(x)
        x = k.Cropping2D(((0, 1), (2, 0)), name="crop", data_format="channels_first")(x)
        return k.UpSampling2D((3, 2), name="up")(x)

    ops = ib.load(converted(network, (5, 4, 3))).graph.ops
    assert [type(op) for op in ops] == [ZeroPadding, Cropping, UpSampling]
    assert (ops[0].before, ops[0].after) == ((1, 3, 0), (2, 4, 0))
    assert (ops[1].before, ops[1].after) == ((0, 0, 2), (0, 1, 0))
    assert ops[2].factors == (3, 2, 1)
    assert [op.output.shape for op in ops] == [(8, 11, 3), (8, 10, 1), (24, 20, 1)]


STREAM = {"io_type": "io_stream"}
REFUSED: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...], dict[str, str], str]] = {
    "bilinear": (
        lambda k, x: k.UpSampling2D(2, interpolation="bilinear", name="l")(x),
        ((2, 2, 1),), {}, "'l' has the interpolation 'bilinear'.*supported: nearest",
    ),
    "upsampling of channels_first": (
        lambda k, x: k.UpSampling2D(2, data_format="channels_first", name="l")(x),
        ((2, 2, 2),), {}, "'l' has the data format 'channels_first', which hls4ml's kernel ignores",
    ),
    "upsampling beyond its ratio": (
        lambda k, x: k.UpSampling1D(16, name="l")(x),
        ((300, 1),), {}, "'l' makes 4800 positions of 300; hls4ml's kernel repeats them evenly only",
    ),
    "upsampling of a Reshape": (
        lambda k, x: k.UpSampling1D(2, name="l")(k.Reshape((2, 2), name="r")(x)),
        ((4,),), {"in0": "fixed<12,4>"}, r"'l' gives fixed<16,6.*from fixed<12,4.*only where both are the same",
    ),
    "padding of channels_first on streams": (
        lambda k, x: k.ZeroPadding2D(1, data_format="channels_first", name="l")(x),
        ((2, 2, 2),), STREAM, "'l' of class 'ZeroPadding2D' is 'channels_first'",
    ),
    "padding of channels_first with a cast": (
        lambda k, x: k.ZeroPadding2D(1, data_format="channels_first", name="l")(k.Reshape((2, 2, 1), name="r")(x)),
        ((4,),), {"in0": "fixed<12,4>"}, "'l' of class 'ZeroPadding2D' is 'channels_first'",
    ),
    "merge along the channels": (
        lambda k, *x: k.Add(name="l")([*x]),
        ((2, 3), (2, 1)), {}, r"'l' merges the shapes \(2, 3\) and \(2, 1\).*isobit\.csim simulates",
    ),
    "merge of both": (
        lambda k, *x: k.Add(name="l")([*x]),
        ((1, 3), (2, 1)), {}, r"firmware for layer 'l' computes 2\*1 of 3 numbers",
    ),
    "merge of other packets": (
        lambda k, x, y: k.Add(name="l")([k.Flatten(name="f")(k.Reshape((2, 3), name="r")(x)), y]),
        ((6,), (6,)), STREAM, "'l' of class 'Merge' reads packets of 3 and of 6 numbers",
    ),
    "merge of fewer axes": (
        lambda k, *x: k.Add(name="l")([*x]),
        ((4,), (3, 4)), {}, "firmware for layer 'l' computes 4 of 12 numbers",
    ),
    "merge on streams of Vitis": (
        lambda k, *x: k.Add(name="l")([*x]),
        ((2, 2, 3), (1, 1, 3)), STREAM, "AssertionError: broadcasting merge not supported non-io_parallel",
    ),
    "maximum of mixed signs": (
        lambda k, *x: k.Maximum(name="l")([*x]),
        ((3,), (3,)), {"in0": "fixed<32,16>", "in1": "ufixed<32,16>"}, r"'l' compares numbers of ap_fixed<32,16>",
    ),
    "threshold of mixed signs": (
        lambda k, x: k.ThresholdedReLU(0.5, name="l")(x),
        ((3,),), {"in0": "ufixed<40,8>"}, r"'l' compares numbers of ap_ufixed<40,8> with numbers of ap_fixed<16,6>",
    ),
    "rectifier of flattened packets": (
        lambda k, x: k.PReLU(name="l")(k.Flatten(name="f")(x)),
        ((2, 3),), STREAM, "'l' of class 'PReLU' reads packets of 3 and writes packets of 6",
    ),
}  # fmt: skip


@pytest.mark.hls4ml
@pytest.mark.parametrize("name", REFUSED)
def test_what_hls4ml_gets_wrong_is_refused(name: str) -> None:
    make, shapes, options, message = REFUSED[name]
    with pytest.raises(UnsupportedError, match=message):
        ib.load(converted(make, *shapes, **options))


@pytest.mark.hls4ml
def test_events_are_not_joined() -> None:
    graph = converted(lambda k, *x: k.Concatenate(name="cat")([*x]), (3,), (3,))
    graph.graph["cat"].set_attr("axis", 0)
    with pytest.raises(UnsupportedError, match="'cat' joins along the axis of events"):
        ib.load(graph)


@pytest.mark.hls4ml
def test_slopes_for_some_elements_are_refused() -> None:
    graph = converted(lambda k, x: k.PReLU(name="act")(x), (2, 3))
    graph.graph["act"].weights["param"].data = np.zeros(3)
    with pytest.raises(FirmwareError, match="'act' has 3 slopes for 6 numbers; hls4ml's kernel reads one for each"):
        ib.load(graph)


@pytest.mark.hls4ml
@pytest.mark.csim
def test_a_repacked_stream_and_its_copies_are_cast() -> None:
    """Copies of a Repack have the model's default format; one output is read by another layer as well."""

    def network(k: Any, x: Any) -> Any:
        x = k.Reshape((2, 6), name="re")(x)
        return [x, k.ReLU(name="one")(x), k.Cropping1D((1, 0), name="two")(x)]

    formats = {"in0": "fixed<14,5>", "re": "fixed<9,7,RND,SAT>"}
    graph = converted(network, (2, 3, 2), **STREAM, **formats)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigurationWarning)
        model = ib.load(graph)
    assert [(op.name, type(op)) for op in model.graph.ops[:2]] == [("repack_re", Copy), ("clone_repack_re", Copy)]
    assert [str(op.output.type) for op in model.graph.ops[:2]] == ["ap_fixed<9,7,AP_RND,AP_SAT>", "ap_fixed<16,6>"]
    result = compare_roads(model, np.random.default_rng(0).normal(0.0, 16.0, (60, 2, 3, 2)))
    assert not result.differences, result.differences


@pytest.mark.hls4ml
def test_copies_that_cast_nothing_are_the_stream() -> None:
    def network(k: Any, x: Any) -> Any:
        x = k.ReLU(name="a")(k.Reshape((2, 6), name="re")(x))
        return [x, k.Add(name="b")([x, x])]

    model = ib.load(converted(network, (2, 3, 2), **STREAM, in0="fixed<16,6>"))
    first, *others = model.graph.ops
    assert type(first) is Reshape
    assert [(op.name, op.inputs) for op in others] == [("a", ("repack_re",)), ("b", ("a", "a"))]
    assert model.graph.outputs == ("a", "b")


PAIRS = [
    *(("ap_fixed<16,8>", f"ap_ufixed<{width},8>") for width in (15, 16, 30, 31, 32, 33)),
    *((f"ap_fixed<{width},20>", "ap_ufixed<12,2>") for width in (20, 30, 40, 50)),
    *((f"ap_fixed<{width},8>", f"ap_ufixed<{width + gap},8>") for width in (31, 32, 63, 64, 70) for gap in (-1, 0, 1)),
    *(("ap_int<8>", "ap_uint<32>"), ("ap_int<33>", "ap_uint<32>"), ("ap_fixed<20,10>", "ap_uint<12>")),
    *(("ap_fixed<60,8>", "ap_fixed<32,4>"), ("ap_ufixed<70,8>", "ap_ufixed<60,30>")),
]


@pytest.mark.turn(5)
@pytest.mark.hls4ml
@pytest.mark.csim
def test_which_comparisons_amds_headers_get_right(tmp_path: Path) -> None:
    """Every pair of ends and of numbers around zero, both ways round, on AMD's headers; each verdict is met by them."""
    pairs = [*PAIRS, *((two, one) for one, two in PAIRS)]
    lines = [
        f"    {{ {one} a = p[{2 * n}]; {two} b = p[{2 * n + 1}]; r[{2 * n}] = a > b; r[{2 * n + 1}] = a < b; }}"
        for n, (one, two) in enumerate(pairs)
    ]
    kernel = tmp_path / "compare.cpp"
    size = 2 * len(pairs)
    body = "\n".join(lines)
    kernel.write_text(f'#include "ap_fixed.h"\nvoid f(double p[{size}], bool r[{size}]) {{\n{body}\n}}\n')
    columns = [[_values(KIND(one)), _values(KIND(two))] for one, two in pairs]
    events = [[(a, b) for a in one for b in two] for one, two in columns]
    grid = np.array([[number for n in range(len(pairs)) for number in events[n][e]] for e in range(len(events[0]))])
    arguments = [ib.In("double", size), ib.Out("bool", size)]
    found = ib.csim_kernel(kernel, "f", arguments, headers="vendor")(grid)
    assert found.shape == grid.shape
    wrong = {
        pair
        for n, pair in enumerate(pairs)
        for e, (a, b) in enumerate(events[n])
        if (bool(found[e, 2 * n]), bool(found[e, 2 * n + 1])) != (a > b, a < b)
    }
    assert wrong == {pair for pair in pairs if not headers_compare_rightly(*map(KIND, pair))}
    assert 0 < len(wrong) < len(pairs)


def _values(kind: FixedType) -> list[float]:
    """Numbers of a format that a double holds: its ends, or close to them, zero, and some beside it."""
    top = min(kind.width - kind.signed, 50)
    high = float(2.0**kind.integer / 2**kind.signed * (1 - 2.0**-top))
    low = -(2.0 ** (kind.integer - 1)) if kind.signed else 0.0
    near = float(2.0 ** max(-kind.fraction, -20))
    return [low, -near if kind.signed else near, 0.0, near, high]


@pytest.mark.hls4ml
def test_shared_layers_are_refused() -> None:
    """hls4ml makes ``sum(fc(a), fc(a))`` of it, without a word."""

    def network(k: Any, a: Any, b: Any) -> Any:
        shared = k.Dense(2, name="fc")
        return k.Add(name="sum")([shared(a), shared(b)])

    hls_model = converted(network, (3,), (3,))
    assert list(hls_model.graph["sum"].inputs) == ["fc", "fc"]
    with pytest.raises(FirmwareError, match="'fc' is called 2 times; hls4ml reads its first call alone"):
        ib.load(hls_model)
