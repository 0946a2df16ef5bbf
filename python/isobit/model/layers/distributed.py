"""Distributed arithmetic: adder trees instead of multipliers, which da4ml solves for a layer's weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.layers.convolution import Convolution, PointwiseConv, Windows
from isobit.model.layers.dense import Dense
from isobit.model.layers.quantizer import Quantizer
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.weights import Weight

__all__ = ["UNUSED", "DistributedConvolution", "DistributedDense", "exact_accumulator"]

_AS_TRAINED = (
    "with distributed arithmetic hls4ml takes the numbers as they were trained, in float32; quantise them there"
)
#: Slots of hls4ml's configuration that change no bit of layers with this strategy, and why.
UNUSED = {
    "accum": "with distributed arithmetic sums are exact, and no accumulator is used",
    "weight": _AS_TRAINED,
    "bias": _AS_TRAINED,
}


def exact_accumulator(weight: Weight, bias: Weight, data: FixedType) -> FixedType:
    """The narrowest format that holds ``W x + b``, and each partial sum and product, for every input of a format.

    Parameters
    ----------
    weight
        Shape (n_in, n_out).
    bias
        Shape (n_out,).
    data
        Format of the inputs.
    """
    fraction = max(weight.type.fraction + data.fraction, bias.type.fraction)
    largest = max(-data.raw_min, data.raw_max)
    products = np.abs(weight.raw.astype(object)).sum(axis=0) * largest
    sums = products * 2 ** (fraction - weight.type.fraction - data.fraction)
    sums = sums + np.abs(bias.raw.astype(object)) * 2 ** (fraction - bias.type.fraction)
    width = max(int(sums.max()).bit_length(), fraction) + 1  # at least one integer bit
    return FixedType(width, width - fraction)


class _Distributed(Op):
    """What layers have in common that are solved into adder trees."""

    weight: Weight
    bias: Weight
    elements: tuple[str, ...] = ()

    without: ClassVar[Mapping[str, str]] = UNUSED
    strategy: ClassVar[str] = "distributed_arithmetic"
    reuse_factor: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if len(self.weight.shape) != 2 or self.bias.shape != self.weight.shape[1:]:
            raise ShapeError(
                f"layer {self.name!r} has weights of shape {self.weight.shape} and biases of shape {self.bias.shape}; "
                "expected (n_in, n_out) and (n_out,)"
            )
        if self.elements and len(self.elements) != self.weight.shape[0]:
            raise ShapeError(
                f"layer {self.name!r} has formats of {len(self.elements)} inputs, expected {self.weight.shape[0]}"
            )
        _ = self.formats  # or refused

    @cached_property
    def formats(self) -> tuple[FixedType | None, ...]:
        """Formats to which inputs are cast first, None for zero; empty if they are not."""
        return tuple(FixedType.parse(text) if text else None for text in self.elements)

    def _read(self, tensor: Tensor) -> tuple[tuple[Op, ...], Tensor]:
        """The quantiser of the inputs, if there is one, and what is read: in one format that holds all."""
        kinds = [kind for kind in self.formats if kind is not None]
        if not self.elements:
            return (), tensor
        signed = any(kind.signed for kind in kinds)
        fraction = max((kind.fraction for kind in kinds), default=0)
        integer = max((kind.integer + (signed and not kind.signed) for kind in kinds), default=1)
        within = Tensor(f"{self.name}/2", tensor.shape, FixedType(max(1, integer + fraction), integer, signed))
        first = kinds[0] if kinds else within.type
        formats = self.formats * (tensor.size // len(self.formats))
        quantizer = Quantizer(
            within.name,
            self.inputs,
            within,
            signed=tuple(kind is not None and kind.signed for kind in formats),
            width=tuple(0 if kind is None else kind.width for kind in formats),
            integer=tuple(0 if kind is None else kind.integer for kind in formats),
            rounding=first.rounding.name,
            overflow=first.overflow.name,
        )
        return (quantizer,), within

    def types(self) -> dict[str, FixedType]:
        """Format of the only slot, ``result``."""
        return {"result": self.output.type}

    def _check_types(self, tensor: Tensor) -> None:
        if tensor.xnor or self.output.xnor or tensor.type == FixedType.int_type(1, signed=False):
            raise UnsupportedError(
                f"layer {self.name!r} computes with one-bit numbers, which hls4ml does not solve into adder trees"
            )
        accum = exact_accumulator(self.weight, self.bias, self._read(tensor)[1].type)
        if self.output.type.is_int and accum.integer <= 1:
            raise UnsupportedError(
                f"layer {self.name!r} casts sums below 1/2 to {self.output.type}; AMD's headers then depend on the "
                "formats in its adder tree: use an ap_fixed result"
            )


@register_op
@dataclass(frozen=True, eq=False)
class DistributedDense(_Distributed):
    """Dense and pointwise convolution with the strategy ``distributed_arithmetic``: exact sums ``W x + b``, one cast.

    hls4ml keeps neither weights nor their formats: da4ml solves the trained float32 weights, unrounded, into additions
    of shifted numbers (passes/distributed_arithmetic.py), whose formats hold every number. No accumulator is used. A
    tree is solved for its input's format; with another one hls4ml has to convert the network again, which gives the
    same sums.

    Attributes
    ----------
    weight
        Shape (n_in, n_out), exact; its format is the narrowest one and is no slot.
    bias
        Shape (n_out,), likewise.
    elements
        Format to which each of the n_in inputs is cast before it is multiplied, as text; an empty one for an input that
        counts as zero. hls4ml fuses a quantiser into the tree (``FuseQuantizerIntoDALayers``). Empty without one.
    """

    weight: Weight
    bias: Weight
    elements: tuple[str, ...] = ()

    tag: ClassVar[str] = "distributed_dense"

    @property
    def positions(self) -> int:
        """Number of positions, each of which has the same weights; 1 for Dense."""
        return self.output.size // self.weight.shape[1]

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The layer with an accumulator that holds everything; see :meth:`Op.lower`."""
        (tensor,) = tensors
        parts, read = self._read(tensor)
        accum = exact_accumulator(self.weight, self.bias, read.type)
        made: Any = Dense if self.positions == 1 else PointwiseConv
        return (*parts, made(self.name, (read.name,), self.output, self.weight, self.bias, accum))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        n_in, n_out = self.weight.shape
        self._same(self.output.size, (self.positions * n_out,), "outputs", tensor)
        self._same(tensor.size, (self.positions * n_in,), "inputs", tensor)
        self._check_types(tensor)


@register_op
@dataclass(frozen=True, eq=False)
class DistributedConvolution(_Distributed, Windows):
    """Convolution with this strategy: the same function at every window (nnet_da_wrappers.h, dense_da_wrapper).

    Attributes
    ----------
    weight, bias
        As for :class:`DistributedDense`; rows are the numbers of a window.
    kernel, strides, before
        As for :class:`~isobit.model.layers.convolution.Windowed`.
    """

    weight: Weight
    bias: Weight
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    before: tuple[int, ...]

    tag: ClassVar[str] = "distributed_convolution"

    def __post_init__(self) -> None:
        _Distributed.__post_init__(self)
        Windows.__post_init__(self)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The layer with an accumulator that holds everything; see :meth:`Op.lower`."""
        (tensor,) = tensors
        accum = exact_accumulator(self.weight, self.bias, tensor.type)
        windows = self.kernel, self.strides, self.before
        return (Convolution(self.name, self.inputs, self.output, self.weight, self.bias, accum, *windows),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check shapes and formats; see :meth:`Op.check_inputs`."""
        Windows.check_inputs(self, *tensors)
        (tensor,) = tensors
        n_in, n_out = self.weight.shape
        self._same(n_in, (self.taps * tensor.shape[-1],), "rows of weights", tensor)
        self._same(self.output.shape[-1], (n_out,), "channels", tensor)
        self._check_types(tensor)
