"""Recurrent layers: LSTM and GRU, one step of the sequence after the other: nnet_recurrent.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.layers.recurrent_cell import Cell, Unrolled
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.primitives import Select, identity_view
from isobit.model.weights import Weight

__all__ = ["Bidirectional", "Recurrent"]


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
        _check_shape(self, parts.n_state, self.sequences)

    @property
    def parts(self) -> Cell:
        """What one step computes with."""
        return Cell(
            kind=self.cell,
            accum=self.accum,
            strategy=self.strategy,
            pytorch=self.pytorch,
            **{part: getattr(self, part) for part in _PARTS},
        )

    @property
    def tied(self) -> tuple[str, ...]:
        """Those of an LSTM; see :meth:`Op.tied`."""
        return ("accum", "result") if self.cell == "lstm" else ()

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        tensor, *states = self._counted(tensors)
        parts = self.parts
        _check_input(self, parts, tensor, self.sequences, static=False)  # the static kernel is compiled beside it
        if states and len(states) != parts.states:
            raise ShapeError(f"layer {self.name!r} reads {len(states)} states; a cell {self.cell!r} has {parts.states}")
        for state in states:
            if (state.size, state.type) != (parts.n_state, self.output.type):
                raise FormatError(
                    f"layer {self.name!r} begins with {state.name!r}, {state.size} numbers of {state.type}; hls4ml's "
                    f"kernel compiles only for {parts.n_state} of the result's format, {self.output.type}"
                )

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every line of the kernel, in every step; see :meth:`Op.lower`."""
        steps = tensors[0].size // self.parts.n_in
        unrolled = Unrolled(self, self.parts, tensors[0], range(steps))
        last = unrolled.run(tensors[1:], None if self.sequences and steps > 1 else self.output)
        if self.sequences and steps > 1:
            names = tuple(tensor.name for tensor in last)
            unrolled.ops.append(Select(self.name, names, self.output, identity_view(self.output.size)))
        return tuple(unrolled.ops)


@register_op
@dataclass(frozen=True, eq=False)
class Bidirectional(Op):
    """Two recurrent layers, one from the first step on and one from the last: ``bidirectional_stack``.

    Their states follow each other, forward ones first; of a sequence both have seen the same step.

    Attributes
    ----------
    forward_cell, backward_cell
        ``lstm`` or ``gru``.
    forward_weight, backward_weight
        And so on: those of :class:`Recurrent`, of either direction. Tables of both have one format.
    accum, strategy
        Of both.
    sequences
        Whether the states of all steps are the result, not the last ones alone.
    static
        Whether the states live in static variables. Without, an LSTM compiles only where input, ``accum`` and result
        have one format.
    """

    forward_cell: str
    forward_weight: Weight
    forward_recurrent_weight: Weight
    forward_bias: Weight
    forward_recurrent_bias: Weight
    backward_cell: str
    backward_weight: Weight
    backward_recurrent_weight: Weight
    backward_bias: Weight
    backward_recurrent_bias: Weight
    accum: FixedType
    forward_activation: str = "tanh"
    forward_recurrent_activation: str = "sigmoid"
    forward_table: Weight | None = None
    forward_recurrent_table: Weight | None = None
    forward_reuse_factor: int = 1
    forward_recurrent_reuse_factor: int = 1
    backward_activation: str = "tanh"
    backward_recurrent_activation: str = "sigmoid"
    backward_table: Weight | None = None
    backward_recurrent_table: Weight | None = None
    backward_reuse_factor: int = 1
    backward_recurrent_reuse_factor: int = 1
    strategy: str = "latency"
    sequences: bool = False
    static: bool = True

    tag: ClassVar[str] = "bidirectional"

    def __post_init__(self) -> None:
        try:
            states = sum(cell.n_state for cell in self.cells)
        except (ShapeError, UnsupportedError) as error:
            raise type(error)(f"layer {self.name!r}: {error}") from None
        _check_shape(self, states, self.sequences)

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """What one step of either direction computes with."""
        forward, backward = (
            Cell(
                accum=self.accum,
                strategy=self.strategy,
                kind=getattr(self, f"{direction}_cell"),
                **{part: getattr(self, f"{direction}_{part}") for part in _PARTS},
            )
            for direction in ("forward", "backward")
        )
        return forward, backward

    @property
    def tied(self) -> tuple[str, ...]:
        """Those of an LSTM without static variables; see :meth:`Op.tied`."""
        return ("accum", "result") if not self.static and "lstm" in (self.forward_cell, self.backward_cell) else ()

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes and formats; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        for cell in self.cells:
            _check_input(self, cell, tensor, self.sequences, self.static)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every line of the kernel, in every step and direction; see :meth:`Op.lower`."""
        (tensor,), (forward, backward) = tensors, self.cells
        steps = tensor.size // forward.n_in
        one = Unrolled(self, forward, tensor, range(steps))
        found = one.run((), None)
        two = Unrolled(self, backward, tensor, range(steps - 1, -1, -1), one.number)
        back = two.run((), None)
        if self.sequences:
            pairs = [part for pair in zip(found, reversed(back), strict=True) for part in pair]
        else:
            pairs = [found[-1], back[-1]]
        names = tuple(part.name for part in pairs)
        return (*one.ops, *two.ops, Select(self.name, names, self.output, identity_view(self.output.size)))


#: What directions have each, by the names of :class:`Cell`.
_PARTS = (
    *("weight", "recurrent_weight", "bias", "recurrent_bias", "activation", "recurrent_activation"),
    *("table", "recurrent_table", "reuse_factor", "recurrent_reuse_factor"),
)


def _check_shape(op: Op, states: int, sequences: bool) -> None:
    if op.output.shape[-1] != states or len(op.output.shape) != 1 + sequences:
        wanted = f"(steps, {states})" if sequences else f"({states},)"
        raise ShapeError(f"layer {op.name!r} gives the shape {op.output.shape}, expected {wanted}")


def _check_input(op: Op, cell: Cell, tensor: Tensor, sequences: bool, static: bool) -> None:
    """Check sizes and formats of an input; ``static`` is False where hls4ml instantiates ``nnet::lstm``."""
    n_in, accum, result = cell.n_in, cell.accum, op.output.type
    steps = op.output.shape[0] if sequences else max(1, tensor.size // n_in)
    if tensor.size != steps * n_in:
        raise ShapeError(f"layer {op.name!r} reads {tensor.size} numbers, expected {n_in} in each of {steps} steps")
    if cell.kind == "lstm" and not static and not tensor.type == accum == result:
        raise FormatError(
            f"LSTM {op.name!r} takes numbers of {tensor.type}, its accum is {accum}, its result {result}; hls4ml's "
            "firmware compiles only where all three are the same"
        )
    if FixedType.int_type(1, signed=False) in (tensor.type, result):
        raise UnsupportedError(
            f"layer {op.name!r} reads or gives one-bit numbers; hls4ml multiplies them as signs, which is not "
            "supported in recurrent layers"
        )
    cell.check_assignments(op.name, tensor.type, result)
