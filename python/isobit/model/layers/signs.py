"""Signs, what binary and ternary functions give, as constants of formulas; they are written without a counted cast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isobit.fixed.types import FixedType
from isobit.model.expressions import Choice, Constant, Expression, Input, Result, whole

__all__ = ["BIT_MINUS", "MINUS", "PLUS", "ternary"]

_SIGN = FixedType.int_type(2)
PLUS, _NONE, MINUS = (Result.of(whole(value, _SIGN)) for value in (1, 0, -1))
#: The bit 0, which stands for minus one.
_BIT = replace(whole(0, _SIGN).weight, written=-np.ones(1), unquantised=-np.ones(1))
BIT_MINUS = Result.of(Constant(_BIT))


def ternary(high: Expression, low: Expression) -> Choice:
    """1 above one number, else 0 above another, else -1."""
    return Choice(Input(0), high, PLUS, Choice(Input(0), low, _NONE, MINUS))
