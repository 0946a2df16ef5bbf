"""Lookups as steps: the entries, cast into the result, taken by the number or by what is left of it."""

from __future__ import annotations

import numpy as np

import isobit._core as _core
from isobit.bounds.intervals import Bounds
from isobit.fixed.assign import assign
from isobit.fixed.modes import Rounding
from isobit.fixed.quantise import to_storage
from isobit.model.lookup import Lookup
from isobit.model.ops import Tensors
from isobit.model.table_index import AroundZero
from isobit.plan.stages import MAPS, Unfit
from isobit.plan.steps import LookUp, Round, Step

__all__ = ["lookup_stage"]

#: Most entries of a table in a lane; none where the binding has been compiled from sources without lookups.
_MOST = int(getattr(_core, "BATCH_ENTRIES", 0))


def _steps(op: Lookup, tensors: Tensors, bounds: Bounds) -> list[Step]:
    """The entry of every number.

    A table around zero whose entries are a power of two of LSB apart is addressed by the number's upper bits, cut
    toward zero as the firmware's index is; not by numbers of a coarser LSB than one, at which the firmware cuts first.
    Any other table is spread over all numbers that the bounds allow.
    """
    (tensor,), found = tensors, bounds.tensors[op.inputs[0]]
    data, index, entries = tensor.type, op.index, op.entries
    if index.sided or op.row > 1:
        raise Unfit("a table that negative numbers alone look up, or one of rows")
    low, high = int(found.low.min()), int(found.high.max())
    if index.is_lost(np.array([low, high], dtype=object), entries, data.fraction).any():
        raise Unfit("an index that may leave the firmware's int")
    results = to_storage(assign(op.columns(object)[0], op.forms(data)[0], op.output.type), op.output.type)
    if isinstance(index, AroundZero):
        apart = (index.span.bit_length() - 1) + data.fraction - (entries.bit_length() - 1)
        if entries & (entries - 1) == 0 and 0 < apart < 62 and data.fraction >= 0 and entries <= _MOST:
            return [Round(apart, Rounding.TRN_ZERO), LookUp(-(entries // 2), results)]
        # Beyond half the span, or a little further, all numbers take the first or the last entry.
        half = max((index.span // 2) << data.fraction if data.fraction >= 0 else 0, 1)
        ends = [0, entries - 1]
        while half < max(-low, high) and op.indices(np.array([-half, half]), data).tolist() != ends:
            half *= 2
        low, high = max(min(low, half), -half), min(max(high, -half), half)
    if high - low >= _MOST or max(-low, high) >= 1 << 31:
        raise Unfit("a table of entries that are no power of two apart")
    return [LookUp(low, results[op.indices(np.arange(low, high + 1), data)])]


def lookup_stage(op: Lookup, tensors: Tensors, bounds: Bounds) -> tuple[None, list[Step], int]:
    """Steps without a map."""
    return None, _steps(op, tensors, bounds), 1


MAPS[Lookup] = lookup_stage
