"""Fixed-point numbers: formats, the law of a cast, arrays."""

from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["FixedArray", "FixedType", "Overflow", "Rounding"]
