"""Operators by definition, on unbounded integers: type and bits of every result, and which header defects are known.

Result types follow UG1399; bits follow from the numbers. A cast of a result (compound assignment) is the reference
law's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction

from formats import NATIVE_FORMATS, named
from worker import Row

from isobit.engines.reference.law import quantise
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType

__all__ = ["COVERED", "bits_of", "defect", "expected", "raw_of", "result_type"]

_COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^")
_UNARY = ("-a", "~a", "!a", "+a", "++a", "a++", "after a++", "--a", "a--", "after a--")
#: Operations of which the exact result is known here.
COVERED = frozenset((*_COMPARE, *_ARITHMETIC, *(f"{op}=" for op in _ARITHMETIC), *_UNARY))


def raw_of(bits: int, kind: FixedType) -> int:
    """Read bits as the raw integer."""
    bits %= 1 << kind.width
    return bits - (1 << kind.width) if kind.signed and bits >> (kind.width - 1) else bits


def bits_of(raw: int, width: int) -> int:
    """Give the low bits of an integer."""
    return raw % (1 << width)


def _truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@functools.cache
def result_type(operation: str, a: FixedType, b: FixedType) -> FixedType:
    """Give the type of a sum, product, quotient, ... (UG1399)."""
    signed = a.signed or b.signed
    integers = a.is_int and b.is_int
    ia, ib = a.integer + (b.signed and not a.signed), b.integer + (a.signed and not b.signed)
    fraction = max(a.fraction, b.fraction)
    if operation == "*":
        width, integer = a.width + b.width, a.integer + b.integer
    elif operation in "+-":
        width, integer = max(ia, ib) + 1 + fraction, max(ia, ib) + 1
        signed = signed or operation == "-"
    elif operation in "&|^":
        width, integer = max(ia, ib) + fraction, max(ia, ib)
    elif operation == "/":
        width = a.width + b.signed + (0 if integers else max(b.fraction, 0))
        integer = a.integer + b.signed + b.fraction
    else:  # %, integers only
        width = integer = min(a.width, b.width + (a.signed and not b.signed))
        signed = a.signed
    if integers:
        return FixedType.int_type(width, signed=signed)
    return FixedType(width, integer, signed)


def _exact(operation: str, a: int, b: int, ta: FixedType, tb: FixedType, to: FixedType) -> int:
    """Raw integer of a result in its type, before it is cut to the type's bits."""
    if operation == "/":
        value = Fraction(a, b) * Fraction(2) ** (tb.fraction - ta.fraction + to.fraction)
        return _truncated(value.numerator, value.denominator)
    if operation == "%":
        return a - b * _truncated(a, b)
    if operation == "*":
        return a * b
    point = max(ta.fraction, tb.fraction)
    a, b = a << (point - ta.fraction), b << (point - tb.fraction)
    return {"+": a + b, "-": a - b, "&": a & b, "|": a | b, "^": a ^ b}[operation]


@functools.lru_cache(maxsize=1 << 16)
def _assigned(raw: int, source: FixedType, target: FixedType) -> int:
    """Assign a number; integers keep the low bits of what truncation toward zero leaves."""
    if not target.is_int:
        return bits_of(quantise(Fraction(raw) * source.lsb, target), target.width)
    value = Fraction(raw) * source.lsb
    return bits_of(_truncated(value.numerator, value.denominator), target.width)


@functools.cache
def _shown(kind: FixedType) -> str:
    sign = "s" if kind.signed else "u"
    if kind.is_int:
        return f"int<{kind.width},{sign}>"
    modes = f"{int(kind.rounding)},{int(kind.overflow)},{kind.saturation_bits}"
    return f"fixed<{kind.width},{kind.integer},{sign},{modes}>"


def _binary(row: Row, names: list[str]) -> tuple[str, int]:
    ta, tb = map(named, names)
    a, b = raw_of(row.operands[0], ta), raw_of(row.operands[1], tb)
    operation = row.operation
    if operation in _COMPARE:
        return "bool", int(_COMPARE[operation](a * ta.lsb, b * tb.lsb))
    plain = operation.removesuffix("=")
    if plain == operation:
        to = result_type(operation, ta, tb)
        return _shown(to), bits_of(_exact(operation, a, b, ta, tb, to), to.width)
    if ta.is_int and not tb.is_int:  # an integer takes the other's integer part first
        value = Fraction(b) * tb.lsb
        whole = _truncated(value.numerator, value.denominator)
        if tb.integer == 0 and b < 0:  # B13, which isobit keeps
            whole = -1
        b, tb = whole, FixedType.int_type(max(tb.integer, 1), signed=tb.signed)
    to = result_type(plain, ta, tb)
    raw = raw_of(_exact(plain, a, b, ta, tb, to), to)
    if ta.is_int:
        return _shown(ta), bits_of(_exact(plain, a, b, ta, tb, to), ta.width)
    return _shown(ta), bits_of(_assigned(raw, to, ta), ta.width)


def _unary(row: Row, name: str) -> tuple[str, int]:
    kind = named(name)
    a = raw_of(row.operands[0], kind)
    operation = row.operation
    if operation == "!a":
        return "bool", int(a == 0)
    if operation == "-a":
        to = FixedType(kind.width + 1, kind.integer + 1, True)
        if kind.is_int:  # 0 - a, the 0 being one unsigned bit
            to = result_type("-", FixedType.int_type(1, signed=False), kind)
        return _shown(to), bits_of(-a, to.width)
    if operation == "~a":
        to = kind if kind.is_int else FixedType(kind.width, kind.integer, kind.signed)
        return _shown(to), bits_of(~a, kind.width)
    if operation in ("+a", "a++", "a--"):
        return _shown(kind), bits_of(a, kind.width)
    one = FixedType(kind.fraction + 1, 1, False) if kind.fraction >= 0 else None
    if kind.is_int or one is None:
        one = FixedType.int_type(1, signed=False)
    sign = "+" if "++" in operation else "-"
    step = 1 << one.fraction
    to = result_type(sign, kind, one)
    total = raw_of(_exact(sign, a, step, kind, one, to), to)
    return _shown(kind), bits_of(_assigned(total, to, kind), kind.width)


def expected(row: Row) -> tuple[str, int]:
    """Give type and bits of a row's result by definition.

    Parameters
    ----------
    row
        Of an operation in COVERED, of a group ``A . B`` or ``unary A``.
    """
    if row.group.startswith("unary "):
        return _unary(row, row.group.removeprefix("unary "))
    return _binary(row, row.group.split(" . "))


def defect(row: Row) -> str | None:
    """Name the known defect (docs/semantics.md) that makes AMD's headers wrong on a row, if there is one."""
    if row.group.startswith("unary "):
        return None
    ta, tb = map(named, row.group.split(" . "))
    a, b = raw_of(row.operands[0], ta), raw_of(row.operands[1], tb)
    operation = row.operation.removesuffix("=") if row.operation not in _COMPARE else row.operation
    mixed = ta.signed != tb.signed
    if operation in _COMPARE:
        if mixed and (a < 0 or b < 0):
            return "B5"
        # The operand with fewer fraction bits is widened by a cast with its own modes.
        coarse, raw = (ta, a) if ta.fraction < tb.fraction else (tb, b)
        symmetric = coarse.signed and coarse.overflow is Overflow.SAT_SYM
        return "B16" if symmetric and ta.fraction != tb.fraction and raw == coarse.raw_min else None
    integers = ta.is_int and tb.is_int
    if row.operation in "/%" and row.group.split(" . ")[0] in NATIVE_FORMATS:
        return "B23"
    if operation in "/%" and integers and mixed and (a < 0 or b < 0):
        return "B7"
    if operation == "/" and b == -1 and ta.signed and a == -(1 << (ta.width - 1)):
        return "B6"
    if operation == "*" and ta.width + tb.width > 64:
        return "B24"
    if operation in "/%" and max(ta.width, tb.width) > 64:
        return "B8"
    return None
