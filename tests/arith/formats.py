"""Formats in C++ and as the test programs name them, and the lists of formats that the programs walk."""

from __future__ import annotations

import functools
import re

import numpy as np

from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["FIXED", "INTS", "MODES", "NATIVES", "NATIVE_FORMATS", "cpp", "named", "random_format"]

#: The native integers and their formats (x86-64).
NATIVE_FORMATS = {
    "bool": FixedType.int_type(1, signed=False),
    "char": FixedType.int_type(8),
    "signed char": FixedType.int_type(8),
    "unsigned char": FixedType.int_type(8, signed=False),
    "short": FixedType.int_type(16),
    "unsigned short": FixedType.int_type(16, signed=False),
    "int": FixedType.int_type(32),
    "unsigned": FixedType.int_type(32, signed=False),
    "long": FixedType.int_type(64),
    "unsigned long": FixedType.int_type(64, signed=False),
    "long long": FixedType.int_type(64),
    "unsigned long long": FixedType.int_type(64, signed=False),
}
NATIVES = tuple(NATIVE_FORMATS)

#: Every integer of up to five bits.
INTS = tuple(FixedType.int_type(w, signed=s) for w in range(1, 6) for s in (True, False))

#: Fixed-point formats of up to five bits: the point inside, at both ends, beyond both; modes where results are cast.
FIXED = tuple(
    FixedType.parse(text)
    for text in (
        "ap_fixed<4,2>",
        "ap_ufixed<4,2>",
        "ap_fixed<5,5>",
        "ap_ufixed<5,5>",
        "ap_fixed<3,-2>",
        "ap_ufixed<3,-1>",
        "ap_fixed<4,7>",
        "ap_ufixed<5,8>",
        "ap_fixed<1,1>",
        "ap_ufixed<1,0>",
        "ap_fixed<2,0>",
        "ap_fixed<5,3,AP_RND_CONV,AP_SAT>",
        "ap_ufixed<4,1,AP_RND,AP_SAT>",
        "ap_fixed<5,2,AP_TRN_ZERO,AP_WRAP_SM,1>",
        "ap_fixed<3,2,AP_RND_INF,AP_SAT_SYM>",
        "ap_fixed<4,4,AP_RND_ZERO,AP_WRAP,2>",
    )
)


def _modes(signed: bool) -> list[tuple[Rounding, Overflow, int]]:
    row = []
    for rounding in Rounding:
        for overflow in Overflow:
            if overflow is Overflow.WRAP_SM and not signed:
                continue
            wraps = overflow in (Overflow.WRAP, Overflow.WRAP_SM)
            row += [(rounding, overflow, n) for n in (range(4) if wraps else (0,))]
    return row


#: Every (rounding, overflow, N) of signed and of unsigned targets.
MODES = {signed: tuple(_modes(signed)) for signed in (True, False)}


def cpp(kind: FixedType | str) -> str:
    """Name a type in C++, with every parameter written out."""
    if isinstance(kind, str):
        return kind
    if kind.is_int:
        return f"ap_{'' if kind.signed else 'u'}int<{kind.width}>"
    modes = f"{kind.rounding},{kind.overflow},{kind.saturation_bits}"
    return f"ap_{'' if kind.signed else 'u'}fixed<{kind.width},{kind.integer},{modes}>"


_FIXED = re.compile(r"fixed<(\d+),(-?\d+),([su]),(\d),(\d),(\d+)>")
_INT = re.compile(r"int<(\d+),([su])>")


@functools.cache
def named(text: str) -> FixedType:
    """Read a name as the programs print it."""
    if text in NATIVE_FORMATS:
        return NATIVE_FORMATS[text]
    if match := _INT.fullmatch(text):
        return FixedType.int_type(int(match[1]), signed=match[2] == "s")
    match = _FIXED.fullmatch(text)
    if not match:
        raise ValueError(f"no number has the type {text!r}")
    width, integer, mode, overflow, n = (int(match[i]) for i in (1, 2, 4, 5, 6))
    return FixedType(width, integer, match[3] == "s", Rounding(mode), Overflow(overflow), n)


def random_format(rng: np.random.Generator, widest: int, *, modes: bool = True) -> FixedType:
    """Any format: narrow and wide, the binary point inside, at the ends and beyond them."""
    width = int(rng.integers(1, widest + 1)) if rng.random() < 0.5 else int(rng.integers(1, min(widest, 70) + 1))
    signed = bool(rng.integers(2))
    inside = rng.random() < 0.7
    integer = int(rng.integers(0, width + 1)) if inside else width + int(rng.integers(-width - 9, 10))
    if not modes:
        return FixedType(width, integer, signed)
    rounding, overflow, n = MODES[signed][int(rng.integers(len(MODES[signed])))]
    return FixedType(width, integer, signed, rounding, overflow, min(n, width))
