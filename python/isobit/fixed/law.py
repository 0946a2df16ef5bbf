"""The law of a cast on machine integers: one pair of formulas for Numba scalars and NumPy arrays.

A cast is two functions of integers: :func:`round_shift` drops fraction bits, :func:`overflow` folds what the target
cannot hold. Both are written without data-dependent branches, so the same text serves Numba (int64 scalars), NumPy
int64 arrays, and NumPy object arrays of Python integers.

Domain on int64 (:func:`int64_domain` tells; callers choose int64 or Python integers by it): the source, the source
after a left shift, and the target have at most 61 bits. A right shift of more than 63 has to be passed as 63
(:func:`int64_shift`): no such source reaches half an LSB either way. Beyond this domain Numba's shifts and additions
behave differently from Python's, so wider numbers go as object arrays of Python integers, for which there is none.

Semantics: ``ap_fixed_base::operator=``, ``quantization_adjust`` and ``overflow_adjust`` in ap_fixed_base.h (AMD,
2019.1, as shipped by hls4ml), built with -DNDEBUG; UG1399 names the modes. The deviations of those headers that are
kept are marked B2, B3, B4 (docs/semantics.md). The mathematical definition is in ``isobit.engines.reference.law``,
the C++ mirror in ``isobit/law.hpp``.
"""

from __future__ import annotations

from typing import Any

__all__ = ["INT64_BITS", "cast", "int64_domain", "int64_shift", "overflow", "round_shift"]

# The numbers of isobit.fixed.modes (AMD's), as plain integers: Numba freezes globals of this kind into the code.
RND, RND_ZERO, RND_MIN_INF, RND_INF, RND_CONV, TRN, TRN_ZERO = range(7)
SAT, SAT_ZERO, SAT_SYM, WRAP, WRAP_SM = range(5)

#: Magnitude bits of the widest source and target for which the law is exact on int64.
INT64_BITS = 61


def int64_domain(source_bits: int, shift: int, width: int) -> bool:
    """Tell whether a cast stays within int64.

    Parameters
    ----------
    source_bits
        Magnitude bits of the source, sign excluded: abs(raw) <= 2**source_bits.
    shift
        Fraction bits dropped (negative: gained).
    width
        Width of the target format.
    """
    return source_bits + max(0, -shift) <= INT64_BITS and width <= INT64_BITS


def int64_shift(shift: int) -> int:
    """Bound a right shift to what int64 can do; exact for every source within the domain."""
    return min(shift, 63)


def round_shift(raw: Any, shift: int, rounding: int) -> Any:
    """Divide by 2**shift and round to an integer.

    Parameters
    ----------
    raw
        Integer, int64 array or object array of Python integers, in units of the source's LSB.
    shift
        Fraction bits of the source minus those of the target. Not positive: an exact left shift.
    rounding
        Number of a mode in :class:`isobit.fixed.modes.Rounding`.

    Returns
    -------
    Same kind as ``raw``, in units of the target's LSB, unbounded.
    """
    if shift <= 0:
        return raw << -shift
    if rounding == TRN:
        return raw >> shift
    floor = raw >> shift
    rest = raw - (floor << shift)
    if rounding == TRN_ZERO:
        return floor + ((raw < 0) & (rest != 0))
    half = 1 << (shift - 1)
    up = rest >= half
    if rounding == RND:
        return floor + up
    beyond = rest > half
    if rounding == RND_ZERO:
        return floor + (up & (beyond | (raw < 0)))
    if rounding == RND_MIN_INF:
        return floor + beyond
    if rounding == RND_INF:
        return floor + (up & (beyond | (raw >= 0)))
    return floor + (up & (beyond | ((floor & 1) == 1)))


def overflow(value: Any, floor: Any, width: int, signed: bool, mode: int, n: int) -> Any:
    """Fold a rounded integer into ``width`` bits.

    Parameters
    ----------
    value
        Rounded integer(s) in units of the target's LSB.
    floor
        The same before rounding (its floor); only WRAP_SM with ``n == 0`` looks at it.
    width, signed
        Of the target.
    mode
        Number of a mode in :class:`isobit.fixed.modes.Overflow`.
    n
        Saturation bits N.

    Returns
    -------
    Raw integer(s) of the target.
    """
    one = value - value + 1  # 1 of the caller's kind: int64 stays int64, Python integers stay unbounded
    span = one << width
    sign_bit = span >> 1
    if signed:
        low, high = -sign_bit, sign_bit - 1
    else:
        low, high = one - 1, span - 1
    if mode == SAT:
        return value + (value > high) * (high - value) + (value < low) * (low - value)
    if mode == SAT_ZERO:
        return value * ((value <= high) & (value >= low))
    if mode == SAT_SYM:
        if signed and width > 1:  # B4: with one bit the minimum, -1, stays
            low = -high
        return value + (value > high) * (high - value) + (value < low) * (low - value)

    bits = value & (span - 1)
    if mode == WRAP and n == 0:
        if signed:
            return bits - ((bits & sign_bit) << 1)
        return bits

    outside = (value > high) | (value < low)
    negative = (value < 0) * one
    if mode == WRAP and not signed:  # B2: the top bits become 1 for a negative source, too
        top = ((one << n) - 1) << (width - n)
        return bits + outside * ((bits | top) - bits)
    top_bit = (bits >> (width - 1)) & 1
    if mode == WRAP:
        flip = one - one
        new_sign = negative
    elif n == 0:  # B3: the bit above the sign of the unrounded source decides
        new_sign = (floor >> width) & 1
        flip = new_sign ^ top_bit
    elif n == 1:
        new_sign = negative
        flip = new_sign ^ top_bit
    else:
        new_sign = negative
        flip = 1 - (new_sign ^ ((bits >> (width - n)) & 1))
    folded = bits ^ (flip * (span - 1))
    if n > 1:  # bits width-n .. width-2 saturate
        field = ((one << (n - 1)) - 1) << (width - n)
        folded = (folded | field) - negative * field
    folded = (folded | sign_bit) - (1 - new_sign) * sign_bit
    folded = bits + outside * (folded - bits)
    return folded - ((folded & sign_bit) << 1)


def cast(raw: Any, shift: int, width: int, signed: bool, rounding: int, mode: int, n: int) -> Any:
    """Round, then fold: a fixed-point assignment between different formats.

    Identical formats are a raw copy in C++ and must not come here (SAT_SYM would change the minimum).
    """
    value = round_shift(raw, shift, rounding)
    if mode == WRAP_SM and n == 0 and shift > 0:
        return overflow(value, raw >> shift, width, signed, mode, n)
    return overflow(value, value, width, signed, mode, n)
