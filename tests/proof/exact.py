"""Symbolic integers that behave as Python's, so that the law's own source runs on them, and the solver (Bitwuzla).

An :class:`Integer` is a bit-vector term together with the interval that its value lies in. Every operation takes as
many bits as its interval needs, so nothing ever wraps: the terms mean exact, unbounded integers, and no width has to be
trusted. A comparison gives a :class:`Truth`, which counts as 0 or 1 in arithmetic, as Python's and NumPy's booleans
do; what Python and NumPy disagree about (the sum of two booleans) and a branch on a symbolic value are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bitwuzla
from bitwuzla import Kind, Result, Term

__all__ = ["TERMS", "Integer", "Truth", "absolute", "counterexample", "equal", "observe", "variable", "where"]

#: All terms of one process live here.
TERMS = bitwuzla.TermManager()
_OPTIONS = bitwuzla.Options()
_OPTIONS.set(bitwuzla.Option.PRODUCE_MODELS, True)

_observer: Callable[[Integer, int], None] | None = None


def observe(observer: Callable[[Integer, int], None] | None) -> None:
    """Show every integer that an operation gives from now on, and the amount of a shift, to ``observer``."""
    global _observer
    _observer = observer


def _bits(low: int, high: int) -> int:
    """Bits of the narrowest signed number that holds low to high."""
    return max((low if low >= 0 else ~low).bit_length(), (high if high >= 0 else ~high).bit_length()) + 1


def _constant(value: int, bits: int) -> Term:
    return TERMS.mk_bv_value(TERMS.mk_bv_sort(bits), format(value % 2**bits, "x"), 16)


def _resized(term: Term, bits: int) -> Term:
    """Sign-extend, or drop high bits that repeat the sign."""
    have = term.sort().bv_size()
    if bits > have:
        return TERMS.mk_term(Kind.BV_SIGN_EXTEND, [term], [bits - have])
    return TERMS.mk_term(Kind.BV_EXTRACT, [term], [bits - 1, 0]) if bits < have else term


class Truth:
    """A condition; counts as 0 or 1 beside an integer."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Term | bool) -> None:
        self.term = (TERMS.mk_true() if term else TERMS.mk_false()) if isinstance(term, bool) else term

    def __bool__(self) -> bool:
        raise TypeError("a branch that depends on a symbolic value")

    def _with(self, kind: Kind, other: Truth | bool) -> Truth:
        return Truth(TERMS.mk_term(kind, [self.term, other.term if isinstance(other, Truth) else Truth(other).term]))

    def number(self) -> Integer:
        return where(self, 1, 0)

    def negated(self) -> Truth:
        return Truth(TERMS.mk_term(Kind.NOT, [self.term]))

    def implies(self, other: Truth) -> Truth:
        return self.negated() | other

    def __and__(self, other: Any) -> Any:
        return self.number() & other if _is_number(other) else self._with(Kind.AND, other)

    def __or__(self, other: Any) -> Any:
        return self.number() | other if _is_number(other) else self._with(Kind.OR, other)

    def __xor__(self, other: Any) -> Any:
        return self.number() ^ other if _is_number(other) else self._with(Kind.XOR, other)

    def __mul__(self, other: Any) -> Any:
        return where(self, _number(other), 0)

    __rand__, __ror__, __rxor__, __rmul__ = __and__, __or__, __xor__, __mul__

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if not isinstance(other, Truth | bool):
            raise TypeError("a condition compared with a number")
        return self._with(Kind.EQUAL, other)


def _is_number(value: Any) -> bool:
    return isinstance(value, Integer) or (isinstance(value, int) and not isinstance(value, bool))


def _number(value: Any) -> Integer:
    """Take an integer or a Python integer (not a condition)."""
    if isinstance(value, Integer):
        return value
    if not _is_number(value):
        raise TypeError(f"{value!r} is no integer")
    return Integer(_constant(value, _bits(value, value)), value, value)


def _operand(value: Any) -> Integer:
    """Take what may stand beside an integer: an integer or a condition."""
    return value.number() if isinstance(value, Truth) else _number(value)


class Integer:
    """An exact integer in ``low`` to ``high``."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Term, low: int, high: int) -> None:
        self.low, self.high, self.bits = low, high, _bits(low, high)
        self.term = _resized(term, self.bits)

    @staticmethod
    def of(term: Term, signed: bool = True) -> Integer:
        """Read a bit-vector term as a two's complement or a natural number."""
        size = term.sort().bv_size()
        if signed:
            return Integer(term, -(2 ** (size - 1)), 2 ** (size - 1) - 1)
        return Integer(TERMS.mk_term(Kind.BV_ZERO_EXTEND, [term], [1]), 0, 2**size - 1)

    def __bool__(self) -> bool:
        raise TypeError("a branch that depends on a symbolic value")

    def _seen(self, amount: int = 0) -> Integer:
        if _observer:
            _observer(self, amount)
        return self

    def _by(self, kind: Kind, other: Integer, low: int, high: int) -> Integer:
        bits = max(_bits(low, high), self.bits, other.bits)
        term = TERMS.mk_term(kind, [_resized(self.term, bits), _resized(other.term, bits)])
        return Integer(term, low, high)._seen()

    def __add__(self, other: Any) -> Integer:
        other = _operand(other)
        return self._by(Kind.BV_ADD, other, self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Integer:
        other = _operand(other)
        return self._by(Kind.BV_SUB, other, self.low - other.high, self.high - other.low)

    def __rsub__(self, other: Any) -> Integer:
        return _operand(other) - self

    def __neg__(self) -> Integer:
        return 0 - self

    def __mul__(self, other: Any) -> Integer:
        other = _operand(other)
        for factor, number in ((self, other), (other, self)):
            if factor.low >= 0 and factor.high <= 1:
                return where(factor == 1, number, 0)._seen()
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return self._by(Kind.BV_MUL, other, min(corners), max(corners))

    __rmul__ = __mul__

    def __lshift__(self, amount: int) -> Integer:
        if amount < 0:
            raise ValueError("negative shift count")
        low, high = self.low << amount, self.high << amount
        bits = _bits(low, high)
        term = TERMS.mk_term(Kind.BV_SHL, [_resized(self.term, bits), _constant(amount, bits)]) if amount else self.term
        return Integer(term, low, high)._seen(amount)

    def __rshift__(self, amount: int) -> Integer:
        if amount < 0:
            raise ValueError("negative shift count")
        lowest = min(amount, self.bits - 1)
        term = TERMS.mk_term(Kind.BV_EXTRACT, [self.term], [self.bits - 1, lowest])
        return Integer(term, self.low >> amount, self.high >> amount)._seen(amount)

    def _bitwise(self, kind: Kind, other: Any) -> Integer:
        other = _operand(other)
        bits = max(self.bits, other.bits)
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if self.low >= 0 and other.low >= 0:
            low = 0
        if kind == Kind.BV_AND:
            masks = [x.high for x in (self, other) if x.low >= 0]
            low, high = (0, min(masks)) if masks else (low, high)
        return self._by(kind, other, low, high)

    def __and__(self, other: Any) -> Integer:
        return self._bitwise(Kind.BV_AND, other)

    def __or__(self, other: Any) -> Integer:
        return self._bitwise(Kind.BV_OR, other)

    def __xor__(self, other: Any) -> Integer:
        return self._bitwise(Kind.BV_XOR, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def _compare(self, kind: Kind, other: Any) -> Truth:
        other = _operand(other)
        bits = max(self.bits, other.bits)
        return Truth(TERMS.mk_term(kind, [_resized(self.term, bits), _resized(other.term, bits)]))

    def __lt__(self, other: Any) -> Truth:
        return self._compare(Kind.BV_SLT, other)

    def __le__(self, other: Any) -> Truth:
        return self._compare(Kind.BV_SLE, other)

    def __gt__(self, other: Any) -> Truth:
        return self._compare(Kind.BV_SGT, other)

    def __ge__(self, other: Any) -> Truth:
        return self._compare(Kind.BV_SGE, other)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return self._compare(Kind.EQUAL, other)

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return self._compare(Kind.EQUAL, other).negated()


def variable(name: str, low: int, high: int) -> tuple[Integer, Truth]:
    """Make an unknown integer and the condition that it lies in low to high."""
    unknown = Integer.of(TERMS.mk_const(TERMS.mk_bv_sort(_bits(low, high)), name))
    within = (unknown >= low) & (unknown <= high)
    return Integer(unknown.term, low, high), within


def where(condition: Truth, yes: Any, no: Any) -> Integer:
    """Choose between two integers."""
    yes, no = _operand(yes), _operand(no)
    bits = max(yes.bits, no.bits)
    term = TERMS.mk_term(Kind.ITE, [condition.term, _resized(yes.term, bits), _resized(no.term, bits)])
    return Integer(term, min(yes.low, no.low), max(yes.high, no.high))


def absolute(value: Integer) -> Integer:
    """Give the distance from zero."""
    return where(value < 0, -value, value)


def equal(a: Any, b: Any) -> Truth:
    """Compare two integers of which either may be a Python integer."""
    return _number(a) == _number(b)


def counterexample(assumed: Truth, claim: Truth, show: dict[str, Integer]) -> dict[str, int] | None:
    """Find values for which ``assumed`` holds and ``claim`` does not; None proves that there are none.

    Parameters
    ----------
    assumed, claim
        Conditions on the same unknowns.
    show
        The integers whose values a counterexample gives.
    """
    solver = bitwuzla.Bitwuzla(TERMS, _OPTIONS)
    solver.assert_formula(assumed.term)
    solver.assert_formula(claim.negated().term)
    answer = solver.check_sat()
    if answer == Result.UNSAT:
        return None
    if answer != Result.SAT:
        raise RuntimeError(f"the solver answers {answer}")
    values = {}
    for name, number in show.items():
        bits = solver.get_value(number.term).value(2)
        values[name] = int(bits, 2) - (2 ** len(bits) if bits[0] == "1" else 0)
    return values
