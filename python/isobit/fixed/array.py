"""Arrays of fixed-point numbers: raw integers and their format, inseparable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed import arithmetic, law, selection
from isobit.fixed.protocol import NumpyProtocol
from isobit.fixed.quantise import as_array, cast_integers, finite, is_integer, owned, quantise_floats, to_storage
from isobit.fixed.types import FixedType

__all__ = ["FixedArray", "finite", "quantise_floats"]

#: Arrays longer than this are shortened by repr.
_SHOWN = 20


class FixedArray(NumpyProtocol):
    """An array of numbers of one :class:`FixedType`.

    Make one with :meth:`from_float` (the only way in for floats) or :meth:`from_raw`. The constructor itself trusts its
    arguments and is for raw integers that are known to be in range.

    Operators give AMD's result formats (:mod:`isobit.fixed.growth`, docs/semantics.md) and are exact, except that ``/``
    truncates toward zero at the last bit of its format. The other operand may be an array, or a Python or NumPy integer
    (array), never a float. Comparisons, ``==`` included, are elementwise and compare values. Arrays are immutable.

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
        owner = raw
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        # A read-only view of a writeable array could be made writeable again, or change under our hands.
        kept = raw.copy() if owner.flags.writeable else raw
        kept.flags.writeable = False
        self.raw = kept.view()
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
        values = as_array(raw).copy()
        if values.size == 0:
            values = values.astype(np.int64)
        if values.dtype == object:
            if not all(is_integer(v) for v in values.flat):
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
        return cls(owned(to_storage(values, target)), target)

    @classmethod
    def from_float(cls, values: npt.ArrayLike, type: FixedType | str) -> FixedArray:
        """Quantise real numbers with the format's own rounding and overflow, as ``ap_fixed(double)`` does.

        Parameters
        ----------
        values
            Real numbers (float16/32/64, integers or :class:`fractions.Fraction`), any shape, in units of one. They are
            not rounded before they are quantised: lists of mixed types are taken number by number.
        type
            Target format.

        Raises
        ------
        RangeError
            For NaN or infinity, with the first position.
        TypeMismatchError
            For anything that is not real, and for masked arrays.
        ShapeError
            For ragged lists.
        """
        target = FixedType.parse(type)
        return cls(owned(quantise_floats(values, target)), target)

    # -- leaving the fixed-point world -----------------------------------------------------------------------------

    def to_float(self) -> npt.NDArray[np.float64]:
        """Values as float64: exact up to 53 significant bits, else to nearest even, as ``ap_fixed::to_double``.

        Raises
        ------
        RangeError
            For a value beyond the largest float64, naming it (docs/semantics.md, B10).
        """
        if max(self.type.integer, self.type.width) > 1023 or self.type.fraction > 1000:
            return self._to_float_exactly()
        # Python rounds integers beyond 53 bits to the nearest even; a power of two changes no bit of that.
        return np.asarray(np.ldexp(self.raw.astype(np.float64), -self.type.fraction))

    def _to_float_exactly(self) -> npt.NDArray[np.float64]:
        """By fractions: where the exponents of float64 do not suffice, or its subnormals would round twice."""
        floats = np.empty(self.raw.shape, dtype=np.float64)
        for position in np.ndindex(self.raw.shape):
            raw = int(self.raw[position])
            try:
                floats[position] = float(raw * self.type.lsb)
            except OverflowError:
                place = f" at index {position}" if position else ""
                raise RangeError(
                    f"raw {raw}{place} of {self.type} lies beyond the range of float64; cast it, or take .raw"
                ) from None
        return floats

    # -- arithmetic that keeps the value ---------------------------------------------------------------------------

    def cast(self, type: FixedType | str) -> FixedArray:
        """Assign to another format, with its rounding and overflow. The same format is a raw copy."""
        target = FixedType.parse(type)
        if target == self.type:
            return FixedArray(self.raw, target)
        shift = self.type.fraction - target.fraction
        modes = target.as_assigned(self.type)
        if law.int64_domain(self.type.width, shift, target.width):
            return FixedArray(owned(cast_integers(self.raw, law.int64_shift(shift), modes)), target)
        wide = cast_integers(self.raw.astype(object), shift, modes)
        return FixedArray(owned(to_storage(wide, target)), target)

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

    @property
    def T(self) -> FixedArray:
        """The array with its axes reversed."""
        return self.transpose()

    def transpose(self, *axes: Any) -> FixedArray:
        """Reorder the axes, as :meth:`numpy.ndarray.transpose`: ``a.transpose(1, 0)`` or ``a.transpose((1, 0))``.

        Raises
        ------
        ShapeError
            If the axes are not those of the array, each once.
        TypeMismatchError
            If they are not integers.
        """
        return self._moved("transpose", axes)

    def reshape(self, *shape: Any) -> FixedArray:
        """Give the same numbers another shape, as :meth:`numpy.ndarray.reshape`.

        Raises
        ------
        ShapeError
            If the sizes differ.
        TypeMismatchError
            If they are not integers.
        """
        return self._moved("reshape", shape)

    def _moved(self, method: str, arguments: tuple[Any, ...]) -> FixedArray:
        try:
            return FixedArray(getattr(self.raw, method)(*arguments), self.type)
        except ValueError as error:
            raise ShapeError(f"{method}{arguments} of an array of shape {self.shape}: {error}") from None
        except TypeError as error:
            raise TypeMismatchError(f"{method}{arguments} of an array of shape {self.shape}: {error}") from None

    def copy(self) -> FixedArray:
        """Copy the numbers; views share them (neither can change)."""
        return FixedArray(self.raw.copy(), self.type)

    @staticmethod
    def concatenate(arrays: Iterable[FixedArray], axis: int = 0) -> FixedArray:
        """Join arrays of one format along an axis, as :func:`numpy.concatenate`.

        Raises
        ------
        TypeMismatchError
            If the formats differ; cast first.
        ShapeError
            If the shapes do not belong together.
        """
        return _joined(np.concatenate, arrays, axis)

    @staticmethod
    def stack(arrays: Iterable[FixedArray], axis: int = 0) -> FixedArray:
        """Join arrays of one format along a new axis, as :func:`numpy.stack`; raises as :meth:`concatenate`."""
        return _joined(np.stack, arrays, axis)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> FixedArray:
        """Exact sum over an axis (default: all) of n numbers: ceil(log2(n)) integer bits more.

        Raises
        ------
        ShapeError
            If the axis does not exist or is named twice.
        TypeMismatchError
            If it is not an integer, a tuple of integers or None.
        """
        return self._of(arithmetic.total(self._pair(), axis, keepdims))

    def min(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> FixedArray:
        """Smallest number over an axis (default: all), same format; raises as :meth:`sum`, and if there is none."""
        return self._of(selection.extreme(self._pair(), False, axis, keepdims))

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> FixedArray:
        """Largest number over an axis (default: all), in the same format; raises as :meth:`min`."""
        return self._of(selection.extreme(self._pair(), True, axis, keepdims))

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, index: Any) -> FixedArray:
        return FixedArray(np.asarray(self.raw[index], dtype=self.raw.dtype), self.type)

    def __iter__(self) -> Iterator[FixedArray]:
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return FixedArray, (self.raw, self.type)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(f"the truth of {self.size} numbers is ambiguous; use (a != 0).any() or .all()")
        return bool(self.raw.item())

    def __float__(self) -> float:
        return float(self.to_float()[self._only("float")])

    def __int__(self) -> int:
        """The number truncated toward zero, as ``to_int()`` (but unbounded)."""
        value = int(self.raw[self._only("int")]) * self.type.lsb
        return int(value)

    def _only(self, what: str) -> tuple[()]:
        if self.ndim:
            raise TypeMismatchError(f"{what}() takes a single number, not an array of shape {self.shape}")
        return ()

    def __repr__(self) -> str:
        text = f"FixedArray({self._body(', ', 'FixedArray(')}, {str(self.type)!r}"
        return text + (f", shape={self.shape})" if self.size > _SHOWN or self.size == 0 else ")")

    def __str__(self) -> str:
        return self._body(" ")

    def _body(self, separator: str, before: str = "") -> str:
        """The values; as raw integers where float64 cannot show them all."""
        numbers: Any = self.raw
        label = ""
        if not self.type.is_int:
            label = "raw="
            if self.type.width <= 53 and -900 < self.type.fraction < 900:
                numbers, label = self.to_float(), ""
        return label + np.array2string(
            numbers,
            max_line_width=110,
            separator=separator,
            prefix=before + label,
            threshold=_SHOWN,
            edgeitems=3,
            floatmode="unique",
            suppress_small=self.type.fraction <= 24 and self.type.integer <= 40,  # else in powers of ten
        )


def _joined(function: Any, arrays: Iterable[FixedArray], axis: int) -> FixedArray:
    parts = list(arrays)
    if not parts:
        raise ShapeError("no arrays to join")
    for part in parts:
        if not isinstance(part, FixedArray) or part.type != parts[0].type:
            found = part.type if isinstance(part, FixedArray) else type(part).__name__
            raise TypeMismatchError(f"cannot join {found} to {parts[0].type}; cast to one format first")
    try:
        return FixedArray(function([part.raw for part in parts], axis=axis), parts[0].type)
    except ValueError as error:
        raise ShapeError(str(error)) from None
    except TypeError as error:
        raise TypeMismatchError(f"axis {axis!r}: {error}") from None
