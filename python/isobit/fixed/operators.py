"""The operators of :class:`isobit.FixedArray`, as Python spells them.

``a += b`` is C++'s: the exact result, assigned back to ``a``'s format with its rounding and overflow. Arrays are
immutable, so the name is bound to a new array.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed import arithmetic, growth
from isobit.fixed.operands import Pair, amounts, is_operand, pair
from isobit.fixed.quantise import refuse_masked
from isobit.fixed.types import FixedType

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Operators"]

#: Powers of ten beyond every format: the widest hold less than 1e2467, the finest LSB is above 1e-3700.
_DECIMAL_REACH = 4000

Binary = Callable[[Pair, Pair], Pair]
Bools = npt.NDArray[np.bool_]

_AND, _OR, _XOR = (arithmetic.logic(f) for f in (operator.and_, operator.or_, operator.xor))


class Operators:
    """What is the same for every array that has raw integers and a format."""

    __slots__ = ()

    raw: npt.NDArray[Any]
    type: FixedType

    if TYPE_CHECKING:

        def __init__(self, raw: npt.NDArray[Any], type: FixedType) -> None: ...
        def cast(self, type: FixedType | str) -> Self: ...  # noqa: D102
        def to_float(self) -> npt.NDArray[np.float64]: ...  # noqa: D102

    def _of(self, result: Pair) -> Self:
        return self.__class__(result.raw, result.type)

    def _pair(self) -> Pair:
        return Pair(self.raw, self.type)

    def _with(self, function: Binary, other: Any, symbol: str) -> Self:
        if not is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        return self._of(function(self._pair(), pair(other, symbol)))

    def _after(self, function: Binary, other: Any, symbol: str) -> Self:
        if not is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        return self._of(function(pair(other, symbol), self._pair()))

    def _assign(self, function: Binary, other: Any, symbol: str) -> Self:
        if not is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        operand = pair(other, symbol)
        self._keeps_shape(operand.raw.shape, symbol)
        if self.type.is_int and not operand.type.is_int:  # the headers go through to_ap_int_base() first
            kind = FixedType.int_type(max(1, operand.type.integer), signed=operand.type.signed)
            operand = self._of(operand).cast(kind)._pair()
        return self._of(function(self._pair(), operand)).cast(self.type)

    def _keeps_shape(self, other: tuple[int, ...], symbol: str) -> None:
        """Assignment may repeat the right side, never the left."""
        if arithmetic.broadcast(self.raw.shape, other) != self.raw.shape:
            raise ShapeError(f"{symbol!r}: shape {other} on the right does not fit an array of shape {self.raw.shape}")

    # -- arithmetic ------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Self:
        """Exact sum; see :func:`isobit.fixed.growth.sum_of` for its format."""
        return self._with(arithmetic.add, other, "+")

    def __radd__(self, other: Any) -> Self:
        return self._after(arithmetic.add, other, "+")

    def __iadd__(self, other: Any) -> Self:
        return self._assign(arithmetic.add, other, "+=")

    def __sub__(self, other: Any) -> Self:
        """Exact difference, always signed."""
        return self._with(arithmetic.subtract, other, "-")

    def __rsub__(self, other: Any) -> Self:
        return self._after(arithmetic.subtract, other, "-")

    def __isub__(self, other: Any) -> Self:
        return self._assign(arithmetic.subtract, other, "-=")

    def __mul__(self, other: Any) -> Self:
        """Exact product."""
        return self._with(arithmetic.multiply, other, "*")

    def __rmul__(self, other: Any) -> Self:
        return self._after(arithmetic.multiply, other, "*")

    def __imul__(self, other: Any) -> Self:
        return self._assign(arithmetic.multiply, other, "*=")

    def __truediv__(self, other: Any) -> Self:
        """Quotient, truncated toward zero at the last bit of its format."""
        return self._with(arithmetic.divide, other, "/")

    def __rtruediv__(self, other: Any) -> Self:
        return self._after(arithmetic.divide, other, "/")

    def __itruediv__(self, other: Any) -> Self:
        return self._assign(arithmetic.divide, other, "/=")

    def __floordiv__(self, other: Any) -> Self:
        raise TypeMismatchError("'//' is not offered: AMD's types have one division, '/', which truncates toward zero")

    __rfloordiv__ = __ifloordiv__ = __floordiv__

    def __mod__(self, other: Any) -> Self:
        """Remainder of integers with the *dividend's* sign (C++'s, not Python's)."""
        return self._with(arithmetic.remainder, other, "%")

    def __rmod__(self, other: Any) -> Self:
        return self._after(arithmetic.remainder, other, "%")

    def __imod__(self, other: Any) -> Self:
        return self._assign(arithmetic.remainder, other, "%=")

    def __matmul__(self, other: Any) -> Self:
        """Exact sums of exact products, ceil(log2(n)) integer bits wider than a product of the two."""
        return self._with(arithmetic.matmul, other, "@")

    def __rmatmul__(self, other: Any) -> Self:
        return self._after(arithmetic.matmul, other, "@")

    def __neg__(self) -> Self:
        """Exact negative: a bit wider, signed."""
        return self._of(arithmetic.negate(self._pair()))

    def __pos__(self) -> Self:
        return self

    # -- bits ------------------------------------------------------------------------------------------------------

    def __and__(self, other: Any) -> Self:
        """Bits that both have, after aligning the binary points and extending the signs."""
        return self._with(_AND, other, "&")

    def __rand__(self, other: Any) -> Self:
        return self._after(_AND, other, "&")

    def __iand__(self, other: Any) -> Self:
        return self._assign(_AND, other, "&=")

    def __or__(self, other: Any) -> Self:
        return self._with(_OR, other, "|")

    def __ror__(self, other: Any) -> Self:
        return self._after(_OR, other, "|")

    def __ior__(self, other: Any) -> Self:
        return self._assign(_OR, other, "|=")

    def __xor__(self, other: Any) -> Self:
        return self._with(_XOR, other, "^")

    def __rxor__(self, other: Any) -> Self:
        return self._after(_XOR, other, "^")

    def __ixor__(self, other: Any) -> Self:
        return self._assign(_XOR, other, "^=")

    def __invert__(self) -> Self:
        """Every bit inverted; same format."""
        return self._of(arithmetic.invert(self._pair()))

    def __lshift__(self, amount: Any) -> Self:
        """Bits shifted up (for a negative amount down) within the format: never rounded, never saturated."""
        return self._of(arithmetic.shift_left(self._pair(), amounts(amount, self.type.width)))

    def __rshift__(self, amount: Any) -> Self:
        """Bits shifted down (for a negative amount up) within the format: sign bits move in, low bits are lost."""
        return self._of(arithmetic.shift_left(self._pair(), -amounts(amount, self.type.width)))

    def __ilshift__(self, amount: Any) -> Self:
        self._keeps_shape(np.shape(amount), "<<=")
        return self.__lshift__(amount)

    def __irshift__(self, amount: Any) -> Self:
        self._keeps_shape(np.shape(amount), ">>=")
        return self.__rshift__(amount)

    # -- comparison ------------------------------------------------------------------------------------------------

    def _compare(self, function: Callable[[Any, Any], Any], other: Any, symbol: str) -> Bools:
        if not is_operand(other):
            return NotImplemented  # type: ignore[no-any-return]
        refuse_masked(other)
        if isinstance(other, float) or getattr(getattr(other, "dtype", None), "char", "") in ("e", "f", "d"):
            # As AMD's: this number is rounded to double, then compared.
            floats = np.asarray(other, dtype=np.float64)
            arithmetic.broadcast(self.raw.shape, floats.shape)
            return np.asarray(function(self.to_float(), floats), dtype=np.bool_)
        if isinstance(other, Decimal) and not other.is_finite():
            raise RangeError(f"{symbol!r} with {other!r}: NaN and infinity are refused")
        if (
            isinstance(other, Decimal) and other and abs(other.adjusted()) > _DECIMAL_REACH
        ):  # 1e999999999 has no integer
            exponent = _DECIMAL_REACH if other.adjusted() > 0 else -_DECIMAL_REACH
            other = Decimal((int(other.is_signed()), (1,), exponent))
        beyond = isinstance(other, int) and growth.literal(other) is None
        if beyond or isinstance(other, (Fraction, Decimal)):
            return arithmetic.compare_fraction(function, self._pair(), Fraction(other))
        return arithmetic.compare(function)(self._pair(), pair(other, symbol))

    def __eq__(self, other: object) -> Bools:  # type: ignore[override]
        """Elementwise equality of *values*, whatever the formats."""
        return self._compare(operator.eq, other, "==")

    def __ne__(self, other: object) -> Bools:  # type: ignore[override]
        return self._compare(operator.ne, other, "!=")

    def __lt__(self, other: Any) -> Bools:
        return self._compare(operator.lt, other, "<")

    def __le__(self, other: Any) -> Bools:
        return self._compare(operator.le, other, "<=")

    def __gt__(self, other: Any) -> Bools:
        return self._compare(operator.gt, other, ">")

    def __ge__(self, other: Any) -> Bools:
        return self._compare(operator.ge, other, ">=")

    __hash__ = None  # type: ignore[assignment]
