"""Scale and bias for every element or channel: nnet_batchnorm.h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.expressions import Choice, Constant, Input, Multiplied, Result
from isobit.model.layers.signs import BIT_MINUS, PLUS, ternary
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, identity_view
from isobit.model.weights import Weight

__all__ = ["BatchNorm", "Threshold"]


@register_op
@dataclass(frozen=True, eq=False)
class BatchNorm(Op):
    """Scale and bias per neuron, one cast at the end: ``nnet::normalize`` in nnet_batchnorm.h.

    BatchNormalization, QBatchNormalization and ApplyAlpha all become this. ``scale`` and ``bias`` hold one value per
    element or, repeating, per channel.
    """

    scale: Weight
    bias: Weight

    tag: ClassVar[str] = "batchnorm"
    keeps_units: ClassVar[bool] = True

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """A product and a sum; see :meth:`Op.lower`."""
        (tensor,) = tensors
        scale, bias = (Constant(weight.repeated(tensor.size)) for weight in (self.scale, self.bias))
        line = Result.of(Multiplied(Input(0), scale, tensor) + bias, tensor)
        return (Formula(self.name, self.inputs, self.output, line, (identity_view(tensor.size),), self),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        self._same(self.scale.raw.size, (tensor.size, tensor.shape[-1]), "scales", tensor)
        self._same(self.bias.raw.size, (self.scale.raw.size,), "biases", tensor)


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
