"""Activations, quantised networks, normalisations, merges and recurrent layers."""

from __future__ import annotations

from typing import Any

from corpus_cases import BOTH, PARALLEL, case, keras, network

EVERY = ("Vitis", "Vivado")


def _chain(*parts: Any) -> Any:
    """Layers one after the other, each behind a Dense that spreads the values again."""

    def body(L: Any, x: Any) -> Any:
        for number, part in enumerate(parts):
            x = part(L)(L.Dense(6, name=f"fc{number}")(x))
        return x

    return network((6,), body)


@case("activation", BOTH, EVERY)
@case("activation", BOTH, suffix="rounding", default="ap_fixed<14,5,AP_RND,AP_SAT>")
def relus() -> Any:
    return _chain(
        lambda L: L.ReLU(name="relu"),
        lambda L: L.LeakyReLU(alpha=0.3, name="leaky"),
        lambda L: L.PReLU(name="prelu"),
        lambda L: L.ThresholdedReLU(theta=0.5, name="threshold"),
        lambda L: L.ELU(alpha=0.7, name="elu"),
    )


@case("activation", BOTH, EVERY)
@case(
    "activation", BOTH, suffix="small_tables", layers={"*": {"TableSize": 256, "Precision": {"table": "ap_fixed<9,3>"}}}
)
def tables() -> Any:
    parts = ("selu", "softplus", "softsign", "tanh", "sigmoid")
    return _chain(*(lambda L, name=name: L.Activation(name, name=name) for name in parts))


@case("activation", BOTH, EVERY)
def hard() -> Any:
    return _chain(*(lambda L, name=name: L.Activation(name, name=name) for name in ("hard_sigmoid", "elu")))


def _softmax(shape: tuple[int, ...] = (6,)) -> Any:
    return network(shape, lambda L, x: L.Activation("softmax", name="softmax")(L.Dense(5, name="fc")(x)))


@case("softmax", BOTH, EVERY, "stable")
@case("softmax", BOTH, EVERY, "latency", layers={"softmax": {"Implementation": "latency"}})
@case("softmax", BOTH, EVERY, "legacy", layers={"softmax": {"Implementation": "legacy"}})
@case("softmax", BOTH, suffix="argmax", distinct=4, layers={"softmax": {"Implementation": "argmax"}})
@case(
    "softmax", BOTH, suffix="tables", layers={"softmax": {"Precision": {"exp_table": "ap_fixed<12,4,AP_RND,AP_SAT>"}}}
)
def softmax() -> Any:
    return _softmax()


@case("softmax", BOTH)
def softmax_rows() -> Any:
    return network((3, 4), lambda L, x: L.Activation("softmax", name="softmax")(x))


@case("quantised", BOTH, EVERY, auto=True)
def qkeras_mlp() -> Any:
    import qkeras

    def body(L: Any, x: Any) -> Any:
        steps = (
            ("quantized_bits(6,1,alpha=1)", "quantized_relu(5,2)"),
            ("quantized_po2(5,1)", "quantized_bits(7,2,alpha=1)"),
            ("ternary(alpha=1)", "quantized_tanh(6)"),
            ("binary(alpha=1)", "quantized_sigmoid(6)"),
        )
        for number, (weight, activation) in enumerate(steps):
            x = qkeras.QDense(8, kernel_quantizer=weight, bias_quantizer=steps[0][0], name=f"fc{number}")(x)
            x = qkeras.QActivation(activation, name=f"act{number}")(x)
        return L.Dense(3, name="last")(x)

    keras()
    return network((6,), body)


@case("quantised", BOTH, EVERY, auto=True)
def qkeras_signs() -> Any:
    import qkeras

    def body(L: Any, x: Any) -> Any:
        for number, name in enumerate(("binary(alpha=1)", "ternary(alpha=1)")):
            x = qkeras.QDense(8, kernel_quantizer=name, bias_quantizer=name, name=f"fc{number}")(x)
            x = L.BatchNormalization(name=f"bn{number}")(x)
            x = qkeras.QActivation(name, name=f"act{number}")(x)
        return L.Dense(3, name="last")(x)

    return network((6,), body)


@case("quantised", BOTH, auto=True)
def qkeras_conv() -> Any:
    import qkeras

    def body(L: Any, x: Any) -> Any:
        bits = "quantized_bits(5,1,alpha=1)"
        x = qkeras.QConv2D(3, 2, kernel_quantizer=bits, bias_quantizer=bits, name="conv")(x)
        x = qkeras.QActivation("quantized_relu(6,3)", name="relu")(x)
        x = qkeras.QDepthwiseConv2D(2, depthwise_quantizer=bits, bias_quantizer=bits, name="depth")(x)
        return L.Flatten(name="flatten")(x)

    return network((4, 4, 2), body)


@case("norm", BOTH, EVERY)
@case("norm", BOTH, suffix="auto", auto=True)
def batchnorm() -> Any:
    return network((4, 3), lambda L, x: L.BatchNormalization(name="bn")(x))


@case("norm", (PARALLEL,))
def layernorm() -> Any:
    return network((3, 4), lambda L, x: L.LayerNormalization(name="norm")(x))


def _merge(kind: str, shapes: Any = None, **settings: Any) -> Any:
    return network(shapes or [(3, 4), (3, 4)], lambda L, a, b: getattr(L, kind)(name="merge", **settings)([a, b]))


@case("merge", BOTH, EVERY)
def add() -> Any:
    return _merge("Add")


@case("merge", BOTH)
def subtract() -> Any:
    return _merge("Subtract")


@case("merge", BOTH)
def multiply() -> Any:
    return _merge("Multiply")


@case("merge", BOTH)
def average() -> Any:
    return _merge("Average")


@case("merge", BOTH)
def maximum() -> Any:
    return _merge("Maximum")


@case("merge", BOTH)
def minimum() -> Any:
    return _merge("Minimum")


@case("merge", (PARALLEL,))
def dot() -> Any:
    return _merge("Dot", [(5,), (5,)], axes=1)


@case("merge", BOTH)
def concatenate1d() -> Any:
    return _merge("Concatenate", [(3,), (4,)])


@case("merge", BOTH)
def concatenate2d() -> Any:
    return _merge("Concatenate", [(3, 2), (3, 4)])


@case("merge", BOTH)
def concatenate2d_rows() -> Any:
    return _merge("Concatenate", [(2, 3), (4, 3)], axis=1)


@case("merge", BOTH)
def concatenate3d() -> Any:
    return _merge("Concatenate", [(2, 2, 2), (2, 2, 3)], axis=3)


@case("merge", (PARALLEL,))
def broadcast() -> Any:
    """Branches that meet again; the smaller one is repeated."""

    def body(L: Any, x: Any) -> Any:
        a = L.Conv2D(2, 1, name="conv")(x)
        b = L.Reshape((1, 1, 2), name="reshape")(L.GlobalMaxPooling2D(name="pool")(x))
        return L.Multiply(name="scale")([a, b])

    return network((2, 3, 2), body)


@case("recurrent", BOTH, EVERY)
@case("recurrent", BOTH, suffix="resource", strategy="Resource", reuse=2, layers={"rnn": {"RecurrentReuseFactor": 2}})
@case("recurrent", suffix="dynamic", layers={"rnn": {"Static": False}})
def lstm() -> Any:
    return network((4, 3), lambda L, x: L.LSTM(4, name="rnn")(x))


@case("recurrent", BOTH)
def lstm_sequences() -> Any:
    return network((4, 3), lambda L, x: L.LSTM(3, return_sequences=True, name="rnn")(x))


@case("recurrent", BOTH, EVERY)
@case("recurrent", suffix="dynamic", layers={"rnn": {"Static": False}})
def gru() -> Any:
    return network((4, 3), lambda L, x: L.GRU(4, name="rnn")(x))


@case("recurrent", BOTH)
def gru_before() -> Any:
    return network((4, 3), lambda L, x: L.GRU(3, reset_after=False, return_sequences=True, name="rnn")(x))


@case("recurrent", (PARALLEL,))
def bidirectional() -> Any:
    return network((4, 3), lambda L, x: L.Bidirectional(L.LSTM(3), name="rnn")(x))


@case("recurrent", (PARALLEL,))
def bidirectional_gru() -> Any:
    return network((4, 3), lambda L, x: L.Bidirectional(L.GRU(2, return_sequences=True), name="rnn")(x))
