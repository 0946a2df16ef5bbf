"""One step of a recurrent layer, and the primitives of all steps: nnet_recurrent.h in hls4ml 1.3.0.

Every step multiplies an input and the state with their weights (``nnet::dense``), adds both products, looks gates up
or rectifies them, and mixes them into the next state. All intermediates are variables of ``accum_t``; both states are
of the result's format. So every line of the kernel becomes one primitive, in every step; only the products of the
inputs, which no state enters, are one primitive for the whole sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.expressions import Constant, Expression, Input, Outcome, Result
from isobit.model.layers.activation import Activation
from isobit.model.layers.convolution import PointwiseConv
from isobit.model.layers.dense import Dense
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Formula, Select, View
from isobit.model.reuse import check_reuse_factor, check_zeros
from isobit.model.weights import Encoding, Weight

__all__ = ["Cell", "Unrolled"]

#: What the literal 1 of ``1 - z`` is for AMD's arithmetic.
INT = FixedType.int_type(32)


@dataclass(frozen=True, eq=False)
class Cell:
    """What one step computes with.

    Attributes
    ----------
    kind
        One of :attr:`GATES`.
    weight
        Shape (n_in, gates * n_state). Gates follow each other as in Keras: input, forget, candidate and output gate of
        an LSTM; update and reset gate and candidate of a GRU.
    recurrent_weight
        Shape (n_state, gates * n_state).
    bias, recurrent_bias
        Shape (gates * n_state,): what both products begin with.
    accum
        Format of products, sums, gates and activated states.
    activation, recurrent_activation
        One of :attr:`FUNCTIONS`: of candidate and LSTM's state, and of the gates.
    table, recurrent_table
        Their tables, shape (entries,); None for ``relu``.
    strategy, reuse_factor, recurrent_reuse_factor
        Of both products; see :class:`~isobit.model.layers.dense.Dense`.
    pytorch
        Whether a GRU's first gate is the reset gate, as in PyTorch.
    """

    kind: str
    weight: Weight
    recurrent_weight: Weight
    bias: Weight
    recurrent_bias: Weight
    accum: FixedType
    activation: str
    recurrent_activation: str
    table: Weight | None
    recurrent_table: Weight | None
    strategy: str
    reuse_factor: int
    recurrent_reuse_factor: int
    pytorch: bool = False

    GATES: ClassVar[dict[str, int]] = {"lstm": 4, "gru": 3}
    FUNCTIONS: ClassVar[tuple[str, ...]] = ("relu", "sigmoid", "tanh")
    STRATEGIES: ClassVar[tuple[str, ...]] = ("latency", "resource", "resource_unrolled")

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("cell", self.kind, tuple(self.GATES)),
            ("activation", self.activation, self.FUNCTIONS),
            ("recurrent activation", self.recurrent_activation, self.FUNCTIONS),
            ("strategy", self.strategy, self.STRATEGIES),
        ):
            if value not in allowed:
                raise UnsupportedError(f"{what} {value!r} is not supported; supported: {', '.join(allowed)}")
        for function, table in (
            (self.activation, self.table),
            (self.recurrent_activation, self.recurrent_table),
        ):
            is_table = table is not None and table.encoding is Encoding.TABLE and len(table.shape) == 1
            if is_table != (function != "relu") or (table is not None and not is_table):
                raise ShapeError(f"activation {function!r} needs {'no' if function == 'relu' else 'a'} table")
        gates, shape = self.GATES[self.kind], self.recurrent_weight.shape
        wide = (shape[0] * gates,)
        if (len(shape), shape[1:]) != (2, wide) or self.weight.shape[1:] != wide or len(self.weight.shape) != 2:
            raise ShapeError(
                f"weights have the shapes {self.weight.shape} and {shape}; expected (n_in, {gates} * n_state) and "
                f"(n_state, {gates} * n_state)"
            )
        if self.bias.shape != wide or self.recurrent_bias.shape != wide:
            raise ShapeError(f"biases have the shapes {self.bias.shape} and {self.recurrent_bias.shape}, not {wide}")
        for weight, reuse in (
            (self.weight, self.reuse_factor),
            (self.recurrent_weight, self.recurrent_reuse_factor),
        ):
            n_in, n_out = weight.shape
            check_reuse_factor(weight.name, n_in, n_out, self.strategy, reuse)
            check_zeros(weight.name, self.strategy, weight)

    @property
    def n_in(self) -> int:
        """Numbers of a step's input."""
        return self.weight.shape[0]

    @property
    def n_state(self) -> int:
        """Numbers of a state."""
        return self.recurrent_weight.shape[0]

    @property
    def states(self) -> int:
        """States that a step hands on."""
        return 2 if self.kind == "lstm" else 1

    def check_assignments(self, layer: str, data: FixedType, result: FixedType) -> None:
        """Refuse an integer ``accum`` that takes numbers of less than 1/2: AMD's headers leave it uninitialised.

        Parameters
        ----------
        layer
            Its name, for the error.
        data, result
            Formats of the input and of the states.

        Raises
        ------
        UnsupportedError
            For an ``ap_int`` to which a number of a format with negative integer bits is assigned
            (``to_ap_int_base`` in ap_fixed_base.h).
        """
        sources = {
            "products": growth.product(data, self.weight.type),
            "products of the state": growth.product(result, self.recurrent_weight.type),
            **{part.name: part.type for part in (self.bias, self.recurrent_bias)},
            **{part.name: part.type for part in (self.table, self.recurrent_table) if part is not None},
        }
        for what, source in sources.items():
            if self.accum.is_int and source.integer < 0:
                raise UnsupportedError(
                    f"layer {layer!r} assigns its {what}, {source}, to its accum, {self.accum}, which AMD's headers do "
                    "not define for negative integer bits; use an ap_fixed accum"
                )


class Unrolled:
    """The primitives of a sequence.

    Reports call what they write ``accum/2``, ``result/11`` and so on, by these numbers (in a second direction by those
    that follow the first's): 2 the products of the inputs, 3 the states of zero, 4 the products of the state, 5 sums of
    the gates and 6 the gates. Then, of an LSTM: 7 sums of the candidate, 8 the candidate, 9 and 10 its products and
    those of the old state, 11 the state, 12 what shows of it, 13 the result; of a GRU: 7 the reset product, 8 sums of
    the candidate, 9 the candidate, 10 ``1 - z``, 11 and 12 its products and those of the old state, 13 the result.

    Parameters
    ----------
    layer
        The layer that is lowered.
    cell
        What its steps compute with.
    tensor
        The sequence.
    order
        Positions in the sequence, in the order in which they are read.
    first
        Number of the first primitive, see :meth:`Op.lower`: the products of the inputs. The next are the states of
        zero, then the primitives of a step, numbered alike in all: ``layer/4@0``, ``layer/4@1``, ...

    Attributes
    ----------
    ops
        The primitives.
    number
        The next one's.
    """

    def __init__(self, layer: Op, cell: Cell, tensor: Tensor, order: range, first: int = 2) -> None:
        self.layer, self.cell, self.tensor, self.order = layer, cell, tensor, order
        self.ops: list[Op] = []
        self.number, self._step = first, ""

    def run(self, states: Tensors, output: Tensor | None) -> list[Tensor]:
        """The result's states after every step.

        Parameters
        ----------
        states
            Those before the first step; none for zeros.
        output
            What the last one is called; None: it is one of the inner tensors.
        """
        cell, found = self.cell, list[Tensor]()
        wide = cell.weight.shape[1]
        products = self._inner(len(self.order) * wide, cell.accum, "result")
        self.ops.append(
            PointwiseConv(
                products.name,
                (self.tensor.name,),
                Tensor(products.name, (len(self.order), wide), cell.accum),
                cell.weight,
                cell.bias,
                cell.accum,
                cell.strategy,
                cell.reuse_factor,
            )
        )
        first = self.number + 1
        carried = states or self._zeros()
        for place, position in enumerate(self.order):
            self.number, self._step = first, f"@{place}"
            last = output if place + 1 == len(self.order) else None
            step = self._lstm if cell.kind == "lstm" else self._gru
            carried = step(products, position * wide, carried, last)
            found.append(carried[0])
        return found

    def _inner(self, size: int, kind: FixedType, slot: str) -> Tensor:
        """The next inner tensor, which has the name of the primitive that gives it, and a format of this slot."""
        name = f"{self.layer.name}/{self.number}{self._step}"
        self.number += 1
        return Tensor(name, (size,), kind, slot=slot)

    def _put(self, op: Op) -> Tensor:
        self.ops.append(op)
        return op.output

    def _zeros(self) -> Tensors:
        """States of zero; both are the same tensor."""
        output = self._inner(self.cell.n_state, self.layer.output.type, "result")
        zero = Select(output.name, (self.tensor.name,), output, np.full(output.size, -1, dtype=np.int64))
        return (self._put(zero),) * self.cell.states

    def _of_state(self, state: Tensor) -> Tensor:
        """``tmpres_state``: the product of a state and the recurrent weights."""
        cell = self.cell
        output = self._inner(cell.recurrent_weight.shape[1], cell.accum, "result")
        weights = cell.recurrent_weight, cell.recurrent_bias
        return self._put(
            Dense(output.name, (state.name,), output, *weights, cell.accum, cell.strategy, cell.recurrent_reuse_factor)
        )

    def _formula(
        self,
        outcome: Outcome,
        kind: FixedType,
        *parts: tuple[Tensor, View],
        slot: str = "accum",
        output: Tensor | None = None,
    ) -> Tensor:
        """Numbers of tensors, given with their places, in an expression; ``output`` is that of the whole layer."""
        output = output or self._inner(parts[0][1].size, kind, slot)
        name = self.layer.name if output is self.layer.output else output.name
        names, views = tuple(tensor.name for tensor, _ in parts), tuple(view for _, view in parts)
        return self._put(Formula(name, names, output, outcome, views))

    def _sum(self, one: tuple[Tensor, View], two: tuple[Tensor, View]) -> Tensor:
        """A sum of two variables of ``accum_t`` in a third one."""
        accum = self.cell.accum
        return self._formula(Result(Input(0) + Input(1), growth.sum_of(accum, accum)), accum, one, two)

    def _product(self, one: tuple[Tensor, View], two: tuple[Tensor, View], kind: FixedType | None = None) -> Tensor:
        """A product of two variables, cast into ``accum_t``; without a format it stays as it is."""
        form = growth.product(one[0].type, two[0].type)
        return self._formula(Result(Input(0) * Input(1), form), kind or form, one, two)

    def _state(
        self, value: Expression, form: FixedType, *parts: tuple[Tensor, View], output: Tensor | None = None
    ) -> Tensor:
        """A state, in the format of the result."""
        return self._formula(Result(value, form), self.layer.output.type, *parts, slot="result", output=output)

    def _activated(self, tensor: Tensor, function: str, table: Weight | None) -> Tensor:
        """``nnet::activation``, into a variable of ``accum_t``."""
        output = self._inner(tensor.size, self.cell.accum, "accum")
        name, inputs = output.name, (tensor.name,)
        if table is None:
            return self._put(Activation(name, inputs, output, function))
        return self._put(TableActivation(name, inputs, output, function, table))

    def _lstm(self, products: Tensor, start: int, states: Tensors, output: Tensor | None) -> Tensors:
        """``nnet::lstm_static``; :func:`isobit.engines.reference.recurrent.recurrent` has it line by line."""
        cell, n = self.cell, self.cell.n_state
        of_state = self._of_state(states[0])
        ifo = np.concatenate([np.arange(2 * n), np.arange(3 * n, 4 * n)])
        candidate, whole = np.arange(2 * n, 3 * n), np.arange(n)
        gates = self._activated(
            self._sum((products, start + ifo), (of_state, ifo)), cell.recurrent_activation, cell.recurrent_table
        )
        fresh = self._activated(
            self._sum((products, start + candidate), (of_state, candidate)), cell.activation, cell.table
        )
        kept = self._product((fresh, whole), (gates, whole))
        old = self._product((states[1], whole), (gates, n + whole))
        state = self._state(Input(0) + Input(1), growth.sum_of(kept.type, old.type), (kept, whole), (old, whole))
        shown = self._activated(state, cell.activation, cell.table)
        form = growth.product(gates.type, shown.type)
        parts = (gates, 2 * n + whole), (shown, whole)
        return self._state(Input(0) * Input(1), form, *parts, output=output), state

    def _gru(self, products: Tensor, start: int, states: Tensors, output: Tensor | None) -> Tensors:
        """``nnet::gru_static``; :func:`isobit.engines.reference.recurrent.recurrent` has it line by line."""
        cell, n, accum = self.cell, self.cell.n_state, self.cell.accum
        (before,) = states
        of_state = self._of_state(before)
        both, candidate, whole = np.arange(2 * n), np.arange(2 * n, 3 * n), np.arange(n)
        update, reset = (whole + n, whole) if cell.pytorch else (whole, whole + n)
        gates = self._activated(
            self._sum((products, start + both), (of_state, both)), cell.recurrent_activation, cell.recurrent_table
        )
        kept = self._product((gates, reset), (of_state, candidate), accum)
        fresh = self._activated(self._sum((products, start + candidate), (kept, whole)), cell.activation, cell.table)
        one = Weight.from_written("one", np.ones(1), FixedType.int_type(2))
        rest_form = growth.difference(one.type, accum)  # as exact as the 32 bits of the literal
        rest = self._formula(Result(Constant(one) - Input(0), rest_form), rest_form, (gates, update))
        new, old = self._product((fresh, whole), (rest, whole)), self._product((before, whole), (gates, update))
        form = growth.sum_of(growth.product(accum, growth.difference(INT, accum)), old.type)
        return (self._state(Input(0) + Input(1), form, (new, whole), (old, whole), output=output),)
