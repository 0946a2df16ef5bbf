"""Elementwise functions by lookup table: nnet_activation.h and nnet_activation_stream.h in hls4ml 1.3.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isobit.errors import FormatError, ShapeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.types import FixedType
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensor, is_quantiser, register_op
from isobit.model.table_index import AroundZero, BelowZero
from isobit.model.tables import check_table, function_table
from isobit.model.weights import Encoding, Weight

__all__ = ["SELU_LAMBDA", "SELU_LAMBDA_TYPE", "TableActivation", "selu_slope"]

#: The slope of selu for positive numbers: the firmware's ``ap_ufixed<16,1>(1.0507009873554805)``, raw.
SELU_LAMBDA_TYPE = FixedType(16, 1, False)
SELU_LAMBDA = 34429

_SELU_VALUE = np.array([1.0507009873554805])
_SELU_SLOPE = Weight("param", np.array([SELU_LAMBDA]), SELU_LAMBDA_TYPE, _SELU_VALUE, _SELU_VALUE, Encoding.LITERAL)

#: Functions that QKeras' quantisers have and hls4ml takes from a table (``quantized_sigmoid(use_real_sigmoid=True)``),
#: with whether they have negative values.
_QUANTISERS = {"sigmoid": False, "tanh": True}


def selu_slope(data: FixedType) -> Weight:
    """The slope of selu for positive numbers with io_stream: a literal in the data's own format."""
    value = np.array([1.0507009873554804934193349852946])
    return Weight("param", quantise_floats(value, data), data, value, value, Encoding.LITERAL)


@register_op
@dataclass(frozen=True, eq=False)
class TableActivation(Op):
    """An elementwise function by lookup table: nnet_activation.h.

    Attributes
    ----------
    function
        One of :attr:`FUNCTIONS`. The table of ``tanh`` spans -4 to 4, those of ``elu`` and ``selu`` -8 to 0 from the
        upper end, the others -8 to 8.
    table
        The entries, shape (entries,).
    param
        For ``elu`` alpha (one value). For ``selu`` with io_stream :func:`selu_slope`; without it the slope is that of
        io_parallel, :data:`SELU_LAMBDA`.
    """

    function: str
    table: Weight
    param: Weight | None = None

    tag: ClassVar[str] = "table_activation"
    FUNCTIONS: ClassVar[tuple[str, ...]] = ("sigmoid", "tanh", "softplus", "softsign", "elu", "selu")
    activations: ClassVar[tuple[str, ...]] = FUNCTIONS

    def __post_init__(self) -> None:
        if self.function not in self.FUNCTIONS:
            raise UnsupportedError(
                f"table activation {self.function!r} of layer {self.name!r} is not supported; supported: "
                f"{', '.join(self.FUNCTIONS)}"
            )
        check_table(self.table, "table", f"layer {self.name!r}")
        needed, allowed = self.function == "elu", self.function in ("elu", "selu")
        if (needed and self.param is None) or (self.param is not None and (not allowed or self.param.raw.size != 1)):
            raise ShapeError(
                f"layer {self.name!r}: 'elu' has one alpha (param), 'selu' may have one slope (param), and no other "
                "table activation has any"
            )

    @property
    def clips(self) -> bool:
        """See :attr:`Op.clips`; a quantiser's format reaches one, a narrower one loses more than the end."""
        kind, negative = self.output.type, _QUANTISERS.get(self.function)
        reaches = negative is not None and kind.max + kind.lsb >= 1 and (kind.signed or not negative)
        return reaches and is_quantiser(kind)

    @property
    def entries(self) -> int:
        """Size of the table."""
        return int(self.table.raw.size)

    @property
    def resizable(self) -> dict[str, tuple[int, FixedType | None]]:
        """See :attr:`Op.resizable`."""
        return {"table": (self.entries, None)}

    def with_entries(self, entries: Mapping[str, int]) -> TableActivation:
        """As :meth:`Op.with_entries`."""
        count = entries.get("table", self.entries)
        return replace(self, table=function_table("table", self.function, count, self.table.type))

    @property
    def span(self) -> int:
        """Length of the interval that the table covers."""
        return {"tanh": 8, "elu": 8, "selu": 8}.get(self.function, 16)

    @property
    def centred(self) -> bool:
        """Whether the interval lies around zero; otherwise it ends there, and the table begins with its upper end."""
        return self.function not in ("elu", "selu")

    @property
    def factor(self) -> tuple[int, FixedType] | None:
        """Raw integer and format of the constant that multiplies: elu's entries, or selu's positive inputs."""
        if self.param is not None:
            return int(self.param.raw.ravel()[0]), self.param.type
        return (SELU_LAMBDA, SELU_LAMBDA_TYPE) if self.function == "selu" else None

    def lower(self, *tensors: Tensor) -> tuple[Op, ...]:
        """An entry for every number; of elu and selu, for negative ones; see :meth:`Op.lower`."""
        del tensors
        index = AroundZero(self.span) if self.centred else BelowZero(self.span)
        slope = self.param or _SELU_SLOPE
        factors = {"elu": (self.param, None), "selu": (None, slope)}.get(self.function, (None, None))
        return (Lookup(self.name, self.inputs, self.output, self.table, index, self.function, *factors),)

    def check_inputs(self, *tensors: Tensor) -> None:
        """Check sizes, and that no index leaves an int; see :meth:`Op.check_inputs`."""
        super().check_inputs(*tensors)
        (tensor,) = tensors
        if self.function == "selu" and self.param is not None and self.param != selu_slope(tensor.type):
            raise FormatError(f"{self.name}.param is not selu's slope in the format of its input, {tensor.type}")
        lowest = -tensor.type.raw_min * self.entries * tensor.type.lsb / self.span
        if self.param is not None and lowest >= 1 << 31:
            raise UnsupportedError(
                f"layer {self.name!r} takes numbers of {tensor.type}, down to {float(tensor.type.raw_min):g} LSB: the "
                f"firmware's index into the {self.entries} entries of {self.function}'s table would leave an int and "
                "the table; use fewer integer bits"
            )

    def types(self) -> dict[str, FixedType]:
        """Format of every slot; that of selu's slope is the input's."""
        slots = super().types()
        if self.function == "selu":
            slots.pop("param", None)
        return slots

    def with_types(self, types: Mapping[str, FixedType]) -> TableActivation:
        """As :meth:`Op.with_types`; selu's slope follows the input."""
        if self.function == "selu":
            types = {slot: type for slot, type in types.items() if slot != "param"}
        return super().with_types(types)

    def with_input_types(self, *types: FixedType) -> TableActivation:
        """As :meth:`Op.with_input_types`: the slope of a selu with io_stream has the input's format."""
        (type,) = types
        if self.function != "selu" or self.param is None or self.param.type == type:
            return self
        return replace(self, param=selu_slope(type))
