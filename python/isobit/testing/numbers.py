"""Hypothesis strategies of number formats and of numbers, drawn where fixed point goes wrong.

Random numbers hardly ever lie on a tie, at a bound or just beyond one; these strategies go there on purpose. All shrink
to the simplest format, ``ap_fixed<1,1>`` with TRN and WRAP, and to the number 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from isobit.errors import FormatError, RangeError
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import MAX_WIDTH, FixedType

__all__ = ["fixed_arrays", "fixed_types", "fixed_values", "raw_integers"]

#: Up to so many elements every one is drawn; larger arrays repeat one value in most places, as hypothesis' own do.
_DENSE = 256

#: Bit positions looked at in wider formats.
_PLACES = 128

#: Simplest first: hypothesis shrinks towards the front.
_ROUNDINGS = (Rounding.TRN, *(mode for mode in Rounding if mode is not Rounding.TRN))
_OVERFLOWS = (Overflow.WRAP, *(mode for mode in Overflow if mode is not Overflow.WRAP))


@st.composite
def fixed_types(
    draw: st.DrawFn,
    *,
    min_width: int = 1,
    max_width: int = 64,
    min_fraction: int | None = None,
    max_fraction: int | None = None,
    signed: bool | None = None,
    rounding: Sequence[str | Rounding] | str | Rounding | None = None,
    overflow: Sequence[str | Overflow] | str | Overflow | None = None,
    ints: bool = True,
) -> FixedType:
    """Number formats: any modes, N included, signed and unsigned, I < 0 and I > W, ``ap_int`` among them.

    Parameters
    ----------
    min_width, max_width
        Range of the width. Widths at the borders of machine words (31, 32, 33, 63, ...) are drawn often.
    min_fraction, max_fraction
        Range of the fraction bits; by default from -8 (I > W) to the width and 8 more (I < 0).
    signed
        True: only signed; False: only unsigned; None: both.
    rounding, overflow
        The modes to draw from, simplest first; by default all.
    ints
        Also draw ``ap_int`` and ``ap_uint``.

    Raises
    ------
    FormatError
        If no format meets the limits.
    """
    if not 1 <= min_width <= max_width <= MAX_WIDTH:
        raise FormatError(f"no format has a width in {min_width}..{max_width}; widths are 1..{MAX_WIDTH}")
    width = draw(_widths(min_width, max_width))
    low = -8 if min_fraction is None else min_fraction
    high = width + 8 if max_fraction is None else max_fraction
    if low > high:
        raise FormatError(f"no format has fraction bits in {low}..{high}")
    fraction = draw(st.integers(low, high))
    roundings = _modes(rounding, _ROUNDINGS, Rounding)
    overflows = _modes(overflow, _OVERFLOWS, Overflow)
    unsigned = draw(st.booleans()) if signed is None else not signed
    if unsigned:
        overflows = [mode for mode in overflows if mode is not Overflow.WRAP_SM]
        if not overflows:
            raise FormatError("ap_ufixed with AP_WRAP_SM does not exist; allow signed formats or another overflow mode")
    mode = draw(st.sampled_from(overflows))
    # Drawn even where it does not matter: hypothesis takes what needs fewer draws for simpler, and would shrink to SAT.
    saturation_bits = draw(st.integers(0, min(width, 3)) | st.integers(0, width))
    drawn = draw(st.sampled_from(roundings))
    whole = draw(st.integers(0, 7)) == 7
    free = (rounding, overflow, min_fraction, max_fraction) == (None,) * 4
    if ints and free and whole:
        return FixedType.int_type(width, signed=not unsigned)
    return FixedType(width, width - fraction, not unsigned, drawn, mode, saturation_bits)


def _modes(given: Any, default: Sequence[Any], kind: Any) -> list[Any]:
    if given is None:
        return list(default)
    names = [given] if isinstance(given, (str, kind)) else given
    return [mode if isinstance(mode, kind) else kind[mode.upper().removeprefix("AP_")] for mode in names]


def _widths(low: int, high: int) -> st.SearchStrategy[int]:
    borders = [w for word in (8, 16, 32, 64, 128) for w in (word - 1, word, word + 1) if low <= w <= high]
    plain = st.integers(low, min(high, low + 11)) | st.integers(low, high)
    return plain | st.sampled_from(borders) if borders else plain


def raw_integers(type: FixedType, into: Sequence[FixedType] = ()) -> st.SearchStrategy[int]:
    """Raw integers of a format, as :func:`fixed_values` draws them."""
    low, high = type.raw_min, type.raw_max

    def inside(raw: int) -> int:
        return min(max(raw, low), high)

    # A 1 that only zeros follow is a tie for every format that cuts just below it; beside a power of two, one wraps.
    places = range(type.width) if type.width <= _PLACES else sorted({p * type.width // _PLACES for p in range(_PLACES)})
    corners = {sign * odd << place for place in places for odd in (1, 3, 5) for sign in (1, -1)}
    corners |= {sign * (1 << place) + step for place in places for step in (1, -1) for sign in (1, -1)}
    bounds = {inside(raw) for target in into for raw in _bounds(type, target)}
    edges = {inside(raw) for target in into for raw in _edges(type, target)}
    choices = [
        st.integers(low, high),
        st.builds(inside, st.integers(-3, 3)),
        st.builds(lambda end, step: inside(end + step), st.sampled_from([high, low]), st.integers(-2, 2)),
        st.sampled_from(sorted({raw for raw in corners if low <= raw <= high} or {0}, key=abs)),
        st.builds(
            lambda raw, place: inside((raw >> place | 1) << place),
            st.integers(low, high),
            st.sampled_from(list(places)),
        ),
    ]
    choices += [st.sampled_from(sorted(aimed, key=abs)) for aimed in (bounds, edges, bounds) if aimed]
    for target in into:
        if (shift := type.fraction - target.fraction) > 0:  # odd multiples of half the target's LSB
            half = 1 << (shift - 1)
            most = max(0, (high // half - 1) // 2)
            odd = st.integers(-most - 1 if type.signed else 0, most)
            choices.append(st.builds(lambda k, unit: inside((2 * k + 1) * unit), odd, st.just(half)))
    return st.one_of(*choices)


def _bounds(source: FixedType, target: FixedType) -> list[int]:
    """Raw integers of the source at the bounds of a target and one LSB of either beyond or within."""
    steps = (0, source.lsb, -source.lsb, target.lsb, -target.lsb)
    return [int((place + step) // source.lsb) for place in (target.max, target.min) for step in steps]


def _edges(source: FixedType, target: FixedType) -> list[int]:
    """Raw integers of the source around the points where a target wraps, in steps of quarters of its LSB."""
    span = (target.raw_max + 1) * target.lsb
    places = (span, -span, 2 * span, -2 * span, 3 * span)
    return [int((place + target.lsb * quarter / 4) // source.lsb) for place in places for quarter in range(-4, 5)]


def _targets(into: FixedType | str | Sequence[FixedType | str]) -> list[FixedType]:
    kinds = [into] if isinstance(into, (FixedType, str)) else into
    return [FixedType.parse(kind) for kind in kinds]


def fixed_values(
    type: FixedType | str, *, into: FixedType | str | Sequence[FixedType | str] = ()
) -> st.SearchStrategy[FixedArray]:
    """Single numbers (0-dimensional arrays) of a format.

    Drawn often: both bounds and their neighbours, 0 and its neighbours, single bits with neighbours (where some
    narrower format wraps), and ones followed by zeros (ties of some coarser format).

    Parameters
    ----------
    type
        Format of the numbers.
    into
        Formats that the numbers will be cast to: their ties, bounds and wrap points are also drawn often.
    """
    kind = FixedType.parse(type)
    return raw_integers(kind, _targets(into)).map(lambda raw: FixedArray.from_raw(raw, kind))


@st.composite
def fixed_arrays(
    draw: st.DrawFn,
    type: FixedType | str | st.SearchStrategy[FixedType],
    shape: int | tuple[int, ...] | st.SearchStrategy[Any],
    *,
    into: FixedType | str | Sequence[FixedType | str] = (),
) -> FixedArray:
    """Arrays of a format; the elements as :func:`fixed_values` draws them.

    Parameters
    ----------
    type
        Format, or a strategy of formats.
    shape
        Shape, or a strategy of shapes (such as ``hypothesis.extra.numpy.array_shapes()``).
    into
        As for :func:`fixed_values`.
    """
    kind = draw(type) if isinstance(type, st.SearchStrategy) else FixedType.parse(type)
    extent = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    size = int(np.prod(extent, dtype=object))
    if size > 1_000_000:
        raise RangeError(f"an array of shape {extent} is too large to draw ({size} numbers; at most 1000000)")
    fill = st.nothing() if size <= _DENSE else None
    dtype: Any = np.int64 if kind.fits_int64 else object
    raw = draw(arrays_of.arrays(dtype, extent, elements=raw_integers(kind, _targets(into)), fill=fill))
    return FixedArray.from_raw(raw, kind)
