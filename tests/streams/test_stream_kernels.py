"""io_stream: every elementwise layer, table and softmax against hls4ml's C-simulation; what its kernels get wrong."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison import compare_roads
from stream_networks import HEADS, SHAPES, build

import isobit as ib
from isobit.errors import FormatError, UnsupportedError
from isobit.model import Graph, TableActivation, Tensor
from isobit.model.layers.table import selu_slope
from isobit.model.tables import function_table

KIND = ib.FixedType.parse
CASES = [(seed, shape) for seed in range(4) for shape in SHAPES]


@pytest.mark.turn(3)
@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(("seed", "shape"), CASES, ids=lambda value: "x".join(map(str, np.atleast_1d(value))))
def test_every_road_gives_the_bits_of_csim(seed: int, shape: tuple[int, ...]) -> None:
    model, x = build(seed, shape)
    result = compare_roads(model, x)
    assert not result.differences, "\n".join(result.differences)
    assert result.layers > len(HEADS) // 2
    # Most heads tell their inputs apart.
    traced = model.trace(x)
    assert sum(len(np.unique(array.raw)) > 4 for array in traced.values()) >= 6


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.full
@pytest.mark.parametrize("io_type", ["io_stream", "io_parallel"])
def test_export_gives_the_same_bits(io_type: str, tmp_path: Path) -> None:
    """Of a network that was converted with io_stream, exported with streams and with arrays."""
    model, _ = build(0, (3, 4))
    project = ib.export_hls(model, tmp_path / "core", io_type=io_type, oracle="reference", random_events=40)
    bench = project.run_test_bench("isobit")
    assert bench.ok, bench.text


# -- selu -------------------------------------------------------------------------------------------------------------


def selu(data: str, result: str = "ap_fixed<18,8>", streams: bool = True) -> ib.Model:
    """One layer, by hand."""
    kind = KIND(data)
    table = function_table("table", "selu", 300, KIND("ap_fixed<16,4,RND>"))
    slope = selu_slope(kind) if streams else None
    op = TableActivation("act", ("x",), Tensor("act", (5,), KIND(result)), "selu", table, slope)
    return ib.Model(Graph("net", (Tensor("x", (5,), kind),), (op,), ("act",)))


@pytest.mark.parametrize(
    "data", ["ap_fixed<8,4>", "ap_fixed<9,1,RND,SAT>", "ap_ufixed<7,3>", "ap_int<6>", "ap_fixed<60,9>"]
)
def test_every_engine_has_the_slope_of_the_data(data: str, tmp_path: Path) -> None:
    model = selu(data)
    x = np.random.default_rng(3).normal(0.0, 4.0, (300, 5))
    wanted = model.predict_raw(x, engine="reference").raw
    model.save(tmp_path / "selu.isobit")
    for found in (model, ib.load(tmp_path / "selu.isobit")):
        for engine in ("cpp", "cpp-strict", "numba"):
            np.testing.assert_array_equal(found.predict_raw(x, engine=engine).raw, wanted, err_msg=engine)


def test_the_slope_of_selu_is_cut_to_the_data() -> None:
    x = np.full((1, 5), 7.5)
    assert selu("ap_fixed<8,4>").predict(x)[0, 0] == 7.5  # 1.0 in four fraction bits
    assert selu("ap_fixed<8,4>", streams=False).predict(x)[0, 0] == np.floor(7.5 * 34429 / 2**15 * 2**10) / 2**10


def test_the_slope_of_selu_follows_the_input() -> None:
    model = selu("ap_fixed<8,4>")
    assert "act.param" not in model.types
    finer = model.with_types({"x.result": "ap_fixed<16,4>"})
    assert finer.graph.by_name["act"].param == selu_slope(KIND("ap_fixed<16,4>"))
    op = model.graph.by_name["act"]
    with pytest.raises(FormatError, match=r"act\.param is not selu's slope in the format of its input, ap_fixed<9,4>"):
        ib.Model(Graph("net", (Tensor("x", (5,), KIND("ap_fixed<9,4>")),), (op,), ("act",)))


# -- packets ----------------------------------------------------------------------------------------------------------


def converted(layers_of: Callable[[Any, Any], Any], shape: tuple[int, ...] = (3, 4), **entries: Any) -> Any:
    """hls4ml's graph with io_stream."""
    import hls4ml
    from tensorflow import keras

    inputs = keras.layers.Input(shape, name="inputs")
    model = keras.Model(inputs, layers_of(keras.layers, inputs))
    config: dict[str, Any] = {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"}}
    with contextlib.redirect_stdout(io.StringIO()):
        return hls4ml.converters.convert_from_keras_model(
            model, hls_config=config | {"LayerName": entries}, backend="Vitis", io_type="io_stream",
            output_dir=tempfile.mkdtemp(),
        )  # fmt: skip


def _flattened(layer: str, **options: Any) -> Callable[[Any, Any], Any]:
    return lambda keras, x: getattr(keras, layer)(name="act", **options)(keras.Flatten(name="flat")(x))


def _pooled(keras: Any, x: Any) -> Any:
    return keras.MaxPooling2D(2, strides=1, name="pool")(keras.Reshape((3, 2, 2))(x))


def _ternary(keras: Any, x: Any) -> Any:
    import qkeras

    return qkeras.QActivation(qkeras.ternary(alpha=1, threshold=0.3), name="act")(x)


@pytest.mark.hls4ml
@pytest.mark.parametrize(
    ("layers_of", "message"),
    [
        (_flattened("ReLU"), r"'act' of class 'Activation' reads packets of 4 and writes packets of 12"),
        (_flattened("BatchNormalization"), r"'act' of class 'BatchNormalization' reads packets of 4"),
        (_flattened("Softmax"), r"'act' of class 'Softmax' reads packets of 4"),
        (_flattened("LeakyReLU"), r"'act' of class 'ParametrizedActivation' reads packets of 4"),
        (_ternary, r"'bnbt_act_scale' has 12 thresholds for packets of 4"),
        (_pooled, r"pooling 'pool' has windows of \[2, 2\] and strides of \[1, 1\]"),
        (
            lambda keras, x: keras.Reshape((4, 3), name="turn")(x),
            r"'Repack' reads packets of 4 and writes packets of 3",
        ),
        (lambda keras, x: keras.Permute((1, 2), name="same")(x), r"'same' keeps the axes in their order"),
    ],
    ids=["relu", "batchnorm", "softmax", "leaky_relu", "ternary", "pooling", "repack", "transpose"],
)
def test_what_hls4mls_kernels_on_streams_get_wrong_is_refused(layers_of: Any, message: str) -> None:
    graph = converted(layers_of)
    with pytest.raises(UnsupportedError, match=message):
        ib.load(graph)


@pytest.mark.hls4ml
def test_a_softmax_over_another_axis_is_refused() -> None:
    graph = converted(lambda keras, x: keras.Activation("softmax", name="soft")(x))
    node = graph.graph["soft"]
    node.set_attr("config_cpp", node.get_attr("config_cpp").replace("axis = -1", "axis = 1"))
    with pytest.raises(UnsupportedError, match="softmax 'soft' has the axis 1"):
        ib.load(graph)


@pytest.mark.hls4ml
def test_packets_that_kernels_take_apart_are_supported() -> None:
    def network(keras: Any, x: Any) -> Any:
        x = keras.Reshape((2, 6), name="wide")(keras.Permute((2, 1), name="turn")(x))
        flat = keras.Flatten(name="flat")(keras.ReLU(name="act")(x))
        return [keras.Dense(2, name="one")(flat), keras.Dense(3, name="two")(flat)]

    model = ib.load(converted(network))
    assert [op.inputs for op in model.graph.ops][-2:] == [("flat",), ("flat",)]
    x = np.random.default_rng(0).normal(size=(20, 12))
    found = ib.csim(model, optimisation="0").predict(x)
    for answer, wanted in zip(model.predict(x), found, strict=True):
        np.testing.assert_array_equal(answer, wanted)
