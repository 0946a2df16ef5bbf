"""Ops that no lane takes: on 128-bit integers in the hardware's order (cpp-strict), or on Python integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.engines.exact import vector
from isobit.engines.strict import KERNELS, from_words, to_words
from isobit.errors import UnsupportedError
from isobit.model.ops import Op, Tensors

__all__ = ["compute_wide"]


def compute_wide(op: Op, tensors: Tensors, raws: Sequence[Any], threads: int) -> Any:
    """One op on raw integers of its inputs, shape (events, size), whatever its widths.

    See :class:`FixedArray` for the storage.
    """
    if _fits_core(op, tensors):
        words = tuple(to_words(raw, tensor.type) for raw, tensor in zip(raws, tensors, strict=True))
        return from_words(KERNELS[type(op)](op, tensors, words, threads), op.output.type)
    result = vector.compute(op, tensors, [np.asarray(raw).astype(object) for raw in raws])
    return result.astype(np.int64) if op.output.type.fits_int64 else result


def _fits_core(op: Op, tensors: Tensors) -> bool:
    """Whether the strict kernels take the op's formats, asked without an event.

    They refuse what needs more than 127 bits somewhere; Python integers have no end.
    """
    kernel = KERNELS.get(type(op))
    if kernel is None:
        return False
    try:
        nothing = tuple(to_words(np.zeros((0, t.size), dtype=np.int64), t.type) for t in tensors)
        kernel(op, tensors, nothing, 1)
    except (UnsupportedError, ValueError, OverflowError):
        return False
    return True
