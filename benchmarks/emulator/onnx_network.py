"""The zoo's networks as ONNX files in float32: weights as quantised, BatchNorm folded into its neighbour.

Convolutions are Conv nodes on [channel][row][column], between transpositions; those of one number are MatMul nodes, as
Dense layers are. A quantised ReLU is a Relu.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Floats = np.ndarray[Any, Any]

__all__ = ["Floats", "Network", "to_onnx"]

#: Activations by name: their ONNX operators.
OPERATORS = {"relu": "Relu", "softmax": "Softmax", "sigmoid": "Sigmoid"}
#: Gates of Keras in the order in which ONNX has them.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}


class Network:
    """An ONNX network under construction: every node reads the tensor of the one before."""

    def __init__(self, size: int) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.size, self.tensor = size, "x"
        self._count = 0

    def constant(self, values: Any) -> str:
        """A new constant, of int64 or float32; its name."""
        from onnx import numpy_helper

        array = np.asarray(values)
        self._count += 1
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        self.constants.append(numpy_helper.from_array(array, f"c{self._count}"))
        return f"c{self._count}"

    def put(self, operator: str, *others: str, given: str | None = None, place: int = 0, **attributes: Any) -> str:
        """A node that reads a tensor (the last one) and others; the name of what it gives, its output `place`."""
        from onnx import helper

        self._count += 1
        before = self.tensor if given is None else given
        self.tensor = f"t{self._count}"
        outputs = [*[""] * place, self.tensor]
        self.nodes.append(helper.make_node(operator, [before, *others], outputs, **attributes))
        return self.tensor

    def shaped(self, *shape: int, given: str | None = None) -> str:
        """The numbers of every event in another shape."""
        return self.put("Reshape", self.constant([-1, *shape]), given=given)

    def finished(self, outputs: int) -> bytes:
        """The file; it reads ``x`` of shape (events, size) and gives (events, outputs)."""
        from onnx import TensorProto, checker, helper

        self.shaped(outputs)
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
            for name, size in (("x", self.size), (self.tensor, outputs))
        ]
        graph = helper.make_graph(self.nodes, "network", ends[:1], ends[1:], self.constants)
        # The oldest versions that say all that is needed: any onnxruntime reads them.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        checker.check_model(model)
        return bytes(model.SerializeToString())


def to_onnx(model: Any) -> bytes:
    """A Keras model, one layer after another, as an ONNX file."""
    shape = tuple(model.input_shape[1:])
    network = Network(int(np.prod(shape)))
    if len(shape) > 1:
        network.shaped(*shape)
    for layer, weight, bias in _folded(model):
        kind = type(layer).__name__.removeprefix("Q")
        if (rule := _RULES.get(kind)) is None:
            raise ValueError(f"{layer.name}: a {kind} is not known here; known: {', '.join(_RULES)}")
        rule(network, layer, weight, bias)
    return network.finished(int(np.prod(model.output_shape[1:])))


Rule = Callable[[Network, Any, Any, Any], None]


def _folded(model: Any) -> Iterator[tuple[Any, Any, Any]]:
    """All layers except BatchNorms, with their weights (inputs last but one, outputs last) and biases; in float64.

    A BatchNorm behind a layer with weights is folded into it, one before into the next.
    """
    found: list[list[Any]] = []
    before: tuple[Floats, Floats] | None = None
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "BatchNormalization":
            gamma, beta, mean, variance = (np.asarray(value, np.float64) for value in layer.get_weights())
            scale = gamma / np.sqrt(variance + layer.epsilon)
            shift = beta - mean * scale
            if found and found[-1][1] is not None:
                found[-1][1:] = [found[-1][1] * scale, found[-1][2] * scale + shift]
            else:
                before = (scale, shift)
        elif kind.removeprefix("Q") in ("Dense", "Conv1D", "Conv2D"):
            weight, *rest = (np.asarray(value, np.float64) for value in _quantised(layer))
            bias = rest[0] if rest else np.zeros(weight.shape[-1])
            if before is not None:
                bias = bias + (before[1][:, None] * weight).sum(axis=tuple(range(weight.ndim - 1)))
                weight, before = before[0][:, None] * weight, None
            found.append([layer, weight, bias])
        elif kind != "InputLayer":
            found.append([layer, None, None])
    yield from ((layer, weight, bias) for layer, weight, bias in found)


def _quantised(layer: Any) -> list[Any]:
    values = layer.get_weights()
    quantisers = layer.get_quantizers() if hasattr(layer, "get_quantizers") else [None] * len(values)
    return [value if q is None else np.asarray(q(value)) for value, q in zip(values, quantisers, strict=False)]


# -- layers ------------------------------------------------------------------------------------------------------------


def _dense(network: Network, layer: Any, weight: Floats, bias: Floats) -> None:
    flat = weight.reshape(weight.shape[-2:]) if max(weight.shape[:-2], default=1) == 1 else None
    if flat is None:
        _convolution(network, layer, weight, bias)
    elif len(layer.input_shape) == 2:
        network.put("Gemm", network.constant(flat), network.constant(bias))
    else:
        network.put("MatMul", network.constant(flat))
        network.put("Add", network.constant(bias))


def _convolution(network: Network, layer: Any, weight: Floats, bias: Floats) -> None:
    if layer.padding not in ("valid", "same") or any(rate != 1 for rate in layer.dilation_rate):
        raise ValueError(f"{layer.name}: padding {layer.padding} or dilation {layer.dilation_rate} is not known here")
    kernel = weight.transpose(-1, -2, *range(weight.ndim - 2))
    _channels_first(
        network,
        layer,
        "Conv",
        network.constant(kernel),
        network.constant(bias),
        strides=list(layer.strides),
        auto_pad="SAME_UPPER" if layer.padding == "same" else "VALID",
    )


def _channels_first(network: Network, layer: Any, operator: str, *others: str, **attributes: Any) -> None:
    """A node that wants the channels before the positions."""
    axes = range(1, len(layer.input_shape) - 1)
    network.put("Transpose", perm=[0, len(axes) + 1, *axes])
    network.put(operator, *others, **attributes)
    network.put("Transpose", perm=[0, *(axis + 1 for axis in axes), 1])


def _pooled(network: Network, layer: Any, *_: Any) -> None:
    if layer.padding != "valid":
        raise ValueError(f"{layer.name}: padding {layer.padding} is not known here")
    size, strides = list(layer.pool_size), list(layer.strides)
    _channels_first(network, layer, "AveragePool", kernel_shape=size, strides=strides)


def _repeated(network: Network, layer: Any, *_: Any) -> None:
    scales = network.constant(np.array([1, *layer.size, 1], np.float32))
    network.put("Resize", "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def _padded(network: Network, layer: Any, *_: Any) -> None:
    begins, ends = zip((0, 0), *layer.padding, (0, 0), strict=True)
    network.put("Pad", network.constant([*begins, *ends]))


def _reshaped(network: Network, layer: Any, *_: Any) -> None:
    network.shaped(*layer.output_shape[1:])


def _activation(network: Network, layer: Any, *_: Any) -> None:
    name = str(getattr(layer.activation, "__name__", layer.activation))
    operator = next((found for part, found in OPERATORS.items() if part in name), None)
    if operator is None:
        raise ValueError(f"{layer.name}: expected one of {', '.join(OPERATORS)}, got {layer.activation}")
    network.put(operator)


def _recurrent(network: Network, layer: Any, *_: Any) -> None:
    """The last state of a recurrent layer."""
    kind = type(layer).__name__
    kernel, recurrent, bias = (np.asarray(value, np.float64) for value in layer.get_weights())
    order = GATES[kind]
    biases = bias if bias.ndim == 2 else np.stack([bias, 0 * bias])  # of the input's product, and of the state's

    def gates(values: Floats) -> Floats:
        parts = np.split(values, len(order), axis=-1)
        return np.concatenate([parts[gate] for gate in order], axis=-1)

    weights: Sequence[Floats] = (gates(kernel).T[None], gates(recurrent).T[None], gates(biases).reshape(1, -1))
    network.put("Transpose", perm=[1, 0, 2])
    after = {"linear_before_reset": 1} if kind == "GRU" else {}
    given = [network.constant(one) for one in weights]
    network.put(kind, *given, place=1, hidden_size=len(recurrent), **after)
    network.put("Squeeze", network.constant([0]))


_RULES: dict[str, Rule] = {
    "Dense": _dense,
    "Conv1D": _dense,
    "Conv2D": _dense,
    "AveragePooling2D": _pooled,
    "UpSampling2D": _repeated,
    "ZeroPadding2D": _padded,
    "Flatten": _reshaped,
    "Reshape": _reshaped,
    "Activation": _activation,
    "LSTM": _recurrent,
    "GRU": _recurrent,
}
