"""Refusals of networks that help: the layer by name, complete lists in the user's words, what simulates it instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from api_networks import hls_config, small_keras

import isobit as ib
from isobit.errors import FirmwareError, ModelFileError, UnsupportedError
from isobit.frontends.failure import conversion_failure
from isobit.frontends.registry import HANDLERS, KERAS_LAYERS
from isobit.frontends.streams import STREAMED
from isobit.model import Merge
from isobit.model.ops import OPS, supported_activations

pytestmark = [pytest.mark.hls4ml, pytest.mark.xdist_group("api-frontend")]


def _model(shape: tuple[int, ...], build: Any) -> Any:
    from tensorflow.keras import Model, layers

    inputs = layers.Input(shape, name="x_in")
    return Model(inputs, build(layers, inputs))


# -- what isobit's engines do not compute -----------------------------------------------------------------------------


def test_csim_is_named_for_what_the_engines_do_not_know() -> None:
    told = "activation 'swish' of layer 'd_swish'"
    with pytest.raises(UnsupportedError, match=rf"{told}.*supported: .*isobit\.csim simulates") as caught:
        ib.load(_model((4,), lambda k, x: k.Dense(3, activation="swish", name="d")(x)))
    assert not isinstance(caught.value, FirmwareError)
    assert [name for name in supported_activations() if name not in str(caught.value)] == []


def test_formats_that_only_csim_knows() -> None:
    keras = small_keras()
    with pytest.raises(UnsupportedError, match=r"fc1\.result has the number type float.*isobit\.csim simulates"):
        ib.load(keras, hls_config=hls_config(keras, fc1={"Precision": {"result": "float"}}))


@pytest.mark.parametrize(
    "slots, told",
    [
        (
            {"fc1_relu": "ap_int<7>", "fc1": "ap_fixed<12,-1>"},
            r"'fc1_relu' writes numbers of ap_fixed<12,-1>.*its result",
        ),
        ({"fc1_relu": "ap_int<7>", "fc1": "ap_fixed<12,1>"}, None),
    ],
)
def test_integers_that_amds_headers_do_not_define(slots: dict[str, str], told: str | None) -> None:
    """A number with negative integer bits becomes an ap_int of memory that was never written (B9)."""
    keras = _model((4,), lambda k, x: k.Dense(3, activation="relu", name="fc1")(x))
    config = hls_config(keras, **{name: {"Precision": {"result": kind}} for name, kind in slots.items()})
    if told is None:
        assert str(ib.load(keras, hls_config=config).output_types[0]) == "ap_int<7>"
        return
    with pytest.raises(FirmwareError, match=told + ".*never written"):
        ib.load(keras, hls_config=config)


def test_no_simulation_is_promised_where_the_firmware_does_not_compile() -> None:
    with pytest.raises(FirmwareError, match="does not compile") as caught:
        ib.load(_model((4,), lambda k, x: k.Softmax(name="soft")(k.Dense(3)(x))))
    assert "csim" not in str(caught.value)


#: Layers of Keras 3 and HGQ2, which hls4ml converts where these are installed.
KERAS_3 = {"EinsumDense", "HGQ2's", "QEinsum", "QEinsumDense", "QMultiHeadAttention", "QUnaryFunctionLUT"}


def test_lists_are_complete_and_in_the_users_words() -> None:
    """Every Keras layer that hls4ml makes a known node of is listed, and nothing else; likewise the activations."""
    from hls4ml.converters import get_supported_keras_layers
    from hls4ml.model.layers import layer_map

    import isobit.frontends.hls4ml  # noqa: F401, which registers every handler

    known = set(get_supported_keras_layers())
    plain = {name.partition(" ")[0] for name in KERAS_LAYERS} - KERAS_3
    assert plain <= known
    assert len(set(KERAS_LAYERS)) == len(KERAS_LAYERS)
    made = {name for name in known & set(layer_map) if layer_map[name].__name__ in HANDLERS}
    # Before QKeras; and layers that hls4ml takes, but of which it writes no firmware that isobit takes.
    made -= {"BinaryDense", "TernaryDense", "Softmax", "SimpleRNN", "QSimpleRNN", "GarNetStack"}
    made -= {"FixedPointQuantizer", "HGQ>FixedPointQuantizer", "UnaryLUT", "HGQ>UnaryLUT"}  # of proxies that HGQ makes
    assert made <= plain
    assert set(supported_activations()) == {
        name for op in OPS.values() for name in (*getattr(op, "FUNCTIONS", ()), *op.activations)
    } - {"max", "average", *Merge.FUNCTIONS}
    assert "softmax" in supported_activations()
    assert set(STREAMED) - {"Input"} <= set(HANDLERS)


def test_streams_list_the_users_words() -> None:
    keras = _model((4, 2), lambda k, x: k.LayerNormalization(name="norm")(x))
    with pytest.raises(
        UnsupportedError, match=r"'norm'.*not supported with io_stream; .*QDense.*isobit\.csim simulates"
    ):
        ib.load(keras, io_type="io_stream")


# -- what hls4ml does not convert -------------------------------------------------------------------------------------


def test_an_assert_without_a_text_names_layer_and_line() -> None:
    """Dot with only a result given: hls4ml's message ends after 'AssertionError: '."""

    def build(k: Any, x: Any) -> Any:
        d = k.Dense(4, name="d")(x)
        return k.Dot(axes=1, name="loss")([d, d])

    keras = _model((6,), build)
    config = hls_config(keras, loss={"Precision": {"result": "ap_fixed<18,14>"}})
    with pytest.raises(UnsupportedError, match=r"AssertionError, at layer 'loss' \(Dot\), in _infer_dot_precision"):
        ib.load(keras, hls_config=config)


@pytest.mark.parametrize(
    "build, told",
    [
        (
            lambda k, x: k.GaussianNoise(0.1, name="noise")(k.Dense(3)(x)),
            "GaussianNoise.*at layer 'noise'.*hls4ml converts: .*QDense, ",
        ),
        (lambda k, x: k.Dense(4)(x) + x, "TFOpLambda.*operation of TensorFlow.*as a layer .Add.*hls4ml converts"),
        (lambda k, x: k.Dense(3, activation="relu6", name="d")(x), "at layer 'd|layer 'd_relu6'"),
        (lambda k, x: k.Dense(3, name="input")(x), "'input'"),
    ],
)
def test_layers_that_hls4ml_refuses(build: Any, told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        ib.load(_model((4,), build))


def test_a_value_that_hls4ml_cannot_take() -> None:
    keras = small_keras()
    config = hls_config(keras, fc1={"Strategy": "Resource", "ReuseFactor": "many"})
    with pytest.raises(UnsupportedError, match=r'attribute "reuse_factor" of layer "fc1" .*\(many\)'):
        ib.load(keras, hls_config=config)


def test_errors_from_elsewhere_are_told_as_they_are() -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        assert conversion_failure(error) == "KeyError: 'x'"


# -- two Kerases ------------------------------------------------------------------------------------------------------

_MIXED = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tensorflow import keras
{first}
from qkeras import QDense
import isobit as ib

x = keras.layers.Input((4,), name="x_in")
net = keras.Model(x, QDense(3, name="q")(x))
try:
    print(ib.load(net))
except ib.errors.UnsupportedError as error:
    print(error)
"""


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize(
    "first, told",
    [
        ("", "mixes keras and tf_keras: .*write 'import qkeras' before 'from tensorflow import keras'"),
        ("keras.Model", "q: dense"),
    ],
    ids=["mixed", "keras-in-time"],
)
def test_keras_before_qkeras(first: str, told: str) -> None:
    """tensorflow.keras turns into tf_keras when QKeras is imported, unless it was used before."""
    import re

    # What QKeras' imports set in this process.
    clean = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run(
        [sys.executable, "-c", _MIXED.format(first=first)], capture_output=True, text=True, check=True, env=clean
    )
    assert re.search(told, done.stdout), done.stdout


def test_a_layer_of_the_other_keras_is_named() -> None:
    tf_keras = pytest.importorskip("tf_keras")
    from qkeras import QDense

    class Holder(tf_keras.Model):  # type: ignore[misc]
        layers = (tf_keras.layers.Dense(2), QDense(2, name="q"))

    with pytest.raises(UnsupportedError, match=r"'q' \(QDense\) is keras's, the model is tf_keras's"):
        ib.load(Holder())


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_layer_of_the_users_own(tmp_path: Path) -> None:
    from tensorflow.keras import Model, layers

    class Clamp(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    x = layers.Input((4,))
    for name in ("custom.h5", "custom.keras"):
        Model(x, Clamp(name="clamp")(layers.Dense(2)(x))).save(tmp_path / name)
        with pytest.raises((ModelFileError, UnsupportedError), match=r"(?s)[Cc]lamp.*isobit\.load"):
            ib.load(tmp_path / name)
