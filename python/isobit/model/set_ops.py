"""Layers on sets and images: the same dense map at every position, pooling over positions, transposition.

Positions are all axes of a tensor but the last, which holds the channels (hls4ml's ``channels_last``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Dense, Op, Tensor, register_op
from isobit.model.primitives import Select, identity_view
from isobit.model.weights import Weight

__all__ = ["PointwiseConv", "Pooling", "Reshape", "Transpose"]


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
        As for :class:`~isobit.model.ops.Dense`, which one position is.
    """

    weight: Weight
    bias: Weight
    accum: FixedType
    strategy: str = "latency"
    reuse_factor: int = 1

    tag: ClassVar[str] = "pointwise_conv"
    primitive: ClassVar[bool] = True

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

    def at_position(self, tensor: Tensor) -> Tensor:
        """The input tensor of one position."""
        return Tensor(tensor.name, (self.weight.shape[0],), tensor.type, tensor.xnor)

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


@register_op
@dataclass(frozen=True, eq=False)
class Pooling(Op):
    """Maximum or average over windows of positions: nnet_pooling.h and nnet_pooling_stream.h.

    Attributes
    ----------
    function
        ``max`` or ``average``.
    order
        In which order the kernel adds, one of :attr:`ORDERS`. ``parallel`` (io_parallel): every number is added to the
        accumulator, and the sum is cast to its format. ``stream`` (global pooling with io_stream): the same, but every
        number is first cast to the accumulator's format. ``tree`` (windows with io_stream): numbers are cast first, and
        added in a balanced tree (``nnet::reduce``).
    accum
        Format of the accumulator. With ``parallel``, that of a maximum is the input's (others do not compile).
    height, width
        Positions of the input.
    pool_height, pool_width, stride_height, stride_width, pad_top, pad_left
        The windows, in positions.
    count_pad
        Whether an average counts the padding, which is zero.

    Notes
    -----
    An average is the accumulator divided by the number of positions, truncated toward zero at its LSB (``ap_fixed /
    int``).
    A padded position of a maximum has only the top bit set: the most negative number of a signed format, but half the
    range of an unsigned one (``pad_val``).
    """

    function: str
    order: str
    accum: FixedType
    height: int
    width: int
    pool_height: int
    pool_width: int
    stride_height: int = 1
    stride_width: int = 1
    pad_top: int = 0
    pad_left: int = 0
    count_pad: bool = False

    tag: ClassVar[str] = "pooling"
    primitive: ClassVar[bool] = True
    FUNCTIONS: ClassVar[tuple[str, ...]] = ("max", "average")
    ORDERS: ClassVar[tuple[str, ...]] = ("parallel", "stream", "tree")

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("pooling", self.function, self.FUNCTIONS),
            ("order", self.order, self.ORDERS),
        ):
            if value not in allowed:
                raise UnsupportedError(
                    f"{what} {value!r} of layer {self.name!r} is not supported; supported: {', '.join(allowed)}"
                )
        sizes = (self.height, self.width, self.pool_height, self.pool_width, self.stride_height, self.stride_width)
        if min(sizes) < 1 or min(self.pad_top, self.pad_left) < 0:
            raise ShapeError(f"sizes of layer {self.name!r} must be positive, got {sizes}")
        if self.output.size % self.channels:
            raise ShapeError(f"layer {self.name!r} gives the shape {self.output.shape}; its last axis are the channels")
        if self.order != "parallel" and (self.pad_top or self.pad_left or (self.windows < 0).any()):
            raise UnsupportedError(f"padding of layer {self.name!r} with io_stream is not supported; pad before it")
        if (self.windows < 0).all(axis=1).any():
            raise ShapeError(f"a window of layer {self.name!r} holds nothing but padding")

    @property
    def channels(self) -> int:
        """Channels, which are pooled one by one."""
        return self.output.shape[-1]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        if len(self.output.shape) < 2:  # global
            return 1, 1
        *rows, columns, _ = self.output.shape
        return prod(rows), columns

    @cached_property
    def windows(self) -> Any:
        """Positions of the input in every window, -1 for padding: int64, shape (windows, pool_height * pool_width)."""
        height, columns = self.grid
        down = np.arange(height)[:, None] * self.stride_height + np.arange(self.pool_height) - self.pad_top
        right = np.arange(columns)[:, None] * self.stride_width + np.arange(self.pool_width) - self.pad_left
        y, x = down[:, None, :, None], right[None, :, None, :]
        inside = (y >= 0) & (y < self.height) & (x >= 0) & (x < self.width)
        return np.where(inside, y * self.width + x, -1).reshape(height * columns, -1)

    @property
    def divisors(self) -> Any:
        """What each window's sum is divided by: int64, shape (windows,)."""
        counted = self.windows >= (-1 if self.count_pad else 0)
        return counted.sum(axis=1)

    @property
    def padding(self) -> int:
        """Raw integer of a padded position of a maximum, in the accumulator's format."""
        return self.accum.raw_min if self.accum.signed else 1 << (self.accum.width - 1)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        self._same(tensor.size, (self.height * self.width * self.channels,), "inputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"pooling of one-bit (xnor) numbers is not supported (layer {self.name!r})")
        if self.function == "max" and self.order == "parallel" and self.accum != tensor.type:
            raise UnsupportedError(
                f"{self.name}.accum is {self.accum}, the input {tensor.type}: hls4ml's maximum compiles only where "
                "both are the same"
            )


@register_op
@dataclass(frozen=True, eq=False)
class Transpose(Op):
    """Another order of the axes: nnet_transpose.h; numbers are cast to the result's format.

    Attributes
    ----------
    shape
        Of the input.
    perm
        Axis of the input that each axis of the output is.
    """

    shape: tuple[int, ...]
    perm: tuple[int, ...]

    tag: ClassVar[str] = "transpose"

    def __post_init__(self) -> None:
        if sorted(self.perm) != list(range(len(self.shape))):
            raise ShapeError(f"axes {self.perm} of layer {self.name!r} are not a permutation of those of {self.shape}")

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every number from where it was; see :meth:`Op.lower`."""
        places = np.arange(prod(self.shape), dtype=np.int64).reshape(self.shape)
        return (Select(self.name, self.inputs, self.output, places.transpose(self.perm).ravel()),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        self._same(prod(self.shape), (tensor.size,), "inputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"a transposition of one-bit (xnor) numbers is not supported (layer {self.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class Reshape(Op):
    """Another shape for the same numbers; nothing is computed."""

    tag: ClassVar[str] = "reshape"
    follows: ClassVar[bool] = True

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The same numbers; see :meth:`Op.lower`."""
        return (Select(self.name, self.inputs, self.output, identity_view(self.output.size)),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and format; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        if self.output.type != tensor.type:
            raise FormatError(f"reshape {self.name!r} gives {self.output.type} from {tensor.type}; it changes none")
