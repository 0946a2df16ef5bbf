"""One road against the base road, block after block."""

from __future__ import annotations

import time

import numpy as np

from isobit.check.blocks import Block
from isobit.check.budget import Budget
from isobit.check.comparison import LayerComparison, Road, aligned, compare, merge
from isobit.check.differences import Differences
from isobit.check.roads import Progress, Roads
from isobit.engines.registry import Values
from isobit.model.graph import Graph

__all__ = ["Tally", "compared_layers"]


def compared_layers(graph: Graph) -> list[tuple[str, str]]:
    """Inputs and layers to compare: what a report calls them, and the tensor. A reshape gives no numbers of its own."""
    inputs = [(tensor.name, tensor.name) for tensor in graph.inputs]
    return inputs + [(op.name, op.output.name) for op in graph.ops if not op.renames]


class Tally:
    """What is known of a road so far.

    Parameters
    ----------
    name
        The road.
    graph
        The network.
    limit
        Events that it takes at most, the first ones.
    budget
        Its time, if that has a limit.
    """

    def __init__(self, name: str, graph: Graph, limit: int, budget: Budget | None = None) -> None:
        self.name = name
        self.events = 0
        self.seconds = 0.0
        self._limit = limit
        self._budget = budget
        self._layers = compared_layers(graph)
        self._found: dict[str, LayerComparison] = {}
        self._events_differ = 0

    def run(self, block: Block, roads: Roads, progress: Progress) -> Values:
        """Tensors of the block's events, or of the first that the road still takes; none if it takes no more."""
        stop = min(block.stop, self._limit)
        if stop <= block.start:
            return {}

        def run(part: slice) -> Values:
            return roads.run(self.name, block.part(part.start, part.stop))

        def moved(done: int) -> None:
            progress(self.name, done, self._limit)

        begin = time.perf_counter()
        if self._budget is None:
            values = run(slice(block.start, stop))
        else:
            values, end = self._budget.run(run, block.start, stop, moved)
            self._limit, stop = (self._limit if end == stop else end), end
        self.seconds += time.perf_counter() - begin
        self.events += stop - block.start
        moved(stop)
        return values

    def compare(self, start: int, expected: Values, values: Values, differences: Differences) -> None:
        """Compare the events from ``start`` on with the first of the base road's; keep what differences need."""
        if not values:
            return
        events = len(next(iter(values.values())))
        unequal = np.zeros(events, dtype=bool)
        for layer, tensor in self._layers:
            base = expected[tensor][:events]
            found = compare(layer, base, values[tensor], start)
            if found.first is not None:
                differences.keep(self.name, layer, found.first.event - start, expected)
                unequal |= np.not_equal(*aligned(base, values[tensor])).any(axis=1)
            known = self._found.get(layer)
            self._found[layer] = found if known is None else merge([known, found])
        self._events_differ += int(np.count_nonzero(unequal))

    def result(self, threads: int) -> Road:
        """The road's part of the report."""
        layers = tuple(self._found[layer] for layer, _ in self._layers if layer in self._found)
        return Road(self.name, self.events, self.seconds, threads, layers, self._events_differ)
