"""Random networks of layer normalisation: tables of all sizes, accumulators that hold sums or do not."""

from __future__ import annotations

from typing import Any

from isobit.fixed import FixedType, Rounding

__all__ = ["normalisations"]

OVERFLOW = ("WRAP", "SAT", "SAT", "SAT_SYM", "SAT_ZERO")


def normalisations(net: Any) -> None:
    """Two or three of them, of inputs around one."""
    from tensorflow.keras import initializers

    rng = net.rng
    net.least_integer = 0
    tensor = net.input(int(rng.integers(1, 6)), int(rng.integers(2, 8)))
    net.names["in0"] = {"Precision": {"result": str(_numbers(rng, 8, 1, 3))}}
    for _ in range(int(rng.integers(2, 4))):
        if rng.random() < 0.4:
            tensor = net.put("Activation", tensor, "linear")
            net.names[_layer(tensor)] = {"Precision": {"result": str(_numbers(rng, 8, 2, 4))}}
        normal = [initializers.RandomNormal(mean, 0.6, seed=int(rng.integers(1 << 30))) for mean in (1.0, 0.0)]
        tensor = net.put(
            "LayerNormalization",
            tensor,
            epsilon=10.0 ** -int(rng.integers(2, 6)),
            gamma_initializer=normal[0],
            beta_initializer=normal[1],
            slots=("result", "scale", "bias"),
        )
        entry = net.names[_layer(tensor)]
        if rng.random() < 0.8:
            entry["Precision"]["result"] = str(_numbers(rng, 9, 3, 5))
        if rng.random() < 0.8:
            entry["Precision"]["accum"] = str(_numbers(rng, 14, 6, 9))
            entry["table_t"] = str(_numbers(rng, 8, 4, 7, bool(rng.random() < 0.3)))
        elif rng.random() < 0.4:
            entry["Precision"]["accum"], entry["table_t"] = str(net.format()), str(net.format())
        entry["TableSize"] = int(rng.choice([16, 100, 1024, 4096]))
        entry["TableRangePower2"] = int(rng.choice([0, 0, 0, 1, 2, 5]))


def _numbers(rng: Any, width: int, least: int, most: int, signed: bool = True) -> FixedType:
    """A format from so many bits on, whose integer bits lie between two ends."""
    modes = str(rng.choice([mode.name for mode in Rounding])), str(rng.choice(OVERFLOW))
    return FixedType(int(rng.integers(width, width + 10)), int(rng.integers(least, most)), signed, *modes)


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor."""
    return str(tensor._keras_history.layer.name)
