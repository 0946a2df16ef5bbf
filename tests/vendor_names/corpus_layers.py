"""Dense, convolution, pooling and the layers that only move numbers."""

from __future__ import annotations

from typing import Any

from corpus_cases import BOTH, PARALLEL, STREAM, case, network

EVERY = ("Vitis", "Vivado")
_ROUNDING = {"*": {"Precision": {"result": "ap_fixed<14,6,AP_RND_CONV,AP_SAT>"}}}


def _dense(L: Any, x: Any) -> Any:
    x = L.Activation("relu", name="relu")(L.Dense(12, name="fc1")(x))
    return L.Dense(5, name="fc2")(x)


@case("dense", BOTH, EVERY, "latency")
@case("dense", BOTH, suffix="auto", auto=True)
@case("dense", BOTH, suffix="resource_leq", strategy="Resource", reuse=4)
@case("dense", suffix="resource_gt_rem0", strategy="Resource", layers={"fc1": {"ReuseFactor": 24}})
@case("dense", suffix="resource_gt", strategy="Resource", reuse=48, layers={"fc2": {"ReuseFactor": 15}})
@case("dense", suffix="rounding", layers=_ROUNDING)
@case("dense", suffix="saturating", default="ap_fixed<12,4,AP_RND,AP_SAT>", strategy="Resource", reuse=2)
@case("dense", suffix="saturating_sym", default="ap_fixed<11,4,AP_RND_INF,AP_SAT_SYM>", reuse=4)
@case("dense", suffix="narrow", default="ap_fixed<7,3,AP_RND_ZERO,AP_SAT_ZERO>")
@case("dense", suffix="wide", default="ap_fixed<72,20>")
@case("dense", suffix="unsigned", layers={"relu": {"Precision": {"result": "ap_ufixed<10,4,AP_RND_MIN_INF,AP_SAT>"}}})
def dense() -> Any:
    return network((8,), _dense)


@case("dense", BOTH, suffix="", layers={"fc1": {"Strategy": "compressed", "ReuseFactor": 4}})
@case("dense", BOTH, suffix="unrolled", layers={"fc1": {"Strategy": "resource_unrolled", "ReuseFactor": 4}})
def sparse() -> Any:
    return network((8,), _dense)


# The adder trees are found by da4ml. With io_stream hls4ml 1.3.0 looks for them in the wrong namespace.
@case("arithmetic", strategy="distributed_arithmetic", default="ap_fixed<8,4>", needs="da4ml")
def distributed_arithmetic() -> Any:
    return network((4,), lambda L, x: L.Dense(3, name="fc")(x))


def _conv1d(L: Any, x: Any) -> Any:
    x = L.Conv1D(3, 3, padding="same", name="conv1")(x)
    x = L.Conv1D(4, 2, strides=2, name="conv2")(x)
    return L.Conv1D(2, 1, name="point")(x)


@case("conv1d", BOTH, EVERY)
@case("conv1d", BOTH, EVERY, "resource", strategy="Resource", reuse=2)
@case("conv1d", (STREAM,), EVERY, "encoded", layers={"*": {"ConvImplementation": "Encoded"}})
@case("conv1d", suffix="parallelised", layers={"conv1": {"ParallelizationFactor": 4}, "point": {"ReuseFactor": 2}})
@case("conv1d", BOTH, suffix="unrolled", layers={"conv1": {"Strategy": "resource_unrolled", "ReuseFactor": 3}})
@case("conv1d", BOTH, suffix="auto", auto=True)
def conv1d() -> Any:
    return network((8, 3), _conv1d)


def _conv2d(L: Any, x: Any) -> Any:
    x = L.Conv2D(3, (3, 2), padding="same", name="conv1")(x)
    x = L.Conv2D(2, 2, strides=(2, 1), name="conv2")(x)
    return L.Conv2D(2, 1, name="point")(x)


@case("conv2d", BOTH, EVERY)
@case("conv2d", BOTH, EVERY, "resource", strategy="Resource", reuse=2)
@case("conv2d", BOTH, suffix="auto", auto=True)
def conv2d() -> Any:
    return network((5, 4, 2), _conv2d)


@case("conv2d", (STREAM,), EVERY, "encoded", layers={"*": {"ConvImplementation": "Encoded"}})
def conv2d_square() -> Any:
    return network((5, 5, 2), lambda L, x: L.Conv2D(3, 3, name="conv")(x))


@case("separable", BOTH, EVERY)
@case("separable", (STREAM,), suffix="resource", strategy="Resource", reuse=2)
def separable1d() -> Any:
    def body(L: Any, x: Any) -> Any:
        return L.SeparableConv1D(3, 3, padding="same", name="sep")(L.DepthwiseConv1D(2, name="depth")(x))

    return network((7, 3), body)


@case("separable2d", BOTH, EVERY)
@case("separable2d", (STREAM,), suffix="encoded", layers={"*": {"ConvImplementation": "Encoded"}})
def separable2d() -> Any:
    def body(L: Any, x: Any) -> Any:
        return L.SeparableConv2D(3, 2, name="sep")(L.DepthwiseConv2D(3, padding="same", name="depth")(x))

    return network((4, 4, 2), body)


@case("pooling", BOTH, EVERY)
@case("pooling", BOTH, suffix="auto", auto=True)
@case("pooling", (STREAM,), suffix="encoded", layers={"*": {"ConvImplementation": "Encoded"}})
def pooling1d() -> Any:
    def body(L: Any, x: Any) -> Any:
        x = L.MaxPooling1D(2, name="max")(x)
        return L.AveragePooling1D(2, strides=2, name="average")(x)

    return network((8, 3), body)


@case("pooling", BOTH, EVERY)
@case("pooling", (STREAM,), suffix="encoded", layers={"*": {"ConvImplementation": "Encoded"}})
def pooling2d() -> Any:
    def body(L: Any, x: Any) -> Any:
        x = L.MaxPooling2D((2, 1), name="max")(x)
        return L.AveragePooling2D((1, 2), name="average")(x)

    return network((4, 4, 2), body)


@case("pooling", (PARALLEL,))  # with io_stream hls4ml 1.3.0 loses the incomplete windows
def padded_pooling() -> Any:
    def body(L: Any, x: Any) -> Any:
        return L.AveragePooling2D(2, padding="same", name="average")(L.MaxPooling2D(2, padding="same", name="max")(x))

    return network((5, 5, 2), body)


@case("pooling", BOTH, EVERY)
def global_max1d() -> Any:
    return network((6, 3), lambda L, x: L.GlobalMaxPooling1D(name="pool")(x))


@case("pooling", BOTH)
def global_average1d() -> Any:
    return network((6, 3), lambda L, x: L.GlobalAveragePooling1D(name="pool")(x))


@case("pooling", BOTH)
def global_max2d() -> Any:
    return network((3, 4, 2), lambda L, x: L.GlobalMaxPooling2D(name="pool")(x))


@case("pooling", BOTH, EVERY)
def global_average2d() -> Any:
    return network((3, 4, 2), lambda L, x: L.GlobalAveragePooling2D(name="pool")(x))


@case("shapes", BOTH, EVERY)
def resize1d() -> Any:
    def body(L: Any, x: Any) -> Any:
        return L.Cropping1D((1, 2), name="crop")(L.ZeroPadding1D((1, 2), name="pad")(L.UpSampling1D(2, name="up")(x)))

    return network((4, 3), body)


@case("shapes", BOTH, EVERY)
def resize2d() -> Any:
    def body(L: Any, x: Any) -> Any:
        x = L.ZeroPadding2D(((1, 0), (2, 1)), name="pad")(L.UpSampling2D((2, 3), name="up")(x))
        return L.Cropping2D(((1, 1), (0, 2)), name="crop")(x)

    return network((2, 3, 2), body)


@case("shapes", BOTH)
def transpose() -> Any:
    def body(L: Any, x: Any) -> Any:
        x = L.Permute((2, 1), name="permute")(x)
        x = L.Reshape((6, 2), name="reshape")(x)
        return L.Dense(3, name="fc")(L.Flatten(name="flatten")(x))

    return network((4, 3), body)


@case("shapes", (PARALLEL,))
def transpose3d() -> Any:
    return network((2, 3, 4), lambda L, x: L.Permute((3, 1, 2), name="permute")(x))


@case("shapes", (STREAM,))
def repack() -> Any:
    def body(L: Any, x: Any) -> Any:
        return L.Conv1D(2, 1, name="conv")(L.Reshape((8, 2), name="narrower")(L.Reshape((2, 8), name="wider")(x)))

    return network((4, 4), body)
