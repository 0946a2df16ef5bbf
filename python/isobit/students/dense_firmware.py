"""The firmware of a stacked candidate, built straight from its weights.

It is the network that hls4ml's converter makes of the same layers with :func:`sheet_of` as configuration, without the
converter, which takes ten times as long as the emulation; a test compares both.
"""

from __future__ import annotations

from math import ceil, log2
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.layers.activation import Activation
from isobit.model.layers.dense import Dense
from isobit.model.ops import Op
from isobit.model.tensor import Tensor
from isobit.model.weights import Weight
from isobit.network import Network
from isobit.students.stacked import BIAS, RELU_INTEGER, WEIGHT_INTEGER, Candidate
from isobit.students.zoo.entry import keras_package
from isobit.students.zoo.sheet import Sheet

__all__ = ["INPUT", "keras_of", "network_of", "sheet_of", "sum_types"]

Layers = list[tuple[NDArray[np.float64], NDArray[np.float64]]]

#: Format of the inputs.
INPUT: Final = "ap_fixed<16,6>"
_BIAS: Final = f"ap_fixed<{BIAS[0]},{BIAS[1]}>"


def _weight_type(bits: int) -> str:
    return f"ap_fixed<{bits},{WEIGHT_INTEGER}>"


def _relu_type(bits: int) -> str:
    return f"ap_ufixed<{bits},{RELU_INTEGER},RND_CONV,SAT>"


def sum_types(inputs: int, one: Candidate) -> list[str]:
    """Formats that hold each layer's sums exactly, whatever the weights and events."""
    found = []
    integer, fraction = 6, 10
    for n, bits, relu in zip((inputs, *one.widths), one.weight_bits, (*one.relu_bits, 0), strict=True):
        fraction = max(fraction + bits - WEIGHT_INTEGER, BIAS[0] - BIAS[1])
        integer = max(integer + WEIGHT_INTEGER + ceil(log2(n)), BIAS[1]) + 1
        found.append(f"ap_fixed<{integer + fraction},{integer}>")
        integer, fraction = RELU_INTEGER, relu - RELU_INTEGER
    return found


def network_of(one: Candidate, layers: Layers) -> Network:
    """The network with these kernels and biases, as the emulator runs it."""
    inputs = layers[0][0].shape[0]
    before = Tensor("inputs", (inputs,), FixedType.parse(INPUT))
    given, ops = before, list[Op]()
    sums = sum_types(inputs, one)
    for number, ((kernel, bias), bits) in enumerate(zip(layers, one.weight_bits, strict=True), start=1):
        last = number == len(layers)
        name = "output" if last else f"fc{number}"
        kind = FixedType.parse(sums[number - 1])
        weight = Weight.from_written("weight", kernel, FixedType.parse(_weight_type(bits)))
        offset = Weight.from_written("bias", bias, FixedType.parse(_BIAS))
        result = Tensor(name, (kernel.shape[1],), kind)
        ops.append(Dense(name, (before.name,), result, weight, offset, kind))
        before = result
        if not last:
            relu = Tensor(f"relu{number}", result.shape, FixedType.parse(_relu_type(one.relu_bits[number - 1])))
            ops.append(Activation(relu.name, (before.name,), relu, "relu"))
            before = relu
    return Network(Graph("candidate", (given,), tuple(ops), (before.name,)))


def keras_of(one: Candidate, layers: Layers) -> Any:
    """The same as a Keras model."""
    keras = keras_package()
    start = tensor = keras.layers.Input((layers[0][0].shape[0],), name="inputs")
    for number, width in enumerate(one.widths, start=1):
        tensor = keras.layers.Dense(width, name=f"fc{number}")(tensor)
        tensor = keras.layers.Activation("relu", name=f"relu{number}")(tensor)
    model = keras.Model(start, keras.layers.Dense(1, name="output")(tensor), name="candidate")
    model.set_weights([array for layer in layers for array in layer])
    return model


def sheet_of(one: Candidate, inputs: int) -> Sheet:
    """The configuration with which hls4ml makes the same network of the Keras model."""
    sheet = Sheet(INPUT).shape("inputs")
    sums = sum_types(inputs, one)
    for number, (bits, kind) in enumerate(zip(one.weight_bits, sums, strict=True), start=1):
        name = "output" if number == len(sums) else f"fc{number}"
        precision = {"result": kind, "accum": kind, "weight": _weight_type(bits), "bias": _BIAS}
        sheet.dense(name, kind, Precision=precision)
        if number < len(sums):
            sheet.activation(f"relu{number}", _relu_type(one.relu_bits[number - 1]))
    return sheet
