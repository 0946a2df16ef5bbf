"""Profiling with NumPy, one cast after the other, on numbers of any width: slow and simple.

:func:`observe` serves the layers that no lane computes. :func:`exact_profile` takes every layer that way; the tests
compare the fast profiles with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from isobit.engines.exact import vector
from isobit.engines.exact.formulas import branches_taken, is_counted
from isobit.engines.exact.int64 import in_lane
from isobit.fixed.assign import Cast, outside_range
from isobit.fixed.types import FixedType
from isobit.model.expressions import Result
from isobit.model.graph import Graph
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula
from isobit.plan.observed import Observed

__all__ = ["Found", "exact_profile", "joined", "observe"]

#: Events at a time: the intermediates of one layer stay in the cache.
_BLOCK = 4096

#: A layer's observations, and its accumulator's overflows: (events, times) by neuron, shape (2, size).
Found = tuple[Observed, Any]


def exact_profile(graph: Graph, inputs: Mapping[str, Any], threads: int) -> dict[str, Found]:
    """Observe every op of the lowered graph.

    Parameters
    ----------
    graph
        The network.
    inputs
        Raw integers by name, shape (events, size), of one event at least.
    threads
        Threads to use.
    """
    graph = graph.lowered
    events = len(next(iter(inputs.values())))

    def block(start: int) -> dict[str, Found]:
        values = {name: raw[start : start + _BLOCK] for name, raw in inputs.items()}
        found = {}
        for op in graph.ops:
            given = tuple(values[name] for name in op.inputs)
            values[op.output.name], found[op.name] = observe(op, graph.inputs_of(op), given)
        return found

    with ThreadPoolExecutor(max_workers=threads) as pool:
        blocks = list(pool.map(block, range(0, events, _BLOCK)))
    return {op.name: joined([found[op.name] for found in blocks]) for op in graph.ops}


def observe(op: Op, tensors: Tensors, raws: Sequence[Any]) -> tuple[Any, Found]:
    """Results of one op on raw integers of its inputs, shape (events, size), and its observations."""
    size = op.output.size
    inner = {"accum": np.zeros((2, size), dtype=np.int64)}
    hit: dict[tuple[str, int], Any] = {}
    lossy, outside = (np.zeros(size, dtype=np.int64) for _ in range(2))
    casts: dict[int, list[Any]] = {}

    def tally(slot: str, index: int, cast: Cast) -> None:
        left = outside_range(cast.rounded, cast.type)
        if slot != "result":
            if left.any():
                inner.setdefault(slot, np.zeros((2, size), dtype=np.int64))[1, index] += np.count_nonzero(left)
                hit[slot, index] = hit.get((slot, index), False) | left
            return
        outside[index] += np.count_nonzero(left)
        casts.setdefault(index, []).append(cast.rounded)
        if cast.shift > 0:
            lossy[index] += np.count_nonzero(cast.value >> cast.shift << cast.shift != cast.value)

    lanes = in_lane(op, tensors, raws)
    result = vector.compute(op, tensors, lanes, tally)
    for (slot, index), left in hit.items():
        inner[slot][0, index] = np.count_nonzero(left)
    held = result.astype(lanes[0].dtype)
    branches = branches_taken(op, tensors, [lane.T for lane in lanes]) if isinstance(op, Formula) else None
    for index, columns in casts.items():
        if branches is not None:
            held[:, index] = _taken(branches, op.output.type, index, columns, held[:, index])
        else:
            held[:, index] = _held(op, tensors, raws, index, columns, held[:, index])
    sums = inner.pop("accum")
    seen = Observed(result.min(axis=0), result.max(axis=0), held.min(axis=0), held.max(axis=0), lossy, outside, inner)
    return result.astype(np.int64) if op.output.type.fits_int64 else result.astype(object), (seen, sums)


def _held(op: Op, tensors: Tensors, raws: Sequence[Any], index: int, columns: list[Any], result: Any) -> Any:
    """What an element's casts took, event by event; a copy is no cast."""
    if isinstance(op, Lookup) and op.index.sided:
        (tensor,), (raw,) = tensors, raws
        casts = iter(columns)
        below, above = (result if form == op.output.type else next(casts) for form in op.forms(tensor.type))
        return np.where(raw[:, index] < 0, below, above)
    return columns[0]


def _taken(branches: list[tuple[Result, Any]], target: FixedType, index: int, columns: list[Any], result: Any) -> Any:
    """The same of a formula, from its branches in order; constants are no casts either."""
    casts = iter(columns)
    for branch, taken in branches:
        if is_counted(branch, target):
            column = next(casts)
            result = column if taken is None else np.where(taken[index], column, result)
    return result


def joined(parts: list[Found]) -> Found:
    """Observations of the events of all parts."""
    seen = [observed for observed, _ in parts]
    return (
        Observed(
            np.minimum.reduce([s.low for s in seen]),
            np.maximum.reduce([s.high for s in seen]),
            np.minimum.reduce([s.held_low for s in seen]),
            np.maximum.reduce([s.held_high for s in seen]),
            np.add.reduce([s.lossy for s in seen]),
            np.add.reduce([s.outside for s in seen]),
            _added([s.inner for s in seen]),
        ),
        sum(sums for _, sums in parts),
    )


def _added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    slots = dict.fromkeys(slot for part in parts for slot in part)
    return {slot: sum(part[slot] for part in parts if slot in part) for slot in slots}
