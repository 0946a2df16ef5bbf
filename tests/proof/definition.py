"""The mathematical definition of a cast that the laws are proven against, one formula for each mode.

Everything here is a *relation* between exact integers: it says which result is right, not how to get it, and shares
nothing with the laws. :func:`rounds` relates a raw value to the integer that it rounds to, :func:`folds` that integer
to the raw value that the target then holds. That each relation has exactly one result for every value is proven, too
(at most one: test_definition.py; at least one, because law.py's is: test_proven_python.py).

Source: UG1399, "Arbitrary Precision Fixed-Point Data Types"; B2, B3, B4 are the deviations of AMD's open headers that
isobit keeps (docs/semantics.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from exact import Integer, Truth, absolute, equal, variable

from isobit.fixed.modes import Overflow, Rounding

__all__ = ["Target", "folds", "highest", "lowest", "rounded", "rounds"]


@dataclass(frozen=True)
class Target:
    """The part of a format that folding looks at."""

    width: int
    signed: bool
    overflow: Overflow
    n: int = 0

    def __str__(self) -> str:
        sign = "signed" if self.signed else "unsigned"
        return f"{sign} {self.width} bits {self.overflow.name} N={self.n}"


def rounds(v: Integer, shift: int, q: Integer, mode: Rounding) -> Truth:
    """``q`` is v / 2**shift, rounded."""
    if shift <= 0:
        return q == v * 2**-shift  # exact
    step = 2**shift
    error = q * step - v  # in units of the source's LSB, a step is the target's
    size = absolute(error)
    nearest = 2 * size <= step
    tie = 2 * size == step
    farther = absolute(q * step) > absolute(v)  # from zero than the value is
    match mode:
        case Rounding.TRN:  # the greatest that is not above
            return (error <= 0) & (error > -step)
        case Rounding.TRN_ZERO:  # the nearest that is not farther from zero
            return (size < step) & farther.negated()
        case Rounding.RND:
            return nearest & tie.implies(error > 0)
        case Rounding.RND_MIN_INF:
            return nearest & tie.implies(error < 0)
        case Rounding.RND_ZERO:
            return nearest & tie.implies(farther.negated())
        case Rounding.RND_INF:
            return nearest & tie.implies(farther)
        case Rounding.RND_CONV:
            return nearest & tie.implies(_is_multiple(q, 1))


def rounded(name: str, v: Integer, shift: int, mode: Rounding) -> tuple[Integer, Truth]:
    """Name the integer that ``v`` rounds to: an unknown and what is known of it.

    The unknown ranges over all integers less than a step away; the relation admits no others.
    """
    if shift <= 0:
        return v * 2**-shift, Truth(True)
    q, within = variable(name, (v.low >> shift) - 1, (v.high >> shift) + 2)
    return q, within & rounds(v, shift, q, mode)


def highest(t: Target) -> int:
    return 2 ** (t.width - 1 if t.signed else t.width) - 1


def lowest(t: Target) -> int:
    """Lowest value that a cast can give (SAT_SYM: the symmetric one; B4: with one bit, -1)."""
    if not t.signed:
        return 0
    return -highest(t) if t.overflow is Overflow.SAT_SYM and t.width > 1 else -(2 ** (t.width - 1))


def folds(q: Integer, unrounded: Integer, t: Target, r: Integer) -> Truth:
    """``r`` is what the target holds after receiving the rounded integer ``q``.

    ``unrounded`` is the floor of the value in units of the target's LSB; only B3 looks at it.
    """
    low, high = lowest(t), highest(t)
    below, above = q < low, q > high
    inside = (below | above).negated()
    kept = inside.implies(r == q) & (r >= -high - 1 if t.signed else r >= 0) & (r <= high)
    if t.overflow is Overflow.SAT or t.overflow is Overflow.SAT_SYM:
        return kept & below.implies(r == low) & above.implies(r == high)
    if t.overflow is Overflow.SAT_ZERO:
        return kept & inside.negated().implies(r == 0)
    if t.overflow is Overflow.WRAP and t.n == 0:
        return kept & _is_multiple(q - r, t.width)
    if t.overflow is Overflow.WRAP:
        return kept & inside.negated().implies(_wrapped(q, t, r))
    return kept & inside.negated().implies(_mirrored(q, unrounded, t, r))


def _wrapped(q: Integer, t: Target, r: Integer) -> Truth:
    """WRAP with N > 0: the sign stays, the N - 1 bits below it show that the value is large, the others wrap."""
    w, n = t.width, t.n
    others = _field(r, 0, w - n) == _field(q, 0, w - n)
    if not t.signed:  # B2: N ones, whatever the sign of the source
        return others & equal(_field(r, w - n, w), 2**n - 1)
    return others & _sign_and_saturated(q < 0, t, r)


def _mirrored(q: Integer, unrounded: Integer, t: Target, r: Integer) -> Truth:
    """WRAP_SM: a value that left the range runs back as a mirror image: the low bits are inverted, or not."""
    w, n = t.width, t.n
    top, negative = _bit(q, w - 1), q < 0
    if n == 0:  # the sign becomes the bit above it, B3: taken before rounding; inverted if the two differ
        above = _bit(unrounded, w)
        return (_bit(r, w - 1) == above) & _inverted_if(above ^ top, q, r, w - 1)
    if n == 1:  # the sign stays; inverted if the sign bit would have differed
        return _sign_and_saturated(negative, t, r) & _inverted_if(negative ^ top, q, r, w - 1)
    # The sign stays and N - 1 bits saturate; inverted if the lowest of these would have been the sign.
    return _sign_and_saturated(negative, t, r) & _inverted_if((negative ^ _bit(q, w - n)).negated(), q, r, w - n)


def _sign_and_saturated(negative: Truth, t: Target, r: Integer) -> Truth:
    """Bit W-1 of ``r`` is the sign, bits W-N to W-2 are its opposite."""
    ones = 2 ** (t.n - 1) - 1
    saturated = _field(r, t.width - t.n, t.width - 1)
    sign = _bit(r, t.width - 1) == negative
    return sign & negative.implies(equal(saturated, 0)) & negative.negated().implies(equal(saturated, ones))


def _inverted_if(inverted: Truth, q: Integer, r: Integer, count: int) -> Truth:
    """The ``count`` lowest bits of ``r`` are those of ``q``, each inverted or none."""
    of_q, of_r = _field(q, 0, count), _field(r, 0, count)
    return inverted.implies(equal(of_r + of_q, 2**count - 1)) & inverted.negated().implies(equal(of_r, of_q))


def _field(x: Integer, low: int, high: int) -> Integer:
    """Bits ``low`` to ``high - 1`` of the infinite two's complement of ``x``, as a natural number (none: 0)."""
    return (x >> low) & (2 ** (high - low) - 1)


def _bit(x: Integer, index: int) -> Truth:
    return _field(x, index, index + 1) == 1


def _is_multiple(x: Integer, power: int) -> Truth:
    """``x`` is a multiple of 2**power."""
    return equal(_field(x, 0, power), 0)
