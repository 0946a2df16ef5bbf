"""Networks with io_stream of every elementwise layer, table and softmax, side by side on inputs of several formats.

``build(seed, shape)`` gives isobit's model and events that go through every value of the narrow formats; odd seeds have
one half of the heads, even seeds the other. A copy of the input feeds as many heads as hls4ml copies a stream (seven).
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from networks import draw_type

from isobit.fixed import FixedType

SOFTMAXES = ("latency", "stable", "legacy", "argmax")
TABLES = ("sigmoid", "tanh", "softplus", "softsign", "selu", "elu", "alphaelu")
PLAIN = ("relu", "leaky", "binary", "hardsigmoid", "qsigmoid", "qtanh", "norm", "normbinary", "normternary")
HEADS = (*PLAIN, *TABLES, *SOFTMAXES)
#: A packet, packets of a sequence, and of an image; packets of one number.
SHAPES = ((6,), (3, 4), (2, 2, 3), (5, 1))
#: Formats of which every value is tried.
_EXHAUSTIVE = 11
_FANOUT = 7


def _softmax(rng: np.random.Generator, kind: str, given: FixedType) -> dict[str, Any]:
    """A softmax's configuration, with tables that its formats can address."""
    slots = {slot: draw_type(rng, 4.0, narrow=False) for slot in ("exp_table", "inv_table", "accum", "inv_inp")}
    if rng.random() < 0.4:  # hls4ml's own
        slots = dict.fromkeys(slots, FixedType.parse("ap_fixed<18,8,RND,SAT>"))
    entry: dict[str, Any] = {"Implementation": kind, "Precision": {"accum": str(slots.pop("accum"))}}
    address = given.width - given.signed
    if kind == "stable" and rng.random() < 0.5:
        distances = draw_type(rng, float(given.max), narrow=False, signed=bool(rng.random() < 0.3))
        entry["inp_norm_t"], address = str(distances), distances.width
    most = min(address, slots["inv_inp"].width, slots["inv_table"].width, 11)
    entry |= {f"{slot}_t": str(kind) for slot, kind in slots.items()}
    # A legacy softmax with io_stream has tables of 1,024, whatever this says.
    entry["TableSize"] = 256 if kind == "legacy" else 1 << int(rng.integers(2, most + 1))
    return entry


def _head(rng: np.random.Generator, kind: str, given: FixedType) -> dict[str, Any]:
    """hls4ml's configuration of one head. The formats of tables stand beside ``Precision``, where it ignores them."""
    if kind == "norm":
        slots = ("scale", "bias", "result")
        return {"Precision": {slot: str(draw_type(rng, 2.0, narrow=bool(rng.random() < 0.5))) for slot in slots}}
    result = str(draw_type(rng, 1.0, narrow=bool(rng.random() < 0.3)))
    if kind in SOFTMAXES:
        entry = _softmax(rng, kind, given)
        entry["Precision"]["result"] = result
        return entry
    entry = {"Precision": {"result": result}}
    if kind in TABLES:
        entry["table_t"] = "ap_fixed<45,6,RND>" if rng.random() < 0.4 else str(draw_type(rng, 1.0, narrow=False))
        entry["TableSize"] = int(rng.integers(2, 3000))
    if kind in ("alphaelu", "leaky"):
        entry["Precision"]["param"] = str(draw_type(rng, 2.0, narrow=True, signed=False))
    return entry


def draw(seed: int) -> tuple[str, FixedType, list[FixedType], dict[str, dict[str, Any]]]:
    """The back end, the formats of the input and of its copies, and the configuration of every head, by name."""
    rng = np.random.default_rng([seed, 91])
    features = FixedType.parse("ap_fixed<20,8>")
    copies = [draw_type(rng, float(2.0 ** rng.integers(-1, 5)), narrow=bool(rng.random() < 0.5)) for _ in range(3)]
    copies[0] = draw_type(rng, 8.0, narrow=False)
    free = [index for index in range(len(copies)) for _ in range(_FANOUT)]
    heads = {}
    for kind in HEADS[seed % 2 :: 2]:
        wanted = 4 if kind in SOFTMAXES else 1
        fitting = [index for index in free if copies[index].width > wanted]
        copy = int(rng.choice(fitting))
        free.remove(copy)
        heads[f"{kind}_on{copy}"] = _head(rng, kind, copies[copy])
    return str(rng.choice(["Vitis", "Vivado"])), features, copies, heads


def _layers(rng: np.random.Generator) -> dict[str, Callable[[str, Any], Any]]:
    """By head: the layers, from the name and the tensor that they read."""
    import qkeras
    from tensorflow.keras import initializers, layers

    def norm(name: str, x: Any) -> Any:
        uniform = initializers.RandomUniform(-1.5, 1.5, seed=int(rng.integers(1 << 30)))
        noise = {f"{part}_initializer": uniform for part in ("beta", "gamma", "moving_mean")}
        return layers.BatchNormalization(name=name, **noise)(x)

    def quantised(quantiser: Any) -> Callable[[str, Any], Any]:
        return lambda name, x: qkeras.QActivation(quantiser, name=name)(x)

    special: dict[str, Callable[[str, Any], Any]] = {
        "leaky": lambda name, x: layers.LeakyReLU(alpha=float(np.round(rng.uniform(0.1, 1.5), 3)), name=name)(x),
        "alphaelu": lambda name, x: layers.ELU(alpha=float(np.round(rng.uniform(0.1, 3.0), 3)), name=name)(x),
        "hardsigmoid": lambda name, x: layers.Activation("hard_sigmoid", name=name)(x),
        "binary": quantised(qkeras.binary(alpha=1)),
        "qsigmoid": quantised(qkeras.quantized_sigmoid(7)),
        "qtanh": quantised(qkeras.quantized_tanh(7)),
        "norm": norm,
        "normbinary": lambda name, x: quantised(qkeras.binary(alpha=1))(name, norm(f"{name}_bn", x)),
        "normternary": lambda name, x: quantised(qkeras.ternary(alpha=1, threshold=0.5))(name, norm(f"{name}_bn", x)),
    }
    softmaxes = {kind: lambda name, x: layers.Activation("softmax", name=name)(x) for kind in SOFTMAXES}
    plain = ("relu", *TABLES)
    activations = {kind: (lambda name, x, kind=kind: layers.Activation(kind, name=name)(x)) for kind in plain}
    return {**activations, **softmaxes, **special}


def build(seed: int, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The model and its events, shape (events, size)."""
    import hls4ml
    import tensorflow as tf
    from tensorflow.keras import Model, layers

    import isobit

    tf.keras.utils.set_random_seed(seed % 2**31)
    backend, features, copies, heads = draw(seed)
    make = _layers(np.random.default_rng([seed, 93]))
    inputs = layers.Input(shape, name="features")
    copied = [layers.Activation("linear", name=f"copy{i}")(inputs) for i in range(len(copies))]
    outputs = [make[name.split("_")[0]](name, copied[int(name.split("_on")[1])]) for name in heads]
    config = {
        "Model": {"Precision": {"default": "ap_fixed<20,8>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {
            "features": {"Precision": {"result": str(features)}},
            **{f"copy{i}": {"Precision": {"result": str(kind)}} for i, kind in enumerate(copies)},
            **heads,
        },
    }
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        graph = hls4ml.converters.convert_from_keras_model(
            Model(inputs, outputs), hls_config=config, backend=backend, io_type="io_stream", output_dir=folder
        )
        return isobit.load(graph), events(seed, shape, features, copies)


def events(seed: int, shape: tuple[int, ...], features: FixedType, copies: list[FixedType]) -> Any:
    """Every value of each narrow copy, in another order for each element; then random ones, many of them alike."""
    rng = np.random.default_rng([seed, 92])
    size = int(np.prod(shape))
    columns = []
    for kind in copies:
        if kind.width <= _EXHAUSTIVE:
            every = np.arange(kind.raw_min, kind.raw_max + 1) * float(kind.lsb)
            columns.append(np.stack([rng.permutation(every) for _ in range(size)], axis=1))
        columns.append(rng.normal(0.0, float(kind.max) / 2, (400, size)))
    random = rng.normal(0.0, 3.0, (700, size))
    random[:200] += rng.normal(0.0, 30.0, (200, 1))  # close to each other, far from zero
    random[200:400] = np.round(random[200:400])  # equal ones
    x = np.concatenate([*columns, random])
    return np.clip(x, float(features.min), float(features.max))
