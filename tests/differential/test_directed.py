"""Corners that random networks seldom reach, each on every road: integer formats, wide formats, one neuron, no bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparison import compare_roads

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]


def network(formats: dict[str, dict[str, str]], *, backend: str = "Vitis", bias: bool = True, width: int = 4) -> Any:
    """Dense, BatchNorm, ReLU, Dense with given formats."""
    import tensorflow as tf
    from tensorflow.keras import layers

    import isobit
    from isobit.frontends.keras import convert

    tf.keras.utils.set_random_seed(3)
    inputs = layers.Input((3,), name="features")
    x = layers.Dense(width, name="fc0", use_bias=bias, bias_initializer="random_normal")(inputs)
    x = layers.BatchNormalization(name="bn0", gamma_initializer="random_normal", beta_initializer="random_normal")(x)
    x = layers.Activation("relu", name="act0")(x)
    x = layers.Dense(2, name="fc1", use_bias=bias, bias_initializer="random_normal")(x)
    default = "ap_fixed<16,6>"
    names = {name: {"Precision": {"result": default, **formats.get(name, {})}} for name in ("features", "act0")}
    for name in ("fc0", "fc1"):
        plain = {"result": default, "accum": default, "weight": default, "bias": default}
        names[name] = {"Precision": {**plain, **formats.get(name, {})}}
        names[f"{name}_linear"] = {"Precision": {"result": names[name]["Precision"]["result"]}}
    names["bn0"] = {"Precision": {"result": default, "scale": default, "bias": default, **formats.get("bn0", {})}}
    config = {"Model": {"Precision": {"default": default}, "ReuseFactor": 1, "Strategy": "Latency"}, "LayerName": names}
    return isobit.load(convert(tf.keras.Model(inputs, x), config, backend=backend))


CASES: dict[str, dict[str, Any]] = {
    "ap_int results": {"formats": {"fc0": {"result": "ap_int<5>"}, "bn0": {"result": "ap_int<6>"}}},
    "ap_int from an accumulator without integer bits (B13)": {
        "formats": {
            "fc0": {"accum": "ap_fixed<14,0>", "result": "ap_int<4>"},
            "fc1": {"accum": "ap_fixed<9,0>", "result": "ap_uint<3>"},
        }
    },
    "ap_int from products without integer bits (B13)": {
        "formats": {
            "features": {"result": "ap_fixed<10,-1,AP_RND,AP_SAT>"},
            "fc0": {"weight": "ap_fixed<12,1>", "accum": "ap_int<7>", "bias": "ap_fixed<9,0>"},
        }
    },
    "ap_int accumulator": {"formats": {"fc0": {"accum": "ap_int<9>"}, "fc1": {"accum": "ap_int<4>"}}},
    "unsigned accumulator": {
        "formats": {"fc0": {"accum": "ap_ufixed<12,4,AP_RND,AP_WRAP,2>", "result": "ap_ufixed<9,4>"}}
    },
    "accumulator beyond 61 bits": {
        "formats": {"fc0": {"accum": "ap_fixed<80,20,AP_RND_CONV,AP_SAT>", "result": "ap_fixed<70,18>"}}
    },
    "weights and scales beyond 32 bits": {
        "formats": {
            "fc0": {"weight": "ap_fixed<45,5>"},
            "bn0": {"scale": "ap_fixed<50,6>", "result": "ap_fixed<90,30>"},
        }
    },
    "exactly 64 bits": {"formats": {"fc0": {"accum": "ap_fixed<64,16>", "result": "ap_ufixed<64,16,AP_TRN,AP_SAT>"}}},
    "one neuron": {"formats": {}, "width": 1},
    "no bias": {"formats": {}, "bias": False},
    "SAT_SYM into the very same format": {
        "formats": {
            "fc0": {
                "accum": "ap_fixed<7,3,AP_TRN,AP_SAT_SYM>",
                "result": "ap_fixed<7,3,AP_TRN,AP_SAT_SYM>",
                "bias": "ap_fixed<7,3,AP_TRN,AP_SAT_SYM>",
            }
        }
    },
}


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("name", CASES)
def test_corner(name: str) -> None:
    subject = network(**CASES[name])
    x = np.random.default_rng(5).normal(0.0, 2.0, (200, 3))
    result = compare_roads(subject, x)
    assert not result.differences, "\n".join(result.differences)


def test_pruned_power_of_two_weights() -> None:
    """Zeros become the smallest exponent, far below what int64 can shift."""
    import qkeras
    import tensorflow as tf
    from tensorflow.keras import layers

    import isobit

    inputs = layers.Input((4,), name="features")
    dense = qkeras.QDense(
        3, kernel_quantizer=qkeras.quantized_po2(8), bias_quantizer=qkeras.quantized_bits(8, 2, alpha=1), name="fc"
    )
    model = tf.keras.Model(inputs, dense(inputs))
    kernel = np.array([[0.0, 0.0, 0.0], [1.0, -0.5, 2.0], [0.25, 4.0, -1.0], [0.0, 0.125, -2.0]])
    dense.set_weights([kernel, np.zeros(3)])
    subject = isobit.load(model, hls_config={"Model": {"Precision": "ap_fixed<20,8>", "ReuseFactor": 1}})
    assert subject.graph.ops[0].weight.raw.min() <= -64
    result = compare_roads(subject, np.random.default_rng(6).normal(0.0, 2.0, (100, 4)))
    assert not result.differences, "\n".join(result.differences)


def test_fractions_into_integer_inputs() -> None:
    """ap_int(double) has a rule of its own below zero (B15)."""
    subject = network({"features": {"result": "ap_int<6>"}})
    x = np.random.default_rng(7).choice([-0.3, -1e-5, -0.5, -0.99, -1.5, 0.4, 7.9, -40.0, 3.0], (200, 3))
    result = compare_roads(subject, x)
    assert not result.differences, "\n".join(result.differences)


def test_types_of_constants_change_as_hls4ml_changes_them() -> None:
    """with_types on a literal (leaky ReLU's slope) gives what a conversion with that format gives."""
    import tensorflow as tf
    from tensorflow.keras import layers

    import isobit

    inputs = layers.Input((2,), name="features")
    model = tf.keras.Model(inputs, layers.LeakyReLU(alpha=0.25, name="act")(inputs))

    def config(kind: str) -> dict[str, Any]:
        precision = {"result": "ap_fixed<16,6>", "param": kind}
        return {
            "Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1},
            "LayerName": {"act": {"Precision": precision}},
        }

    wanted = isobit.load(model, hls_config=config("ap_fixed<4,3,AP_RND>"))
    changed = isobit.load(model, hls_config=config("ap_fixed<16,6>")).with_types({"act.param": "ap_fixed<4,3,AP_RND>"})
    assert changed.types["act.param"] == wanted.types["act.param"]
    assert changed.graph.ops[0].param.raw.tolist() == wanted.graph.ops[0].param.raw.tolist() == [1]
