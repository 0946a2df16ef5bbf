"""Weights as the firmware reads them: raw integers, with the floats that they came from beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import FormatError, RangeError, ShapeError, UnsupportedError
from isobit.fixed.array import quantise_floats
from isobit.fixed.quantise import cast_integers, to_storage
from isobit.fixed.types import FixedType

__all__ = ["MAX_EXPONENT", "Encoding", "Weight", "quantise_entries", "read_written"]


#: Widest exponent of a power of two; products need twice the bits of data and exponent.
MAX_EXPONENT = 32
#: Formats in which a weight remembers its raw integers.
_FORMATS = 32


class Encoding(str, Enum):
    """What a raw weight stands for in hls4ml's product kernels (nnet_mult.h)."""

    PLAIN = "plain"  #: a number of the weight's format
    XNOR = "xnor"  #: ap_uint<1>: 0 is minus one, 1 is plus one (hls4ml's XnorPrecisionType)
    LITERAL = "literal"  #: a number that is a literal in the source, read as a double without decimal rounding
    TABLE = "table"  #: entries of a lookup table, computed as doubles (infinite ones are 2**1024), rounded once
    EXPONENT = "exponent"  #: a sign bit (1 is plus) and the exponent of a power of two (ExponentPrecisionType)


@dataclass(frozen=True, eq=False)
class Weight:
    """One weight tensor of a layer.

    Attributes
    ----------
    name
        Slot of the layer: ``weight``, ``bias``, ``scale``, ...
    raw
        Raw integers (LSB of ``type``); int64, or Python integers where the format is wider. For
        ``Encoding.EXPONENT`` the exponents.
    type
        Format; for ``Encoding.EXPONENT`` that of the exponent.
    written
        The float64 values that hls4ml writes into the project (quantised by QKeras, folded, scaled).
    unquantised
        The float64 values of the trained layer, as far as hls4ml keeps them.
    encoding
        What ``raw`` stands for.
    signs
        For ``Encoding.EXPONENT``, 1 where the weight is positive, else 0; otherwise None.
    """

    name: str
    raw: npt.NDArray[Any]
    type: FixedType
    written: npt.NDArray[np.float64]
    unquantised: npt.NDArray[np.float64]
    encoding: Encoding = Encoding.PLAIN
    signs: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        shapes = {self.raw.shape, self.written.shape, self.unquantised.shape}
        exponent = self.encoding is Encoding.EXPONENT
        if exponent != (self.signs is not None) or (self.signs is not None and not np.isin(self.signs, (0, 1)).all()):
            raise ShapeError(f"{self.name}: signs of 0 and 1 belong to power-of-two weights, and to no others")
        if self.signs is not None:
            shapes.add(self.signs.shape)
        if len(shapes) != 1:
            raise ShapeError(f"{self.name}: raw, written, unquantised values and signs have different shapes: {shapes}")
        if 0 in self.raw.shape:
            raise ShapeError(f"{self.name} has the shape {self.raw.shape}; every extent must be at least 1")
        if exponent and not (self.type.is_int and self.type.signed and self.type.width <= MAX_EXPONENT):
            raise FormatError(
                f"{self.name}: exponents of powers of two are of ap_int<1> to ap_int<{MAX_EXPONENT}>, not {self.type}"
            )
        if self.encoding is Encoding.XNOR and self.type != FixedType.int_type(1, signed=False):
            raise FormatError(f"{self.name}: binary (xnor) weights are ap_uint<1>, not {self.type}")

    @classmethod
    def from_written(
        cls,
        name: str,
        written: npt.ArrayLike,
        type: FixedType,
        unquantised: npt.ArrayLike | None = None,
        encoding: Encoding = Encoding.PLAIN,
    ) -> Weight:
        """Make the raw integers that the C-simulation gets when it reads ``written`` from hls4ml's text files.

        Raises
        ------
        RangeError
            If a value is NaN or infinite.
        """
        values = np.asarray(written)
        as_float = np.asarray(values, dtype=np.float64)
        if not np.isfinite(as_float).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(as_float))[0])
            raise RangeError(f"{name}{list(where)} is {as_float[where]}; weights must be finite")
        source = as_float if unquantised is None else np.asarray(unquantised, dtype=np.float64)
        signs = None
        if encoding is Encoding.EXPONENT:
            signs = np.where(values < 0, 0, 1).astype(np.int64)
            raw = _exponents(values, type)
        else:
            raw = read_written(as_float, type)
        return cls(name, raw, type, as_float, source, encoding, signs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.raw.shape

    def repeated(self, size: int) -> Weight:
        """The same values flat, in turns up to a size: those of channels at every position."""
        if self.raw.shape == (size,):
            return self
        raw, written, unquantised = (np.resize(part, size) for part in (self.raw, self.written, self.unquantised))
        signs = None if self.signs is None else np.resize(self.signs, size)
        return replace(self, raw=raw, written=written, unquantised=unquantised, signs=signs)

    def with_type(self, type: FixedType) -> Weight:
        """Write the same values in another format.

        Raises
        ------
        UnsupportedError
            For binary and power-of-two weights, whose format is fixed by the quantiser (hls4ml ignores a precision
            that is given for them).
        """
        if type == self.type:
            return self
        if self.encoding not in (Encoding.LITERAL, Encoding.TABLE, Encoding.PLAIN):
            raise UnsupportedError(
                f"the format {self.type} of {self.name} belongs to its {self.encoding.value} encoding and cannot be "
                "changed"
            )
        if type not in self._raws:
            while len(self._raws) >= _FORMATS:
                self._raws.pop(next(iter(self._raws)))
            self._raws[type] = self._in(type)
        return replace(self, raw=self._raws[type], type=type)

    @cached_property
    def _raws(self) -> dict[FixedType, npt.NDArray[Any]]:
        """Raw integers in formats that were asked for: sweeps and searches ask for the same few again and again."""
        return {}

    def _in(self, type: FixedType) -> npt.NDArray[Any]:
        if self.encoding is Encoding.LITERAL:
            return quantise_floats(self.written, type)
        if self.encoding is Encoding.TABLE:
            return quantise_entries(self.written, type, self.name)
        return read_written(self.written, type)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes need."""
        return {name: value for name, value in vars(self).items() if name != "_raws"}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Weight):
            return NotImplemented
        return (
            (self.name, self.type, self.encoding) == (other.name, other.type, other.encoding)
            and np.array_equal(self.raw, other.raw)
            and np.array_equal(self.written, other.written)
            and np.array_equal(self.unquantised, other.unquantised)
            and (self.signs is None) == (other.signs is None)
            and (self.signs is None or other.signs is None or np.array_equal(self.signs, other.signs))
        )

    __hash__ = None  # type: ignore[assignment]


def quantise_entries(values: npt.NDArray[np.float64], type: FixedType, name: str) -> npt.NDArray[Any]:
    """Raw integers of a lookup table's entries: doubles, assigned to the table's type.

    Infinite entries (1 / 0, exponentials beyond float) count as 2**1024, as ``ap_fixed(double)`` reads them
    (docs/semantics.md, B11): saturating formats take their bound, others mostly 0.

    Raises
    ------
    UnsupportedError
        For infinite entries of an ``ap_int``, which ``ap_int(double)`` does not define.
    """
    finite = np.isfinite(values)
    raw = to_storage(quantise_floats(np.where(finite, values, 0.0), type), type)
    if not finite.all():
        if type.is_int:
            raise UnsupportedError(f"{name} has infinite entries, which {type} cannot take; use an ap_fixed format")
        beyond = np.array([1 << 1024 if value > 0 else -(1 << 1024) for value in values[~finite]], dtype=object)
        raw[~finite] = to_storage(cast_integers(beyond, -type.fraction, type), type)
    return raw


def read_written(values: npt.NDArray[np.float64], type: FixedType) -> npt.NDArray[Any]:
    """Raw integers that the firmware reads for the floats in an hls4ml weight file.

    hls4ml's writer prints each value with as many *decimal* places as the format has fraction bits
    (``WeightVariable.update_precision`` in hls4ml/model/types.py), the firmware reads the text as a double and
    constructs the number from it (``load_weights_from_txt`` in nnet_helpers.h). With few fraction bits that decimal
    rounding is visible, so it is repeated here. ``ap_int`` weights are printed as whole numbers and read modulo 2**W.
    """
    places = 0 if type.is_int else max(0, type.fraction)
    texts = [f"{value:.{places}f}" for value in values.ravel().tolist()]
    if type.is_int:
        wrap = 1 << type.width
        whole = [int(text) % wrap for text in texts]
        numbers = [n - wrap if type.signed and n >= wrap >> 1 else n for n in whole]
        dtype: Any = np.int64 if type.fits_int64 else object
        return np.array(numbers, dtype=dtype).reshape(values.shape)
    return quantise_floats(np.array([float(text) for text in texts], dtype=np.float64), type).reshape(values.shape)


def _exponents(values: npt.NDArray[Any], type: FixedType) -> npt.NDArray[np.int64]:
    """Exponents as ``ExponentWeightVariable`` writes them: truncated log2, in the array's own precision."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = (np.log2(np.abs(values)) / np.log2(2.0)).astype("int")
    wrap = 1 << type.width
    folded = np.mod(exponents, wrap)
    return np.where(folded >= wrap >> 1, folded - wrap, folded).astype(np.int64)
