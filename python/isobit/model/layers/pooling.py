"""Pooling over windows of positions: nnet_pooling.h and nnet_pooling_stream.h in hls4ml 1.3.0.

Positions are all axes of a tensor but the last, which holds the channels (hls4ml's ``channels_last``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.memory import check_memory, need_of
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.reduce import Reduce

__all__ = ["Pooling", "Sum"]


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
        check_memory([need_of(self)])
        if self.order != "parallel" and (self.pad_top or self.pad_left or (self.windows < 0).any()):
            raise UnsupportedError(f"padding of layer {self.name!r} with io_stream is not supported; pad before it")
        if (self.windows < 0).all(axis=1).any():
            raise ShapeError(f"a window of layer {self.name!r} holds nothing but padding")

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """Windows are combined row by row, all at once; see :meth:`Op.reading`."""
        return 0, self.output.size * self.pool_height * self.pool_width

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

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every channel of every window; see :meth:`Op.lower`."""
        del tensors
        places = self.windows[:, None, :]
        view = np.where(places < 0, -1, places * self.channels + np.arange(self.channels)[:, None])
        view = view.reshape(self.output.size, -1)
        order, first = "tree" if self.order == "tree" else "sequence", self.order != "parallel"
        if self.function == "max":
            return (Reduce(self.name, self.inputs, self.output, "max", view, self.accum, order, first),)
        divisors = np.repeat(self.divisors, self.channels)
        return (Reduce(self.name, self.inputs, self.output, "sum", view, self.accum, order, first, divisors),)

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
class Sum(Op):
    """The sum of all numbers, ``sum += x[i]`` in the wrapper: each sum is cast to the accumulator.

    Attributes
    ----------
    accum
        Format of the accumulator.
    """

    accum: FixedType

    tag: ClassVar[str] = "sum"

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """One window of all numbers; see :meth:`Op.lower`."""
        (tensor,) = tensors
        view = np.arange(tensor.size, dtype=np.int64)[None]
        return (Reduce(self.name, self.inputs, self.output, "sum", view, self.accum),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        self._same(self.output.size, (1,), "outputs", tensor)
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"a sum of one-bit (xnor) numbers is not supported (layer {self.name!r})")
