"""Activations without a table by definition: nnet_activation.h and nnet_activation_stream.h."""

from __future__ import annotations

from collections.abc import Callable

from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, where
from isobit.fixed.types import FixedType
from isobit.model.layers.activation import Activation, PReLU, ThresholdedReLU
from isobit.model.ops import Tensor, Tensors

__all__ = ["activation", "prelu", "thresholded_relu"]


@register_kernel(PReLU)
def prelu(op: PReLU, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::prelu``."""
    (tensor,), (data,) = tensors, inputs
    scaled = assign(values_of(op.param) * data, op.output.type, op.param.type.product_with(tensor.type))
    return where(data > 0, assign(data, op.output.type, tensor.type), scaled)


@register_kernel(ThresholdedReLU)
def thresholded_relu(op: ThresholdedReLU, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::thresholded_relu``."""
    (tensor,), (data,) = tensors, inputs
    return where(data > values_of(op.param), assign(data, op.output.type, tensor.type), assign(0, op.output.type))


@register_kernel(Activation)
def activation(op: Activation, tensors: Tensors, inputs: Inputs) -> Numbers:
    """The functions of nnet_activation.h that need no table."""
    (tensor,), (data,) = tensors, inputs
    return _FUNCTIONS[op.function](op, tensor, data)


def _linear(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    return assign(values, op.output.type, tensor.type)


def _relu(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    return where(values > 0, assign(values, op.output.type, tensor.type), assign(0, op.output.type))


def _leaky_relu(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    assert op.param is not None
    scaled = assign(values * values_of(op.param), op.output.type, tensor.type.product_with(op.param.type))
    return where(values > 0, assign(values, op.output.type, tensor.type), scaled)


def _binary_tanh(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    if op.output.type == FixedType.int_type(1, signed=False):
        return where(values >= 0, Numbers.exactly(1), Numbers.exactly(0))
    sign = FixedType.int_type(2)
    return where(values >= 0, assign(1, op.output.type, sign), assign(-1, op.output.type, sign))


def _ternary_tanh(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    doubled = assign(values * 2, tensor.type)
    plus, zero, minus = (assign(sign, op.output.type) for sign in (1, 0, -1))
    return where(doubled > 1, plus, where(doubled > -1, zero, minus))


def _hard(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    assert op.slope is not None
    assert op.shift is not None
    line = values * values_of(op.slope) + values_of(op.shift)
    # The register of the line has the exact sum's LSB; where that is coarser than 1, the 1 written into it is cut to 0.
    finest = max(tensor.type.fraction + op.slope.type.fraction, op.shift.type.fraction)
    one, zero = Numbers.exactly(1 if finest >= 0 else 0), Numbers.exactly(0)
    return where(line > 1, one, where(line > 0, line, zero))


def _hard_sigmoid(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    return assign(_hard(op, tensor, values), op.output.type)


def _hard_tanh(op: Activation, tensor: Tensor, values: Numbers) -> Numbers:
    return assign(_hard(op, tensor, values) * 2 - 1, op.output.type)


_FUNCTIONS: dict[str, Callable[[Activation, Tensor, Numbers], Numbers]] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}
