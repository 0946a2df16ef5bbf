"""Distributed arithmetic by definition: the exact sum of what da4ml solved, and the cast to the result."""

from __future__ import annotations

from isobit.engines.reference.convolution import im2col
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.distributed import DistributedConvolution, DistributedDense
from isobit.model.ops import Tensors

__all__ = ["distributed_convolution", "distributed_dense"]


@register_kernel(DistributedDense)
def distributed_dense(op: DistributedDense, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``dense_da_<index>``, position by position."""
    (data,) = inputs
    n_in = op.weight.shape[0]
    return joined([_dense_da(op, data[first : first + n_in]) for first in range(0, len(data), n_in)])


@register_kernel(DistributedConvolution)
def distributed_convolution(op: DistributedConvolution, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``conv1d_cl`` and ``conv2d_cl`` of nnet_da_wrappers.h: ``dense_da`` of every pixel's buffer."""
    (tensor,), (data,) = tensors, inputs
    data_buf, events = im2col(op, tensor, data), data.shape[1]
    pixels = (slice(first, first + events) for first in range(0, data_buf.shape[1], events))
    return joined([_dense_da(op, data_buf[:, pixel]) for pixel in pixels])


def _dense_da(op: DistributedDense | DistributedConvolution, model_inp: Numbers) -> Numbers:
    """``model_out[j] = <exact format>(...)``: the sum of all products, and one cast."""
    n_in, n_out = op.weight.shape
    weights, biases = values_of(op.weight), values_of(op.bias)
    model_out = []
    for j in range(n_out):
        total = biases[[j]]
        for i in range(n_in):
            total = total + model_inp[[i]] * weights[[i * n_out + j]]
        model_out.append(assign(total, op.output.type))
    return joined(model_out)
