"""Recurrent layers: LSTM and GRU, one step of the sequence after the other: nnet_recurrent.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.layers.recurrent_cell import Cell, Unrolled
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Select
from isobit.model.weights import Weight

__all__ = ["Recurrent"]


@register_op
@dataclass(frozen=True, eq=False)
class Recurrent(Op):
    """LSTM and GRU: ``lstm_stack`` and ``gru_stack``, whose sequence begins with states of zero unless they are inputs.

    A GRU is Keras' ``reset_after``: the reset gate multiplies the product of state and weights. An LSTM compiles only
    where input, ``accum`` and result have one format. Whether states are static variables changes no bit.

    Attributes
    ----------
    cell
        ``lstm`` or ``gru``.
    weight, recurrent_weight, bias, recurrent_bias, accum, activation, recurrent_activation, table, recurrent_table
        See :class:`Cell`.
    strategy, reuse_factor, recurrent_reuse_factor, pytorch
        See :class:`Cell`.
    sequences
        Whether the states of all steps are the result, not the last one alone.
    """

    cell: str
    weight: Weight
    recurrent_weight: Weight
    bias: Weight
    recurrent_bias: Weight
    accum: FixedType
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    table: Weight | None = None
    recurrent_table: Weight | None = None
    strategy: str = "latency"
    reuse_factor: int = 1
    recurrent_reuse_factor: int = 1
    sequences: bool = False
    pytorch: bool = False

    tag: ClassVar[str] = "recurrent"
    input_counts: ClassVar[tuple[int, int | None]] = (1, 3)

    def __post_init__(self) -> None:
        try:
            parts = self.parts
        except (ShapeError, UnsupportedError) as error:
            raise type(error)(f"layer {self.name!r}: {error}") from None
        if self.output.shape[-1] != parts.n_state or len(self.output.shape) != 1 + self.sequences:
            raise ShapeError(
                f"layer {self.name!r} gives the shape {self.output.shape}, expected "
                f"({'steps, ' if self.sequences else ''}{parts.n_state}{'' if self.sequences else ','})"
            )

    @property
    def parts(self) -> Cell:
        """What one step computes with."""
        return Cell(
            self.cell,
            self.weight,
            self.recurrent_weight,
            self.bias,
            self.recurrent_bias,
            self.accum,
            self.activation,
            self.recurrent_activation,
            self.table,
            self.recurrent_table,
            self.strategy,
            self.reuse_factor,
            self.recurrent_reuse_factor,
            self.pytorch,
        )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        tensor, *states = self._counted(tensors)
        parts = self.parts
        steps = self.output.shape[0] if self.sequences else tensor.size // parts.n_in
        self._same(tensor.size, (steps * parts.n_in,), f"inputs of {parts.n_in} numbers a step", tensor)
        if states and len(states) != parts.states:
            raise ShapeError(f"layer {self.name!r} reads {len(states)} states; a cell {self.cell!r} has {parts.states}")
        for state in states:
            if (state.size, state.type) != (parts.n_state, self.output.type):
                raise FormatError(
                    f"layer {self.name!r} begins with {state.name!r}, {state.size} numbers of {state.type}; hls4ml's "
                    f"kernel compiles only for {parts.n_state} of the result's format, {self.output.type}"
                )
        if parts.kind == "lstm" and not tensor.type == self.accum == self.output.type:
            raise FormatError(
                f"LSTM {self.name!r} takes numbers of {tensor.type}, its accum is {self.accum}, its result "
                f"{self.output.type}; hls4ml's firmware compiles only where all three are the same"
            )
        one_bit = FixedType.int_type(1, signed=False)
        if one_bit in (tensor.type, self.output.type):
            raise UnsupportedError(
                f"layer {self.name!r} reads or gives one-bit numbers; hls4ml multiplies them as signs, which is not "
                "supported in recurrent layers"
            )

        parts.check_assignments(self.name, tensor.type, self.output.type)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every line of the kernel, in every step; see :meth:`Op.lower`."""
        steps = tensors[0].size // self.parts.n_in
        unrolled = Unrolled(self, self.parts, tensors[0], range(steps))
        last = unrolled.run(tensors[1:], None if self.sequences and steps > 1 else self.output)
        if self.sequences and steps > 1:
            names = tuple(tensor.name for tensor in last)
            unrolled.ops.append(Select(self.name, names, self.output, np.arange(self.output.size, dtype=np.int64)))
        return tuple(unrolled.ops)
