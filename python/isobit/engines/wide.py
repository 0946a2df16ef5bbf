"""Ops that no lane takes: on 128-bit integers in the hardware's order (cpp-strict), or on Python integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isobit.engines.exact import vector
from isobit.engines.strict import KERNELS, LAYERS, from_words, to_words
from isobit.errors import UnsupportedError
from isobit.model.ops import Op, Tensors

__all__ = ["compute_wide"]

_KERNELS = {**KERNELS, **LAYERS}


def compute_wide(op: Op, tensors: Tensors, raws: Sequence[Any], threads: int) -> Any:
    """One primitive, or a layer that cpp-strict has whole, on raw integers of its inputs, shape (events, size).

    See :class:`FixedArray` for the storage.
    """
    if _fits_core(op, tensors):
        words = tuple(to_words(raw, tensor.type) for raw, tensor in zip(raws, tensors, strict=True))
        return from_words(_KERNELS[type(op)](op, tensors, words, threads), op.output.type)
    values = {name: np.asarray(raw).astype(object) for name, raw in zip(op.inputs, raws, strict=True)}
    known = dict(zip(op.inputs, tensors, strict=True))
    for part in op.lower(*tensors):  # of a primitive, itself
        given = tuple(known[name] for name in part.inputs)
        values[part.output.name] = vector.compute(part, given, [values[name] for name in part.inputs])
        known[part.output.name] = part.output
    result = values[op.output.name]
    return result.astype(np.int64) if op.output.type.fits_int64 else result


def _fits_core(op: Op, tensors: Tensors) -> bool:
    """Whether the strict kernels take the op's formats, asked without an event.

    They refuse what needs more than 127 bits somewhere; Python integers have no end.
    """
    kernel = _KERNELS.get(type(op))
    if kernel is None:
        return False
    try:
        nothing = tuple(to_words(np.zeros((0, t.size), dtype=np.int64), t.type) for t in tensors)
        kernel(op, tensors, nothing, 1)
    except (UnsupportedError, ValueError, OverflowError):
        return False
    return True
