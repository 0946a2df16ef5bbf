"""Random networks of HGQ's tables (``UnaryLUT`` of its proxy models), of numbers in all kinds of formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed import FixedType

__all__ = ["tables"]


def _layers(keras: Any) -> Any:
    """Keras' layers and HGQ's."""

    class UnaryLUT(keras.Layer):  # type: ignore[misc]
        """As HGQ's proxy models have it: a table as weights, and its format by kept sign, integer and fraction bits."""

        def __init__(self, table: Any, kif_out: Any, name: str) -> None:
            super().__init__(name=name)
            self.values, self.kif_out = table, kif_out

        def build(self, shape: Any) -> None:
            self.table = self.add_weight(name="table", shape=self.values.shape, initializer="zeros")
            self.set_weights([self.values])

        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "kif_out": self.kif_out}

    return type("Layers", (), {"__getattr__": lambda _, name: getattr(keras, name), "UnaryLUT": UnaryLUT})()


def tables(net: Any) -> None:
    """Two or three tables, each of a number's whole format."""
    rng = net.rng
    net.layers = _layers(net.layers)
    net.integers, net.least_integer = False, 0  # AMD's headers do not define ap_int of numbers below 1/2
    tensor = net.input(*(int(n) for n in rng.integers(1, 5, int(rng.choice([1, 2])))))
    net.names["in0"] = {"Precision": {"result": "ap_fixed<12,4>"}}
    for _ in range(int(rng.integers(2, 4))):
        kind = net.format()
        while not 5 <= kind.width <= 9 or kind.integer < 2:
            kind = net.format()
        source = tensor if rng.random() < 0.3 else net.inputs[0]
        tensor = net.put("Activation", source, "linear")
        net.names[_layer(tensor)] = {"Precision": {"result": str(kind)}}
        signed, integer, fraction = bool(rng.random() < 0.7), int(rng.integers(0, 4)), int(rng.integers(2, 9))
        entry = FixedType(signed + integer + fraction, signed + integer, signed)
        values = rng.integers(entry.raw_min, entry.raw_max + 1, 1 << kind.width) * float(entry.lsb)
        tensor = net.put("UnaryLUT", tensor, values.astype(np.float32), [signed, integer, fraction])


def _layer(tensor: Any) -> str:
    """The name of the layer that gives a tensor."""
    return str(tensor._keras_history.layer.name)
