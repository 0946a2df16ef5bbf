"""Which entry of a table a number looks up, for columns of raw numbers: int64 or Python integers.

Semantics: ``nnet_activation.h`` of hls4ml 1.3.0, whose index is a C++ int.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.model.layers.table import TableActivation
from isobit.model.weights import Weight

__all__ = ["centred_index", "index_from_zero", "index_leaves_int", "table_index", "top_bits"]

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


def table_index(op: TableActivation, x: Column, fraction: int) -> Any:
    """Index into the table for raw numbers of so many fraction bits, int64; for elu and selu of negative ones."""
    if op.centred:
        return centred_index(x, op.entries, op.span, fraction)
    return index_from_zero(x, op.entries, -op.span, fraction)


def index_leaves_int(op: TableActivation, x: Column, fraction: int) -> Any:
    """Whether the firmware's int does not hold the index of a number (Python integers), before it is clamped."""
    steps = _whole_steps(x, op.entries, op.span, fraction)
    return np.asarray((steps >= (1 << 31) - op.entries) | (steps < -(1 << 31)), dtype=bool)


def top_bits(x: Column, table: Weight, width: int) -> Any:
    """Index into a table that the top bits of numbers of a width address, int64."""
    bits = max(1, (table.raw.size - 1).bit_length())
    return ((x >> (width - bits)) & ((1 << bits) - 1)).astype(np.int64)
