"""Layer normalisation: the root of a variance from a table; nnet_layernorm.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.types import FixedType
from isobit.model.expressions import Constant, Input, Result
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, Tensors, register_op
from isobit.model.primitives import Formula, Select, View, identity_view
from isobit.model.reduce import Reduce
from isobit.model.table_index import FromZero
from isobit.model.tables import check_table
from isobit.model.weights import Encoding, Weight

__all__ = ["LayerNorm"]


@register_op
@dataclass(frozen=True, eq=False)
class LayerNorm(Op):
    """Every position by itself: its distances from their mean, divided by their deviation: ``nnet::layernormalize``.

    Attributes
    ----------
    scale, bias
        One value for every number of a position, shape (dim,).
    table
        The inverse of the root of a variance, shape (entries,); see :func:`isobit.model.tables.inverse_root_table`.
    accum
        Format of the numbers, of their sums, means and squares, and of ``1 / dim``.
    range_power
        The table ends at a variance of ``2**-range_power``: 0 to 30.
    """

    scale: Weight
    bias: Weight
    table: Weight
    accum: FixedType
    range_power: int = 0

    tag: ClassVar[str] = "layernorm"

    def __post_init__(self) -> None:
        check_table(self.table, "table", f"layer {self.name!r}")
        if not 0 <= self.range_power <= 30:
            raise UnsupportedError(
                f"layer {self.name!r} has a table up to 2**{-self.range_power}; hls4ml's kernel shifts an int by "
                "table_range_power2, which must be 0 to 30"
            )
        if self.bias.shape != self.scale.shape or len(self.scale.shape) != 1 or self.output.size % self.scale.raw.size:
            raise ShapeError(
                f"layer {self.name!r} gives {self.output.size} numbers with scales of shape {self.scale.shape} and "
                f"biases of shape {self.bias.shape}; expected one of each for every number of a position"
            )
        for weight in (self.scale, self.bias):
            if weight.encoding is not Encoding.PLAIN:
                raise UnsupportedError(
                    f"{self.name}.{weight.name} is of {weight.encoding.value} encoding; supported: plain numbers"
                )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        if any(tensor.xnor for tensor in (*tensors, self.output)):
            raise UnsupportedError(f"layer {self.name!r} normalises one-bit (xnor) numbers; not supported")

    @property
    def dim(self) -> int:
        """Numbers of a position."""
        return int(self.scale.raw.size)

    def inverse_dim(self) -> Weight:
        """``k_inv``: one over the numbers of a position, in the accumulator's format."""
        value = np.array([1.0 / self.dim])
        return Weight("k_inv", quantise_floats(value, self.accum), self.accum, value, value, Encoding.LITERAL)

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """Every variable of the kernel; see :meth:`Op.lower`.

        Reports call them ``accum/2`` the numbers, 3 their sum, 4 the mean, 5 the distances, 6 their squares, 7 the sum
        of those, 8 the variance, ``table/9`` the entry, and ``result/10`` the distance times the entry.
        """
        del tensors
        size, dim, accum = self.output.size, self.dim, self.accum
        ops: list[Op] = []
        whole, each = identity_view(size), identity_view(size // dim)
        slices, repeated = whole.reshape(-1, dim), np.repeat(each, dim)

        def inner(count: int, kind: FixedType, slot: str = "accum") -> Tensor:
            return Tensor(f"{self.name}/{len(ops) + 2}", (count,), kind, slot=slot)

        def put(op: Op) -> Tensor:
            ops.append(op)
            return op.output

        def formula(outcome: Result, output: Tensor, given: Tensors, *views: View) -> Tensor:
            return put(Formula(output.name, tuple(part.name for part in given), output, outcome, views))

        def total(of: Tensor) -> Tensor:
            output = inner(size // dim, accum)
            return put(Reduce(output.name, (of.name,), output, "sum", slices, accum, cast_first=True))

        def mean(of: Tensor) -> Tensor:
            return formula(Result.of(Input(0) * Constant(self.inverse_dim()), of), inner(each.size, accum), (of,), each)

        output = inner(size, accum)
        data = put(Select(output.name, self.inputs, output, whole))
        pair = (data, mean(total(data)))
        distance = formula(Result.of(Input(0) - Input(1), *pair), inner(size, accum), pair, whole, repeated)
        pair = (distance, distance)
        square = formula(Result.of(Input(0) * Input(1), *pair), inner(size, accum), pair, whole, whole)
        variance = mean(total(square))
        output = inner(each.size, self.table.type, "table")
        root = put(Lookup(output.name, (variance.name,), output, self.table, FromZero(self.range_power)))
        pair = (distance, root)
        exact = Result.of(Input(0) * Input(1), *pair)
        scaled = formula(exact, inner(size, exact.form, "result"), pair, whole, repeated)
        scale, bias = (Constant(weight.repeated(size)) for weight in (self.scale, self.bias))
        line = Result.of(Input(0) * scale + bias, scaled)
        return (*ops, Formula(self.name, (scaled.name,), self.output, line, (whole,)))
