"""The law of a cast by its mathematical definition, on unbounded integers. Slow, and meant to be obviously right.

Rounding picks one of the two neighbouring multiples of the target's LSB by floor, distance and a tie rule; overflow
is arithmetic modulo a power of two. Nothing here is shared with ``isobit.fixed.law`` or ``isobit/law.hpp``: the
three check each other, and AMD's headers check all three.

Source: UG1399, "Arbitrary Precision Fixed-Point Data Types" (quantisation and overflow modes), and, where marked,
what ap_fixed_base.h does instead (docs/semantics.md, B2 to B4).
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["cast", "converted", "overflows", "quantise", "rounded"]


def rounded(value: Fraction, mode: Rounding) -> int:
    """Round an exact number to an integer."""
    below = floor(value)
    if value == below or mode is Rounding.TRN:
        return below
    above = below + 1
    if mode is Rounding.TRN_ZERO:
        return below if value > 0 else above
    if value - below != above - value:
        return below if value - below < above - value else above
    return {
        Rounding.RND: above,
        Rounding.RND_MIN_INF: below,
        Rounding.RND_ZERO: below if value > 0 else above,
        Rounding.RND_INF: above if value > 0 else below,
        Rounding.RND_CONV: below if below % 2 == 0 else above,
    }[mode]


def overflows(integer: int, target: FixedType) -> bool:
    """Tell whether a rounded integer lies outside the target's range (SAT_SYM: outside the symmetric one)."""
    lowest = target.raw_min
    if target.overflow is Overflow.SAT_SYM and target.signed and target.width > 1:
        lowest = -target.raw_max
    return not lowest <= integer <= target.raw_max


def _from_bits(bits: int, target: FixedType) -> int:
    """Read the low ``width`` bits as the target's raw integer."""
    modulus = 2**target.width
    bits %= modulus
    return bits - modulus if target.signed and bits >= modulus // 2 else bits


def _with_bits(word: int, low: int, high: int, value: bool) -> int:
    """Set the bits ``low`` to ``high`` (inclusive; none if low > high) of a word to one value."""
    for position in range(low, high + 1):
        word = word - (word // 2**position % 2) * 2**position + value * 2**position
    return word


def _wrapped(integer: int, target: FixedType) -> int:
    """WRAP: keep the low bits; with N saturation bits, the sign stays and the N - 1 bits below it saturate."""
    width, n = target.width, target.saturation_bits
    word = integer % 2**width
    if n == 0:
        return _from_bits(word, target)
    if not target.signed:  # B2: ones, whatever the sign of the source
        return _from_bits(_with_bits(word, width - n, width - 1, True), target)
    negative = integer < 0
    word = _with_bits(word, width - n, width - 2, not negative)
    return _from_bits(_with_bits(word, width - 1, width - 1, negative), target)


def _sign_magnitude_wrapped(integer: int, unrounded: int, target: FixedType) -> int:
    """WRAP_SM: a value that left the range runs back as a mirror image (the low bits are inverted)."""
    width, n = target.width, target.saturation_bits
    word = integer % 2**width
    inverted = 2**width - 1 - word
    negative = integer < 0
    top = word // 2 ** (width - 1) == 1
    if n == 0:  # B3: the sign becomes the bit above it, taken before rounding
        sign = unrounded // 2**width % 2 == 1
        if sign != top:
            word = inverted
        return _from_bits(_with_bits(word, width - 1, width - 1, sign), target)
    if n == 1:
        if negative != top:
            word = inverted
    else:
        if (word // 2 ** (width - n) % 2 == 1) == negative:
            word = inverted
        word = _with_bits(word, width - n, width - 2, not negative)
    return _from_bits(_with_bits(word, width - 1, width - 1, negative), target)


def quantise(value: Fraction, target: FixedType) -> int:
    """Cast an exact number into a format: the raw integer.

    Parameters
    ----------
    value
        The number itself, in units of one (not of an LSB).
    target
        Format with its modes.
    """
    scaled = value / target.lsb
    integer = rounded(scaled, target.rounding)
    if not overflows(integer, target):
        return integer
    match target.overflow:
        case Overflow.SAT:
            return target.raw_max if integer > 0 else target.raw_min
        case Overflow.SAT_ZERO:
            return 0
        case Overflow.SAT_SYM:
            if integer > 0:
                return target.raw_max
            return -target.raw_max if target.signed and target.width > 1 else target.raw_min  # B4 for one bit
        case Overflow.WRAP:
            return _wrapped(integer, target)
        case Overflow.WRAP_SM:
            return _sign_magnitude_wrapped(integer, floor(scaled), target)


def converted(value: Fraction, source: FixedType, target: FixedType) -> int:
    """Assign a number of one format to a variable of another: the raw integer.

    Identical formats copy the bits, as C++ copies objects. B13: a negative fraction without integer bits (I = 0)
    becomes -1, not 0, when an ``ap_int`` takes it.
    """
    if source == target:
        return int(value / target.lsb)
    if target.is_int and source.signed and source.integer == 0 and value < 0:
        return quantise(Fraction(-1), target)
    return quantise(value, target)


def cast(raw: int, source: FixedType, target: FixedType) -> int:
    """As :func:`converted`, from a raw integer."""
    return converted(raw * source.lsb, source, target)
