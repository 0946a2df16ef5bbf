"""Which entry of a table a number looks up, for columns of raw numbers: int64 or Python integers.

Semantics: ``nnet_activation.h`` of hls4ml 1.3.0, whose index is a C++ int.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.tensor import Tensor
from isobit.model.weights import Weight

__all__ = [
    "AroundZero",
    "BelowZero",
    "Counted",
    "FromZero",
    "Index",
    "Itself",
    "centred_index",
    "index_from_zero",
    "top_bits",
]

Column = Any


def _as_int(value: Column) -> Column:
    """What is left of integers in a C++ int."""
    return ((value + (1 << 31)) & ((1 << 32) - 1)) - (1 << 31)


def _steps(x: Column, entries: int, span: int, fraction: int) -> Column:
    """``int(x * entries / span)``, the span a power of two: cut toward zero at x's LSB, then to a whole number."""
    return _as_int(_whole_steps(x, entries, span, fraction))


def _whole_steps(x: Column, entries: int, span: int, fraction: int) -> Column:
    scaled = x * (entries if span > 0 else -entries)
    shift = abs(span).bit_length() - 1 + max(0, fraction)
    if scaled.dtype == np.int64:
        shift = min(shift, 63)
    magnitude = abs(scaled) >> shift
    return np.where(scaled < 0, -magnitude, magnitude) << max(0, -fraction)


def _clamped(index: Column, entries: int) -> Any:
    return np.clip(index, 0, entries - 1).astype(np.int64)


def index_from_zero(x: Column, entries: int, span: int, fraction: int) -> Any:
    """Index into a table whose first entry is that of 0: entries over a span, a power of two; int64."""
    return _clamped(_steps(x, entries, span, fraction), entries)


def centred_index(x: Column, entries: int, span: int, fraction: int) -> Any:
    """The same for a table whose middle entry is that of 0."""
    return _clamped(_as_int(_steps(x, entries, span, fraction) + entries // 2), entries)


def top_bits(x: Column, table: Weight, width: int) -> Any:
    """Index into a table that the top bits of numbers of a width address, int64."""
    bits = max(1, (table.raw.size - 1).bit_length())
    return ((x >> (width - bits)) & ((1 << bits) - 1)).astype(np.int64)


@dataclass(frozen=True)
class Index:
    """Which entry of a table a number looks up. Numbers are raw, int64 or Python integers."""

    #: Whether only negative numbers look anything up.
    sided: ClassVar[bool] = False

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """Index of numbers of so many fraction bits, int64 in 0 to entries - 1."""
        raise NotImplementedError

    def is_lost(self, x: Column, entries: int, fraction: int) -> Any:
        """Where the index of a Python integer may be any, bool; elsewhere it never falls or never rises with it."""
        raise NotImplementedError

    def bits(self, data: FixedType, entries: int) -> int:
        """Magnitude bits of the integers on the way from a number to its index."""
        raise NotImplementedError

    def step(self, entries: int) -> float | None:
        """What one entry spans, in units of the number; None if numbers are indices and nothing is sampled."""
        raise NotImplementedError

    def check(self, layer: str, tensor: Tensor, entries: int) -> None:
        """Check that every number of a tensor has an entry.

        Raises
        ------
        UnsupportedError
            If the firmware would read outside of the table.
        """


@dataclass(frozen=True)
class _Spread(Index):
    span: int

    def is_lost(self, x: Column, entries: int, fraction: int) -> Any:
        """Where the firmware's int does not hold the index before it is clamped; see :meth:`Index.is_lost`."""
        steps = _whole_steps(x, entries, self.span, fraction)
        return np.asarray((steps >= (1 << 31) - entries) | (steps < -(1 << 31)), dtype=bool)

    def bits(self, data: FixedType, entries: int) -> int:
        """Those of the product with the entries; see :meth:`Index.bits`."""
        return data.width + entries.bit_length() + max(0, -data.fraction) + 1

    def step(self, entries: int) -> float:
        """See :meth:`Index.step`."""
        return self.span / entries


@dataclass(frozen=True)
class AroundZero(_Spread):
    """Entries lie evenly over an interval around zero; beyond it the outermost count: ``sigmoid`` and others.

    Attributes
    ----------
    span
        Length of the interval, a power of two.
    """

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """See :meth:`Index.of`."""
        return centred_index(x, entries, self.span, fraction)


@dataclass(frozen=True)
class BelowZero(_Spread):
    """Entries lie evenly from zero, the first, down to the end of an interval: ``elu`` and ``selu``.

    Attributes
    ----------
    span
        Length of the interval, a power of two.
    """

    sided: ClassVar[bool] = True

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """That of negative numbers; see :meth:`Index.of`."""
        return index_from_zero(x, entries, -self.span, fraction)


@dataclass(frozen=True)
class Counted(Index):
    """An entry for every number of a format, from the least on: ``unary_lut``.

    Attributes
    ----------
    least
        Raw integer of the least number.
    """

    least: int = 0

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """See :meth:`Index.of`."""
        return np.asarray(x - self.least).astype(np.int64)

    def is_lost(self, x: Column, entries: int, fraction: int) -> Any:
        """Nowhere."""
        return np.zeros(x.shape, dtype=bool)

    def bits(self, data: FixedType, entries: int) -> int:
        """See :meth:`Index.bits`."""
        return data.width + 1

    def step(self, entries: int) -> None:
        """None; see :meth:`Index.step`."""


@dataclass(frozen=True)
class FromZero(Index):
    """Entries lie evenly from zero, the first, up to a power of two; beyond both the outermost: ``layernormalize``.

    Attributes
    ----------
    power
        Of the end, ``2**-power``: at least 0.
    """

    power: int = 0

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """See :meth:`Index.of`."""
        return _clamped(_as_int(_whole_steps(x, entries << self.power, 1, fraction)), entries)

    def is_lost(self, x: Column, entries: int, fraction: int) -> Any:
        """Where the firmware's int does not hold the index before it is clamped; see :meth:`Index.is_lost`."""
        steps = _whole_steps(x, entries << self.power, 1, fraction)
        return np.asarray((steps >= 1 << 31) | (steps < -(1 << 31)), dtype=bool)

    def bits(self, data: FixedType, entries: int) -> int:
        """Those of the product with the entries; see :meth:`Index.bits`."""
        return data.width + (entries << self.power).bit_length() + max(0, -data.fraction) + 1

    def step(self, entries: int) -> float:
        """See :meth:`Index.step`."""
        return 2.0**-self.power / entries


@dataclass(frozen=True)
class Itself(Index):
    """The number times a constant is the index, cut to a whole number: ``embedding``.

    Attributes
    ----------
    times
        The constant.
    """

    times: int = 1

    def of(self, x: Column, entries: int, fraction: int) -> Any:
        """See :meth:`Index.of`."""
        index = x * self.times
        return np.asarray(index >> fraction if fraction > 0 else index << -fraction).astype(np.int64)

    def is_lost(self, x: Column, entries: int, fraction: int) -> Any:
        """Nowhere."""
        return np.zeros(x.shape, dtype=bool)

    def bits(self, data: FixedType, entries: int) -> int:
        """See :meth:`Index.bits`."""
        return data.width + self.times.bit_length() + max(0, -data.fraction)

    def step(self, entries: int) -> None:
        """None; see :meth:`Index.step`."""

    def check(self, layer: str, tensor: Tensor, entries: int) -> None:
        """See :meth:`Index.check`."""
        first, last = self.of(np.array(tensor.raw_range, dtype=object), entries, tensor.type.fraction).tolist()
        if tensor.raw_range[0] < 0 or last >= entries:
            raise UnsupportedError(
                f"layer {layer!r} reads the entries {first} to {last} by {tensor.name!r} ({tensor.type}); it "
                f"has the entries 0 to {entries - 1}"
            )
