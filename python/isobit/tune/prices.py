"""What a bit of each format costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isobit.bounds.constants import op_constants
from isobit.errors import RangeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.network import Network
from isobit.suggest import did_you_mean
from isobit.sweep.evaluation import COSTS
from isobit.tune.formats import retyped, with_fraction

__all__ = ["CostOf", "cost_in", "prices"]

#: What a network costs.
CostOf = Callable[[Graph], float]
#: What a bit that costs nothing is worth, in bits of the network.
_TIE = 1e-3


def cost_in(cost: str | Callable[[Any], float]) -> tuple[str, CostOf]:
    """Name and function of a cost: a figure of :func:`isobit.sweep`, or a function of the network.

    Raises
    ------
    UnsupportedError
        For a name that is not known.
    """
    if callable(cost):
        return getattr(cost, "__name__", "cost"), lambda graph: float(cost(Network(graph)))
    if cost not in COSTS:
        known = ", ".join(COSTS)
        raise UnsupportedError(f"no cost {cost!r}{did_you_mean(cost, COSTS)}; known: {known}, or a function")
    return cost, COSTS[cost]


def prices(
    graph: Graph, free: Mapping[str, FixedType], bits: Mapping[str, Mapping[int, float]], of: CostOf | None
) -> dict[str, dict[int, float]]:
    """What each format costs with some numbers of fraction bits, by slot; all others as they are.

    Parameters
    ----------
    graph, free
        The network, and the formats that may change.
    bits
        The numbers of fraction bits, by slot.
    of
        What a network costs: each format the difference that it makes, and next to nothing where it makes none. None
        counts bits: those of a slot's numbers, which are weights, results, one for each sum of an accumulator.
    """
    numbers = _numbers(graph, free)
    if of is None:
        return {key: {count: numbers[key] * count for count in known} for key, known in bits.items()}
    scale = max(of(graph), 1.0) / sum(kind.width * numbers[key] for key, kind in free.items())
    found: dict[str, dict[int, float]] = {}
    for key, known in bits.items():
        at = {count: of(retyped(graph, {key: with_fraction(free[key], count)})) for count in known}
        if not all(value == value and abs(value) != float("inf") for value in at.values()):
            raise RangeError(f"the cost is not finite for some formats of {key}")
        found[key] = {count: value + _TIE * scale * numbers[key] * count for count, value in at.items()}
    return found


def _numbers(graph: Graph, free: Mapping[str, FixedType]) -> dict[str, float]:
    """Numbers of each slot: weights, results, and one for each sum of an accumulator."""
    found = {}
    for op in graph.ops:
        sizes = {weight.name: float(weight.raw.size) for weight in op_constants(op)}
        for slot in op.types():
            if f"{op.name}.{slot}" in free:
                found[f"{op.name}.{slot}"] = sizes.get(slot, float(op.output.size))
    return found
