"""The only way in for floats, and how raw integers are stored."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed import law
from isobit.fixed.types import FixedType

__all__ = [
    "as_array",
    "cast_integers",
    "finite",
    "is_integer",
    "law_modes",
    "owned",
    "quantise_floats",
    "refuse_masked",
    "to_storage",
]

#: Largest scaled magnitude for which two sticky bits still fit the int64 law.
_FAST_LIMIT = 2.0**59


def law_modes(target: FixedType) -> tuple[int, bool, int, int, int]:
    """What the law needs to know about a target."""
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
    if array.dtype.kind in "iu" or (array.dtype == object and all(is_integer(v) for v in array.flat)):
        return to_storage(cast_integers(array.astype(object), -target.fraction, target), target)
    if array.dtype == object and all(_is_real(v) for v in array.flat):
        return to_storage(_quantise_exactly(array, target), target)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise TypeMismatchError(
            f"expected real numbers (float16, float32, float64, integers or fractions), got {_kinds(array)}"
        )
    x = finite(array.astype(np.float64))
    if target.width > law.INT64_BITS or not -900 < target.fraction < 900:
        return to_storage(_quantise_doubles(x, target), target)
    magnitude = np.abs(x)
    # 2**-100 to 2**100: scaled by up to 2**+-900, it neither overflows nor becomes subnormal.
    reached = (magnitude == 0) | ((magnitude > 2.0**-100) & (magnitude < 2.0**100))
    reached &= np.ldexp(np.where(reached, magnitude, 0.0), target.fraction) < _FAST_LIMIT
    raw = _quantise_near(np.where(reached, x, 0.0), target)
    if not reached.all():
        raw[~reached] = _quantise_doubles(x[~reached], target).astype(np.int64)
    return raw


def _quantise_near(x: npt.NDArray[np.float64], target: FixedType) -> npt.NDArray[np.int64]:
    """Those that int64 holds in units of the target's LSB, all at once."""
    # Two more bits are all that rounding needs: exact, below, at, or above half an LSB beyond the truncated value.
    scaled = np.ldexp(x, target.fraction)
    whole = np.trunc(scaled)
    rest = np.abs(scaled - whole)
    sticky = (rest > 0).astype(np.int64) + (rest >= 0.5) + (rest > 0.5)
    raw = cast_integers(whole.astype(np.int64) * 4 + np.where(x < 0, -sticky, sticky), 2, target)
    if target.is_int:
        raw[(x > -0.5) & (x < 0)] = _just_below_zero(target)
    return raw


def _quantise_doubles(x: npt.NDArray[np.float64], target: FixedType) -> npt.NDArray[Any]:
    """Any doubles, one by one on Python integers, as an object array."""
    modes = law_modes(target)
    mantissa, exponent = np.frexp(x)
    integers = np.ldexp(mantissa, 53).astype(np.int64)
    exact = np.empty(x.shape, dtype=object)
    for position in np.ndindex(x.shape):
        shift = 53 - int(exponent[position]) - target.fraction
        exact[position] = int(law.cast(int(integers[position]), shift, *modes))
    if target.is_int:
        exact[(x > -0.5) & (x < 0)] = _just_below_zero(target)
    return exact


def _quantise_exactly(values: npt.NDArray[Any], target: FixedType) -> npt.NDArray[Any]:
    """Any real numbers, one by one, as an object array; integers keep every bit, whatever the other elements are."""
    modes = law_modes(target)
    exact = np.empty(values.shape, dtype=object)
    for position in np.ndindex(values.shape):
        value = values[position]
        if isinstance(value, (float, np.floating)) and not np.isfinite(value):
            raise RangeError(f"the data holds {value} at index {position}; NaN and infinity are refused")
        if is_integer(value):
            exact[position] = law.cast(int(value), -target.fraction, *modes)
            continue
        top, bottom = (value if isinstance(value, Fraction) else float(value)).as_integer_ratio()
        if target.is_int and -bottom < 2 * top < 0:
            exact[position] = _just_below_zero(target)
            continue
        if target.fraction >= 0:
            top <<= target.fraction
        else:
            bottom <<= -target.fraction
        whole, rest = divmod(top, bottom)  # two sticky bits, as above, but on the floor
        sticky = (rest > 0) + (2 * rest >= bottom) + (2 * rest > bottom)
        exact[position] = law.cast(whole * 4 + sticky, 2, *modes)
    return exact


def _just_below_zero(target: FixedType) -> int:
    """Quirk B15: ``ap_int(double)`` of a value between -0.5 and 0 is 1 (docs/semantics.md)."""
    return -1 if target.signed and target.width == 1 else 1


def cast_integers(raw: npt.NDArray[Any], shift: int, target: FixedType) -> npt.NDArray[Any]:
    """The law for an array: int64, or Python integers in an object array; ``target`` has the modes to go by.

    Without axes NumPy would hand the law scalars midway, whose comparisons are NumPy's bools: these add up in int64
    (or as truth values), not on Python integers. So the law always gets an axis.
    """
    if raw.ndim == 0:
        return cast_integers(raw.reshape(1), shift, target).reshape(())
    return np.asarray(law.cast(raw, shift, *law_modes(target)), dtype=raw.dtype)


def owned(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array, which nobody else holds, made read-only: a FixedArray then keeps it without a copy."""
    if values.base is None:
        values.flags.writeable = False
    return values


def is_integer(value: object) -> bool:
    """Whether it is a Python or NumPy integer, and no bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    """Whether :func:`_quantise_exactly` takes it: float64, integers and fractions are exact."""
    return is_integer(value) or isinstance(value, (float, np.float32, np.float16, Fraction))


def _kinds(array: npt.NDArray[Any]) -> str:
    """What an array holds, for messages: its dtype, or the first element that is not a number."""
    if array.dtype == object:
        for value in array.flat:
            if not _is_real(value):
                return f"{value!r} ({type(value).__name__})"
    return f"dtype {array.dtype}"


def refuse_masked(value: object, name: str = "") -> None:
    """Raise TypeMismatchError for masked arrays: NumPy would silently use the values under the mask.

    Parameters
    ----------
    value
        Anything; the entries of a list are also examined.
    name
        What it is, for the error.
    """
    if isinstance(value, (list, tuple)):
        for entry in value:
            if isinstance(entry, (list, tuple, np.ma.MaskedArray)):
                refuse_masked(entry, name)
    if isinstance(value, np.ma.MaskedArray):
        what = f"{name} is a masked array, which" if name else "a masked array"
        raise TypeMismatchError(f"{what} has no values under its mask; use x.filled(value) or x.compressed()")


def as_array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array; an object array for numbers that no common NumPy dtype holds without loss.

    Raises
    ------
    ShapeError
        If rows differ in length.
    TypeMismatchError
        For masked arrays: they have no value where the mask is set.
    """
    refuse_masked(values)
    if isinstance(values, np.ndarray):
        return np.asarray(values)  # also of a subclass such as np.matrix, which keeps two axes at all cost
    try:
        array = np.asarray(values)
    except OverflowError:  # an integer beyond float64, beside a float
        return np.array(values, dtype=object)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ShapeError("nested lists must have rows of one length; these are ragged") from None
    if array.dtype.kind in ("f", "O") and array.size and not isinstance(values, (float, np.floating)):
        exact = np.array(values, dtype=object)
        if exact.shape == array.shape and not all(isinstance(value, float) for value in exact.flat):
            truths = any(isinstance(value, (bool, np.bool_)) for value in exact.flat)
            whole = [int(value) for value in exact.flat if is_integer(value)]
            if truths or len(whole) == exact.size or any(abs(value) > 1 << 53 for value in whole):
                return exact
    return array
