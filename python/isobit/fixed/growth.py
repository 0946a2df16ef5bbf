"""The formats that operators give: AMD's growth rules, stated once for Python, here and in :class:`FixedType`.

Every result is exact (except a quotient, which is truncated toward zero at its last bit), so results carry the default
modes TRN and WRAP, which then never act. Two ``ap_int`` give an ``ap_int``; in an operation with an ``ap_fixed``, an
``ap_int`` counts as ``ap_fixed<W,W>``.

Semantics: UG1399 and ``RType`` in the headers ap_fixed_base.h and ap_int_base.h that hls4ml ships. The C++ statement
of the same rules is ``isobit/growth.hpp``.
"""

from __future__ import annotations

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType

__all__ = [
    "aligned",
    "complement",
    "difference",
    "dot",
    "literal",
    "logic",
    "negation",
    "product",
    "quotient",
    "remainder",
    "sum_of",
    "sum_of_many",
]


def aligned(a: FixedType, b: FixedType) -> FixedType:
    """Smallest format with ``a``'s and ``b``'s values; see :meth:`FixedType.aligned_with`."""
    return a.aligned_with(b)


def logic(a: FixedType, b: FixedType) -> FixedType:
    """``a & b``, ``a | b``, ``a ^ b``: the format that holds both."""
    return aligned(a, b)


def sum_of(a: FixedType, b: FixedType) -> FixedType:
    """``a + b``: one integer bit more than the format that holds both."""
    return a.sum_with(b)


def difference(a: FixedType, b: FixedType) -> FixedType:
    """``a - b``: as wide as the sum, and always signed."""
    both = aligned(a, b)
    return FixedType.exact(both.integer + 1, both.fraction, True, both.is_int)


def product(a: FixedType, b: FixedType) -> FixedType:
    """``a * b``: widths and integer bits add up."""
    return a.product_with(b)


def quotient(a: FixedType, b: FixedType) -> FixedType:
    """``a / b``: the dividend's fraction bits, and for a divisor with F < 0 its -F more; a bit for min / -1."""
    return FixedType.exact(
        a.integer + b.fraction + b.signed,
        a.fraction + max(0, -b.fraction),
        a.signed or b.signed,
        a.is_int and b.is_int,
    )


def remainder(a: FixedType, b: FixedType) -> FixedType:
    """``a % b``, of ``ap_int`` only: signed as the dividend, no wider than either operand asks.

    Raises
    ------
    UnsupportedError
        For formats other than ``ap_int``: AMD offers no ``%`` there.
    """
    if not (a.is_int and b.is_int):
        raise UnsupportedError(f"{a} % {b} does not exist: AMD's types offer % only between ap_int and ap_uint")
    return FixedType.int_type(min(a.width, b.width + (a.signed and not b.signed)), signed=a.signed)


def negation(a: FixedType) -> FixedType:
    """``-a``: signed, one integer bit more. ``-ap_int<1>`` is ``ap_int<3>``: it is 0 - a, and 0 an ``ap_uint<1>``."""
    if a.is_int:
        return difference(FixedType.int_type(1, signed=False), a)
    return FixedType.exact(a.integer + 1, a.fraction, True, False)


def complement(a: FixedType) -> FixedType:
    """``~a``: the same bits."""
    return FixedType.exact(a.integer, a.fraction, a.signed, a.is_int)


def sum_of_many(a: FixedType, count: int) -> FixedType:
    """Exact sum of ``count`` numbers: ceil(log2(count)) integer bits more (isobit's rule; AMD has no such operator)."""
    return FixedType.exact(a.integer + max(0, count - 1).bit_length(), a.fraction, a.signed, a.is_int)


def dot(a: FixedType, b: FixedType, count: int) -> FixedType:
    """Exact sum of ``count`` products."""
    return sum_of_many(product(a, b), count)


def literal(value: int) -> FixedType | None:
    """Format of a Python integer: that of the same decimal literal in C++, ``int`` or else ``long``; None beyond."""
    for width in (32, 64):
        if -(1 << (width - 1)) <= value < 1 << (width - 1):
            return FixedType.int_type(width)
    return None
