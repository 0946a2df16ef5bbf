"""Smallest, largest and chosen numbers: exact, since nothing is computed.

Of one format, the result has that format, modes included; of two, the smallest that holds both
(:func:`isobit.fixed.growth.aligned`), which is what C++ would have to declare for ``a > b ? a : b``: AMD's types offer
no ``?:`` of two formats (docs/semantics.md, B12).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed import growth
from isobit.fixed.arithmetic import aligned, broadcast, finished, summed_axes
from isobit.fixed.operands import Pair, pair
from isobit.fixed.quantise import refuse_masked

__all__ = ["extreme", "larger", "smaller", "where"]


def extreme(a: Pair, largest: bool, axis: Any, keepdims: bool) -> Pair:
    """Smallest or largest number over axes (None: all), in the same format."""
    axes = summed_axes(axis, a.raw.shape)
    if any(a.raw.shape[one] == 0 for one in axes):
        raise ShapeError(f"an array of shape {a.raw.shape} has no {'largest' if largest else 'smallest'} number")
    function = np.max if largest else np.min
    return finished(function(a.raw, axis=axes, keepdims=bool(keepdims)), a.type)


def _both(a: Pair, b: Pair) -> tuple[Any, Any, Any]:
    kind = a.type if a.type == b.type else growth.aligned(a.type, b.type)
    return (*aligned(a, b, kind.fits_int64), kind)


def larger(a: Any, b: Any) -> Pair:
    """The larger of two numbers, elementwise."""
    x, y, kind = _both(pair(a, "maximum"), pair(b, "maximum"))
    return finished(np.where(np.asarray(x < y, dtype=np.bool_), y, x), kind)


def smaller(a: Any, b: Any) -> Pair:
    """The smaller of two numbers, elementwise."""
    x, y, kind = _both(pair(a, "minimum"), pair(b, "minimum"))
    return finished(np.where(np.asarray(y < x, dtype=np.bool_), y, x), kind)


def where(condition: Any, a: Any, b: Any) -> Pair:
    """``a`` where the condition holds, else ``b``.

    Raises
    ------
    TypeMismatchError
        If the condition is not an array of truth values.
    ShapeError
        If the three shapes do not belong together.
    """
    refuse_masked(condition)
    chosen = np.asarray(condition)
    if chosen.dtype != np.bool_:
        raise TypeMismatchError(f"where() takes truth values such as a > b, got dtype {chosen.dtype}")
    x, y, kind = _both(pair(a, "where"), pair(b, "where"))
    broadcast(chosen.shape, np.shape(x), np.shape(y))
    return finished(np.where(chosen, x, y), kind)
