"""Convolutions by definition: the loops of hls4ml's kernels over windows, reuse factor, inputs and filters.

Windows are independent: a kernel takes them all at once, as if they were more events.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isobit.engines.reference.dense import cast, dense
from isobit.engines.reference.kernels import Inputs, assign, product, register_kernel, signs_of, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.convolution import Convolution, DepthwiseConvolution, PointwiseConv, Windowed, Windows
from isobit.model.ops import Tensor, Tensors
from isobit.model.products import Product

__all__ = ["convolution", "depthwise_convolution", "im2col", "pointwise_conv"]


def _image(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width; a sequence is an image of one row."""
    height, width = shape if len(shape) == 2 else (1, *shape)
    return height, width


def im2col(op: Windows, tensor: Tensor, data: Numbers) -> Numbers:
    """``fill_buffer``, as ``_compute_conv2d_im2col`` of fpga_backend.py generates it; 1D is an image of one row.

    With io_stream, ``kernel_shift_1d`` and ``shift_line_buffer`` of nnet_conv_stream.h leave the same numbers in
    ``kernel_data`` in the same order. Shape (numbers of a window, windows * events).
    """
    in_height, in_width = _image(tensor.shape[:-1])
    out_height, out_width = _image(op.output.shape[:-1])
    filt_height, filt_width = _image(op.kernel)
    *above, stride_width = op.strides
    *top, pad_left = op.before
    stride_height, pad_top = (above or [1])[0], sum(top)
    n_chan, nothing = tensor.shape[-1], len(data)
    buffer = list[list[int]]()
    for i_oh in range(out_height):
        for i_ow in range(out_width):
            pixel = []
            for i_kh in range(filt_height):
                row = i_oh * stride_height + i_kh - pad_top
                for i_kw in range(filt_width):
                    col = i_ow * stride_width + i_kw - pad_left
                    for i_c in range(n_chan):
                        inside = 0 <= row < in_height and 0 <= col < in_width
                        pixel.append((row * in_width + col) * n_chan + i_c if inside else nothing)
            buffer.append(pixel)
    events = data.shape[1]
    zero = Numbers(np.zeros((1, events), dtype=np.int64), data.fraction, 0)
    patches = joined([data, zero]).raw[np.array(buffer).T]  # (numbers of a window, windows, events)
    return Numbers(patches.reshape(len(buffer[0]), -1), data.fraction, data.bits)


def _unrolled(op: Windowed, found: Numbers, events: int) -> Numbers:
    """Shape (filters, windows * events) as (windows * filters, events)."""
    n_filt, positions = op.output.shape[-1], op.positions
    raw = found.raw.reshape(n_filt, positions, events).swapaxes(0, 1).reshape(positions * n_filt, events)
    return Numbers(raw, found.fraction, found.bits)


class _Multipliers:
    """Products of a layer, each cast to the accumulator's format, and sums of them."""

    def __init__(self, op: Windowed, tensor: Tensor, data_buf: Numbers) -> None:
        self.op, self.tensor, self.data_buf = op, tensor, data_buf
        self.kind = Product.of(tensor, op.weight)
        self.exact = self.kind.exact_type(tensor.type, op.weight.type)
        self.weights, self.signs = values_of(op.weight), signs_of(op.weight)
        biases = assign(values_of(op.bias), op.accum, op.bias.type)
        self.acc = Numbers(np.repeat(biases.raw, data_buf.shape[1], axis=1), biases.fraction, biases.bits)

    def mult(self, i_in: int | slice, i_w: int | slice) -> Numbers:
        """Inputs times weights, in the accumulator's format."""
        i_in, i_w = (slice(i, i + 1) if isinstance(i, int) else i for i in (i_in, i_w))
        exact = product(
            self.kind, self.data_buf[i_in], self.weights[i_w], self.signs[i_w], self.tensor.type, self.op.weight.type
        )
        return assign(exact, self.op.accum, self.exact)

    def add(self, i_out: int | slice, mult: Numbers) -> None:
        """``acc[i_out] += mult``."""
        i_out = slice(i_out, i_out + 1) if isinstance(i_out, int) else i_out
        self.acc.raw[i_out] = assign(self.acc[i_out] + mult, self.op.accum).raw


@register_kernel(Convolution)
def convolution(op: Convolution, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``conv_1d_latency_cl``, ``conv_1d_resource_cl``, and their 2D relatives; with io_stream the dense kernels."""
    (tensor,), (data,) = tensors, inputs
    data_buf = im2col(op, tensor, data)
    mult_n_in, mult_n_out = op.weight.shape
    if op.strategy not in ("latency", "resource") or (op.strategy == "resource" and op.reuse_factor > mult_n_in):
        # ``compute_output_buffer_1d`` and ``_2d`` call the dense kernel of the strategy
        here = Tensor(tensor.name, (mult_n_in,), tensor.type, tensor.xnor)
        return _unrolled(op, dense(op.dense, (here,), (data_buf,)), data.shape[1])
    layer = _Multipliers(op, tensor, data_buf)
    if op.strategy == "latency":
        for i_in in range(mult_n_in):
            weights = slice(i_in * mult_n_out, (i_in + 1) * mult_n_out)
            layer.add(slice(None), layer.mult(i_in, weights))
    else:
        for i_in, i_out in _resource(mult_n_in, mult_n_out, op.reuse_factor):
            layer.add(i_out, layer.mult(i_in, i_in * mult_n_out + i_out))
    return _unrolled(op, cast(op, tensor, layer.acc, mult_n_in), data.shape[1])


def _resource(mult_n_in: int, mult_n_out: int, reuse_factor: int) -> Iterator[tuple[int, int]]:
    """``ReuseLoop`` and ``MultLoop`` of ``conv_2d_resource_cl``: inputs and filters, in order."""
    block_factor = -(-mult_n_in * mult_n_out // reuse_factor)
    multscale = block_factor // mult_n_out
    for i_rf in range(reuse_factor):
        i_in, i_out, i_acc = i_rf, 0, 0
        for _ in range(block_factor):
            yield i_in, i_out
            i_in += reuse_factor
            if i_in >= mult_n_in:
                i_in = i_rf
            if i_acc + 1 >= multscale:
                i_acc = 0
                i_out += 1
            else:
                i_acc += 1


@register_kernel(DepthwiseConvolution)
def depthwise_convolution(op: DepthwiseConvolution, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``depthwise_conv_2d_latency_cl``, and with io_stream the functions of nnet_depthwise_product.h."""
    (tensor,), (data,) = tensors, inputs
    layer = _Multipliers(op, tensor, im2col(op, tensor, data))
    taps, n_out = op.weight.shape
    if op.strategy == "latency":
        for ii in range(taps):
            channels = slice(ii * n_out, (ii + 1) * n_out)
            layer.add(slice(None), layer.mult(channels, channels))
    else:
        for in_index, out_index in _depthwise_resource(taps * n_out, n_out, op.reuse_factor):
            layer.add(out_index, layer.mult(in_index, in_index))
    return _unrolled(op, assign(layer.acc, op.output.type, op.accum), data.shape[1])


def _depthwise_resource(nin: int, nout: int, reuse_factor: int) -> Iterator[tuple[int, int]]:
    """``ReuseLoop`` and ``MultLoop`` of the three resource functions, which differ in how they find the channel."""
    rufactor = reuse_factor if reuse_factor <= nout else min(reuse_factor, nin)
    block_factor = -(-nin // rufactor)
    for ir in range(rufactor):
        in_index, out_index = ir, ir % nout
        for _ in range(block_factor):
            yield in_index, out_index
            in_index += rufactor
            if reuse_factor <= nout:  # depthwise_product_resource_rf_leq_nout
                out_index += rufactor
            elif reuse_factor % nout:  # depthwise_product_resource_gt_nout
                out_index += reuse_factor % nout
            if out_index >= nout:
                out_index -= nout


@register_kernel(PointwiseConv)
def pointwise_conv(op: PointwiseConv, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``pointwise_conv_1d_cl`` and ``pointwise_conv_2d_cl``, whose loops over a position's products are dense ones.

    Positions are independent: the dense kernel takes them as if they were more events.
    """
    (tensor,), (data,) = tensors, inputs
    n_in, n_out = op.weight.shape
    events = data.shape[1]
    here = data.raw.reshape(op.positions, n_in, events).swapaxes(0, 1).reshape(n_in, op.positions * events)
    found = dense(op.dense, (op.at_position(tensor),), (Numbers(here, data.fraction, data.bits),))
    raw = found.raw.reshape(n_out, op.positions, events).swapaxes(0, 1).reshape(op.positions * n_out, events)
    return Numbers(raw, found.fraction, found.bits)
