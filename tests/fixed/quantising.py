"""What from_float has to give, by definition."""

from __future__ import annotations

from fractions import Fraction

from isobit import FixedType
from isobit.engines.reference import law

__all__ = ["quantised"]


def quantised(value: float | Fraction, kind: FixedType) -> int:
    """Raw integer of an exact number: the law, and B15 (docs/semantics.md) for ``ap_int(double)``."""
    if kind.is_int and not isinstance(value, int) and Fraction(-1, 2) < Fraction(value) < 0:
        return -1 if kind.signed and kind.width == 1 else 1
    return law.quantise(Fraction(value), kind)
