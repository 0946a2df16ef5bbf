"""What observations prove about the events that were observed, and what must be counted because it is not proven."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isobit.analysis.counting import Accumulator, counting_lane
from isobit.analysis.intervals import Bounds
from isobit.analysis.lanes import Lane
from isobit.analysis.maps import FloatArray
from isobit.analysis.observed import Observed
from isobit.analysis.ranges import IntArray
from isobit.model.graph import Graph
from isobit.model.ops import Dense

__all__ = ["Accumulators", "Uncountable"]


class Uncountable(Exception):
    """No lane counts an accumulator's overflows."""


class Accumulators:
    """The accumulators of a network: which of their neurons are counted, since bounds of the inputs prove nothing.

    Parameters
    ----------
    graph
        The network.
    bounds
        Its bounds for every input that the formats allow.
    aliases
        Tensors of reshapes: the tensor that holds the same numbers.
    lanes
        How the network is computed.
    """

    def __init__(self, graph: Graph, bounds: Bounds, aliases: dict[str, str], lanes: Iterable[Lane]) -> None:
        self.bounds = bounds
        self.as_int16 = {op.name for lane in lanes if lane.multiply == "mulhi16" for op in lane.stage.ops}
        self.all = {op.name: Accumulator(op, graph.tensors[op.inputs[0]]) for op in graph.ops if isinstance(op, Dense)}
        self.sources = {name: aliases.get(a.tensor.name, a.tensor.name) for name, a in self.all.items()}
        #: Neurons whose products may overflow by themselves, and those whose sums alone may.
        self.products = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.all.items()}
        self.sums = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.all.items()}

    def _range(self, name: str, tensors: dict[str, Observed]) -> tuple[IntArray, IntArray]:
        seen, kind = tensors[self.sources[name]], self.all[name].tensor.type
        return np.maximum(seen.low, kind.raw_min), np.minimum(seen.high, kind.raw_max)

    def all_proven(self, tensors: dict[str, Observed]) -> bool:
        """Whether nothing overflowed but what is counted, for tensors within these bounds."""
        for name, accumulator in self.all.items():
            terms, either = accumulator.unproven(*self._range(name, tensors))
            if (terms & ~self.products[name] | either & ~self.products[name] & ~self.sums[name]).any():
                return False
        return True

    def add(self, tensors: dict[str, Observed]) -> bool:
        """Count from now on what cannot be proven for tensors within these bounds; whether that is more than before."""
        before = sum(int(array.sum()) for array in (*self.products.values(), *self.sums.values()))
        for name, accumulator in self.all.items():
            terms, either = accumulator.unproven(*self._range(name, tensors))
            self.products[name] |= terms
            self.sums[name] = (self.sums[name] | either) & ~self.products[name]
        return sum(int(array.sum()) for array in (*self.products.values(), *self.sums.values())) > before

    def lanes(self, tensors: dict[str, Observed]) -> list[tuple[str, IntArray, Lane]]:
        """How overflows are counted, best where tensors keep to these bounds: layer, neurons, stage.

        Raises
        ------
        Uncountable
            If no lane counts some.
        """
        found: list[tuple[str, IntArray, Lane]] = []
        for name, accumulator in self.all.items():
            for array, terms in ((self.sums[name], False), (self.products[name], True)):
                neurons = np.flatnonzero(array)
                if not len(neurons):
                    continue
                limits = self._limits(name, neurons, terms, tensors)
                if limits is not None:
                    alike = np.argsort(limits[1], kind="stable")  # tiles of neurons that stand as much
                    neurons, limits = neurons[alike], (limits[0], limits[1][alike])
                lane = counting_lane(
                    accumulator, self.sources[name], neurons, terms, self.bounds, limits, name in self.as_int16
                )
                if lane is None:
                    raise Uncountable
                found.append((name, neurons, lane))
        return found

    def _limits(
        self, name: str, neurons: IntArray, terms: bool, tensors: dict[str, Observed]
    ) -> tuple[FloatArray, FloatArray] | None:
        low, high = self._range(name, tensors)
        most = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1)
        if terms:
            largest = self.all[name].largest(neurons)
            if largest is None:
                return None
            most = np.minimum(most, largest)
        return self.all[name].limits(most, self.bounds.tensors[self.sources[name]].low >= 0, neurons)

    def totals(self, counts: dict[str, Any], events: int) -> dict[str, Any]:
        """Overflows with those of the biases: (events, times) by neuron, shape (2, n_out), by layer."""
        for name, accumulator in self.all.items():
            counts[name][1] += events * accumulator.bias
            counts[name][0][accumulator.bias] = events
        return counts
