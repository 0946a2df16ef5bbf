"""The law of a cast by its definition, on arrays: ``law.py`` for many numbers at once.

The same statements, elementwise; nothing is shared with ``isobit.fixed.law`` or ``isobit/law.hpp``. The tests compare
every mode with ``law.py``, exhaustively at small widths.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.engines.reference.numbers import Numbers, in_lane
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["converted", "quantise", "truncated"]


def _rounded(below: Any, rest: Any, whole: int, mode: Rounding) -> Any:
    """Round ``below + rest / whole``, where 0 <= rest < whole, to an integer."""
    if mode is Rounding.TRN:
        return below
    negative = below < 0  # rest only adds what is left below the next integer
    if mode is Rounding.TRN_ZERO:
        return below + (negative & (rest > 0))
    match mode:
        case Rounding.RND:
            tie = True
        case Rounding.RND_MIN_INF:
            tie = False
        case Rounding.RND_ZERO:
            tie = negative
        case Rounding.RND_INF:
            tie = ~negative
        case Rounding.RND_CONV:
            tie = below % 2 != 0
    twice = 2 * rest
    return below + ((twice > whole) | ((twice == whole) & tie))


def _from_word(word: Any, target: FixedType) -> Any:
    """Read bits, 0 to 2**width - 1, as the target's raw integers."""
    if not target.signed:
        return word
    return np.where(word >= 2 ** (target.width - 1), word - 2**target.width, word)


def _with_top(word: Any, sign: Any, below_sign: Any, target: FixedType) -> Any:
    """Replace the top N bits: the sign bit, and the N - 1 bits below it, which are all alike."""
    width, n = target.width, target.saturation_bits
    kept = width - max(n, 1)
    top, middle = (np.asarray(bit).astype(word.dtype) for bit in (sign, below_sign))
    return word % 2**kept + middle * (2 ** (width - 1) - 2**kept) + top * 2 ** (width - 1)


def _wrapped(integer: Any, target: FixedType) -> Any:
    """WRAP: the low bits; with N saturation bits, the sign stays and the N - 1 bits below it saturate."""
    word = integer % 2**target.width
    if target.saturation_bits == 0:
        return _from_word(word, target)
    ones = integer == integer
    if not target.signed:  # B2: ones, whatever the sign of the source
        return _with_top(word, ones, ones, target)
    return _from_word(_with_top(word, integer < 0, integer >= 0, target), target)


def _sign_magnitude_wrapped(integer: Any, unrounded: Any, target: FixedType) -> Any:
    """WRAP_SM: a value that left the range runs back as a mirror image (the low bits are inverted)."""
    width, n = target.width, target.saturation_bits
    word = integer % 2**width
    inverted = 2**width - 1 - word
    negative = integer < 0
    top = word // 2 ** (width - 1) == 1
    if n == 0:  # B3: the sign becomes the bit above it, taken before rounding
        sign = unrounded // 2**width % 2 == 1
        return _from_word(_with_top(np.where(sign != top, inverted, word), sign, sign, target), target)
    mirrored = negative != top if n == 1 else (word // 2 ** (width - n) % 2 == 1) == negative
    return _from_word(_with_top(np.where(mirrored, inverted, word), negative, ~negative, target), target)


def _folded(integer: Any, unrounded: Any, target: FixedType) -> Any:
    """What the target makes of integers outside of its range."""
    lowest = target.raw_min
    match target.overflow:
        case Overflow.SAT_ZERO:
            return 0 * integer
        case Overflow.WRAP:
            return _wrapped(integer, target)
        case Overflow.WRAP_SM:
            return _sign_magnitude_wrapped(integer, unrounded, target)
        case Overflow.SAT_SYM if target.signed and target.width > 1:  # B4 for one bit
            lowest = -target.raw_max
    most, least = (np.asarray(end, dtype=integer.dtype) for end in (target.raw_max, lowest))
    return np.where(integer > 0, most, least)


def quantise(values: Numbers, target: FixedType) -> Numbers:
    """Cast exact numbers into a format.

    Parameters
    ----------
    values
        The numbers themselves.
    target
        Format with its modes.
    """
    shift = values.fraction - target.fraction
    if shift <= 0:
        integer = below = values.finer(target.fraction)
        bits = values.bits - shift
    else:
        raw = in_lane(values.raw, max(values.bits, shift + 1))
        below = raw >> shift  # the floor
        integer = _rounded(below, raw - (below << shift), 2**shift, target.rounding)
        bits = max(values.bits - shift, 0) + 1
    held = target.width - target.signed
    lowest = target.raw_min
    if target.overflow is Overflow.SAT_SYM and target.signed and target.width > 1:
        lowest = -target.raw_max
    certain = target.signed and bits < held  # every integer lies inside
    if not certain and integer.size and not lowest <= int(integer.min()) <= int(integer.max()) <= target.raw_max:
        lane = max(bits, target.width)
        integer, below = in_lane(np.array(integer), lane), in_lane(below, lane)
        outside = (integer < lowest) | (integer > target.raw_max)
        integer[outside] = _folded(integer[outside], below[outside], target)
    return Numbers(in_lane(integer, held), target.fraction, held)


def truncated(values: Numbers, fraction: int) -> Numbers:
    """Cut toward zero at ``2**-fraction``."""
    shift = values.fraction - fraction
    if shift <= 0:
        return Numbers(values.finer(fraction), fraction, values.bits - shift)
    raw = in_lane(values.raw, max(values.bits, shift + 1))
    return Numbers(np.where(raw < 0, -(-raw >> shift), raw >> shift), fraction, values.bits)


def converted(values: Numbers, source: FixedType, target: FixedType) -> Numbers:
    """Assign numbers of one format to variables of another.

    Identical formats copy the bits, as C++ copies objects. B13: a negative fraction without integer bits (I = 0)
    becomes -1, not 0, when an ``ap_int`` takes it.
    """
    if source == target:
        return Numbers.of(truncated(values, target.fraction).raw, target)
    if target.is_int and source.signed and source.integer == 0:
        below = quantise(Numbers.exactly(-1), target).raw
        return Numbers.of(np.where(values.raw < 0, below, quantise(values, target).raw), target)
    return quantise(values, target)
