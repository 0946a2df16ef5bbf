"""Activations with constants for every element, or thresholds: nnet_activation.h and nnet_activation_stream.h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.comparison import check_comparison
from isobit.model.expressions import ZERO, Choice, Constant, Input, Result, Times
from isobit.model.layers.signs import BIT_MINUS, PLUS, ternary
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, identity_view
from isobit.model.weights import Weight

__all__ = ["PReLU", "Threshold", "ThresholdedReLU"]


@dataclass(frozen=True, eq=False)
class _Rectifier(Op):
    param: Weight

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """One number above a limit, or else another; see :meth:`Op.lower`."""
        (tensor,) = tensors
        x = Input(0)
        limit, under = self._limit_and_under(tensor.type)
        outcome = Choice(x, limit, Result(x, tensor.type), under)
        return (Formula(self.name, self.inputs, self.output, outcome, (identity_view(tensor.size),)),)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        raise NotImplementedError

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"{self.tag} of one-bit (xnor) numbers is not supported (layer {self.name!r})")


@register_op
@dataclass(frozen=True, eq=False)
class PReLU(_Rectifier):
    """Positive numbers as they are, others times a slope of the element's own: ``nnet::prelu``.

    Attributes
    ----------
    param
        The slopes, one for every element.
    """

    tag: ClassVar[str] = "prelu"
    activations: ClassVar[tuple[str, ...]] = ("prelu",)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        return ZERO, Result(Times(Constant(self.param), Input(0)), self.param.type.product_with(kind))

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        self._same(self.param.raw.size, (tensors[0].size,), "slopes", tensors[0])


@register_op
@dataclass(frozen=True, eq=False)
class ThresholdedReLU(_Rectifier):
    """Numbers above a threshold as they are, zero for others: ``nnet::thresholded_relu``.

    Attributes
    ----------
    param
        The threshold (one value).
    """

    tag: ClassVar[str] = "thresholded_relu"
    activations: ClassVar[tuple[str, ...]] = ("thresholded_relu",)

    def _limit_and_under(self, kind: FixedType) -> tuple[Constant, Result]:
        return Constant(self.param), Result(ZERO, ZERO.weight.type)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        self._same(self.param.raw.size, (1,), "thresholds", tensors[0])
        check_comparison(self.name, tensors[0].type, self.param.type)


@register_op
@dataclass(frozen=True, eq=False)
class Threshold(Op):
    """BatchNorm merged with a binary or ternary tanh: ``normalize_binary_tanh`` and ``normalize_ternary_tanh``.

    Attributes
    ----------
    high
        Thresholds: binary gives 1 at or above it (else 0, an xnor bit); ternary gives 1 above it.
    low
        Ternary only: -1 at or below it; None for binary.
    """

    high: Weight
    low: Weight | None = None

    tag: ClassVar[str] = "threshold"

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Signs between thresholds; see :meth:`Op.lower`."""
        (tensor,) = tensors
        high = Constant(self.high.repeated(tensor.size))
        if self.low is None:
            outcome = Choice(high, Input(0), BIT_MINUS, PLUS)
        else:
            outcome = ternary(high, Constant(self.low.repeated(tensor.size)))
        return (Formula(self.name, self.inputs, self.output, outcome, (identity_view(tensor.size),), self),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        result = FixedType.int_type(1, signed=False) if self.low is None else FixedType.int_type(2)
        if self.output.type != result:
            raise UnsupportedError(f"{self.name}.result is {self.output.type}; a merged tanh always gives {result}")
        for bounds in (self.high, self.low):
            if bounds is None:
                continue
            self._same(bounds.raw.size, (tensor.size, tensor.shape[-1]), "thresholds", tensor)
            if bounds.type != tensor.type:
                raise UnsupportedError(
                    f"thresholds of layer {self.name!r} are {bounds.type}, its input is {tensor.type}; hls4ml keeps "
                    "them the same: reconvert instead of changing one of them"
                )
