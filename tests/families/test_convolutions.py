"""Convolutions: every engine against the reference, the reference against NumPy, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads
from convolution_graphs import draw, weights
from test_family_frontend import converted

import isobit as ib
from isobit._core import instruction_sets
from isobit.engines.cpp import CppEngine
from isobit.engines.registry import get_engine
from isobit.errors import FirmwareError, ShapeError, UnsupportedError
from isobit.fixed import FixedArray, FixedType
from isobit.model import Convolution, DepthwiseConvolution, Encoding, Graph, Op, PointwiseConv, Tensor, Weight

NUMBER = FixedType.parse("ap_fixed<16,6>")
BIT = FixedType.int_type(1, signed=False)
WIDE = FixedType.parse("ap_fixed<60,40>")


@pytest.mark.oracle(sample=8)
@pytest.mark.parametrize("seed", range(16))
def test_every_road_gives_the_bits_of_the_reference(seed: int) -> None:
    graph, inputs = draw(seed)
    wanted = get_engine("reference").run(graph, inputs, 1)
    roads: list[tuple[str, Any]] = [(name, CppEngine(name)) for name in instruction_sets()]
    for name, road in [*roads, ("numba", get_engine("numba")), ("cpp-strict", get_engine("cpp-strict"))]:
        found = [road.run(graph, inputs, 1)] + ([road.run_outputs(graph, inputs, 2)] if name != "cpp-strict" else [])
        for values in found:
            for op in graph.ops:
                np.testing.assert_array_equal(
                    values[op.output.name].raw, wanted[op.output.name].raw, err_msg=f"{name}: {op.name}"
                )


@pytest.mark.parametrize("filters", [1, 3])
def test_a_single_window_before_products_of_pairs(filters: int) -> None:
    """A sum of some inputs alone, or three, which the next layer reads in pairs of 16 bits."""
    rng = np.random.default_rng(5)
    kind, few, sums = (FixedType.parse(f"ap_fixed<{text}>") for text in ("6,3", "6,6", "16,8"))

    def given(name: str, *shape: int) -> Weight:
        return Weight.from_written(name, rng.integers(few.raw_min, few.raw_max + 1, shape), few)

    ops: tuple[Op, ...] = (
        DepthwiseConvolution(
            "conv", ("x",), Tensor("conv", (1, filters), sums), given("weight", 3, filters),
            given("bias", filters), sums, (3,), (1,), (0,),
        ),
        PointwiseConv(
            "next", ("conv",), Tensor("next", (1, 2), kind), given("weight", filters, 2), given("bias", 2), NUMBER
        ),
    )  # fmt: skip
    graph = Graph("g", (Tensor("x", (4, filters), kind),), ops, ("next",))
    inputs = {"x": FixedArray.from_raw(rng.integers(kind.raw_min, kind.raw_max + 1, (50, 4 * filters)), kind)}
    wanted = get_engine("reference").run(graph, inputs, 1)["next"].raw
    for road in [get_engine("numba"), *(CppEngine(name) for name in instruction_sets())]:
        np.testing.assert_array_equal(road.run(graph, inputs, 1)["next"].raw, wanted)
        np.testing.assert_array_equal(road.run_outputs(graph, inputs, 1)["next"].raw, wanted)


@pytest.mark.parametrize("seed", range(8))
def test_the_reference_convolves(seed: int) -> None:
    """With formats that hold everything, what a loop over windows gives in floating point."""
    graph, inputs = draw(seed)
    slots = [slot for slot in graph.types() if slot.endswith((".accum", ".result")) and not slot.startswith("x.")]
    graph = graph.with_types(dict.fromkeys(slots, WIDE))
    found = get_engine("reference").run(graph, inputs, 1)
    (source,) = graph.inputs
    x = inputs["x"].to_float().reshape(-1, *source.shape)
    conv, depth = graph.ops
    assert isinstance(conv, Convolution)
    assert isinstance(depth, DepthwiseConvolution)
    far = [(before, 8) for before in conv.before]
    padded = np.pad(x, [(0, 0), *far, (0, 0)])
    for place in np.ndindex(*conv.output.shape[:-1]):
        cut = [slice(n * s, n * s + k) for n, s, k in zip(place, conv.strides, conv.kernel, strict=True)]
        window = padded[(slice(None), *cut)]
        full = window.reshape(len(x), -1) @ _floats(conv.weight) + _floats(conv.bias)
        each = (window.reshape(len(x), -1, source.shape[-1]) * _floats(depth.weight)).sum(axis=1) + _floats(depth.bias)
        for op, wanted in ((conv, full), (depth, each)):
            given = found[op.name].to_float().reshape(-1, *op.output.shape)[(slice(None), *place)]
            # Products are cast to 20 fraction bits, one after the other.
            np.testing.assert_allclose(given, wanted, rtol=0, atol=2.0**-20 * (op.taps * source.shape[-1] + 2))


def _floats(weight: Weight) -> Any:
    return FixedArray.from_raw(weight.raw, weight.type).to_float().reshape(weight.raw.shape)


@pytest.mark.parametrize("strategy", ["latency", "resource"])
@pytest.mark.parametrize("binary", [True, False])
def test_one_bit_inputs(strategy: str, binary: bool) -> None:
    """Matches are counted and become sums of signs; padding is a raw zero, minus one."""
    rng = np.random.default_rng(4)
    kind = BIT if binary else FixedType.parse("ap_fixed<5,2>")
    values = rng.integers(0, 2, (18, 3)) if binary else rng.normal(0, 1, (18, 3))
    weight = Weight.from_written("weight", values, kind, encoding=Encoding.XNOR if binary else Encoding.PLAIN)
    op = Convolution(
        "l", ("x",), Tensor("l", (5, 4, 3), NUMBER), weight, weights(rng, "bias", (3,)), NUMBER, (3, 3), (1, 1), (1, 1),
        strategy, 1 if strategy == "latency" else 6,
    )  # fmt: skip
    graph = Graph("g", (Tensor("x", (5, 4, 2), BIT, True),), (op,), ("l",))
    inputs = {"x": FixedArray.from_raw(rng.integers(0, 2, (80, 40)), BIT)}
    wanted = get_engine("reference").run(graph, inputs, 1)["l"].raw
    for engine in ("cpp", "numba", "cpp-strict"):
        np.testing.assert_array_equal(get_engine(engine).run(graph, inputs, 1)["l"].raw, wanted, err_msg=engine)


def test_windows() -> None:
    rng = np.random.default_rng(0)
    op = Convolution(
        "l", ("x",), Tensor("l", (2, 2, 1), NUMBER), weights(rng, "weight", (8, 1)), weights(rng, "bias", (1,)),
        NUMBER, (2, 2), (1, 2), (0, 1),
    )  # fmt: skip
    windows = op.windows(Tensor("x", (3, 3, 2), NUMBER))
    assert windows.shape == (4, 4, 2)
    assert windows[..., 0].tolist() == [[-1, 0, -1, 6], [2, 4, 8, 10], [-1, 6, -1, 12], [8, 10, 14, 16]]
    assert np.array_equal(windows[..., 1], np.where(windows[..., 0] < 0, -1, windows[..., 0] + 1))


def _layer(kind: type[Op] = Convolution, **options: Any) -> Any:
    rng = np.random.default_rng(0)
    depthwise = kind is DepthwiseConvolution
    given = {
        "output": Tensor("l", (3, 2), NUMBER),
        "weight": weights(rng, "weight", (2, 2) if depthwise else (4, 2)),
        "bias": weights(rng, "bias", (2,)),
        "kernel": (2,), "strides": (1,), "before": (0,),
    }  # fmt: skip
    return kind("l", ("x",), accum=NUMBER, **{**given, **options})


@pytest.mark.parametrize(
    ("kind", "options", "shape", "error", "words"),
    [
        (Convolution, {"kernel": (2, 2)}, (4, 2), ShapeError, "one or two axes of positions"),
        (Convolution, {"strides": (0,)}, (4, 2), ShapeError, "at least 1, 1 and 0"),
        (Convolution, {"before": (-1,)}, (4, 2), ShapeError, "at least 1, 1 and 0"),
        (Convolution, {}, (4, 3), ShapeError, "4 rows of weights, expected 6"),
        (Convolution, {}, (2, 2, 2), ShapeError, "expected as many axes"),
        (Convolution, {"output": Tensor("l", (3, 3), NUMBER)}, (4, 2), ShapeError, r"channels, 3\)"),
        (Convolution, {"strategy": "best"}, (4, 2), UnsupportedError, "'best'.*supported: latency"),
        (Convolution, {"strategy": "resource", "reuse_factor": 3}, (4, 2), UnsupportedError, "legal: 1, 2, 4, 8"),
        (
            Convolution,
            {"output": Tensor("l", (1 << 27, 2), NUMBER)},
            (4, 2),
            UnsupportedError,
            r"'l' gives 268435456 numbers, and reads 536870912 in 134217728 windows: .*allowed are 8589934592 bytes",
        ),
        (DepthwiseConvolution, {}, (4, 3), ShapeError, "2 channels, expected 3|3 channels, expected 2"),
        (DepthwiseConvolution, {"kernel": (3,)}, (4, 2), ShapeError, r"expected \(3, 2\)"),
        (DepthwiseConvolution, {"strategy": "resource_unrolled"}, (4, 2), UnsupportedError, "latency, resource"),
        (DepthwiseConvolution, {"strategy": "resource", "reuse_factor": 3}, (4, 2), UnsupportedError, "legal: 1, 2"),
    ],
)
def test_what_does_not_fit_is_refused(
    kind: type[Op], options: dict[str, Any], shape: tuple[int, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Graph("g", (Tensor("x", shape, NUMBER),), (_layer(kind, **options),), ("l",))


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        (_layer(DepthwiseConvolution), 4),
        (_layer(kernel=(1,), output=Tensor("l", (2, 2), NUMBER), strides=(2,)), 4),
        (_layer(output=Tensor("l", (3, 2), BIT, True)), 4),
    ],
)
def test_one_bit_numbers_are_refused(layer: Op, source: int) -> None:
    with pytest.raises(UnsupportedError, match="one-bit numbers"):
        Graph("g", (Tensor("x", (source, 2), BIT, True),), (layer,), ("l",))


# -- what hls4ml converts ---------------------------------------------------------------------------------------------


@pytest.mark.hls4ml
def test_what_convolutions_become() -> None:
    def network(k: Any, x: Any) -> Any:
        x = k.Conv2D(3, (3, 2), strides=(1, 2), padding="same", name="full")(x)
        x = k.DepthwiseConv2D(2, name="depth")(x)
        x = k.SeparableConv2D(4, 2, padding="same", name="sep")(x)
        x = k.Conv2D(2, 1, strides=(2, 1), name="thin")(x)
        return k.Conv2D(2, 1, name="point")(x)

    graph = ib.load(converted(network, (5, 6, 2))).graph
    assert [(op.name, type(op)) for op in graph.ops] == [
        ("full", Convolution),
        ("depth", DepthwiseConvolution),
        ("sep_depthwise", DepthwiseConvolution),
        ("sep_pointwise", PointwiseConv),
        ("thin", Convolution),
        ("point", PointwiseConv),
    ]
    full = graph.by_name["full"]
    assert isinstance(full, Convolution)
    assert (full.kernel, full.strides, full.before, full.output.shape) == ((3, 2), (1, 2), (1, 0), (5, 3, 3))
    streamed = ib.load(converted(network, (5, 6, 2), io_type="io_stream")).graph
    assert [op.tag for op in streamed.ops].count("zero_padding") == 2
    assert all(not any(op.before) for op in streamed.ops if isinstance(op, (Convolution, DepthwiseConvolution)))


RESOURCE = {"Strategy": "Resource", "ReuseFactor": 12}
ENCODED = {"ConvImplementation": "Encoded"}
REFUSED: dict[str, tuple[Callable[..., Any], tuple[int, ...], dict[str, Any], dict[str, Any], str]] = {
    "a reuse factor beyond the window": (
        lambda k, x: k.Conv1D(3, 2, name="l")(x),
        (5, 2), RESOURCE, {}, "reuse factor 12 of layer 'l' exceeds its 4 inputs of a window",
    ),
    "a depthwise convolution with the resource strategy": (
        lambda k, x: k.DepthwiseConv2D(2, name="l")(x),
        (5, 4, 2), {"Strategy": "Resource"}, {}, "'l' has the strategy 'resource': with io_parallel hls4ml has no such",
    ),
    "a depth multiplier": (
        lambda k, x: k.DepthwiseConv1D(2, depth_multiplier=2, name="l")(x),
        (5, 2), {}, {}, "'l' makes 4 channels of 2; .*a depth multiplier of 1",
    ),
    "strides of a window of one row on streams": (
        lambda k, x: k.Conv2D(2, (1, 2), strides=(2, 1), name="l")(x),
        (5, 4, 2), {}, {"io_type": "io_stream"}, r"'l' has windows of \(1, 2\) and strides \(2, 1\)",
    ),
    "an encoded convolution that is wrong": (
        lambda k, x: k.Conv1D(2, 3, strides=2, name="l")(x),
        (4, 2), ENCODED, {"io_type": "io_stream", "backend": "Vivado"}, "'l' has the 'encoded' implementation",
    ),
    "an encoded convolution whose windows are no squares": (
        lambda k, x: k.Conv2D(2, (3, 2), name="l")(x),
        (4, 4, 2), ENCODED, {"io_type": "io_stream", "backend": "Vivado"}, "'l' has the 'encoded' implementation",
    ),
}  # fmt: skip


@pytest.mark.hls4ml
@pytest.mark.parametrize("name", REFUSED)
def test_what_hls4ml_gets_wrong_is_refused(name: str) -> None:
    make, shape, entry, options, message = REFUSED[name]
    with pytest.raises(FirmwareError, match=message):
        ib.load(converted(make, shape, entries={"l": entry}, **options))


@pytest.mark.hls4ml
def test_dilation_is_refused() -> None:
    """hls4ml takes none from Keras; from other front ends it hands them to kernels that ignore them."""
    graph = converted(lambda k, x: k.Conv1D(3, 2, name="l")(x), (5, 2))
    graph.graph["l"].set_attr("dilation_width", 2)
    with pytest.raises(FirmwareError, match="'l' has a dilation of 2, which hls4ml ignores"):
        ib.load(graph)
    dilated = {"dilation_rate": 3, "padding": "same", "name": "l"}
    with pytest.raises(FirmwareError, match="'l' has a dilation of 3"):
        ib.load(converted(lambda k, x: k.Conv1D(3, 2, **dilated)(x), (6, 2)))
    with pytest.raises(FirmwareError, match="'l_depthwise' has a dilation of 3"):
        ib.load(converted(lambda k, x: k.SeparableConv2D(3, 2, **dilated)(x), (6, 6, 2)))


@pytest.mark.hls4ml
def test_a_merged_normalisation_of_a_depthwise_convolution_is_refused() -> None:
    """hls4ml multiplies (positions, channels, 1) weights by (channels,) scales."""

    def network(k: Any, x: Any) -> Any:
        return k.BatchNormalization(name="norm", gamma_initializer="uniform")(k.DepthwiseConv1D(2, name="l")(x))

    with pytest.raises(FirmwareError, match=r"'l' has weights of the shape \(2, 3, 3\); hls4ml's kernel reads 2 x 3"):
        ib.load(converted(network, (5, 3), l="auto"))


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("strategy", ["Latency", "Resource"])
@pytest.mark.parametrize("kernel", ["binary(alpha=1)", "quantized_bits(6,1,alpha=1)"])
@pytest.mark.parametrize("axes", [1, 2])
def test_one_bit_networks(axes: int, kernel: str, strategy: str) -> None:
    """A batch normalisation and a binary activation become thresholds, which give one-bit numbers."""

    def network(k: Any, x: Any) -> Any:
        import qkeras

        conv = {"kernel_quantizer": kernel, "bias_quantizer": "quantized_bits(8,2,alpha=1)", "name": "conv"}
        x = qkeras.QActivation("binary(alpha=1)", name="signs")(k.BatchNormalization(name="norm")(x))
        return getattr(qkeras, f"QConv{axes}D")(3, 3, padding="same", **conv)(x)

    options = {"Strategy": strategy, "ReuseFactor": 2}
    model = ib.load(converted(network, (6, 5, 2)[2 - axes :], entries={"conv": options}))
    assert [op.output.xnor for op in model.graph.ops] == [True, False]
    result = compare_roads(model, np.random.default_rng(0).normal(0.0, 4.0, (100, *(6, 5, 2)[2 - axes :])))
    assert not result.differences, result.differences
