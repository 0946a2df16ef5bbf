"""Random networks with distributed arithmetic, which da4ml solves at the conversion: Dense and Conv."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["distributed"]


def distributed(net: Any) -> None:
    """Weights as trained, weights on a grid, zeros; with biases and without, results in all kinds of formats."""
    rng = net.rng
    net.settings["Strategy"], net.integers = "distributed_arithmetic", False  # hls4ml refuses ap_int before it
    if rng.random() < 0.4:
        _convolutions(net)
        return
    net.cast(net.input(int(rng.integers(1, 9))))
    for _ in range(int(rng.integers(2, 5))):
        net.put("Dense", net.some(), int(rng.integers(1, 9)), **_numbers(rng, "kernel"))
        if rng.random() < 0.6:
            net.cast(net.live[-1])


def _convolutions(net: Any) -> None:
    """Sequences or images, with windows, strides and padding, and pointwise ones."""
    rng = net.rng
    axes = int(rng.integers(1, 3))
    net.cast(net.input(*(int(n) for n in rng.integers(2, 6, axes)), int(rng.integers(1, 4))))
    for _ in range(2):
        tensor = net.some()
        kernel = tuple(int(rng.integers(1, min(3, extent) + 1)) for extent in tensor.shape[1:-1])
        strides = 1 if rng.random() < 0.6 else 2
        padding = str(rng.choice(["valid", "same"]))
        options = {"strides": strides, "padding": padding, **_numbers(rng, "kernel")}
        net.put(f"Conv{axes}D", tensor, int(rng.integers(1, 4)), kernel, **options)
        if rng.random() < 0.6:
            net.cast(net.live[-1])


def _numbers(rng: np.random.Generator, name: str) -> dict[str, Any]:
    """Weights and biases."""
    from tensorflow.keras import initializers

    seed, scale = int(rng.integers(1 << 30)), float(2.0 ** rng.integers(-3, 3))
    weights = initializers.RandomUniform(-scale, scale, seed=seed)
    if rng.random() < 0.6:  # quantised in training
        places, kept = float(2.0 ** rng.integers(0, 7)), float(rng.uniform(0.2, 1.0))
        weights = _OnGrid(seed, scale, places, kept)
    biases = initializers.RandomUniform(-scale, scale, seed=seed + 1)
    used = {"bias_initializer": biases, "use_bias": bool(rng.random() < 0.8)}
    return {f"{name}_initializer": weights, **used}


class _OnGrid:
    """Multiples of a power of two, some of them zero."""

    def __init__(self, seed: int, scale: float, places: float, kept: float) -> None:
        self.seed, self.scale, self.places, self.kept = seed, scale, places, kept

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        rng = np.random.default_rng(self.seed)
        values = np.round(rng.uniform(-self.scale, self.scale, tuple(shape)) * self.places) / self.places
        return np.where(rng.random(tuple(shape)) < self.kept, values, 0.0).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "scale": self.scale, "places": self.places, "kept": self.kept}
