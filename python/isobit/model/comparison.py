"""Which comparisons AMD's open headers, and with them hls4ml's C-simulation, get wrong (docs/semantics.md, B5)."""

from __future__ import annotations

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType

__all__ = ["check_comparison", "headers_compare_rightly"]


def headers_compare_rightly(one: FixedType, two: FixedType) -> bool:
    """Whether ``one > two`` and ``one < two`` are right for all numbers in AMD's open headers.

    Those align the binary points (``OP_CMP_AF`` in ap_fixed_base.h) and then, from 32 bits on, take a negative number
    for a large one if the unsigned operand is not the narrower one (``operator>`` in etc/ap_private.h).
    """
    if one.signed == two.signed:
        return True
    gap = one.fraction - two.fraction
    widths = {
        one.signed: one.width if gap >= 0 else one.width - gap + 1,
        two.signed: two.width if gap <= 0 else max(two.width + gap, 1),
    }
    return max(widths.values()) < 32 or widths[False] < widths[True]


def check_comparison(name: str, one: FixedType, two: FixedType) -> None:
    """Refuse a layer whose kernel compares numbers that AMD's headers compare wrongly."""
    if not headers_compare_rightly(one, two):
        raise UnsupportedError(
            f"layer {name!r} compares numbers of {one} with numbers of {two}, for which AMD's simulation headers take "
            "negative numbers for large ones; make both signed, or both narrower than 32 bits at their common LSB"
        )
