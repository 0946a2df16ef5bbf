"""Scale and bias for every element or channel: nnet_batchnorm.h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isobit.model.expressions import Constant, Input, Multiplied, Result
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Formula, identity_view
from isobit.model.weights import Weight

__all__ = ["BatchNorm"]


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
