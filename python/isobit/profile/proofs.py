"""What observations prove about the events that were observed, and what must be counted because it is not proven."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import BoolArray, IntArray
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.reduce import Reduce
from isobit.plan.lanes import Lane
from isobit.plan.observed import Observed
from isobit.profile.counting import Accumulator, counting_lane
from isobit.profile.reduce_counting import ReduceAccumulator

__all__ = ["Accumulators", "Counted", "Counts", "Uncountable"]

#: By layer: neurons whose products may overflow by themselves, and those of which only sums may; shape (n_out,) each.
Counted = dict[str, tuple[BoolArray, BoolArray]]

#: A stage that counts: layer, neurons, stage.
Counts = tuple[str, IntArray, Lane]


class Uncountable(Exception):
    """No lane counts an accumulator's overflows."""


def _accumulator(op: Op, graph: Graph) -> Accumulator | ReduceAccumulator | None:
    if isinstance(op, Dot):
        return Accumulator(op, *graph.inputs_of(op))
    return ReduceAccumulator(op, *graph.inputs_of(op)) if isinstance(op, Reduce) else None


class Accumulators:
    """The accumulators of a network: which of their neurons are counted, since bounds of the inputs prove nothing.

    Parameters
    ----------
    graph
        The network.
    ops
        The layers whose accumulators these are.
    bounds
        The network's bounds for every input that the formats allow.
    aliases
        Tensors of reshapes: the tensor that holds the same numbers.
    lanes
        How the network is computed.
    """

    def __init__(
        self, graph: Graph, ops: Iterable[Op], bounds: Bounds, aliases: dict[str, str], lanes: Iterable[Lane]
    ) -> None:
        self.bounds = bounds
        self.as_int16 = {op.name for lane in lanes if lane.multiply == "mulhi16" for op in lane.stage.ops}
        self.all = {op.name: found for op in ops if (found := _accumulator(op, graph)) is not None}
        self.sources = {name: aliases.get(a.tensor.name, a.tensor.name) for name, a in self.all.items()}

    @property
    def products_per_event(self) -> int:
        """How many products an event takes."""
        return max(1, sum(accumulator.products for accumulator in self.all.values()))

    def _range(self, name: str, tensors: dict[str, Observed]) -> tuple[IntArray, IntArray]:
        seen, kind = tensors[self.sources[name]], self.all[name].tensor.type
        return np.maximum(seen.low, kind.raw_min), np.minimum(seen.high, kind.raw_max)

    def nothing(self) -> Counted:
        """No neuron is counted."""
        none = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.all.items()}
        return {name: (array, array) for name, array in none.items()}

    def needed(self, tensors: dict[str, Observed]) -> Counted:
        """What must be counted, since it cannot be proven for tensors within these bounds."""
        found: Counted = {}
        for name, accumulator in self.all.items():
            terms, either = accumulator.unproven(*self._range(name, tensors))
            found[name] = (terms, either & ~terms)
        return found

    @staticmethod
    def covers(counted: Counted, needed: Counted) -> bool:
        """Whether all that is needed is counted."""
        for name, (products, sums) in needed.items():
            counts_products, counts_sums = counted[name]
            if (products & ~counts_products | sums & ~counts_products & ~counts_sums).any():
                return False
        return True

    def with_sums(self, needed: Counted, more: Counted) -> Counted:
        """Sums of more neurons of the same layers, too, which costs little where inputs keep to their measures."""
        found: Counted = {}
        for name, (products, sums) in needed.items():
            spares = self.all[name].measured and bool((products | sums).any())
            others = more[name][0] | more[name][1] if spares else sums
            found[name] = (products, (sums | others) & ~products)
        return found

    def lanes(self, counted: Counted, tensors: dict[str, Observed]) -> tuple[Counts, ...]:
        """How overflows are counted, best where tensors keep to these bounds, and come close to them.

        Raises
        ------
        Uncountable
            If no lane counts some.
        """
        found = []
        for name, (products, sums) in counted.items():
            for array, terms in ((sums, False), (products, True)):
                neurons = np.flatnonzero(array)
                if len(neurons):
                    found += self._lanes(name, neurons, terms, tensors)
        return tuple(found)

    def _lanes(self, name: str, neurons: IntArray, terms: bool, tensors: dict[str, Observed]) -> list[Counts]:
        accumulator, source = self.all[name], self.sources[name]
        if not isinstance(accumulator, Accumulator):
            raise Uncountable
        if not accumulator.measured:
            return self._of_windows(accumulator, neurons, terms)
        low, high = self._range(name, tensors)
        most = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1)
        order, limits = neurons, None
        # Measuring takes about as long as watching two sums.
        largest = accumulator.largest(neurons) if terms else most if len(neurons) > 2 else None
        if largest is not None:
            positive = self.bounds.tensors[source].low >= 0
            limits = accumulator.limits(np.minimum(most, largest), positive, neurons)
        if limits is not None:
            alike = np.argsort(limits[1], kind="stable")  # tiles of neurons that stand as much
            order, limits = neurons[alike], (limits[0], limits[1][alike])
        lane = counting_lane(accumulator, source, order, terms, self.bounds, limits, name in self.as_int16)
        if lane is None:
            raise Uncountable
        return [(name, order, lane)]

    def _of_windows(self, accumulator: Accumulator, neurons: IntArray, terms: bool) -> list[Counts]:
        """A stage for every window."""
        op, source = accumulator.op, self.sources[accumulator.op.name]
        n_out, found = op.weight.shape[1], []
        windows = neurons * op.groups // n_out
        for window in np.unique(windows).tolist():
            own = neurons[windows == window]
            as_int16 = op.name in self.as_int16
            lane = counting_lane(accumulator, source, own % n_out, terms, self.bounds, None, as_int16, window)
            if lane is None:
                raise Uncountable
            found.append((op.name, own, lane))
        return found

    def totals(self, counts: dict[str, Any], events: int) -> dict[str, Any]:
        """Overflows with those of the biases: (events, times) by neuron, shape (2, n_out), by layer."""
        for name, accumulator in self.all.items():
            counts[name][1] += events * accumulator.bias
            counts[name][0][accumulator.bias] = events
        return counts
