"""Members by definition: reductions, rotations, conversions of integers to bool and floating point, ranges.

Only what AMD's headers get wrong somewhere needs a second opinion; everything else is compared with them alone.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from by_definition import bits_of, raw_of, result_type
from formats import named
from worker import Row

from isobit.fixed.types import FixedType

__all__ = ["member_defect", "member_expected"]


def _double(value: Fraction, kind: str) -> int:
    """Nearest float or double (ties to even) of a number, as bits."""
    if kind == "float":
        return int(struct.unpack("<I", struct.pack("<f", _to_float32(value)))[0])
    return int(struct.unpack("<Q", struct.pack("<d", value.numerator / value.denominator))[0])


def _to_float32(value: Fraction) -> float:
    """Round once to 24 bits, ties to even; the programs stay inside float's exponents."""
    if not value:
        return 0.0
    exponent = 0
    magnitude = abs(value)
    while magnitude >= 2**24:
        magnitude, exponent = magnitude / 2, exponent + 1
    while magnitude < 2**23:
        magnitude, exponent = magnitude * 2, exponent - 1
    return float(round(magnitude) * Fraction(2) ** exponent * (1 if value > 0 else -1))


def _rotated(bits: int, width: int, left: int) -> int:
    left %= width
    return bits_of(bits << left | bits >> (width - left), width)


def _parity(bits: int) -> int:
    return bits.bit_count() % 2


def _of_number(row: Row, kind: FixedType) -> int | None:
    bits = row.operands[0]
    full = bits == (1 << kind.width) - 1
    value = raw_of(bits, kind) * kind.lsb
    place = row.operands[1] >> 16 if len(row.operands) > 1 else 0
    known: dict[str, Callable[[], int]] = {
        "and_reduce": lambda: int(full),
        "nand_reduce": lambda: int(not full),
        "or_reduce": lambda: int(bits != 0),
        "nor_reduce": lambda: int(bits == 0),
        "xor_reduce": lambda: _parity(bits),
        "xnor_reduce": lambda: 1 - _parity(bits),
        "lrotate": lambda: _rotated(bits, kind.width, place),
        "rrotate": lambda: _rotated(bits, kind.width, -place),
        "bool": lambda: int(bits != 0),
        "to_bool": lambda: int(bits != 0),
        "float": lambda: _double(value, "float"),
        "to_float": lambda: _double(value, "float"),
        "double": lambda: _double(value, "double"),
        "to_double": lambda: _double(value, "double"),
    }
    return known[row.operation]() if row.operation in known else None


def _of_range(row: Row, kind: FixedType) -> int | None:
    bits, place = row.operands
    high, low = place >> 16, place & 0xFFFF
    size = high - low + 1
    part = bits >> low & ((1 << size) - 1)
    known: dict[str, Callable[[], int]] = {
        "range and_reduce": lambda: int(part == (1 << size) - 1),
        "range or_reduce": lambda: int(part != 0),
        "range xor_reduce": lambda: _parity(part),
        "range|=5": lambda: bits | bits_of(5 % (1 << kind.width), size) << low,
        "range^=a": lambda: bits ^ bits_of(bits, size) << low,
        "a<range": lambda: int(raw_of(bits, kind) < part),
    }
    return known[row.operation]() if row.operation in known else None


_WITH_FLOATING: dict[str, Callable[[float, float], float | bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "b<a": lambda a, b: b < a,
    "b==a": lambda a, b: b == a,
    "b>=a": lambda a, b: b >= a,
}


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "b-a": lambda a, b: b - a,
    "*": operator.mul,
    "/": operator.truediv,
}


def _with_floating(row: Row) -> int | None:
    first, _, second = row.group.removeprefix("floating ").partition(" . ")
    kind = named(first)
    value = raw_of(row.operands[0], kind) * kind.lsb
    code, size = ("<f", 4) if second == "float" else ("<d", 8)
    b = struct.unpack(code, row.operands[1].to_bytes(size, "little"))[0]
    if row.operation in _WITH_FLOATING:  # both as doubles
        return int(_WITH_FLOATING[row.operation](value.numerator / value.denominator, b))
    if kind.width <= 64:
        return None  # arithmetic of native numbers, in both
    real = np.float32 if second == "float" else np.float64
    a = struct.unpack(code, _double(value, second).to_bytes(size, "little"))[0]
    with np.errstate(all="ignore"):
        result = _ARITHMETIC[row.operation](real(a), real(b))
    return int.from_bytes(result.tobytes(), "little")


def _of_concatenation(row: Row) -> tuple[str, int] | None:
    """(a, b) is the unsigned number of all bits of both."""
    ta, tb = map(named, row.group.removeprefix("concat ").split(" . "))
    a, b = row.operands
    if row.operation == "(a,b)==(b,a)":
        return "bool", int((a << tb.width | b) == (b << ta.width | a))
    if row.operation != "(a,b)+a":
        return None
    to = result_type("+", FixedType.int_type(ta.width + tb.width, signed=False), ta)
    return f"int<{to.width},{'s' if to.signed else 'u'}>", bits_of((a << tb.width | b) + raw_of(a, ta), to.width)


def _with_range(row: Row) -> tuple[str, int] | None:
    """A range counts as an unsigned integer of the number's width."""
    kind = named(row.group.removeprefix("integer ranges "))
    bits, place = row.operands
    high, low = place >> 16, place & 0xFFFF
    if row.operation not in ("range+a", "a-range") or high < low:
        return None
    part, value = bits >> low & ((1 << (high - low + 1)) - 1), raw_of(bits, kind)
    view = FixedType.int_type(kind.width, signed=False)
    to, exact = (
        (result_type("+", view, kind), part + value)
        if row.operation == "range+a"
        else (result_type("-", kind, view), value - part)
    )
    return f"int<{to.width},{'s' if to.signed else 'u'}>", bits_of(exact, to.width)


def member_expected(row: Row) -> tuple[str, int] | None:
    """Give type and bits of a row's result by definition; None: not known here."""
    if row.group.startswith("concat "):
        return _of_concatenation(row)
    if row.group.startswith("integer ranges ") and (result := _with_range(row)) is not None:
        return result
    bits = _bits_expected(row)
    return None if bits is None else (row.type, bits)


def _bits_expected(row: Row) -> int | None:
    if row.group.startswith("members "):
        return _of_number(row, named(row.group.removeprefix("members ")))
    if row.group.startswith("integer ranges "):
        return _of_range(row, named(row.group.removeprefix("integer ranges ")))
    if row.group.startswith("floating "):
        return _with_floating(row)
    return None


def member_defect(row: Row) -> str | None:
    """Name the known defect (docs/semantics.md) that makes AMD's headers wrong on a row, if there is one."""
    if row.group.startswith("concat "):
        return "B22"
    kind = named(row.group.split(" . ")[0].rpartition(" ")[2])
    operation = row.operation
    if operation.startswith("range ") or operation in ("xor_reduce", "xnor_reduce", "nand_reduce", "and_reduce"):
        return "B17"
    if operation in ("range|=5", "range^=a"):
        return "B20"
    if operation == "a<range":
        return "B5"
    if operation in ("range+a", "a-range"):
        return "B25"
    if kind.width <= 64:
        return None
    if operation in ("lrotate", "rrotate"):
        return "B19"
    return "B18"  # bool, float, double; comparison and arithmetic with them
