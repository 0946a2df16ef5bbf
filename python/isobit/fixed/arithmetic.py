"""The operators on raw integers: what they compute, whichever class offers them.

Each takes :class:`Pair` operands and gives a :class:`Pair` in the format of :mod:`isobit.fixed.growth`. Numbers
whose *formats* prove that nothing leaves int64 are computed on int64, all others on Python integers.

AMD's simulation headers compute the same except for some quirks (docs/semantics.md: B5 to B8), which are not followed:
operators are mathematically right.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DivisionByZeroError, ShapeError, TypeMismatchError
from isobit.fixed import growth
from isobit.fixed.operands import Pair
from isobit.fixed.quantise import owned, to_storage
from isobit.fixed.types import FixedType

__all__ = [
    "add",
    "aligned",
    "broadcast",
    "compare",
    "compare_fraction",
    "divide",
    "finished",
    "invert",
    "logic",
    "matmul",
    "multiply",
    "negate",
    "remainder",
    "shift_left",
    "subtract",
    "summed_axes",
    "total",
]


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of a result, by NumPy's rules.

    Raises
    ------
    ShapeError
        If there is none.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together") from None


def _prepared(machine: bool, *operands: tuple[npt.NDArray[Any], int]) -> list[Any]:
    """Raw integers, each shifted up by an amount: int64 if ``machine`` (and they are), else Python integers."""
    arrays = [raw for raw, _ in operands]
    broadcast(*(raw.shape for raw in arrays))
    if not machine or any(raw.dtype == object for raw in arrays):
        arrays = [raw.astype(object) for raw in arrays]
    return [raw << up if up else raw for raw, (_, up) in zip(arrays, operands, strict=True)]


def aligned(a: Pair, b: Pair, machine: bool) -> list[Any]:
    """Both operands at the finer of their LSBs."""
    fraction = max(a.type.fraction, b.type.fraction)
    return _prepared(machine, (a.raw, fraction - a.type.fraction), (b.raw, fraction - b.type.fraction))


def finished(raw: Any, kind: FixedType) -> Pair:
    """A result in the storage of its format."""
    return Pair(owned(to_storage(np.asarray(raw), kind)), kind)


def add(a: Pair, b: Pair) -> Pair:
    """``a + b``, exact."""
    kind = growth.sum_of(a.type, b.type)
    x, y = aligned(a, b, kind.fits_int64)
    return finished(x + y, kind)


def subtract(a: Pair, b: Pair) -> Pair:
    """``a - b``, exact."""
    kind = growth.difference(a.type, b.type)
    x, y = aligned(a, b, kind.fits_int64)
    return finished(x - y, kind)


def multiply(a: Pair, b: Pair) -> Pair:
    """``a * b``, exact."""
    kind = growth.product(a.type, b.type)
    x, y = _prepared(kind.fits_int64, (a.raw, 0), (b.raw, 0))
    return finished(x * y, kind)


def _truncated(x: Any, y: Any, symbol: str) -> tuple[Any, Any]:
    """Quotient, truncated toward zero, and remainder; zeros are refused with their index."""
    zero = np.broadcast_to(y == 0, np.broadcast_shapes(np.shape(x), np.shape(y)))
    if zero.any():
        where = tuple(int(i) for i in np.argwhere(zero)[0])
        place = f" at index {where}" if where else ""
        raise DivisionByZeroError(f"{symbol!r}: the divisor is zero{place} (AMD's headers trap)")
    floor = x // y
    rest = x - floor * y
    toward_zero = (rest != 0) & ((x < 0) != (y < 0))
    # Of single numbers beyond int64, all are Python's; NumPy 2 adds no boolean of its own to such an integer.
    quotient = floor + (int(toward_zero) if isinstance(floor, int) else toward_zero)
    return quotient, x - quotient * y


def divide(a: Pair, b: Pair) -> Pair:
    """``a / b``, toward zero at the last bit of the result."""
    kind = growth.quotient(a.type, b.type)
    x, y = _prepared(kind.fits_int64 and b.type.width < 63, (a.raw, max(0, b.type.fraction)), (b.raw, 0))
    return finished(_truncated(x, y, "/")[0], kind)


def remainder(a: Pair, b: Pair) -> Pair:
    """``a % b`` of integers, with the dividend's sign."""
    kind = growth.remainder(a.type, b.type)
    x, y = _prepared(max(a.type.width, b.type.width) < 63, (a.raw, 0), (b.raw, 0))
    return finished(_truncated(x, y, "%")[1], kind)


def logic(function: Callable[[Any, Any], Any]) -> Callable[[Pair, Pair], Pair]:
    """``&``, ``|`` or ``^`` of sign-extended numbers at equal LSBs."""

    def apply(a: Pair, b: Pair) -> Pair:
        kind = growth.logic(a.type, b.type)
        x, y = aligned(a, b, kind.fits_int64)
        return finished(function(x, y), kind)

    return apply


def negate(a: Pair) -> Pair:
    """``-a``, exact."""
    kind = growth.negation(a.type)
    (x,) = _prepared(kind.fits_int64, (a.raw, 0))
    return finished(-x, kind)


def invert(a: Pair) -> Pair:
    """``~a``: every bit."""
    kind = growth.complement(a.type)
    (x,) = _prepared(kind.fits_int64, (a.raw, 0))
    return finished(~x if kind.signed else x ^ kind.raw_max, kind)


def shift_left(a: Pair, up: npt.NDArray[np.int64]) -> Pair:
    """``a << up``; negative amounts shift right. The format stays, modes included; bits fall off at both ends."""
    width, signed = a.type.width, a.type.signed
    x, _ = _prepared(a.type.fits_int64, (a.raw, 0), (up, 0))
    left = np.maximum(up, 0)
    right = np.maximum(-up, 0)
    if x.dtype == object:
        span = 1 << width
        bits = ((x << left.astype(object)) >> right.astype(object)) & (span - 1)
        negative = (bits >> (width - 1)) & int(signed)
        return finished(bits - negative * span, a.type)
    # Unsigned: only there may bits leave the word by NumPy's (and C's) definition.
    moved = ((x >> np.minimum(right, 63)).astype(np.uint64) << np.minimum(left, 63).astype(np.uint64)) * (left < 64)
    spare = np.uint64(64 - width)
    top = moved.astype(np.uint64) << spare
    return finished((top.view(np.int64) if signed else top) >> (np.int64(spare) if signed else spare), a.type)


def compare(function: Callable[[Any, Any], Any]) -> Callable[[Pair, Pair], npt.NDArray[np.bool_]]:
    """A comparison of the values, whatever the formats."""

    def apply(a: Pair, b: Pair) -> npt.NDArray[np.bool_]:
        bits = max(a.type.integer, b.type.integer) + max(a.type.fraction, b.type.fraction)
        return np.asarray(function(*aligned(a, b, bits < 63)), dtype=np.bool_)

    return apply


def compare_fraction(function: Callable[[Any, Any], Any], a: Pair, value: Fraction) -> npt.NDArray[np.bool_]:
    """A comparison with an exact fraction, such as the bounds that a FixedType gives."""
    scaled = value / a.type.lsb
    return np.asarray(function(a.raw.astype(object) * scaled.denominator, scaled.numerator), dtype=np.bool_)


def matmul(a: Pair, b: Pair) -> Pair:
    """``a @ b``: exact sums of exact products, with NumPy's rules for shapes."""
    if a.raw.ndim == 0 or b.raw.ndim == 0:
        raise ShapeError(
            f"'@' needs vectors or matrices, got shapes {a.raw.shape} and {b.raw.shape}; use * for numbers"
        )
    count = a.raw.shape[-1]
    kind = growth.dot(a.type, b.type, count)
    try:
        if kind.width <= 53:  # every partial sum is exact in float64, and that is what NumPy is fast at
            return finished((a.raw.astype(np.float64) @ b.raw.astype(np.float64)), kind)
        lane = np.int64 if kind.fits_int64 else object
        return finished(a.raw.astype(lane) @ b.raw.astype(lane), kind)
    except ValueError:
        raise ShapeError(f"'@': shapes {a.raw.shape} and {b.raw.shape} do not belong together") from None


def summed_axes(axis: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes over which to sum (or to look for the largest), counted from 0."""
    ndim = len(shape)
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, tuple) else (axis,)
    if any(isinstance(one, (bool, np.bool_)) or not hasattr(one, "__index__") for one in given):
        raise TypeMismatchError(f"axis must be an integer, a tuple of integers or None, got {axis!r}")
    axes = [operator.index(one) for one in given]
    if any(not -ndim <= one < ndim for one in axes):
        raise ShapeError(f"axis {axis} does not exist in an array of shape {shape}")
    found = tuple(one % ndim for one in axes)
    if len(set(found)) < len(found):
        raise ShapeError(f"axis {axis} names an axis twice (shape {shape})")
    return found


def total(a: Pair, axis: int | tuple[int, ...] | None, keepdims: bool) -> Pair:
    """Exact sum over axes."""
    axes = summed_axes(axis, a.raw.shape)
    kind = growth.sum_of_many(a.type, math.prod(a.raw.shape[one] for one in axes))
    (x,) = _prepared(kind.fits_int64, (a.raw, 0))
    return finished(x.sum(axis=axes, keepdims=bool(keepdims)), kind)
