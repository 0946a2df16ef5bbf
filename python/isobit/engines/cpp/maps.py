"""Maps in the terms of the C++ batch kernels: ``isobit._core.BatchMap``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.bounds.ranges import IntArray
from isobit.engines.cpp.positions import position_weights
from isobit.engines.cpp.steps import core_step, lane_steps, plain_step
from isobit.fixed.modes import Rounding
from isobit.plan.costs import whole_parts
from isobit.plan.lanes import Lane
from isobit.plan.maps import Counting, Gather, Linear, Sequential
from isobit.plan.steps import Observe, Round

__all__ = ["DTYPES", "SHORT", "Packing", "form_of", "packing_of", "pairs", "tiles"]

DTYPES: dict[str, Any] = {
    "int16": np.int16,
    "float32": np.float32,
    "float64": np.float64,
    "int32": np.int32,
    "int64": np.int64,
}
SHORT = {"int16": "i16", "float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
_COMBINATIONS = {"sum": "sum", "product": "product", "minimum": "least", "maximum": "most", "dot": "dot"}
#: Outputs of a register tile (tile_rows in program.hpp).
_ROWS = 4


@dataclass(frozen=True, eq=False)
class Packing:
    """A map, ready for every position to which a stage applies it.

    Attributes
    ----------
    build
        Makes the ``BatchMap`` of weights, and of the rows that the sums take, int32, in order; None: neighbours.
    weights
        As ``build`` takes them; a pair for positions whose first number is the lower or the upper half of a pair of
        int16, see :func:`isobit.engines.cpp.positions.position_weights`.
    scale
        What the map's sums are multiplied by already.
    """

    build: Callable[[Any, Any], Any]
    weights: Any = None
    scale: float = 1.0

    def at(self, first: int) -> Any:
        """The ``BatchMap`` for neighbours from this input on."""
        return self.build(self.weights[first % 2] if isinstance(self.weights, tuple) else self.weights, None)


def form_of(lane: Lane) -> str:
    """How a lane reads its data."""
    if isinstance(lane.stage.map, Gather) and lane.multiply == "dot16":
        return "i16"
    forms = {"dot16": "i16_pairs", "dot16-split": "i16_split", "floor32": "f32", "floor16": "i16", "mulhi16": "i16"}
    return forms.get(lane.multiply) or SHORT[lane.multiply]


def _multiply(lane: Lane) -> str:
    return SHORT.get(lane.multiply) or lane.multiply.replace("-", "_")


def packing_of(lane: Lane, rows: Callable[[IntArray], IntArray]) -> Packing:
    """The map of a lane's stage.

    Parameters
    ----------
    lane
        How the stage is computed.
    rows
        Gives the place in the workspace, in bytes, of numbers of the stage's sources: flat indices of all sources,
        one after the other; -1 stays.
    """
    if isinstance(lane.stage.map, Gather):
        return _gather(lane, lane.stage.map, rows)
    return Packing(lambda *_: _core.BatchMap.none()) if lane.stage.map is None else _RULES[type(lane.stage.map)](lane)


def _linear(lane: Lane) -> Packing:
    linear, dtype, stage = lane.stage.map, DTYPES[lane.compute], lane.stage
    assert isinstance(linear, Linear)
    scale = 1.0
    if lane.multiply.startswith("dot16"):
        weights = position_weights(linear.weights, pairs) if stage.windows > 1 else pairs(linear.weights)
        start = linear.start.astype(np.int32)
    else:
        first = next((step for step in stage.steps if not isinstance(step, Observe)), None)
        if lane.multiply in ("float32", "float64") and isinstance(first, Round):
            scale = 2.0**-first.shift  # a power of two: the significand stays
        weights, start = linear.weights.astype(dtype), linear.start.astype(dtype)
        if scale != 1:
            weights, start = weights * dtype(scale), start * dtype(scale)
        weights = tiles(weights)
    kind, split = _multiply(lane), lane.split
    return Packing(lambda w, order: _core.BatchMap.dense(kind, w, start, split, order=order), weights, scale)


def _counting(lane: Lane) -> Packing:
    counted, dtype = lane.stage.map, DTYPES[lane.compute]
    assert isinstance(counted, Counting)
    weights, order, term = counted.weights[counted.order], counted.order, []
    if lane.stage.view is not None:  # padding counts as a term: a row times zero
        order = lane.stage.view[0, counted.order]
        weights, order = np.where(order[:, None] < 0, 0, weights), np.maximum(order, 0)
    if lane.multiply in ("floor32", "floor16"):
        weights = tiles(weights.astype(np.float32) * np.float32(2.0**-counted.shift))
    else:
        weights = tiles(weights.astype(dtype))
        term = [plain_step(Round(counted.shift, counted.type.rounding), False)] if counted.shift else []
    measures = limits = None
    if counted.measures is not None and counted.limits is not None:
        measures = counted.measures.astype(np.float32)
        limits = np.array([part.min() for part in row_tiles(counted.limits)], dtype=np.float32)
    made = _core.BatchMap.counting(
        multiply=_multiply(lane),
        weights=weights,
        start=counted.start.astype(dtype),
        order=np.ascontiguousarray(order, dtype=np.int32),
        offset=float(counted.type.raw_min),
        check=counted.check,
        terms=counted.terms,
        measures=measures,
        limits=limits,
        term=[core_step(step, dtype) for step in term],
        sum=[core_step(plain_step(counted.fold, False), dtype)],
    )
    return Packing(lambda *_: made)


def _sequential(lane: Lane) -> Packing:
    sums, dtype = lane.stage.map, DTYPES[lane.compute]
    assert isinstance(sums, Sequential)
    if lane.multiply in ("floor32", "mulhi16"):
        return _rounded_products(lane, sums)
    floating = np.dtype(dtype).kind == "f"
    outputs = sums.start.size
    weights, offset = sums.weights[sums.order].astype(dtype), 0.0
    inner = list(sums.term)
    divided = False
    if inner and isinstance(first := inner[0], Round):
        divided = floating
        if floating:
            weights = weights * dtype(2.0**-first.shift)
        if first.rounding is Rounding.RND:
            offset = 0.5 if floating else float(1 << (first.shift - 1))
            inner[0] = Round(first.shift, Rounding.TRN)
    start, every = sums.start.astype(dtype), sums.order.astype(np.int32)
    term = [core_step(step, dtype) for step in lane_steps(inner, dtype, outputs, scaled=divided)]
    added = [core_step(step, dtype) for step in lane_steps(sums.sum, dtype, outputs)]

    def build(packed: Any, order: Any) -> Any:
        order = every if order is None else order
        return _core.BatchMap.sequential(weights=packed, start=start, order=order, offset=offset, term=term, sum=added)

    return Packing(build, tiles(weights))


def _rounded_products(lane: Lane, sums: Sequential) -> Packing:
    """Every product rounded down by itself: by a fused multiply-add of float32, or as an int16 product's upper half."""
    only = sums.term[0]
    assert isinstance(only, Round)
    whole: Any = None
    if lane.multiply == "floor32":
        weights = tiles(sums.weights.astype(np.float32) * np.float32(2.0**-only.shift))
        start = sums.start.astype(np.int32)
    else:
        whole_part, rest = whole_parts(sums, only.shift)
        numbers = rest.astype(np.int64) << (16 - only.shift)
        weights = tiles(((numbers & 0xFFFF) | (numbers << 16)).astype(np.int32))
        start = sums.start.astype(np.int16)
        whole = _sparse(whole_part)
    kind = _multiply(lane)
    return Packing(lambda w, order: _core.BatchMap.dense(kind, w, start, 0, whole, order), weights)


def _gather(lane: Lane, found: Gather, rows: Callable[[IntArray], IntArray]) -> Packing:
    dtype = DTYPES[lane.compute]
    one = bool((found.factors == 1).all())
    outputs = found.index.shape[1]
    made = _core.BatchMap.gather(
        combine="dot" if lane.multiply == "dot16" and found.combine == "product" else _COMBINATIONS[found.combine],
        rows=np.ascontiguousarray(rows(found.index)),
        factors=None if one else np.ascontiguousarray(np.broadcast_to(found.factors, found.index.shape).astype(dtype)),
        fill=found.fill if np.dtype(dtype).kind == "i" else float(found.fill),
        sum=[core_step(step, dtype) for step in lane_steps(found.sum, dtype, outputs)],
        multiply=lane.multiply if lane.multiply in ("dot16", "mulhi16") else "",
        raised=found.raised,
    )
    return Packing(lambda *_: made)


_RULES: Mapping[type, Callable[[Lane], Packing]] = {Linear: _linear, Sequential: _sequential, Counting: _counting}


# -- weights -----------------------------------------------------------------------------------------------------------


def tiles(weights: Any) -> Any:
    """Weights (n_in, n_out) by tiles of four outputs, the rest by two and one: [tile][input][row]."""
    parts = [part.ravel() for part in row_tiles(weights)]
    return np.ascontiguousarray(np.concatenate(parts))


def row_tiles(values: Any) -> list[Any]:
    """The last axis by tiles of four, the rest by two and one."""
    outputs = values.shape[-1]
    firsts = list(range(0, outputs - outputs % _ROWS, _ROWS))
    for rows in (2, 1):
        if outputs % (2 * rows) >= rows:
            firsts.append(outputs - outputs % (2 * rows))
    return [values[..., first:end] for first, end in zip(firsts, [*firsts[1:], outputs], strict=True)]


def _sparse(weights: Any) -> tuple[Any, Any, Any]:
    """Weights other than 0: for output j those in places[j] .. places[j + 1] - 1, with their inputs."""
    outputs, inputs = np.nonzero(weights.T)
    places = np.searchsorted(outputs, np.arange(weights.shape[1] + 1))
    return places.astype(np.int32), inputs.astype(np.int32), weights[inputs, outputs].astype(np.int16)


def pairs(weights: Any) -> Any:
    """Weights as pairs of int16 of neighbouring inputs, in tiles."""
    numbers = weights.astype(np.int64)
    if len(numbers) % 2:
        numbers = np.concatenate([numbers, np.zeros((1, numbers.shape[1]), dtype=np.int64)])
    both = (numbers[0::2] & 0xFFFF) | (numbers[1::2] << 16)
    return tiles(both.astype(np.int32))
