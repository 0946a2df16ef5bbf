"""Distributed arithmetic by definition: the exact sum of what da4ml solved, and the cast to the result."""

from __future__ import annotations

from isobit.engines.reference.convolution import im2col
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.distributed import DistributedConvolution, DistributedDense
from isobit.model.ops import Tensor, Tensors

__all__ = ["distributed_convolution", "distributed_dense"]


@register_kernel(DistributedDense)
def distributed_dense(op: DistributedDense, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``dense_da_<index>``, position by position."""
    (tensor,), (data,) = tensors, inputs
    n_in = op.weight.shape[0]
    return joined([_dense_da(op, tensor, data[first : first + n_in]) for first in range(0, len(data), n_in)])


@register_kernel(DistributedConvolution)
def distributed_convolution(op: DistributedConvolution, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``conv1d_cl`` and ``conv2d_cl`` of nnet_da_wrappers.h: ``dense_da`` of every pixel's buffer."""
    (tensor,), (data,) = tensors, inputs
    data_buf, events = im2col(op, tensor, data), data.shape[1]
    pixels = (slice(first, first + events) for first in range(0, data_buf.shape[1], events))
    return joined([_dense_da(op, tensor, data_buf[:, pixel]) for pixel in pixels])


def _dense_da(op: DistributedDense | DistributedConvolution, tensor: Tensor, model_inp: Numbers) -> Numbers:
    """``model_out[j] = <exact format>(...)``: the sum of all products, and one cast.

    With a fused quantiser that of ``<format> model_inp_q_<i> = model_inp[i]``, or ``= 0``.
    """
    n_in, n_out = op.weight.shape
    read = [model_inp[[i]] for i in range(n_in)]
    for i, kind in enumerate(op.formats):
        read[i] = read[i] * 0 if kind is None else assign(read[i], kind, tensor.type)
    weights, biases = values_of(op.weight), values_of(op.bias)
    model_out = []
    for j in range(n_out):
        total = biases[[j]]
        for i in range(n_in):
            total = total + read[i] * weights[[i * n_out + j]]
        model_out.append(assign(total, op.output.type))
    return joined(model_out)
