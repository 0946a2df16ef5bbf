"""Random networks of ``TimeDistributed``: Dense and elementwise layers, and those of images."""

from __future__ import annotations

from typing import Any

__all__ = ["sequences"]


def sequences(net: Any) -> None:
    """Three or four of them, on steps of numbers or of images; hls4ml compiles markers of one format alone."""
    rng = net.rng
    net.least_integer = 0
    images = bool(rng.random() < 0.5)
    steps = int(rng.integers(1, 5))
    inner = (
        (int(rng.integers(3, 6)), int(rng.integers(3, 6)), int(rng.integers(1, 4)))
        if images
        else (int(rng.integers(2, 7)),)
    )
    tensor = net.input(steps, *inner)
    net.names["in0"] = {"Precision": {"result": str(_wide(net))}}
    kinds = (
        ["Conv2D", "pool", "Conv2D", "DepthwiseConv2D"]
        if images
        else ["Dense", "Dense", "BatchNormalization", "Activation"]
    )
    for kind in rng.permutation(kinds)[: int(rng.integers(2, 5))]:
        if kind in ("pool", "DepthwiseConv2D") and min(int(n) for n in tensor.shape[2:4]) < 2:
            continue
        tensor = _stepped(net, tensor, str(kind))
    if rng.random() < 0.5:
        net.put("Dense", net.put("Flatten", tensor, slots=()), int(rng.integers(1, 4)))
    else:  # of the last layer, hls4ml gives both markers one format
        net.cast(tensor)
    net.live = [tensor for tensor in net.live if not net.uses[_layer(tensor)]]  # markers are no outputs


def _wide(net: Any) -> Any:
    """A format whose numbers are around one."""
    while True:
        kind = net.format()
        if kind.width - kind.signed >= 6 and 1 <= kind.integer <= 4:
            return kind


def _stepped(net: Any, tensor: Any, kind: str) -> Any:
    """A layer in every step."""
    from tensorflow.keras import initializers

    rng, name = net.rng, f"inner{len(net.kinds)}"
    uniform = [initializers.RandomUniform(-1.0, 1.0, seed=int(rng.integers(1 << 30))) for _ in range(2)]
    weights: dict[str, Any] = {"kernel_initializer": uniform[0], "bias_initializer": uniform[1]}
    given = str(net.names.get(f"{_layer(tensor)}_end", net.names[_layer(tensor)])["Precision"]["result"])
    result = str(_wide(net))
    if kind == "Dense":
        inner = net.layers.Dense(int(rng.integers(1, 6)), name=name, **weights)
    elif kind == "Activation":
        inner = net.layers.Activation(str(rng.choice(["tanh", "relu", "sigmoid", "hard_sigmoid"])), name=name)
    elif kind == "BatchNormalization":
        inner = net.layers.BatchNormalization(name=name, gamma_initializer=uniform[0], beta_initializer=uniform[1])
    elif kind == "pool":
        most = bool(rng.random() < 0.5)
        inner = (net.layers.MaxPooling2D if most else net.layers.AveragePooling2D)(2, strides=1, name=name)
        result = given if most else result  # hls4ml's maximum compiles with an accumulator of its input's format alone
    elif kind == "DepthwiseConv2D":
        inner = net.layers.DepthwiseConv2D(2, name=name, depthwise_initializer=uniform[0], bias_initializer=uniform[1])
    else:
        size, padding = int(rng.integers(1, 3)), str(rng.choice(["same", "valid"]))
        inner = net.layers.Conv2D(int(rng.integers(1, 4)), size, padding=padding, name=name, **weights)
    net.names[name] = {"Precision": {"result": result, **({"accum": "auto"} if kind == "pool" else {})}}
    found = net.put("TimeDistributed", tensor, inner, slots=())
    outer = _layer(found)
    net.names[f"{outer}_end"] = {"Precision": {"result": result}}
    net.names[outer] = {"Precision": {"result": given}}
    return found


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor."""
    return str(tensor._keras_history.layer.name)
