"""Random formats and the values that tell them apart; every draw from a seed."""

from __future__ import annotations

import numpy as np
from casts import Case

from isobit import FixedType, Overflow, Rounding
from isobit.fixed.law import INT64_BITS

__all__ = ["edge_cases", "random_target", "telling_values", "wide_cases"]


def random_target(rng: np.random.Generator, low: int, high: int, move: int = 12) -> FixedType:
    """Any format of ``low`` to ``high`` bits: all modes, I from below 0 to above W."""
    width = int(rng.integers(low, high + 1))
    signed = bool(rng.integers(2))
    mode = Overflow(int(rng.integers(5)))
    if mode is Overflow.WRAP_SM:
        signed = True
    n = int(rng.integers(min(width, 6) + 1)) if mode in (Overflow.WRAP, Overflow.WRAP_SM) else 0
    integer = width + int(rng.integers(-width - move, move + 1))
    return FixedType(width, integer, signed, Rounding(int(rng.integers(7))), mode, n)


def telling_values(rng: np.random.Generator, source: FixedType, shift: int, count: int) -> list[int]:
    """Random raw values, of all magnitudes, and those next to ties, bounds and zero."""
    values = {source.raw_min, source.raw_max, 0}
    for _ in range(count):
        bits = int(rng.integers(1, source.width + 1))
        values.add(int.from_bytes(rng.bytes(bits // 8 + 1), "little") % (1 << bits))
    for power in (shift - 1, shift, source.width - 1, source.width // 2):
        if 0 <= power <= source.width:
            values |= {k * (1 << power) + d for k in (1, 2, 3, 5) for d in (-1, 0, 1)}
    values |= {-v for v in values} if source.signed else set()
    return sorted(v for v in values if source.raw_min <= v <= source.raw_max)


def wide_cases(seed: int, count: int, low: int, high: int, values: int = 60) -> list[Case]:
    """Random casts between formats of mostly ``low`` to ``high`` bits, some narrower, at any alignment."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        target = random_target(rng, 1 if rng.random() < 0.3 else low, high)
        width = int(rng.integers(1 if rng.random() < 0.3 else low, high + 1))
        shift = int(rng.integers(-target.width - 2, width + 3))
        source = FixedType.from_bits(width, fraction=target.fraction + shift, signed=bool(rng.integers(2)))
        cases.append(Case(source, target, tuple(telling_values(rng, source, shift, values))))
    return cases


def edge_cases(seed: int, count: int) -> list[Case]:
    """Random casts on both sides of int64's edge: targets to 70 bits, shifts to 100, gains far beyond 64 bits."""
    rng = np.random.default_rng(seed)
    cases = []
    for number in range(count):
        target = random_target(rng, 1 if number % 3 else INT64_BITS - 1, 70 if number % 3 == 0 else INT64_BITS + 1)
        width = int(rng.integers(40 if number % 2 else 2, INT64_BITS + 2))
        gain = rng.integers(-75, 0)
        shift = int(
            rng.choice([gain, rng.integers(width - INT64_BITS - 2, 4), rng.integers(1, width), rng.integers(60, 101)])
        )
        source = FixedType.from_bits(width, fraction=target.fraction + shift, signed=bool(rng.integers(2)))
        cases.append(Case(source, target, tuple(telling_values(rng, source, shift, 12))))
    return cases
