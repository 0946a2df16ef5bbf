"""Random networks as users build them: residual connections, two inputs and two outputs, layers of all kinds."""

from __future__ import annotations

from typing import Any

from isobit.fixed import FixedType, Rounding

__all__ = ["mixtures"]

OVERFLOW = ("WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")


def mixtures(net: Any) -> None:
    """A trunk of one of three kinds with a residual connection, a second input that joins it, and two heads."""
    rng = net.rng
    net.least_integer = 1
    kind = str(rng.choice(["vector", "sequence", "image"]))
    shape = {"vector": (6,), "sequence": (5, 3), "image": (5, 4, 2)}[kind]
    trunk = _block(net, _input(net, *shape), kind)
    shortcut = trunk
    for _ in range(int(rng.integers(1, 3))):
        trunk = _block(net, trunk, kind)
    trunk = net.put(str(rng.choice(["Add", "Add", "Subtract", "Maximum", "Average"])), [trunk, shortcut], slots=())
    _formats(net, trunk, "result")
    if kind != "vector":
        trunk = _flat(net, trunk, kind)
    side = _activated(net, _dense(net, _input(net, int(rng.integers(2, 6))), int(rng.integers(2, 5))))
    joined = net.put("Concatenate", [trunk, side], slots=())
    _formats(net, joined, "result")
    body = _activated(net, _dense(net, joined, int(rng.integers(3, 7))))
    if rng.random() < 0.5:  # one result that both heads read, scaled
        body = net.put("BatchNormalization", body, slots=(), **_weights(net, "gamma", "beta"))
        _formats(net, body, "result", "scale", "bias")
    heads = [_dense(net, body, int(rng.integers(1, 4))) for _ in range(2)]
    if not net.streams and rng.random() < 0.4:
        net.put("Activation", heads[0], "sigmoid", slots=())
        _formats(net, net.live[-1], "result")
    net.live = [tensor for tensor in net.live if not net.uses[_layer(tensor)]]


def _input(net: Any, *shape: int) -> Any:
    tensor = net.input(*shape)
    net.names[_layer(tensor)] = {"Precision": {"result": str(_roomy(net))}}
    return tensor


def _block(net: Any, tensor: Any, kind: str) -> Any:
    """A layer of the trunk, which keeps the number of axes and their extents."""
    width = {"vector": 6, "sequence": 4, "image": 3}[kind]
    if kind == "vector":
        return _activated(net, _dense(net, tensor, width))
    name = "Conv1D" if kind == "sequence" else "Conv2D"
    found = net.put(name, tensor, width, 3, padding="same", slots=(), **_weights(net, "kernel", "bias"))
    _formats(net, found, "weight", "bias", "accum", "result")
    return _activated(net, found)


def _flat(net: Any, tensor: Any, kind: str) -> Any:
    """The numbers of a sequence or an image in one axis, or those of its positions together."""
    if net.rng.random() < 0.5:
        pooled = net.put(
            f"Global{net.rng.choice(['Average', 'Max'])}Pooling{1 if kind == 'sequence' else 2}D", tensor, slots=()
        )
        net.names[_layer(pooled)] = {"Precision": {"result": str(_roomy(net)), "accum": "auto"}}
        return pooled
    # hls4ml concatenates streams by packets, in which a flattened tensor has another size
    return _dense(net, net.put("Flatten", tensor, slots=()), 4)


def _dense(net: Any, tensor: Any, units: int) -> Any:
    found = net.put("Dense", tensor, units, slots=(), **_weights(net, "kernel", "bias"))
    _formats(net, found, "weight", "bias", "accum", "result")
    return found


def _activated(net: Any, tensor: Any) -> Any:
    found = net.put("Activation", tensor, str(net.rng.choice(["relu", "relu", "tanh", "linear"])), slots=())
    _formats(net, found, "result")
    return found


def _weights(net: Any, *names: str) -> dict[str, Any]:
    """Weights around one."""
    from tensorflow.keras import initializers

    seeds = (int(net.rng.integers(1 << 30)) for _ in names)
    return {f"{n}_initializer": initializers.RandomNormal(0.0, 0.7, seed=s) for n, s in zip(names, seeds, strict=True)}


def _formats(net: Any, tensor: Any, *slots: str) -> None:
    """A format for every slot; accumulators hold most sums."""
    wide = {"accum": 4, "weight": -1, "bias": -1}
    net.names[_layer(tensor)] = {"Precision": {slot: str(_roomy(net, wide.get(slot, 0))) for slot in slots}}


def _roomy(net: Any, more: int = 0) -> Any:
    """A format of some numbers around one."""
    rng = net.rng
    modes = str(rng.choice([mode.name for mode in Rounding])), str(rng.choice(OVERFLOW))
    integer = int(rng.integers(2, 5)) + more
    return FixedType(integer + int(rng.integers(3, 12)), integer, True, *modes)


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor."""
    return str(tensor._keras_history.layer.name)
