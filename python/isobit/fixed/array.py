"""Arrays of fixed-point numbers: raw integers and their format, inseparable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, TypeMismatchError
from isobit.fixed import law
from isobit.fixed.types import FixedType

__all__ = ["FixedArray", "finite", "quantise_floats"]

#: Largest scaled magnitude for which two sticky bits still fit the int64 law.
_FAST_LIMIT = 2.0**59


class FixedArray:
    """An array of numbers of one :class:`FixedType`.

    Make one with :meth:`from_float` (the one door for floats) or :meth:`from_raw`; the constructor itself trusts its
    arguments and is for raw integers that are known to be in range.

    Attributes
    ----------
    raw : numpy.ndarray
        Raw integers in units of the LSB, read-only: int64 where the format fits 63 bits and a sign, otherwise an
        object array of Python integers.
    type : FixedType
        Format of every element.
    """

    __slots__ = ("raw", "type")

    raw: npt.NDArray[Any]
    type: FixedType

    def __init__(self, raw: npt.NDArray[Any], type: FixedType) -> None:
        view = raw.view()
        view.flags.writeable = False
        self.raw = view
        self.type = type

    @classmethod
    def from_raw(cls, raw: npt.ArrayLike, type: FixedType | str) -> FixedArray:
        """Take raw integers (units: LSB of ``type``) as they are; copies.

        Raises
        ------
        TypeMismatchError
            If the values are not integers.
        RangeError
            If a value does not fit the format; it is named.
        """
        target = FixedType.parse(type)
        values = _as_array(raw).copy()
        if values.size == 0:
            values = values.astype(np.int64)
        if values.dtype == object:
            if not all(_is_integer(v) for v in values.flat):
                raise TypeMismatchError("raw values must be integers; for real numbers use FixedArray.from_float")
        elif values.dtype.kind not in "iu":
            raise TypeMismatchError(
                f"raw values must be integers, got dtype {values.dtype}; for real numbers use FixedArray.from_float"
            )
        if values.size:
            for extreme in (int(values.min()), int(values.max())):
                if not target.raw_min <= extreme <= target.raw_max:
                    raise RangeError(
                        f"raw value {extreme} does not fit {target}, which holds {target.raw_min}..{target.raw_max}"
                    )
        return cls(_to_storage(values, target), target)

    @classmethod
    def from_float(cls, values: npt.ArrayLike, type: FixedType | str) -> FixedArray:
        """Quantise real numbers with the format's own rounding and overflow, as ``ap_fixed(double)`` does.

        Parameters
        ----------
        values
            Real numbers (float16/32/64 or integers), any shape, in units of one.
        type
            Target format.

        Raises
        ------
        RangeError
            For NaN or infinity, with the first position.
        TypeMismatchError
            For anything that is not real.
        """
        target = FixedType.parse(type)
        return cls(quantise_floats(values, target), target)

    # -- leaving the fixed-point world -----------------------------------------------------------------------------

    def to_float(self) -> npt.NDArray[np.float64]:
        """Values as float64: exact up to 53 significant bits, else to nearest even, as ``ap_fixed::to_double``."""
        if self.raw.dtype == object:
            try:
                flat = [float(int(r) * self.type.lsb) for r in self.raw.flat]
            except OverflowError:
                raise RangeError(f"a value of {self.type} lies beyond the range of float64") from None
            return np.array(flat, dtype=np.float64).reshape(self.raw.shape)
        return np.ldexp(self.raw.astype(np.float64), -self.type.fraction)

    # -- arithmetic that keeps the value ---------------------------------------------------------------------------

    def cast(self, type: FixedType | str) -> FixedArray:
        """Assign to another format, with its rounding and overflow. The same format is a raw copy."""
        target = FixedType.parse(type)
        if target == self.type:
            return FixedArray(self.raw, target)
        shift = self.type.fraction - target.fraction
        modes = _modes(target.as_assigned(self.type))
        if law.int64_domain(self.type.width, shift, target.width):
            raw = law.cast(self.raw, law.int64_shift(shift), *modes)
            return FixedArray(np.asarray(raw, dtype=np.int64), target)
        wide = np.asarray(law.cast(self.raw.astype(object), shift, *modes), dtype=object)
        return FixedArray(_to_storage(wide, target), target)

    # -- container -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.raw.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.raw.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.raw.size

    def reshape(self, *shape: int) -> FixedArray:
        """Give the same numbers another shape, as :meth:`numpy.ndarray.reshape`."""
        return FixedArray(self.raw.reshape(*shape), self.type)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, index: Any) -> FixedArray:
        return FixedArray(np.asarray(self.raw[index], dtype=self.raw.dtype), self.type)

    def __iter__(self) -> Iterator[FixedArray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        body = np.array2string(self.to_float(), separator=", ", threshold=20, edgeitems=3)
        return f"FixedArray({body}, {str(self.type)!r})"


def _modes(target: FixedType) -> tuple[int, bool, int, int, int]:
    """What the law wants to know of a target."""
    return target.width, target.signed, int(target.rounding), int(target.overflow), target.saturation_bits


def _to_storage(values: npt.NDArray[Any], target: FixedType) -> npt.NDArray[Any]:
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
    """Raw integers of real numbers; see :meth:`FixedArray.from_float`."""
    array = _as_array(values)
    modes = _modes(target)
    if array.dtype.kind in "iu" or (array.dtype == object and all(_is_integer(v) for v in array.flat)):
        whole = np.asarray(law.cast(array.astype(object), -target.fraction, *modes), dtype=object)
        return _to_storage(whole.reshape(array.shape), target)
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
    return _to_storage(_from_fractions(exact, x, target), target)


def _from_fractions(raw: npt.NDArray[Any], x: npt.NDArray[np.float64], target: FixedType) -> npt.NDArray[Any]:
    """Quirk B15: ``ap_int(double)`` makes 1 of what lies between -0.5 and 0 (docs/semantics.md)."""
    if target.is_int:
        raw[(x > -0.5) & (x < 0)] = -1 if target.signed and target.width == 1 else 1
    return raw


def _is_integer(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _as_array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array; integers that no NumPy dtype holds together stay Python integers instead of becoming floats."""
    if isinstance(values, np.ndarray):
        return values
    array = np.asarray(values)
    if array.dtype.kind in ("f", "O") and array.size:
        exact = np.array(values, dtype=object)
        if exact.shape == array.shape and all(_is_integer(value) for value in exact.flat):
            return exact
    return array
