"""Student-like networks at random: quantisers, formats, modes, strategies and reuse factors that hls4ml accepts.

``draw(seed)`` gives a description, ``build(description)`` the Keras model and its hls4ml graph, ``events`` the inputs.
Formats are drawn around the values that the float network really takes, so that rounding and overflow both happen and
the outputs still tell something. A draw that tells nothing is rejected with its reason (:class:`Rejected`).
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isobit.fixed import FixedType, Overflow, Rounding
from isobit.model.reuse import legal_reuse_factors

EVENTS = 160
#: Overflow modes that hls4ml knows (``SaturationMode`` in hls4ml/model/types.py has no WRAP_SM).
OVERFLOWS = (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)
WEIGHT_QUANTISERS = (
    "none",
    "none",
    "none",
    "quantized_bits",
    "quantized_bits_auto",
    "quantized_bits_auto_po2",
    "binary",
    "binary_auto",
    "binary_auto_po2",
    "ternary",
    "ternary_auto",
    "stochastic_binary",
    "stochastic_ternary",
    "quantized_po2",
)
ACTIVATIONS = (
    "relu",
    "relu",
    "quantized_relu",
    "quantized_relu",
    "quantized_relu",
    "quantized_relu",
    "quantized_bits",
    "quantized_bits",
    "linear",
    "linear",
    "leaky_quantized_relu",
    "leaky_quantized_relu",
    "binary",
    "ternary",
    "quantized_tanh",
    "quantized_sigmoid",
    "none",
)


class Rejected(Exception):
    """A draw that cannot serve, with the reason."""


@dataclass
class Layer:
    """One Dense layer with what follows it."""

    width: int
    quantiser: str
    batchnorm: str
    activation: str
    bits: int
    reuse_choice: float
    types: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Description:
    """A drawn network."""

    seed: int
    inputs: int
    layers: list[Layer]
    backend: str
    strategy: str
    input_type: str
    auto: bool


def draw_type(rng: np.random.Generator, magnitude: float, narrow: bool, signed: bool | None = None) -> FixedType:
    """Draw a format for values of about ``magnitude``: mostly fitting, at times one integer bit too narrow.

    Integer bits follow the magnitude, so that values far from one give I < 0 and I > W.
    """
    top = int(np.ceil(np.log2(max(magnitude, 2.0**-20)))) + 1
    integer = top + int(rng.choice([-1, 0, 0, 0, 1, 2]))
    width = int(rng.integers(5, 11)) if narrow else int(rng.integers(11, 24))
    mode = OVERFLOWS[int(rng.integers(len(OVERFLOWS)))]
    saturation_bits = int(rng.integers(1, 4)) if mode is Overflow.WRAP and rng.random() < 0.3 else 0
    is_signed = bool(rng.random() < 0.85) if signed is None else signed
    return FixedType(width, integer - (not is_signed), is_signed, Rounding(int(rng.integers(7))), mode, saturation_bits)


def draw(seed: int) -> Description:
    """Draw a network; formats are filled in by :func:`build`, which knows the values."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 6))
    layers = []
    for _ in range(depth + 1):
        layers.append(
            Layer(
                width=int(rng.integers(1, 33)),
                quantiser=str(rng.choice(WEIGHT_QUANTISERS)),
                batchnorm=str(rng.choice(["none", "plain", "plain", "quantised"])),
                activation=str(rng.choice(ACTIVATIONS)),
                bits=int(rng.integers(3, 9)),
                reuse_choice=float(rng.random()),
            )
        )
    few_levels = ("binary", "ternary", "quantized_tanh", "quantized_sigmoid")
    for layer in layers[:-1]:  # one neuron, or one bit of it, tells nothing to the next layer
        layer.width = max(layer.width, 5)
        if layer.activation in few_levels:
            layer.bits = max(layer.bits, 7)
            layer.width = max(layer.width, 28 if layer.activation in few_levels[:2] else 8)
            if layer.batchnorm == "none":  # their thresholds are around one
                layer.batchnorm = "plain"
    layers[-1].width = int(rng.integers(1, 5))
    # Few bits in the last weights would leave few values to compare.
    if layers[-1].quantiser not in ("none", "quantized_bits_auto", "quantized_po2"):
        layers[-1].quantiser, layers[-1].bits = "quantized_bits", int(rng.integers(6, 9))
    layers[-1].bits = max(layers[-1].bits, 6)
    layers[-1].activation = str(rng.choice(["none", "none", "linear"]))
    layers[-1].batchnorm = "none"
    if depth > 2 and sum(layer.activation in ("binary", "ternary") for layer in layers) > 1:
        seen = False
        for layer in layers:
            if layer.activation in ("binary", "ternary"):
                layer.activation, seen = ("quantized_relu", seen) if seen else (layer.activation, True)
    magnitude = float(2.0 ** rng.integers(-10, 17)) if rng.random() < 0.3 else 1.0
    if magnitude < 0.25 and layers[0].activation.endswith(("_relu", "_bits")):
        layers[0].batchnorm = "plain"  # QKeras' activations cannot have fewer than no integer bits
    input_type = draw_type(rng, magnitude, narrow=False, signed=True)
    return Description(
        seed=seed,
        inputs=int(rng.integers(2, 33)),
        layers=layers,
        backend=str(rng.choice(["Vitis", "Vivado"])),
        strategy=str(rng.choice(["Latency", "Resource"])),
        input_type=str(input_type),
        auto=bool(rng.random() < 0.25),
    )


def events(description: Description, count: int = EVENTS) -> Any:
    """Inputs: Gaussian over the input format, some beyond its range, some at exact ties and bounds."""
    kind = FixedType.parse(description.input_type)
    rng = np.random.default_rng([description.seed, 1])
    scale = float(kind.max) / 2
    x = rng.normal(0.0, scale, (count, description.inputs))
    lsb = float(kind.lsb)
    ties = rng.random(x.shape) < 0.1
    x[ties] = (np.round(x[ties] / lsb) + 0.5) * lsb
    x[rng.random(x.shape) < 0.02] = float(kind.max)
    x[rng.random(x.shape) < 0.02] = float(kind.min)
    return x


def _quantiser(name: str, bits: int) -> Any:
    import qkeras

    kind, _, alpha = name.partition("_auto")
    scale: Any = 1 if "_auto" not in name else "auto" + alpha
    if kind == "quantized_bits":
        return qkeras.quantized_bits(bits, 1, alpha=scale)
    if kind == "quantized_po2":
        return qkeras.quantized_po2(bits, 1)
    if kind.startswith("stochastic"):
        return getattr(qkeras, kind)()
    return getattr(qkeras, kind)(alpha=scale)


def _activation(name: str, bits: int, magnitude: float, layer: str) -> Any:
    """An activation layer; quantisers get the integer bits that values of this magnitude ask for."""
    import qkeras
    from tensorflow.keras import layers

    if name in ("relu", "linear"):
        return layers.Activation(name, name=layer)
    integer = int(np.clip(np.ceil(np.log2(magnitude)), 0, 8))  # QKeras fails below 0
    bits = max(bits + 4 if "quantized" in name and "tanh" not in name and "sigmoid" not in name else bits, integer + 4)
    quantisers = {
        "quantized_relu": lambda: qkeras.quantized_relu(bits, integer),
        "quantized_bits": lambda: qkeras.quantized_bits(bits, integer, alpha=1),
        "leaky_quantized_relu": lambda: qkeras.quantized_relu(bits + 2, integer, negative_slope=0.125),
        "binary": lambda: qkeras.binary(alpha=1),
        "ternary": lambda: qkeras.ternary(alpha=1),
        "quantized_tanh": lambda: qkeras.quantized_tanh(bits),
        "quantized_sigmoid": lambda: qkeras.quantized_sigmoid(bits),
    }
    return qkeras.QActivation(quantisers[name](), name=layer)


def keras_model(description: Description) -> Any:
    """The Keras model, with random weights such that every layer keeps telling its inputs apart."""
    import qkeras
    import tensorflow as tf
    from tensorflow.keras import layers

    tf.keras.utils.set_random_seed(description.seed % 2**31)
    rng = np.random.default_rng([description.seed, 2])
    values = tf.constant(events(description), dtype=tf.float32)
    x = inputs = layers.Input((description.inputs,), name="features")

    def put(layer: Any, weights: Any) -> None:
        """Append a layer, build it on the real events, and set its weights from what it sees."""
        nonlocal x, values
        before = values.numpy()
        layer(values)
        if layer.weights:
            layer.set_weights([np.asarray(w, dtype=np.float32) for w in weights(before)])
        values = layer(values)
        x = layer(x)

    def dense_weights(before: Any, width: int, quantised: bool) -> list[Any]:
        n_in = before.shape[1]
        kernel = rng.normal(0.0, 0.8 if quantised else 1.0 / np.sqrt(n_in), (n_in, width))
        kernel[rng.random(kernel.shape) < 0.1] = 0.0  # pruned; a power of two gets its smallest exponent
        return [kernel, rng.normal(0.0, 0.3, width) * (1.0 if quantised else np.abs(before).mean())]

    def norm_weights(before: Any) -> list[Any]:
        width = before.shape[1]
        gamma = rng.uniform(0.5, 1.5, width) * rng.choice([-1, 1, 1], width)
        return [gamma, rng.normal(0.0, 0.3, width), before.mean(0), before.var(0) + 1e-6]

    for number, layer in enumerate(description.layers):
        if layer.quantiser == "none":
            node = layers.Dense(layer.width, name=f"fc{number}")
        else:
            node = qkeras.QDense(
                layer.width,
                kernel_quantizer=_quantiser(layer.quantiser, layer.bits),
                bias_quantizer=qkeras.quantized_bits(layer.bits + 2, 1, alpha=1),
                name=f"fc{number}",
            )
        put(node, lambda before, layer=layer: dense_weights(before, layer.width, layer.quantiser != "none"))
        if layer.batchnorm == "plain":
            put(layers.BatchNormalization(name=f"bn{number}", epsilon=1e-9), norm_weights)
        elif layer.batchnorm == "quantised":
            wide = {f"{n}_quantizer": None for n in ("beta", "gamma", "mean", "variance")}
            put(qkeras.QBatchNormalization(name=f"bn{number}", epsilon=1e-9, **wide), norm_weights)
        if layer.activation != "none":
            magnitude = float(np.quantile(np.abs(values.numpy()), 0.97)) + 1e-6
            put(_activation(layer.activation, layer.bits, magnitude, f"act{number}"), lambda before: [])
    return tf.keras.Model(inputs, x)


def hls_config(description: Description, model: Any) -> dict[str, Any]:
    """hls4ml's own configuration with drawn strategies, reuse factors, and formats still to be drawn as wide ones."""
    import contextlib
    import io

    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_keras_model(
            model, granularity="name", backend=description.backend, default_precision="ap_fixed<18,8>"
        )
    rng = np.random.default_rng([description.seed, 3])
    config["Model"]["Strategy"] = description.strategy
    names = config["LayerName"]
    names["features"]["Precision"]["result"] = description.input_type
    n_in = description.inputs
    numbers = itertools.count(1)

    def unlike() -> str:
        """A placeholder of its own: hls4ml drops a linear activation that casts nothing."""
        return str(replace(_PLACEHOLDER, integer=_PLACEHOLDER.integer + next(numbers)))

    for number, layer in enumerate(description.layers):
        entry = names[f"fc{number}"]
        strategy, reuse = description.strategy, legal_reuse_factors(n_in, layer.width)
        unrolled = legal_reuse_factors(n_in, layer.width, "resource_unrolled")
        # Where a coded zero is minus one, isobit refuses unrolled code.
        if strategy == "Resource" and (description.seed + number) % 2 and unrolled and "binary" not in layer.quantiser:
            strategy, reuse = "resource_unrolled", unrolled
        entry["Strategy"], entry["ReuseFactor"] = strategy, reuse[int(layer.reuse_choice * len(reuse))]
        auto = description.auto and rng.random() < 0.6
        for slot in ("weight", "bias", *(() if auto else ("accum", "result"))):
            entry["Precision"][slot] = str(_PLACEHOLDER)
        if layer.batchnorm != "none":
            for slot in ("scale", "bias", *(() if auto else ("result",))):
                names[f"bn{number}"]["Precision"][slot] = str(_PLACEHOLDER)
        if layer.activation in ("relu", "linear"):
            names[f"act{number}"]["Precision"]["result"] = unlike()
        n_in = layer.width
    for name, entry in names.items():
        if name.endswith("_linear") and entry["Precision"]["result"] in ("auto", "ap_fixed<18,8>"):
            entry["Precision"]["result"] = unlike()
    return dict(config)


#: A format still to be drawn.
_PLACEHOLDER = FixedType(52, 26, True, Rounding.RND_MIN_INF, Overflow.SAT_SYM)


def _open(kind: FixedType) -> bool:
    return kind == replace(_PLACEHOLDER, integer=kind.integer)


def calibrate(description: Description, graph: Any, config: dict[str, Any], x: Any) -> dict[str, Any]:
    """Draw every open format around the values that the firmware itself has there, layer by layer.

    A format that would leave too few events distinguishable is drawn again (up to eight times, then a wide one is
    taken), so that what follows has something to compute.
    """
    import isobit
    from isobit.engines.numba import NumbaEngine
    from isobit.model.graph import Graph

    rng = np.random.default_rng([description.seed, 4])
    engine = NumbaEngine()
    values = {t.name: isobit.FixedArray.from_float(x, t.type) for t in graph.inputs}
    tensors = {t.name: t for t in graph.inputs}

    def compute(op: Any) -> Any:
        source = tensors[op.inputs[0]]
        small = Graph("one", (source,), (op,), (op.output.name,))
        return engine.run(small, {source.name: values[source.name]}, 1)[op.output.name]

    final = {op.name for op in graph.ops if op.name.startswith(f"fc{len(description.layers) - 1}")} | {
        graph.ops[-1].name
    }
    for op in graph.ops:
        if op.tag == "threshold":  # its thresholds have the format of its input
            source = tensors[op.inputs[0]].type
            op = op.with_types({slot: source for slot in op.types() if slot.startswith("threshold")})
        open_slots = [slot for slot, kind in op.types().items() if _open(kind)]
        weights = {w.name: w for w in vars(op).values() if hasattr(w, "written")}
        result = np.abs(compute(op).to_float())
        size = float(np.quantile(result, 0.97)) + 2.0**-18
        before = values[op.inputs[0]].raw
        for attempt in range(9):
            wide = attempt == 8
            types = {}
            for slot in open_slots:
                if slot in weights:
                    magnitude = float(np.quantile(np.abs(weights[slot].written), 0.97)) + 2.0**-18
                    types[slot] = draw_type(rng, magnitude, narrow=bool(rng.random() < 0.6) and not wide)
                else:
                    narrow = slot == "result" and op.name not in final and bool(rng.random() < 0.2)
                    unsigned = slot == "result" and getattr(op, "function", "") == "relu" and rng.random() < 0.5
                    types[slot] = draw_type(rng, size, narrow=narrow, signed=not unsigned)
                if wide:
                    kind = types[slot]
                    types[slot] = FixedType(24, kind.integer + 3, True, kind.rounding, Overflow.SAT)
            candidate = op.with_types(types)
            output = compute(candidate)
            if op.name in final:
                enough = telling(output.raw) >= 0.6
            else:
                enough = rows(output.raw) >= 0.9 * rows(before) and telling(output.raw) >= 0.6 * telling(before)
            if not open_slots or enough:
                break
        if types:
            config["LayerName"].setdefault(op.name, {}).setdefault("Precision", {})
            config["LayerName"][op.name]["Precision"].update({slot: str(kind) for slot, kind in types.items()})
        tensors[op.output.name], values[op.output.name] = candidate.output, output
    return config


def build(seed: int) -> tuple[Description, Any, Any, Any]:
    """Draw, build and convert a network.

    Returns
    -------
    The description, the Keras model, the :class:`isobit.Model`, and the events.

    Raises
    ------
    Rejected
        If hls4ml refuses the draw, or fewer than half of the output values are distinct.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import isobit
    from isobit.errors import UnsupportedError
    from isobit.frontends.keras import convert

    description = draw(seed)
    model = keras_model(description)
    x = events(description)
    try:
        config = hls_config(description, model)
        open_graph = isobit.load(convert(model, config, backend=description.backend)).graph
        config = calibrate(description, open_graph, config, x)
        subject = isobit.load(convert(model, config, backend=description.backend))
    except UnsupportedError as error:
        raise Rejected(f"refused: {error}") from None
    if left := [slot for slot, kind in subject.types.items() if _open(kind)]:
        raise AssertionError(f"formats were not drawn: {left}")
    distinct = telling(subject.predict_raw(x).raw)
    if distinct < 0.5:
        raise Rejected(f"only {distinct:.0%} of the output values are distinct")
    return description, model, subject, x


def rows(raw: Any) -> float:
    """Share of events that a layer tells apart."""
    return len({tuple(row) for row in raw.tolist()}) / len(raw)


def telling(raw: Any) -> float:
    """Share of output values that are distinct, averaged over the outputs."""
    flat = raw.reshape(len(raw), -1)
    return float(np.mean([len(set(column.tolist())) / len(column) for column in flat.T]))


def describe(description: Description) -> str:
    """One line that says what was drawn."""
    layers = ", ".join(f"{d.width} {d.quantiser}/{d.batchnorm}/{d.activation}" for d in description.layers)
    return f"{description.backend} {description.strategy} {description.inputs} ({description.input_type}) -> {layers}"
