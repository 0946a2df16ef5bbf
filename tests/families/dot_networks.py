"""Random networks of scalar products (Keras' ``Dot``), of differences with themselves as in AXOL1TL and of others."""

from __future__ import annotations

from typing import Any

__all__ = ["dots"]


def dots(net: Any) -> None:
    """Scalar products of vectors in all kinds of formats, with accumulators that hold them and such as do not."""
    rng = net.rng
    net.least_integer = 0
    size = int(rng.integers(1, 9))
    for _ in range(2):
        net.input(size)
    net.cast(net.inputs[0])
    for _ in range(3):
        one, two = (net.some(lambda tensor: tensor.shape[1] == size) for _ in range(2))
        if rng.random() < 0.4:  # a squared distance
            one = two = net.put("Subtract", [one, two])
        elif rng.random() < 0.2:  # hls4ml takes it for ternary weights
            name = net.input(size).name
            net.names[name] = {"Precision": {"result": "ap_int<2>"}}
            two = net.inputs[-1]
        name = net.put("Dot", [one, two], axes=1).name.split("/")[0]
        net.names[name]["Precision"]["accum"] = str(net.format())  # hls4ml cannot infer it
