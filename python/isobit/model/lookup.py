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
    stride
        How far apart rows begin in the flat table; by default one after the other.
    """

    table: Weight
    index: Index
    function: str = ""
    entry_factor: Weight | None = None
    other_factor: Weight | None = None
    stride: int | None = None

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
        self.index.check(self.name, tensor, self.entries)

    @property
    def row(self) -> int:
        """Entries of a row."""
        return self.table.raw.size // int(self.table.shape[0])

    @property
    def entries(self) -> int:
        """Rows that can be looked up."""
        return (self.table.raw.size - self.row) // (self.stride or self.row) + 1

    @property
    def tables(self) -> tuple[Weight, ...]:
        """Tables in which numbers are looked up."""
        return (self.table,)

    @cached_property
    def products(self) -> Any:
        """The flat table times its factor: Python integers, of the format that is cast."""
        raw = self.table.raw.ravel().astype(object)
        return raw if self.entry_factor is None else raw * int(self.entry_factor.raw.ravel()[0])

    def columns(self, dtype: Any) -> list[Any]:
        """The first number of each row that can be looked up, the second, ...: of a dtype, shape (entries,) each."""
        flat = self.products.astype(dtype)
        return [flat[k :: self.stride or self.row][: self.entries] for k in range(self.row)]

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
        """What an entry of the table spans, by its name, in units of the number that looks it up; of sampled tables."""
        step = self.index.step(self.entries)
        return {} if step is None else {self.table.name: step}
