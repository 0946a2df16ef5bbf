"""Random networks of GarNet with a mean over the vertices, whose number is an input."""

from __future__ import annotations

from typing import Any

from isobit.fixed import FixedType, Rounding

__all__ = ["garnets"]

OVERFLOW = ("WRAP", "SAT", "SAT_SYM", "SAT_ZERO")


def garnets(net: Any) -> None:
    """One of them, with any power of two of vertices and reuse factor, and a Dense layer behind it."""
    from hls4ml.contrib.garnet import GarNet
    from tensorflow.keras import initializers

    rng = net.rng
    keras = net.layers
    net.layers = type("Layers", (), {"__getattr__": lambda _, name: getattr(keras, name), "GarNet": GarNet})()
    log2_vertices, features = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    data, count = net.input(1 << log2_vertices, features), net.input(1)
    kind = _numbers(rng, int(rng.integers(1, 4)), 8)
    net.names["in0"] = {"Precision": {"result": str(kind)}}
    net.names["in1"] = {"Precision": {"result": f"ap_uint<{log2_vertices + 1}>"}}
    if rng.random() < 0.8:  # the means of no vertices tell nothing
        net.ranges["in1"] = (1.0, float((2 << log2_vertices) - 1))
    found = net.put(
        "GarNet",
        [data, count],
        *(int(n) for n in rng.integers(1, 5, 3)),
        simplified=True,
        collapse="mean",
        input_format="xn",
        output_activation=None,
        quantize_transforms=None,
        slots=(),
    )
    layer = found._keras_history.layer
    layer.set_weights([rng.normal(0.0, 0.6, weights.shape) for weights in layer.get_weights()])
    log2_reuse = int(rng.integers(0, log2_vertices + 1))
    formats = {"result": _numbers(rng, int(rng.integers(0, 3)), 9)}
    if rng.random() < 0.8:  # formats of what the kernel adds, instead of those that hls4ml chooses
        sums = max(log2_reuse, log2_vertices - log2_reuse)
        formats |= {
            "aggr": _numbers(rng, kind.integer + int(rng.integers(-1, sums + 2)), 10),
            "edge_weight": _numbers(rng, int(rng.integers(0, 2)), 8, signed=False),
            "edge_weight_aggr": _numbers(rng, int(rng.integers(0, sums + 2)), 9, signed=False),
        }
    net.names[layer.name] = {
        "Precision": {slot: str(drawn) for slot, drawn in formats.items()},
        "ReuseFactor": 1 << log2_reuse,
    }
    uniform = {
        f"{name}_initializer": initializers.RandomUniform(-1.0, 1.0, seed=int(rng.integers(1 << 30)))
        for name in ("kernel", "bias")
    }
    behind = net.put("Dense", found, int(rng.integers(1, 4)), slots=(), **uniform)
    slots = {"weight": 0, "bias": 0, "accum": 2, "result": 1}
    kinds = {slot: str(_numbers(rng, least + int(rng.integers(0, 2)), 7)) for slot, least in slots.items()}
    net.names[behind._keras_history.layer.name] = {"Precision": kinds}


def _numbers(rng: Any, integer: int, least: int, signed: bool = True) -> FixedType:
    """A format of so many integer bits, and of fraction bits from the fewest on."""
    modes = str(rng.choice([mode.name for mode in Rounding])), str(rng.choice(OVERFLOW))
    return FixedType(integer + int(rng.integers(least, least + 6)), integer, signed, *modes)
