"""Random networks on sets and images: pointwise layers, pooling, flattening, transposition, on arrays and streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.model.reuse import legal_reuse_factors

__all__ = ["build", "describe", "draw"]

_ROUNDING = ("TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_INF", "RND_MIN_INF")
_QUANTISERS = (
    "q.quantized_bits(6, 1, alpha=1)",
    "q.quantized_bits(5, 1, alpha='auto')",
    "q.binary(alpha=1)",
    "q.binary(alpha='auto')",
    "q.ternary(alpha=1)",
    "q.quantized_po2(5, 1)",
)
_OVERFLOW = ("WRAP", "WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")


def _type(rng: np.random.Generator, integer: int, width: tuple[int, int] = (6, 16), signed: bool = True) -> str:
    """A format whose values are now and then beyond it."""
    bits = int(rng.integers(*width))
    integer = max(1, integer + int(rng.choice([-1, 0, 0, 1])))
    modes = f"{rng.choice(_ROUNDING)},{rng.choice(_OVERFLOW)}"
    return f"{'fixed' if signed else 'ufixed'}<{max(bits, integer)},{integer - (not signed)},{modes}>"


def draw(seed: int) -> dict[str, Any]:
    """A description."""
    rng = np.random.default_rng([seed, 5])
    image = bool(rng.random() < 0.25)
    streams = bool(rng.random() < 0.5)
    shape = (int(rng.integers(2, 5)), int(rng.integers(2, 5))) if image else (int(rng.integers(2, 10)),)
    pools = ["GlobalAverage", "GlobalAverage", "GlobalMax", "Average", "Max", "none"]
    return {
        "seed": seed,
        "backend": str(rng.choice(["Vitis", "Vivado"])),
        "io_type": "io_stream" if streams else "io_parallel",
        "shape": shape,
        "channels": int(rng.integers(1, 7)),
        "filters": [int(rng.integers(1, 9)) for _ in range(int(rng.integers(1, 4)))],
        "transpose": not image and bool(rng.random() < 0.25),
        "pool": str(rng.choice(pools)),
        "padding": str(rng.choice(["valid", "same"])) if not streams else "valid",
        "outputs": int(rng.integers(1, 5)),
    }


def describe(description: dict[str, Any]) -> str:
    """One line."""
    return ", ".join(f"{name} {value}" for name, value in description.items())


def _keras(description: dict[str, Any], rng: np.random.Generator) -> Any:
    from isobit.students.zoo.entry import keras_package, qkeras_package

    layers, qkeras = keras_package().layers, qkeras_package()
    import tensorflow as tf

    bits = qkeras.quantized_bits(8, 2, alpha=1)
    tf.keras.utils.set_random_seed(description["seed"] % 2**31)
    dimensions = len(description["shape"])
    random = {"kernel_initializer": "glorot_normal", "bias_initializer": tf.keras.initializers.RandomNormal(0, 0.3)}
    inputs = x = layers.Input((*description["shape"], description["channels"]), name="inputs")
    if description["transpose"]:
        x = layers.Permute((2, 1), name="permute")(x)
    for number, filters in enumerate(description["filters"]):
        quantiser = str(rng.choice(_QUANTISERS)) if rng.random() < 0.4 else ""
        if quantiser:
            conv = qkeras.QConv1D if dimensions == 1 else qkeras.QConv2D
            kernel = eval(quantiser, {"q": qkeras})
            x = conv(filters, 1, name=f"phi{number}", kernel_quantizer=kernel, bias_quantizer=bits, **random)(x)
        elif rng.random() < 0.5:
            x = layers.Dense(filters, name=f"phi{number}", **random)(x)
        else:
            conv = layers.Conv1D if dimensions == 1 else layers.Conv2D
            x = conv(filters, 1, name=f"phi{number}", **random)(x)
        if rng.random() < 0.4:
            noise = {
                f"{part}_initializer": tf.keras.initializers.RandomUniform(0.5, 1.5)
                for part in ("gamma", "moving_variance")
            }
            x = layers.BatchNormalization(name=f"bn{number}", **noise)(x)
        if rng.random() < 0.7:
            x = layers.Activation("relu", name=f"relu{number}")(x)
    pool = description["pool"]
    if pool.startswith("Global"):
        x = getattr(layers, f"{pool}Pooling{dimensions}D")(name="pool")(x)
    elif pool != "none":
        size = min(int(rng.integers(2, 4)), *x.shape[1:-1])
        stride = size if description["io_type"] == "io_stream" else int(rng.integers(1, size + 1))
        layer = getattr(layers, f"{pool}Pooling{dimensions}D")
        x = layer(size, strides=stride, padding=description["padding"], name="pool")(x)
    if len(x.shape) > 2:
        x = layers.Flatten(name="flatten")(x)
    return tf.keras.Model(inputs, layers.Dense(description["outputs"], name="output", **random)(x))


def _config(description: dict[str, Any], model: Any, rng: np.random.Generator) -> dict[str, Any]:
    names: dict[str, Any] = {}
    data = _type(rng, 3, (8, 17))
    channels = description["shape"][0] if description["transpose"] else description["channels"]
    parallel = description["io_type"] == "io_parallel"
    for layer in model.layers:
        kind, name = type(layer).__name__, layer.name
        if kind == "InputLayer":
            names[name] = {"Precision": {"result": data}}
            continue
        if kind in ("Permute", "Flatten"):
            names[name] = {"Precision": {"result": data}}
            continue
        if kind in ("Dense", "Conv1D", "Conv2D"):
            n_in, n_out = int(layer.kernel.shape[-2]), int(layer.kernel.shape[-1])
            strategy = str(rng.choice(["Latency", "Resource"]))
            reuse = [
                factor
                for factor in legal_reuse_factors(n_in, n_out)
                if not parallel or name == "output" or factor <= n_in or strategy == "Latency"
            ]
            result = _type(rng, 3)
            entry: dict[str, Any] = {
                "Precision": {
                    "result": result,
                    "accum": _type(rng, 3, (8, 22)),
                    "weight": _type(rng, 2),
                    "bias": _type(rng, 2),
                },
                "Strategy": strategy,
                "ReuseFactor": int(rng.choice(reuse)),
            }
            if kind != "Dense" and rng.random() < 0.3 and parallel:
                entry["ParallelizationFactor"] = int(np.prod(description["shape"]))
            names[name] = entry
            names[f"{name}_linear"] = {"Precision": {"result": result}}
            data = result
        elif kind == "BatchNormalization":
            data = _type(rng, 3)
            names[name] = {"Precision": {"result": data, "scale": _type(rng, 2), "bias": _type(rng, 2)}}
        elif kind == "Activation":
            data = _type(rng, 3, signed=bool(rng.random() < 0.4))
            names[name] = {"Precision": {"result": data}}
        else:
            largest = "Max" in kind
            accum = data if largest and parallel else _type(rng, 4 if not largest else 3, (8, 22))
            data = _type(rng, 3)
            names[name] = {"Precision": {"result": data, "accum": accum}}
    assert channels
    return {
        "Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": names,
    }


def build(seed: int, events: int = 160) -> tuple[dict[str, Any], Any, Any]:
    """Draw, build and convert.

    Returns
    -------
    The description, the :class:`isobit.Model`, and events of shape (events, size).
    """
    import isobit
    from isobit.frontends.keras import convert

    description = draw(seed)
    rng = np.random.default_rng([seed, 6])
    model = _keras(description, rng)
    config = _config(description, model, rng)
    graph = convert(model, config, backend=description["backend"], io_type=description["io_type"])
    x = rng.normal(0.0, 1.5, (events, *description["shape"], description["channels"]))
    x[rng.random(x.shape) < 0.05] *= 8
    return description, isobit.load(graph), x.reshape(events, -1)
