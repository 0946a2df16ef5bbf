"""Random networks of GarNet with a mean over the vertices, whose number is an input."""

from __future__ import annotations

from typing import Any

from isobit.fixed import FixedType

__all__ = ["garnets"]


def garnets(net: Any) -> None:
    """One of them, with any power of two of vertices and reuse factor, and a Dense layer behind it."""
    from hls4ml.contrib.garnet import GarNet

    rng = net.rng
    keras = net.layers
    net.layers = type("Layers", (), {"__getattr__": lambda _, name: getattr(keras, name), "GarNet": GarNet})()
    vertices, features = 1 << int(rng.integers(1, 5)), int(rng.integers(1, 5))
    data, count = net.input(vertices, features), net.input(1)
    net.names["in0"] = {"Precision": {"result": str(FixedType(int(rng.integers(9, 17)), int(rng.integers(1, 3))))}}
    net.names["in1"] = {"Precision": {"result": f"ap_uint<{vertices.bit_length()}>"}}
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
    name = str(found._keras_history.layer.name)
    net.names[name] = {
        "Precision": {"result": str(FixedType(int(rng.integers(10, 20)), int(rng.integers(2, 6)), True, "RND", "SAT"))},
        "ReuseFactor": 1 << int(rng.integers(0, vertices.bit_length())),
    }
    net.put("Dense", found, 2)
