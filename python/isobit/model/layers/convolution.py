"""Convolutions: the same weights at every position.

Positions are all axes of a tensor but the last, which holds the channels (hls4ml's ``channels_last``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.layers.dense import Dense
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import identity_view
from isobit.model.weights import Weight

__all__ = ["PointwiseConv"]


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
