"""Keras networks for the tests of this folder, and their conversion with hls4ml."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import isobit as ib


@dataclass(frozen=True)
class Network:
    """A Keras model, what hls4ml and isobit made of it, and events for it."""

    keras: Any
    config: dict[str, Any]
    graph: Any
    model: ib.Model
    x: Any


def hls_config(keras: Any, default: str = "ap_fixed<16,6>", **layers: dict[str, Any]) -> dict[str, Any]:
    """hls4ml's configuration by layer name, with some layers' entries changed."""
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()):
        config: dict[str, Any] = hls4ml.utils.config_from_keras_model(
            keras, granularity="name", backend="Vitis", default_precision=default
        )
    for name, entry in layers.items():
        target = config["LayerName"].setdefault(name, {})
        target.setdefault("Precision", {}).update(entry.pop("Precision", {}))
        target.update(entry)
    return config


def convert(keras: Any, config: dict[str, Any], folder: Path | str, **options: Any) -> Any:
    """hls4ml's own conversion, without its messages."""
    import hls4ml

    options = {"backend": "Vitis", "io_type": "io_parallel", **options}
    with contextlib.redirect_stdout(io.StringIO()):
        return hls4ml.converters.convert_from_keras_model(keras, hls_config=config, output_dir=str(folder), **options)


def fill(keras: Any, seed: int) -> None:
    """Give a Keras model fixed random weights, with statistics of BatchNormalization that do something."""
    rng = np.random.default_rng(seed)
    for layer in keras.layers:
        values = []
        for variable in layer.weights:
            scale = 1.0 / np.sqrt(variable.shape[0]) if len(variable.shape) == 2 else 0.2
            value = rng.normal(0.0, 1.5 * scale, variable.shape)
            if "variance" in variable.name or "gamma" in variable.name:
                value = rng.uniform(0.5, 1.5, variable.shape)
            values.append(value.astype(np.float32))
        if values:
            layer.set_weights(values)


def mixed_keras() -> Any:
    """Every encoding of weights: plain in both layouts, few bits, powers of two, ternary, binary; scaled and not."""
    import qkeras as q
    from tensorflow.keras import Model, layers

    def dense(width: int, quantiser: Any, name: str) -> Any:
        return q.QDense(width, kernel_quantizer=quantiser, bias_quantizer=q.quantized_bits(6, 2, alpha=1), name=name)

    x = inputs = layers.Input((5,), name="features")
    x = layers.BatchNormalization(name="norm")(dense(8, q.quantized_bits(6, 1, alpha=1), "bits")(x))
    x = q.QActivation(q.quantized_relu(8, 3), name="qrelu")(x)
    x = layers.Activation("relu", name="relu")(layers.Dense(6, name="folded")(x))
    x = q.QActivation(q.quantized_bits(9, 3, alpha=1), name="qbits")(dense(6, q.quantized_po2(4, 1), "powers")(x))
    x = dense(9, q.ternary(alpha=1), "ternary")(x)
    x = dense(8, q.quantized_bits(5, 1, alpha="auto_po2"), "scaled")(x)
    x = q.QActivation(q.binary(alpha=1), name="sign")(layers.BatchNormalization(name="before")(x))
    x = dense(7, q.binary(alpha=1), "xnor")(x)
    x = dense(6, q.binary(alpha="auto"), "binary")(x)
    x = layers.LeakyReLU(alpha=0.3, name="leaky")(x)
    x = layers.Dense(3, name="wide")(x)
    keras = Model(inputs, x)
    fill(keras, 7)
    return keras


MIXED = {
    "features": {"Precision": {"result": "ap_fixed<14,5,RND_CONV,SAT>"}},
    # One fraction bit: hls4ml writes one decimal, and 0.46 becomes 0.5.
    "folded": {
        "Precision": {
            "weight": "ap_fixed<6,5>",
            "bias": "ap_fixed<5,4,RND_INF>",
            "result": "ap_fixed<16,7,TRN,SAT>",
        },
        "Strategy": "Resource",
        "ReuseFactor": 4,
    },
    "xnor": {"Precision": {"accum": "ap_fixed<14,8>", "result": "ap_fixed<10,6>"}},
    "wide": {"Precision": {"weight": "ap_fixed<24,3>", "accum": "ap_fixed<20,7,RND,SAT>", "result": "ap_fixed<18,8>"}},
}


def events(seed: int, count: int = 120, width: int = 5) -> Any:
    """Inputs of order one, some of them beyond the format, some at ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 3.0, (count, width))
    ties = rng.random(x.shape) < 0.1
    x[ties] = (np.round(x[ties] * 512) + 0.5) / 512
    x[rng.random(x.shape) < 0.02] = 40.0
    return x


def small_keras(heads: int = 1, width: int = 4) -> Any:
    """5 -> width -> 3, plain floats; two heads if asked."""
    from tensorflow.keras import Model, layers

    inputs = layers.Input((5,), name="features")
    x = layers.Activation("relu", name="relu1")(layers.Dense(width, name="fc1")(inputs))
    outputs = [layers.Dense(3 - head, name=f"head{head}")(x) for head in range(heads)]
    keras = Model(inputs, outputs if heads > 1 else outputs[0])
    fill(keras, 3)
    return keras
