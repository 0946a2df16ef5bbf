"""The one door for floats, and how raw integers are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, TypeMismatchError
from isobit.fixed import law
from isobit.fixed.types import FixedType

__all__ = ["as_array", "finite", "is_integer", "law_modes", "quantise_floats", "to_storage"]

#: Largest scaled magnitude for which two sticky bits still fit the int64 law.
_FAST_LIMIT = 2.0**59


def law_modes(target: FixedType) -> tuple[int, bool, int, int, int]:
    """What the law wants to know of a target."""
    return target.width, target.signed, int(target.rounding), int(target.overflow), target.saturation_bits


def to_storage(values: npt.NDArray[Any], target: FixedType) -> npt.NDArray[Any]:
    """Store integers the canonical way: int64 where the format fits, else Python integers."""
    if target.fits_int64:
        return values.astype(np.int64)
    if values.dtype == object:
        return np.asarray(np.frompyfunc(int, 1, 1)(values), dtype=object)
    return values.astype(object)


def finite(x: npt.NDArray[np.float64], name: str = "the data") -> npt.NDArray[np.float64]:
    """Return the array, or raise with the first NaN or infinity in it.

    Raises
    ------
    RangeError
        Naming the value and its index.
    """
    good = np.isfinite(x)
    if not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        raise RangeError(f"{name} holds {x[where]} at index {where}; NaN and infinity are refused")
    return x


def quantise_floats(values: npt.ArrayLike, target: FixedType) -> npt.NDArray[Any]:
    """Raw integers of real numbers; see :meth:`isobit.FixedArray.from_float`."""
    array = as_array(values)
    modes = law_modes(target)
    if array.dtype.kind in "iu" or (array.dtype == object and all(is_integer(v) for v in array.flat)):
        whole = np.asarray(law.cast(array.astype(object), -target.fraction, *modes), dtype=object)
        return to_storage(whole.reshape(array.shape), target)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise TypeMismatchError(
            f"expected real numbers (float16, float32, float64 or integers), got dtype {array.dtype}"
        )
    x = finite(array.astype(np.float64))

    magnitude = np.abs(x)
    largest = float(magnitude.max(initial=0.0))
    smallest = float(magnitude.min(initial=1.0, where=magnitude > 0))
    in_reach = -900 < target.fraction < 900 and smallest > 2.0**-100 and largest < 2.0**100
    if in_reach and target.width <= law.INT64_BITS and np.ldexp(largest, target.fraction) < _FAST_LIMIT:
        # Two more bits say all that rounding asks: exact, below, at, or above half an LSB beyond the truncated value.
        scaled = np.ldexp(x, target.fraction)
        whole = np.trunc(scaled)
        rest = np.abs(scaled - whole)
        sticky = (rest > 0).astype(np.int64) + (rest >= 0.5) + (rest > 0.5)
        raw = whole.astype(np.int64) * 4 + np.where(x < 0, -sticky, sticky)
        return _from_fractions(np.asarray(law.cast(raw, 2, *modes), dtype=np.int64), x, target)

    mantissa, exponent = np.frexp(x)
    integers = np.ldexp(mantissa, 53).astype(np.int64)
    exact = np.empty(x.shape, dtype=object)
    for position in np.ndindex(x.shape):
        shift = 53 - int(exponent[position]) - target.fraction
        exact[position] = int(law.cast(int(integers[position]), shift, *modes))
    return to_storage(_from_fractions(exact, x, target), target)


def _from_fractions(raw: npt.NDArray[Any], x: npt.NDArray[np.float64], target: FixedType) -> npt.NDArray[Any]:
    """Quirk B15: ``ap_int(double)`` makes 1 of what lies between -0.5 and 0 (docs/semantics.md)."""
    if target.is_int:
        raw[(x > -0.5) & (x < 0)] = -1 if target.signed and target.width == 1 else 1
    return raw


def is_integer(value: object) -> bool:
    """Whether it is a Python or NumPy integer, and no bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def as_array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array; integers that no NumPy dtype holds together stay Python integers instead of becoming floats."""
    if isinstance(values, np.ndarray):
        return values
    array = np.asarray(values)
    if array.dtype.kind in ("f", "O") and array.size:
        exact = np.array(values, dtype=object)
        if exact.shape == array.shape and all(is_integer(value) for value in exact.flat):
            return exact
    return array
