"""A jet tagger that attends with four heads, made of HGQ2's layers; it needs Keras 3 and HGQ2 (docs/hgq2.md)."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

#: Constituents of a jet, their features, heads, numbers of a head, classes.
CONSTITUENTS, FEATURES, HEADS, WIDTH, CLASSES = 16, 3, 4, 4, 5
SEED = 20


def jets(events: int, seed: int) -> np.ndarray[Any, Any]:
    """Constituents in the order of falling momentum, shape (events, constituents, features)."""
    rng = np.random.default_rng(seed)
    momenta = -np.sort(-rng.exponential(1.0, (events, CONSTITUENTS)), axis=1)
    angles = rng.normal(0.0, 0.7, (events, CONSTITUENTS, FEATURES - 1))
    return np.concatenate([momenta[..., None], angles], axis=2)


def build() -> Any:
    """The Keras model, with formats for jets: embedding, attention, two residual sums, a mean, two Dense layers."""
    import keras
    from hgq import layers
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(SEED)
    embedding = HEADS * WIDTH
    with (
        QuantizerConfigScope(default_q_type="kbi", place="weight", overflow_mode="SAT_SYM", b0=6, i0=1),
        QuantizerConfigScope(
            default_q_type="kif", place="datalane", i0=2, f0=4, round_mode="RND", overflow_mode="WRAP"
        ),
        LayerConfigScope(enable_ebops=True, beta0=1e-5),
    ):

        def positions(tensor: Any, name: str, activation: str = "linear") -> Any:
            return layers.QEinsumDense(
                "bnc,cd->bnd", (CONSTITUENTS, embedding), bias_axes="d", activation=activation, name=name
            )(tensor)

        def heads(tensor: Any, name: str) -> Any:
            return layers.QEinsumDense("bnc,chd->bnhd", (CONSTITUENTS, HEADS, WIDTH), bias_axes="hd", name=name)(tensor)

        inputs = keras.layers.Input((CONSTITUENTS, FEATURES), name="jet")
        tensor = positions(inputs, "embedding", "relu")
        query, key, value = (heads(tensor, name) for name in ("queries", "keys", "values"))
        scores = layers.QEinsum("bnhd,bmhd->bhnm", name="scores")([query, key])
        shares = layers.QSoftmax(axis=-1, name="shares")(scores)
        mixed = layers.QEinsum("bhnm,bmhd->bnhd", name="mixed")([shares, value])
        shape = (CONSTITUENTS, embedding)
        mixed = layers.QEinsumDense("bnhd,hde->bne", shape, bias_axes="e", name="joined")(mixed)
        tensor = layers.QAdd(name="residual1")([tensor, mixed])
        tensor = layers.QAdd(name="residual2")([tensor, positions(tensor, "feed", "relu")])
        tensor = keras.layers.Flatten(name="flatten")(tensor)
        tensor = layers.QDense(32, activation="relu", name="fc")(tensor)
        model = keras.Model(inputs, layers.QDense(CLASSES, name="output")(tensor))
        with contextlib.redirect_stdout(io.StringIO()):
            trace_minmax(model, jets(2000, SEED).astype(np.float32), verbose=False)
    return model


def to_onnx(model: Any) -> bytes:
    """The same in float32, weights as quantised, as an ONNX file; its softmax and quantisers do not round."""
    from emulator.onnx_network import Network

    network, embedding = Network(CONSTITUENTS * FEATURES), HEADS * WIDTH

    def dense(name: str, outputs: int, given: str, activation: str | None = None) -> str:
        layer = model.get_layer(name)
        kernel, bias = (np.asarray(value, np.float64) for value in (layer.qkernel, layer.qbias))
        network.put("MatMul", network.constant(kernel.reshape(-1, outputs)), given=given)
        found = network.put("Add", network.constant(bias.reshape(outputs)))
        return network.put(activation) if activation else found

    def heads(name: str, given: str, *axes: int) -> str:
        network.shaped(CONSTITUENTS, HEADS, WIDTH, given=dense(name, embedding, given))
        return network.put("Transpose", perm=list(axes))

    tensor = dense("embedding", embedding, network.shaped(CONSTITUENTS, FEATURES), "Relu")
    query, value = (heads(name, tensor, 0, 2, 1, 3) for name in ("queries", "values"))
    network.put("MatMul", heads("keys", tensor, 0, 2, 3, 1), given=query)
    network.put("MatMul", value, given=network.put("Softmax", axis=-1))
    network.put("Transpose", perm=[0, 2, 1, 3])
    mixed = dense("joined", embedding, network.shaped(CONSTITUENTS, embedding))
    tensor = network.put("Add", mixed, given=tensor)
    tensor = network.put("Add", dense("feed", embedding, tensor, "Relu"), given=tensor)
    dense("output", CLASSES, dense("fc", 32, network.shaped(CONSTITUENTS * embedding), "Relu"))
    return network.finished(CLASSES)
