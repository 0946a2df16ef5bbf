"""The primitive of softmax, until it is a graph of the others: groups of numbers that are normalised by tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import View
from isobit.model.weights import Weight

__all__ = ["Softmax"]


@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """Softmax of every group of numbers, whatever the axis along which they lie.

    Attributes
    ----------
    implementation
        See :class:`isobit.model.layers.softmax.Softmax`, which checks what an implementation needs.
    groups
        Which numbers are normalised together, in the order in which exponentials are added: flat indices, each number
        once. int64, shape (groups, numbers of one).
    exp_table, inv_table, accum, inv_inp, inp_norm, exp_scale
        As there.
    exp_address
        Format of the numbers whose top bits address ``exp_table``; None where it is not addressed so.
    """

    implementation: str
    groups: View
    exp_table: Weight | None = None
    inv_table: Weight | None = None
    accum: FixedType | None = None
    inv_inp: FixedType | None = None
    inp_norm: FixedType | None = None
    exp_address: FixedType | None = None
    exp_scale: float = 1.0

    tag: ClassVar[str] = "softmax"
    primitive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.groups, np.ndarray):
            raise TypeMismatchError(
                f"layer {self.name!r} normalises groups by a {type(self.groups).__name__}; expected an array of int64"
            )
        numbers = np.arange(self.output.size)
        if self.groups.ndim != 2 or not np.array_equal(np.sort(self.groups, axis=None), numbers):
            raise ShapeError(
                f"layer {self.name!r} normalises groups by an array of shape {self.groups.shape}; expected (groups, "
                f"numbers), with each index from 0 to {self.output.size - 1} once"
            )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check the sizes; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        self._same(self.output.size, (tensor.size,), "outputs", tensor)

    @property
    def size(self) -> int:
        """Numbers of a group."""
        return int(self.groups.shape[1])

    @property
    def in_order(self) -> bool:
        """Whether the groups lie one after the other."""
        return bool((np.diff(self.groups.ravel()) == 1).all())

    @property
    def tables(self) -> tuple[Weight, ...]:
        """Tables in which numbers are looked up."""
        return tuple(table for table in (self.exp_table, self.inv_table) if table is not None)

    @property
    def spans(self) -> dict[str, float]:
        """What an entry of each table spans, by its name, in units of the number that looks it up."""
        exponentials, inverses = self.exp_table, self.inv_table
        if exponentials is None or inverses is None:
            return {}
        if self.implementation == "legacy":
            return {exponentials.name: 16 / exponentials.raw.size, inverses.name: 64 / inverses.raw.size}
        assert self.exp_address is not None
        assert self.inv_inp is not None
        addressed = ((exponentials, self.exp_address), (inverses, self.inv_inp))
        # Top bits of a number address the table: its whole range is divided by the entries.
        return {table.name: float(2**kind.width * kind.lsb / table.raw.size) for table, kind in addressed}
