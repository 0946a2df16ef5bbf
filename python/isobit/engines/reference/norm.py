"""Batch normalisation by definition, and the thresholds that it is merged into: nnet_batchnorm.h."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, product, register_kernel, signs_of, values_of
from isobit.engines.reference.numbers import Numbers, where
from isobit.model.layers.norm import BatchNorm, Threshold
from isobit.model.ops import Tensors
from isobit.model.products import Product

__all__ = ["batchnorm", "threshold"]


@register_kernel(BatchNorm)
def batchnorm(op: BatchNorm, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::normalize`` of nnet_batchnorm.h."""
    (tensor,), (data,) = tensors, inputs
    kind = Product.of(tensor, op.scale)
    scales, biases, signs = values_of(op.scale), values_of(op.bias), signs_of(op.scale)
    total = kind.exact_type(tensor.type, op.scale.type).sum_with(op.bias.type)
    k = np.arange(len(data)) % len(scales)
    exact = product(kind, data, scales[k], signs[k], tensor.type, op.scale.type)
    return assign(exact + biases[k], op.output.type, total)


@register_kernel(Threshold)
def threshold(op: Threshold, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``normalize_binary_tanh`` and ``normalize_ternary_tanh`` of nnet_batchnorm.h."""
    (data,) = inputs
    one, zero = Numbers.exactly(1), Numbers.exactly(0)
    k = np.arange(len(data)) % op.high.raw.size
    high = values_of(op.high)[k]
    if op.low is None:
        return where(data >= high, one, zero)
    return where(data > high, one, where(values_of(op.low)[k] >= data, Numbers.exactly(-1), zero))
