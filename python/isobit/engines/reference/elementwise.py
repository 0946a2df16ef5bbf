"""Activations with constants by definition: nnet_activation.h and nnet_activation_stream.h."""

from __future__ import annotations

from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, where
from isobit.model.layers.elementwise import PReLU, ThresholdedReLU
from isobit.model.ops import Tensors

__all__ = ["prelu", "thresholded_relu"]


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
