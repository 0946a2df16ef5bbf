"""Which rows of integers are alike: what is the same for all of them is found out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["alike", "chained"]

Integers = npt.NDArray[np.int64]


def alike(rows: Any) -> tuple[Integers, Integers]:
    """Rows that differ, and which of them every row is.

    Parameters
    ----------
    rows
        int64, shape (rows, columns).

    Returns
    -------
    int64, shapes (kinds,) and (rows,): the first row of every kind, and the kind of every row.
    """
    # Whole rows sort slowly: a sum of odd multiples tells them apart, as long as no two that differ share one.
    odd = 2 * np.random.default_rng(1).integers(1 << 62, size=rows.shape[1]) + 1
    _, first, which = np.unique(rows @ odd, return_index=True, return_inverse=True)
    if not (rows[first[which]] == rows).all():
        _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, which.ravel()


def chained(arrays: Sequence[Any], order: Any = None) -> Any:
    """Arrays one after another.

    Parameters
    ----------
    arrays
        Of one axis.
    order
        Which of them, all of one size, come one after another: integers, shape (arrays of the result,). None: each
        once.
    """
    return np.concatenate(arrays) if order is None else np.stack(arrays)[order].ravel()
