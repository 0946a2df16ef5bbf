"""Functions that are tables of every number of a format: HGQ's ``UnaryLUT``; nnet_activation.h in hls4ml 1.3.0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, register_op
from isobit.model.table_index import Counted
from isobit.model.weights import Encoding, Weight

__all__ = ["UnaryLUT"]


@register_op
@dataclass(frozen=True, eq=False)
class UnaryLUT(Op):
    """An entry for every raw number, whose bits are its place in the table: ``nnet::unary_lut``.

    Attributes
    ----------
    table
        One entry for each number of the input's format, from zero up and then, if it is signed, from the least number
        to minus one LSB: shape (2**width,).
    """

    table: Weight

    tag: ClassVar[str] = "unary_lut"

    def __post_init__(self) -> None:
        if len(self.table.shape) != 1 or self.table.encoding is not Encoding.PLAIN:
            raise ShapeError(
                f"the table of layer {self.name!r} has the shape {self.table.shape} and {self.table.encoding.value} "
                "encoding; expected (entries,), plain"
            )

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check that every number has its entry; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,), entries = tensors, self.table.raw.size
        if tensor.type.width > 24 or entries != 1 << tensor.type.width:
            raise UnsupportedError(
                f"layer {self.name!r} has a table of {entries} entries for numbers of {tensor.type}: hls4ml's kernel "
                f"takes all {tensor.type.width} bits for the index, and reads other entries, or memory beyond them; "
                "the input must have the format that the table was made for"
            )
        if tensor.xnor or self.output.xnor:
            raise UnsupportedError(f"layer {self.name!r} looks one-bit (xnor) numbers up; not supported")

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """The table in the order of the numbers; see :meth:`Op.lower`."""
        (kind,) = (tensor.type for tensor in tensors)
        table, least = self.table, kind.raw_min
        raw, written, unquantised = (np.roll(part, -least) for part in (table.raw, table.written, table.unquantised))
        table = replace(table, raw=raw, written=written, unquantised=unquantised)
        return (Lookup(self.name, self.inputs, self.output, table, Counted(least)),)
