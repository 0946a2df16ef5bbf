"""Layers that move numbers, by definition: the loops of hls4ml's kernels, which read and write by pointer or index.

Kernels with io_stream move the same numbers in the same order, packet by packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from math import prod

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.movement import Movement
from isobit.model.layers.shape import (
    Broadcast,
    Concatenate,
    Copy,
    Cropping,
    Reshape,
    Take,
    Transpose,
    UpSampling,
    ZeroPadding,
)
from isobit.model.ops import Tensors

__all__ = [
    "broadcast",
    "concatenate",
    "copy",
    "cropping",
    "reshape",
    "take",
    "transpose",
    "up_sampling",
    "zero_padding",
]

#: Position of a number that no input holds.
ZERO = -1


def _written(op: Movement, tensors: Tensors, inputs: Inputs, res: list[int]) -> Numbers:
    """The result from positions among the numbers of all inputs, one input after the other."""
    cast = [assign(data, op.output.type, tensor.type) for data, tensor in zip(inputs, tensors, strict=True)]
    zero = Numbers(np.zeros((1, inputs[0].shape[1]), dtype=np.int64), op.output.type.fraction, 0)
    return joined([*cast, zero])[np.array(res)]  # ZERO is the last


def _image(shape: tuple[int, ...], first: bool) -> tuple[int, int, int]:
    """Height, width and channels; a sequence is an image of one row."""
    channels, positions = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    height, width = positions if len(positions) == 2 else (1, *positions)
    return height, width, channels


@register_kernel(ZeroPadding)
def zero_padding(op: ZeroPadding, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``zeropad1d_cl``, ``zeropad2d_cl`` and, where the first axis are the channels, ``_cf``."""
    first = bool(op.before[-1] or op.after[-1])
    in_height, in_width, n_chan = _image(tensors[0].shape, first)
    _, out_width, _ = _image(op.output.shape, first)
    sides = slice(1, None) if first else slice(None, -1)
    *above, pad_left = op.before[sides]
    *below, pad_right = op.after[sides]
    pad_top, pad_bottom = sum(above), sum(below)
    data, res = count(), list[int]()
    if first:
        for _ in range(n_chan):
            res += [ZERO for _ in range(pad_top) for _ in range(out_width)]
            for _ in range(in_height):
                res += [ZERO for _ in range(pad_left)]
                res += [next(data) for _ in range(in_width)]
                res += [ZERO for _ in range(pad_right)]
            res += [ZERO for _ in range(pad_bottom) for _ in range(out_width)]
    else:
        res += [ZERO for _ in range(pad_top) for _ in range(out_width) for _ in range(n_chan)]
        for _ in range(in_height):
            res += [ZERO for _ in range(pad_left) for _ in range(n_chan)]
            res += [next(data) for _ in range(in_width) for _ in range(n_chan)]
            res += [ZERO for _ in range(pad_right) for _ in range(n_chan)]
        res += [ZERO for _ in range(pad_bottom) for _ in range(out_width) for _ in range(n_chan)]
    return _written(op, tensors, inputs, res)


@register_kernel(Cropping)
def cropping(op: Cropping, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``cropping1d_cl``, ``cropping2d_cl`` and, where the first axis are the channels, ``cropping2d_cf``."""
    first = bool(op.before[-1] or op.after[-1])
    in_height, in_width, n_chan = _image(tensors[0].shape, first)
    out_height, out_width, _ = _image(op.output.shape, first)
    *above, crop_left = op.before[1:] if first else op.before[:-1]
    crop_top, res = sum(above), list[int]()
    if first:
        for k in range(n_chan):
            data_ptr = k * in_height * in_width + crop_top * in_width + crop_left
            for i in range(out_height):
                row_ptr = data_ptr + i * in_width
                res += [row_ptr + j for j in range(out_width)]
    else:
        for i in range(out_height):
            in_row = i + crop_top
            for j in range(out_width):
                in_col = j + crop_left
                data_ptr = (in_row * in_width + in_col) * n_chan
                res += [data_ptr + k for k in range(n_chan)]
    return _written(op, tensors, inputs, res)


@register_kernel(UpSampling)
def up_sampling(op: UpSampling, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``resize_nearest`` of nnet_image.h, with its ratios in 1/65536."""
    height, width, n_chan = _image(tensors[0].shape, False)
    new_height, new_width, _ = _image(op.output.shape, False)
    y_ratio, x_ratio = (height << 16) // new_height + 1, (width << 16) // new_width + 1
    res = []
    for i in range(new_height):
        for j in range(new_width):
            x2, y2 = (j * x_ratio) >> 16, (i * y_ratio) >> 16
            res += [y2 * width * n_chan + x2 * n_chan + k for k in range(n_chan)]
    return _written(op, tensors, inputs, res)


@register_kernel(Transpose)
def transpose(op: Transpose, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::transpose``, whose strides hls4ml writes (``transpose_config_gen`` in utils/transpose_utils.py)."""
    to_shape = [op.shape[axis] for axis in op.perm]
    perm_strides = [prod(op.shape[axis + 1 :]) for axis in op.perm]

    def transfer_idx(index: int) -> int:
        idx = 0
        for i in range(len(to_shape) - 1, -1, -1):
            idx += (index % to_shape[i]) * perm_strides[i]
            index //= to_shape[i]
        return idx

    return _written(op, tensors, inputs, [transfer_idx(i) for i in range(op.output.size)])


@register_kernel(Concatenate)
def concatenate(op: Concatenate, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``concatenate1d``, ``concatenate2d_0`` to ``_1`` and ``concatenate3d_0`` to ``_2``."""
    return _written(op, tensors, inputs, list(_joined(op, tensors)))


def _joined(op: Concatenate, tensors: Tensors) -> Iterator[int]:
    """Positions in the order in which ``res`` holds them."""
    one, two = (tensor.shape for tensor in tensors)
    start, last = prod(one), len(one) - 1
    if op.axis == 0:
        yield from range(start)
        yield from (start + ii for ii in range(prod(two)))
    elif op.axis == 1 and last == 1:
        for ii in range(one[0]):
            yield from (ii * one[1] + jj for jj in range(one[1]))
            yield from (start + ii * two[1] + jj for jj in range(two[1]))
    elif op.axis == 1:
        for ii in range(one[0]):
            for jj in range(one[1]):
                yield from (ii * one[1] * one[2] + jj * one[2] + kk for kk in range(one[2]))
            for jj in range(two[1]):
                yield from (start + ii * two[1] * two[2] + jj * two[2] + kk for kk in range(two[2]))
    else:
        for ii in range(one[0]):
            for jj in range(one[1]):
                yield from (ii * one[1] * one[2] + jj * one[2] + kk for kk in range(one[2]))
                yield from (start + ii * two[1] * two[2] + jj * two[2] + kk for kk in range(two[2]))


@register_kernel(Broadcast)
def broadcast(op: Broadcast, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``broadcast_stream_1x1xC`` and ``broadcast_stream_HxWx1``."""
    in_height, in_width, in_chan = tensors[0].shape
    out_height, out_width, out_chan = op.output.shape
    res: list[int] = []
    if in_height == 1 and in_width == 1 and in_chan == out_chan:
        n_dupl = (out_height * out_width * out_chan) // (in_height * in_width * in_chan)
        for _ in range(n_dupl):
            res += range(out_chan)
    else:
        for i in range(in_height * in_width):
            res += [i for _ in range(out_chan)]
    return _written(op, tensors, inputs, res)


@register_kernel(Copy)
def copy(op: Copy, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``repack_stream``: other packets of the same numbers."""
    return _written(op, tensors, inputs, list(range(op.output.size)))


@register_kernel(Take)
def take(op: Take, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``y[i] = x[indices[i]]``."""
    return _written(op, tensors, inputs, list(op.indices))


@register_kernel(Reshape)
def reshape(op: Reshape, tensors: Tensors, inputs: Inputs) -> Numbers:
    """The same numbers."""
    (data,) = inputs
    return data
