"""A layer in every step of a sequence: nnet_time_distributed.h and hls4ml's loop around the layer, in hls4ml 1.3.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import ShapeError
from isobit.fixed.types import FixedType
from isobit.model.every_step import every_step, of_all_steps, of_one_step
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor, Tensors, register_op
from isobit.model.primitives import Opaque

__all__ = ["EveryStep"]


@register_op
@dataclass(frozen=True, eq=False)
class EveryStep(Op):
    """A layer between the markers of a ``TimeDistributed``, which the firmware computes step by step.

    Attributes
    ----------
    layer
        The layer of one step; its slots are this layer's.
    """

    layer: Op

    tag: ClassVar[str] = "every_step"
    input_counts: ClassVar[tuple[int, int | None]] = (1, None)

    @classmethod
    def of(cls, layer: Op, steps: int) -> EveryStep:
        """A layer of one step, in so many."""
        return cls(layer.name, layer.inputs, of_all_steps(layer.output, steps), layer)

    def __post_init__(self) -> None:
        same = (self.layer.name, self.layer.inputs) == (self.name, self.inputs)
        if not same or not self.output.shape or of_one_step(self.output) != self.layer.output:
            raise ShapeError(
                f"layer {self.name!r} gives {self.output} in all steps, and {self.layer.output} in one; expected the "
                "same name, inputs and format, and the steps as first axis"
            )

    @property
    def steps(self) -> int:
        """Steps of the sequence."""
        return self.output.shape[0]

    @property
    def clips(self) -> bool:
        """See :attr:`Op.clips`."""
        return self.layer.clips

    def check_inputs(self, *tensors: Tensor) -> None:
        """As the layer does, of one step; see :meth:`Op.check_inputs`."""
        for tensor in self._counted(tensors):
            if not tensor.shape or tensor.shape[0] != self.steps:
                raise ShapeError(
                    f"layer {self.name!r} reads {tensor.name!r} of shape {tensor.shape}, expected {self.steps} steps"
                )
        self.layer.check_inputs(*map(of_one_step, tensors))

    def reading(self, *tensors: Tensor) -> tuple[int, int]:
        """What the layer reads in all steps; see :meth:`Op.reading`."""
        windows, read = self.layer.reading(*map(of_one_step, tensors))
        return self.steps * windows, self.steps * read

    def types(self) -> dict[str, FixedType]:
        """Those of the layer."""
        return self.layer.types()

    def with_types(self, types: Mapping[str, FixedType]) -> EveryStep:
        """As :meth:`Op.with_types`."""
        return self.of(self.layer.with_types(types), self.steps)

    def with_input_types(self, *types: FixedType) -> EveryStep:
        """As :meth:`Op.with_input_types`."""
        return self.of(self.layer.with_input_types(*types), self.steps)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The layer's primitives, each for all steps; see :meth:`Op.lower`."""
        inputs: Tensors = tuple({tensor.name: of_one_step(tensor) for tensor in tensors}.values())
        step = Graph(self.name, inputs, (self.layer,), (self.layer.output.name,)).lowered
        if any(isinstance(op, Opaque) for op in step.ops):
            return (self,)
        return tuple(every_step(op, step.inputs_of(op), self.steps) for op in step.ops)
