"""What the other operand of a FixedArray may be: its raw integers and format.

AMD's rule: a native integer counts as the ``ap_int`` or ``ap_uint`` of its size. NumPy integers have a size; a
Python integer is taken for the C++ literal that it would be, an ``int`` or, where that is too small, a ``long``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, TypeMismatchError
from isobit.fixed import growth
from isobit.fixed.quantise import is_integer, refuse_masked, to_storage
from isobit.fixed.types import FixedType

__all__ = ["Pair", "amounts", "is_operand", "pair"]


class Pair(NamedTuple):
    """Raw integers in the storage of a FixedArray, and their format."""

    raw: npt.NDArray[Any]
    type: FixedType


def is_operand(value: object) -> bool:
    """Whether :func:`pair` understands a value or has an explanation for it; Python's operators ask first."""
    known = (bool, int, float, complex, str, bytes, Decimal, list, tuple, np.ndarray, np.generic)
    return isinstance(value, known) or hasattr(value, "numerator") or _is_fixed(value)


def _is_fixed(value: object) -> bool:
    return isinstance(getattr(value, "type", None), FixedType) and hasattr(value, "raw")


def pair(value: Any, operation: str) -> Pair:
    """Raw integers and format of an operand.

    Raises
    ------
    TypeMismatchError
        For floats (AMD offers no fixed-point operation with them), masked arrays, and whatever else is not an integer.
    RangeError
        For a Python integer beyond 64 bits.
    """
    if _is_fixed(value):
        return Pair(value.raw, value.type)
    refuse_masked(value)
    if isinstance(value, (bool, np.bool_)):
        return Pair(np.asarray(int(value)), FixedType.int_type(1, signed=False))
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iu":
        kind = FixedType.int_type(8 * value.dtype.itemsize, signed=value.dtype.kind == "i")
        return Pair(to_storage(np.asarray(value), kind), kind)
    if isinstance(value, np.ndarray) and value.dtype.kind == "b":
        return Pair(np.asarray(value, dtype=np.int64), FixedType.int_type(1, signed=False))
    if isinstance(value, int):
        literal = growth.literal(value)
        if literal is None:
            raise RangeError(
                f"{value} is not a C++ integer (at most 64 bits), so it has no format in {operation!r}; give it one "
                "with FixedArray.from_raw"
            )
        return Pair(np.asarray(value), literal)
    raise TypeMismatchError(
        f"{operation!r} with {_described(value)} is not offered (nor by AMD), since it has no format: give it one "
        "with FixedArray.from_float(x, type). Integers may be Python's or NumPy arrays of an integer dtype"
    )


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype}"
    return f"{value!r} ({type(value).__name__})"


def amounts(value: Any, width: int) -> npt.NDArray[np.int64]:
    """Shift amounts, bounded to -width..width: shifting further changes nothing more.

    Raises
    ------
    TypeMismatchError
        For amounts that are not integers; a FixedArray must be of an ``ap_int`` format.
    """
    refuse_masked(value)
    if _is_fixed(value):
        if not value.type.is_int:
            raise TypeMismatchError(
                f"a shift by {value.type} would drop its fraction; cast the amount to an ap_int format first"
            )
        found = value.raw
    elif isinstance(value, bool) or is_integer(value):
        found = np.asarray(int(value), dtype=object)
    elif isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iub":
        found = np.asarray(value, dtype=object)
    else:
        raise TypeMismatchError(f"a shift amount must be an integer, got {_described(value)}")
    return np.asarray(np.clip(found, -width, width), dtype=np.int64)
