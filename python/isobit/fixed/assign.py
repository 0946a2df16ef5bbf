"""Assignment from one format to another, on columns of raw integers (int64, or Python integers where needed)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from isobit.fixed import law
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType

__all__ = ["Cast", "assign", "outside_range"]


class Cast(NamedTuple):
    """A cast of a column of numbers, for those who count casts.

    Attributes
    ----------
    value
        The numbers before the cast.
    shift
        Fraction bits that it drops (negative: adds).
    rounded
        The numbers after rounding, before overflow.
    type
        The format, with the modes that the cast effectively has.
    """

    value: Any
    shift: int
    rounded: Any
    type: FixedType


def outside_range(value: Any, target: FixedType) -> Any:
    """Whether a rounded value lies outside of what the target holds (for SAT_SYM, the symmetric range)."""
    low = target.raw_min
    if target.overflow is Overflow.SAT_SYM and target.signed and target.width > 1:
        low = -target.raw_max
    return np.asarray((value > target.raw_max) | (value < low), dtype=bool)


def assign(value: Any, source: FixedType, target: FixedType, tally: Callable[[Cast], None] | None = None) -> Any:
    """Cast a column of one format into another; the same format is a copy."""
    if source == target:
        return value
    kind = target.as_assigned(source)
    shift = source.fraction - kind.fraction
    if value.dtype == np.int64:
        shift = law.int64_shift(shift)
    if tally is not None:
        tally(Cast(value, shift, law.round_shift(value, shift, int(kind.rounding)), kind))
    modes = (kind.width, kind.signed, int(kind.rounding), int(kind.overflow), kind.saturation_bits)
    return np.asarray(law.cast(value, shift, *modes), dtype=value.dtype)
