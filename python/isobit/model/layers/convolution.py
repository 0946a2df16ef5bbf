"""Convolutions: sums of products over windows of positions, of all channels or of each channel by itself.

Semantics: nnet_conv1d_latency.h, nnet_conv1d_resource.h, nnet_conv2d_latency.h, nnet_conv2d_resource.h,
nnet_sepconv1d_latency.h and nnet_sepconv2d_latency.h; with io_stream nnet_conv_stream.h, nnet_sepconv_stream.h and
nnet_depthwise_product.h, in hls4ml 1.3.0. Positions are all axes of a tensor but the last, which holds the channels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.layers.dense import Dense
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import identity_view
from isobit.model.products import Product
from isobit.model.reuse import check_reuse_factor
from isobit.model.weights import Weight

__all__ = ["Convolution", "DepthwiseConvolution", "PointwiseConv", "Windowed", "Windows"]


@register_op
@dataclass(frozen=True, eq=False)
class PointwiseConv(Op):
    """One Dense layer at every position: ``pointwise_conv_1d_cl`` and ``pointwise_conv_2d_cl``.

    hls4ml makes it from convolutions with ``kernel_size`` and stride 1, and Dense layers on inputs of two or three axes
    (``multi_dense.py``). The products of a position are added in the order of the dense kernel, with io_parallel
    (nnet_conv1d_latency.h, nnet_conv1d_resource.h and their 2D relatives) as with io_stream (nnet_sepconv_stream.h).

    Attributes
    ----------
    weight
        Shape (n_in, n_out) of channels, whatever the layout in the firmware.
    bias
        Shape (n_out,).
    accum, strategy, reuse_factor
        As for :class:`~isobit.model.layers.dense.Dense`, which one position is.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    strategy: str = "latency"
    reuse_factor: int = 1

    tag: ClassVar[str] = "pointwise_conv"

    def __post_init__(self) -> None:
        if self.positions * self.dense.output.size != self.output.size:
            raise ShapeError(
                f"layer {self.name!r} gives the shape {self.output.shape}, expected (..., {self.dense.output.size})"
            )

    @cached_property
    def dense(self) -> Dense:
        """The Dense layer that is computed at one position."""
        n_out = self.weight.shape[-1]
        output = Tensor(self.output.name, (n_out,), self.output.type)
        return Dense(
            self.name, self.inputs, output, self.weight, self.bias, self.accum, self.strategy, self.reuse_factor
        )

    @property
    def positions(self) -> int:
        """Number of positions."""
        return self.output.size // self.weight.shape[-1]

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """The channels of every position; see :meth:`Op.reading`."""
        return self.positions, self.positions * self.weight.shape[0]

    def at_position(self, tensor: Tensor) -> Tensor:
        """The input tensor of one position."""
        return Tensor(tensor.name, (self.weight.shape[0],), tensor.type, tensor.xnor)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A window is the channels of a position; see :meth:`Op.lower`."""
        (tensor,) = tensors
        return (Dot.of(self, tensor, identity_view(tensor.size).reshape(self.positions, -1)),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        n_in, n_out = self.weight.shape
        self._same(tensor.size, (self.positions * n_in,), f"inputs of {n_in} channels", tensor)
        self._same(self.bias.raw.size, (n_out,), "biases", tensor)
        if tensor.xnor or self.output.xnor or tensor.type == FixedType.int_type(1, signed=False):
            raise UnsupportedError(
                f"pointwise convolution {self.name!r} reads or gives one-bit numbers; it has not been compared with "
                "hls4ml's, which counts the inputs of all positions where it is fully parallel"
            )


class Windows(Op):
    """A layer that reads windows of positions; fields of its subclasses say which, see :class:`Windowed`."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    before: tuple[int, ...]

    def __post_init__(self) -> None:
        axes = len(self.output.shape) - 1
        if axes not in (1, 2) or {len(self.kernel), len(self.strides), len(self.before)} != {axes}:
            raise ShapeError(
                f"layer {self.name!r} ({self.tag}) gives the shape {self.output.shape} with the kernel {self.kernel}, "
                f"strides {self.strides} and padding {self.before}; expected one or two axes of positions, the "
                "channels, and as many of each"
            )
        if min(*self.kernel, *self.strides) < 1 or min(self.before) < 0:
            raise ShapeError(
                f"layer {self.name!r} has the kernel {self.kernel}, strides {self.strides} and padding {self.before}; "
                "expected at least 1, 1 and 0"
            )

    @property
    def taps(self) -> int:
        """Positions in a window."""
        return prod(self.kernel)

    @property
    def positions(self) -> int:
        """Windows."""
        return prod(self.output.shape[:-1])

    def windows(self, tensor: Tensor) -> Any:
        """The numbers in every window.

        Parameters
        ----------
        tensor
            The input tensor.

        Returns
        -------
        int64, shape (windows, positions of a window, channels): flat indices into the input; -1 for zero.
        """
        *extents, channels = tensor.shape
        places = np.zeros((1, 1), dtype=np.int64)
        inside = np.ones((1, 1), dtype=bool)
        axes = zip(extents, self.output.shape[:-1], self.kernel, self.strides, self.before, strict=True)
        for extent, windows, kernel, stride, before in axes:
            place = (np.arange(windows) * stride - before)[:, None] + np.arange(kernel)
            shape = (len(places) * windows, places.shape[1] * kernel)
            places = (places[:, None, :, None] * extent + place[None, :, None, :]).reshape(shape)
            here = (place >= 0) & (place < extent)
            inside = (inside[:, None, :, None] & here[None, :, None, :]).reshape(shape)
        return np.where(inside[..., None], places[..., None] * channels + np.arange(channels), -1)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        if len(tensor.shape) != len(self.output.shape):
            raise ShapeError(
                f"layer {self.name!r} ({self.tag}) gives the shape {self.output.shape} for an input of the shape "
                f"{tensor.shape}; expected as many axes"
            )

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """A window at each position; see :meth:`Op.reading`."""
        (tensor,) = tensors
        return self.positions, self.positions * self.taps * tensor.shape[-1]


@dataclass(frozen=True, eq=False)
class Windowed(Windows):
    """A layer whose numbers are sums of products of weights and the numbers in a window.

    Attributes
    ----------
    weight
        The weights of a window's numbers, in the order in which the window is walked through: position after position,
        the last axis fastest, and channel after channel at each position.
    bias
        Shape (filters,).
    accum
        Format of the accumulator; every product, the bias and every sum is cast to it.
    kernel
        Extents of the window along the axes of positions, as many as the tensors have.
    strides
        How far windows are apart, along the same axes.
    before
        Zeros before the first position of every axis. What a window holds beyond the last position is zero as well.
        Zeros are numbers like others: their products are added.
    strategy, reuse_factor
        As for :class:`~isobit.model.layers.dense.Dense`: they fix the order of the sum.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    before: tuple[int, ...]
    strategy: str = "latency"
    reuse_factor: int = 1

    #: Whether each channel is summed by itself.
    each_channel: ClassVar[bool] = False

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """A window at each position, or one for each channel; see :meth:`Op.reading`."""
        windows, read = super().reading(*tensors)
        return windows * (self.output.shape[-1] if self.each_channel else 1), read

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes, and one-bit inputs; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        counted = self.taps == 1 or self.each_channel  # hls4ml's kernel then counts other inputs than those of a window
        if self.output.xnor or (counted and tensor.type == FixedType.int_type(1, signed=False)):
            raise UnsupportedError(
                f"convolution {self.name!r} ({self.tag}, windows of {self.taps}) reads or gives one-bit numbers; "
                "supported are one-bit inputs of windows of several positions, with all channels"
            )


@register_op
@dataclass(frozen=True, eq=False)
class Convolution(Windowed):
    """Products of all channels: ``conv_1d_cl`` and ``conv_2d_cl``, and pointwise ones with strides or padding.

    A window is an input of a Dense layer, whose weights have the shape (positions of a window * channels, filters). The
    kernels for io_parallel add in the order of the dense ones; those for io_stream call them.
    """

    tag: ClassVar[str] = "convolution"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.shape[1:] != self.output.shape[-1:]:
            raise ShapeError(
                f"layer {self.name!r} has weights of the shape {self.weight.shape} and gives the shape "
                f"{self.output.shape}; expected (positions of a window * channels, {self.output.shape[-1]})"
            )
        self.dense  # noqa: B018, it checks strategy and reuse factor

    @cached_property
    def dense(self) -> Dense:
        """The Dense layer that is computed at every window."""
        output = Tensor(self.output.name, (self.weight.shape[-1],), self.output.type)
        return Dense(
            self.name, self.inputs, output, self.weight, self.bias, self.accum, self.strategy, self.reuse_factor
        )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The sums of a Dense layer at every window; see :meth:`Op.lower`."""
        (tensor,) = tensors
        return (Dot.of(self, tensor, self.windows(tensor).reshape(self.positions, -1)),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        self._same(self.weight.shape[0], (self.taps * tensor.shape[-1],), "rows of weights", tensor)
        self._same(self.bias.raw.size, self.weight.shape[1:], "biases", tensor)


@register_op
@dataclass(frozen=True, eq=False)
class DepthwiseConvolution(Windowed):
    """Products of each channel by itself: ``depthwise_conv_1d_cl`` and ``depthwise_conv_2d_cl``.

    Weights have the shape (positions of a window, channels). hls4ml's kernels give as many channels as they read.
    """

    tag: ClassVar[str] = "depthwise_convolution"
    each_channel: ClassVar[bool] = True
    STRATEGIES: ClassVar[tuple[str, ...]] = ("latency", "resource")

    def __post_init__(self) -> None:
        super().__post_init__()
        taps, channels = self.taps, self.output.shape[-1]
        if self.weight.shape != (taps, channels):
            raise ShapeError(
                f"layer {self.name!r} has weights of the shape {self.weight.shape}, expected {(taps, channels)}"
            )
        if self.strategy not in self.STRATEGIES:
            raise UnsupportedError(
                f"strategy {self.strategy!r} of layer {self.name!r} is not supported; supported: "
                f"{', '.join(self.STRATEGIES)}"
            )
        check_reuse_factor(self.name, taps * channels, channels, self.strategy, self.reuse_factor)

    @property
    def order(self) -> Any:
        """In which order the products of each channel are added: int64, shape (channels, positions of a window).

        With the resource strategy, product i of a window, counted over positions and channels, belongs to step i % RF
        of the loop (nnet_depthwise_product.h).
        """
        taps, channels = self.weight.shape
        order = np.tile(np.arange(taps), (channels, 1))
        if self.strategy == "latency":
            return order
        step = (order * channels + np.arange(channels)[:, None]) % min(self.reuse_factor, taps * channels)
        return np.argsort(step, axis=1, kind="stable")

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every channel is a group with a window of its own, in the order of its sum; see :meth:`Op.lower`."""
        (tensor,) = tensors
        taps, channels = self.weight.shape
        view = np.take_along_axis(self.windows(tensor).swapaxes(1, 2), self.order[None], axis=2).reshape(-1, taps)
        weight = _in_order(self.weight, self.order.T)
        product = Product.of(tensor, weight)
        return (
            Dot(self.name, self.inputs, self.output, weight, self.bias, self.accum, view, product, groups=channels),
        )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the shapes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        self._same(tensor.shape[-1], self.output.shape[-1:], "channels", tensor)
        self._same(self.bias.raw.size, self.output.shape[-1:], "biases", tensor)


def _in_order(weight: Weight, order: Any) -> Weight:
    """The same weights, with the rows of every column in another order; shapes (rows, columns)."""
    raw, written, unquantised = (
        np.take_along_axis(values, order, axis=0) for values in (weight.raw, weight.written, weight.unquantised)
    )
    signs = None if weight.signs is None else np.take_along_axis(weight.signs, order, axis=0)
    return replace(weight, raw=raw, written=written, unquantised=unquantised, signs=signs)
