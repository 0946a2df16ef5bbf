"""Bounds that need no work, which are most: int64 within 61 bits, without low zeros; and how long integers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.fixed import law

__all__ = ["bit_lengths", "plain_zeros"]


def bit_lengths(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """``int.bit_length`` of every integer, none of which is negative."""
    if values.dtype == object:
        return np.array([v.bit_length() for v in values.ravel().tolist()], dtype=np.int64).reshape(values.shape)
    # float64 may round a number up to the next power of two, which has a bit more.
    found = np.frexp(values.astype(np.float64))[1].astype(np.int64)
    return found - (values < np.left_shift(1, np.maximum(found - 1, 0), dtype=np.int64)) * (found > 0)


def plain_zeros(low: Any, high: Any, zeros: Any) -> npt.NDArray[np.int64] | None:
    """The zeros of a :class:`~isobit.bounds.ranges.Range` that may keep its bounds as they are; None if it may not."""
    if not (isinstance(low, np.ndarray) and isinstance(high, np.ndarray) and low.dtype == high.dtype == np.int64):
        return None
    if not low.size or low.shape != high.shape or not (low <= high).all():
        return None
    if isinstance(zeros, np.ndarray):
        if zeros.dtype != np.int64 or zeros.shape != low.shape or zeros.any():
            return None
    elif zeros != 0:
        return None
    # The ufuncs themselves: most arrays are small, and the methods' way to them is twice as long.
    least, most = int(np.minimum.reduce(low, axis=None)), int(np.maximum.reduce(high, axis=None))
    if max(least.bit_length(), most.bit_length()) > law.INT64_BITS:
        return None
    return zeros if isinstance(zeros, np.ndarray) else np.zeros(low.shape, dtype=np.int64)
