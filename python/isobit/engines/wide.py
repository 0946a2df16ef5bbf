"""Ops that no lane takes: on 128-bit integers in the hardware's order (cpp-strict), or on Python integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.engines import vector
from isobit.engines.core import KERNELS, from_words, to_words
from isobit.errors import UnsupportedError
from isobit.model.ops import Op, Tensor

__all__ = ["compute_wide"]


def compute_wide(op: Op, tensor: Tensor, raw: Any, threads: int) -> Any:
    """One op on raw integers of shape (events, size), whatever its widths; see :class:`FixedArray` for the storage."""
    if _fits_core(op, tensor):
        return from_words(KERNELS[type(op)](op, tensor, to_words(raw, tensor.type), threads), op.output.type)
    result = vector.compute(op, tensor, np.asarray(raw).astype(object))
    return result.astype(np.int64) if op.output.type.fits_int64 else result


def _fits_core(op: Op, tensor: Tensor) -> bool:
    """Whether the strict kernels take the op's formats, asked without an event.

    They refuse what needs more than 127 bits somewhere; Python integers have no end.
    """
    kernel = KERNELS.get(type(op))
    if kernel is None:
        return False
    try:
        kernel(op, tensor, to_words(np.zeros((0, tensor.size), dtype=np.int64), tensor.type), 1)
    except (UnsupportedError, ValueError, OverflowError):
        return False
    return True
