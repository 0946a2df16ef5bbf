"""What observations prove about the events that were observed, and what must be counted because it is not proven."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.analysis.counting import Accumulator, counting_lane
from isobit.analysis.intervals import Bounds
from isobit.analysis.lanes import Lane
from isobit.analysis.observed import Observed
from isobit.analysis.ranges import IntArray
from isobit.analysis.set_counting import SetAccumulator
from isobit.model.graph import Graph
from isobit.model.ops import Dense, Op
from isobit.model.set_ops import PointwiseConv, Pooling

__all__ = ["Accumulators", "Uncountable"]


class Uncountable(Exception):
    """No lane counts an accumulator's overflows."""


def _accumulator(op: Op, graph: Graph) -> Accumulator | SetAccumulator | None:
    tensor = graph.tensors[op.inputs[0]]
    if isinstance(op, Dense):
        return Accumulator(op, tensor)
    return SetAccumulator(op, tensor) if isinstance(op, (PointwiseConv, Pooling)) else None


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
    """

    def __init__(self, graph: Graph, bounds: Bounds, aliases: dict[str, str]) -> None:
        self.bounds = bounds
        self.all = {op.name: found for op in graph.ops if (found := _accumulator(op, graph)) is not None}
        self.sources = {name: aliases.get(a.tensor.name, a.tensor.name) for name, a in self.all.items()}
        #: Neurons whose products may overflow by themselves, and those whose sums alone may.
        self.products = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.all.items()}
        self.sums = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.all.items()}
        #: Bounds of the inputs on which the kernels' limits rely.
        self.limited: dict[str, tuple[IntArray, IntArray]] = {}

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

    def within_limits(self, tensors: dict[str, Observed]) -> bool:
        """Whether inputs keep to the bounds on which limits rely."""
        for name, (least, most) in self.limited.items():
            low, high = self._range(name, tensors)
            if (low < least).any() or (high > most).any():
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
        """How overflows are counted, as long as tensors keep to these bounds: layer, neurons, stage.

        Raises
        ------
        Uncountable
            If no lane counts some.
        """
        found: list[tuple[str, IntArray, Lane]] = []
        self.limited = {}
        for name, accumulator in self.all.items():
            sums, products = np.flatnonzero(self.sums[name]), np.flatnonzero(self.products[name])
            limits = None
            if len(sums) and isinstance(accumulator, Accumulator):
                bounds = self._range(name, tensors)
                limits = accumulator.limits(*bounds, sums)
            if limits is not None:
                self.limited[name] = bounds
                alike = np.argsort(limits[1], kind="stable")  # tiles of neurons that stand as much
                sums, limits = sums[alike], (limits[0], limits[1][alike])
            for neurons, terms in ((sums, False), (products, True)):
                if not len(neurons):
                    continue
                if isinstance(accumulator, SetAccumulator):
                    raise Uncountable
                lane = counting_lane(
                    accumulator, self.sources[name], neurons, terms, self.bounds, None if terms else limits
                )
                if lane is None:
                    raise Uncountable
                found.append((name, neurons, lane))
        return found

    def totals(self, counts: dict[str, Any], events: int) -> dict[str, Any]:
        """Overflows with those of the biases: (events, times) by neuron, shape (2, n_out), by layer."""
        for name, accumulator in self.all.items():
            counts[name][1] += events * accumulator.bias
            counts[name][0][accumulator.bias] = events
        return counts
