"""The primitive of tables: each number looks up an entry, or a row of entries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensor
from isobit.model.table_index import Index
from isobit.model.weights import Weight

__all__ = ["Lookup"]


@dataclass(frozen=True, eq=False)
class Lookup(Op):
    """The entries that a table has for each number, cast into the result.

    With an index of one side (:attr:`Index.sided`) only negative numbers look anything up; others are cast themselves.

    Attributes
    ----------
    table
        Raw integers: shape (entries,), or (entries, row) where each number gives a row.
    index
        Which entry a number looks up.
    function
        What the table samples, by hls4ml's name: for the real function (:mod:`isobit.bounds.ideal`). Empty: unknown.
    entry_factor
        A constant (one value) that multiplies the entries; None: one.
    other_factor
        With an index of one side, a constant that multiplies the numbers that look nothing up; None: one.
    """

    table: Weight
    index: Index
    function: str = ""
    entry_factor: Weight | None = None
    other_factor: Weight | None = None

    tag: ClassVar[str] = "lookup"
    primitive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if len(self.table.shape) not in (1, 2) or not self.table.raw.size:
            raise ShapeError(
                f"layer {self.name!r} has a table of shape {self.table.shape}; expected (entries,) or (entries, row)"
            )
        if any(factor.raw.size != 1 for factor in (self.entry_factor, self.other_factor) if factor is not None):
            raise ShapeError(f"layer {self.name!r} has factors of several values; expected one each")
        if self.row > 1 if self.index.sided else self.other_factor is not None:
            raise UnsupportedError(
                f"layer {self.name!r} has rows of {self.row} entries, or a factor of other numbers, with {self.index}; "
                "rows need an index of all numbers, that factor one of negative numbers"
            )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes, and that every number has an entry; see :meth:`Op.check_inputs`."""
        (tensor,) = self._counted(tensors)
        self._same(self.output.size, (tensor.size * self.row,), "outputs", tensor)
        self.index.check(self.name, tensor.type, self.entries)

    @property
    def entries(self) -> int:
        """Entries of the table, or rows."""
        return int(self.table.shape[0])

    @property
    def row(self) -> int:
        """Entries of a row."""
        return self.table.raw.size // self.entries

    @property
    def tables(self) -> tuple[Weight, ...]:
        """Tables in which numbers are looked up."""
        return (self.table,)

    @cached_property
    def rows(self) -> Any:
        """Every entry times its factor: Python integers, shape (entries, row), of the format that is cast."""
        raw = self.table.raw.reshape(self.entries, -1).astype(object)
        return raw if self.entry_factor is None else raw * int(self.entry_factor.raw.ravel()[0])

    def indices(self, x: Any, data: FixedType) -> Any:
        """Entry that raw numbers of a format look up, int64; with an index of one side, of negative ones."""
        return self.index.of(x, self.entries, data.fraction)

    def forms(self, data: FixedType) -> tuple[FixedType, FixedType]:
        """Formats that are cast: of entries, and of numbers that look nothing up.

        Parameters
        ----------
        data
            Format of the input.
        """
        entry, other = self.table.type, data
        if self.entry_factor is not None:
            entry = self.entry_factor.type.product_with(entry)
        if self.other_factor is not None:
            other = self.other_factor.type.product_with(other)
        return entry, other

    def others(self, x: Any) -> Any:
        """What numbers that look nothing up are multiplied to."""
        return x if self.other_factor is None else x * int(self.other_factor.raw.ravel()[0])

    @property
    def spans(self) -> dict[str, float]:
        """What an entry of the table spans, by its name, in units of the number that looks it up."""
        return {self.table.name: self.index.step(self.entries)}
