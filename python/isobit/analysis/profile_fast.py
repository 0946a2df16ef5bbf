"""Profiling at speed: one pass of the batch kernels that observes, and proofs from what it observed.

Overflows of accumulators are counted only for neurons whose inputs do not prove that there are none. Which those are
is known after some events, so a pass begins with few and goes on with more; where a proof fails on the way, the events
at hand are taken once more, with those neurons counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.analysis.counting import Accumulator, counting_lane
from isobit.analysis.lanes import Lane
from isobit.analysis.observed import Observed, follow
from isobit.analysis.ranges import IntArray
from isobit.analysis.steps import Mark, Observe
from isobit.engines.batch.observe import ObservedProgram, ObservingEngine
from isobit.engines.batch.pack import Statistic
from isobit.engines.planned import Prepared
from isobit.model.graph import Graph
from isobit.model.ops import Dense, Reshape

__all__ = ["Found", "fast_profile"]

#: A layer's observations, and its accumulator's overflows: (events, times) by neuron, shape (2, size).
Found = tuple[Observed, Any]

#: Events of a block of the kernels, of the first pass, which finds out what to count, and of others at most; each is so
#: many times longer than the one before.
_BLOCK = _core.BATCH_BLOCK
_FIRST = 64 * _BLOCK
_MOST = 1024 * _BLOCK
_GROWTH = 4


class _Refused(Exception):
    """The kernels cannot take the numbers, or count what must be counted."""


def fast_profile(
    graph: Graph, inputs: Mapping[str, Any], threads: int, engine: ObservingEngine
) -> dict[str, Found] | None:
    """Observe every layer; parameters as for :func:`isobit.analysis.profile.profile_graph`.

    None for networks that are not all in lanes, and numbers that the kernels do not take.
    """
    prepared = engine.prepare(graph, every=False)
    program = prepared.single
    if not isinstance(program, ObservedProgram):
        return None
    arrays = [inputs[tensor.name] for tensor in program.inputs]
    if any(array.dtype == object for array in arrays):
        return None
    if not program.floats and any(array.dtype.kind == "f" for array in arrays):
        return None
    try:
        return _Pass(graph, prepared, program, threads).over(arrays)
    except _Refused:
        return None


class _Pass:
    def __init__(self, graph: Graph, prepared: Prepared, program: ObservedProgram, threads: int) -> None:
        self.graph = graph
        self.program = program
        self.plan = prepared.plan
        self.aliases = prepared.aliases
        self.threads = threads
        self.accumulators = _accumulators(graph)
        none = {name: np.zeros(a.op.output.size, dtype=bool) for name, a in self.accumulators.items()}
        #: Neurons to count, by layer: those whose products may overflow, and those whose sums alone may.
        self.products, self.sums = none, {name: array.copy() for name, array in none.items()}
        self.counts = {name: np.zeros((2, array.size), dtype=np.int64) for name, array in none.items()}
        self.statistics: list[Any] | None = None
        #: Statistics within which everything that is not counted is proven.
        self.proven: list[Any] | None = None
        #: The bounds of each layer's input in that proof, and of those that are counted in the kernels' limits.
        self.ranges: dict[str, tuple[IntArray, IntArray]] = {}
        self.limited: dict[str, tuple[IntArray, IntArray]] = {}
        #: Whether a later proof was wider than those limits.
        self.stale = False
        self.packed = program.with_counting(())
        self.counting: list[tuple[str, IntArray]] = []

    def over(self, arrays: list[Any]) -> dict[str, Found]:
        """All events."""
        events = len(arrays[0])
        whole, first, size = events - events % _BLOCK, 0, _FIRST
        while first < whole:
            end = min(whole, first + size)
            self._take([array[first:end] for array in arrays])
            first, size = end, min(_MOST, size * _GROWTH)
        if events > whole:
            rest = [array[whole:] for array in arrays]
            # The last event fills the block; what it adds to the counts is known from a block of nothing else.
            last = [np.repeat(array[-1:], _BLOCK, axis=0) for array in arrays]
            filled = [np.concatenate([r, a[: _BLOCK - len(r)]]) for r, a in zip(rest, last, strict=True)]
            self._take(filled, last, _BLOCK - (events - whole))
        assert self.statistics is not None
        found, _ = self._follow(self.statistics)
        none = np.zeros((2, 0), dtype=np.int64)
        result = {op.name: (found[op.name], none) for op in self.graph.ops if not isinstance(op, Reshape)}
        for name, accumulator in self.accumulators.items():
            self.counts[name][1] += events * accumulator.bias
            self.counts[name][0][accumulator.bias] = events
            result[name] = (found[name], self.counts[name])
        return result

    def _take(self, arrays: list[Any], copies: list[Any] | None = None, excess: int = 0) -> None:
        """Some events: whole blocks, ``excess`` of which are copies of one event, of which ``copies`` has a block."""
        while True:
            seen = self._observe(arrays)
            if copies is not None:
                for array, one, statistic in zip(seen, self._observe(copies), self.packed.statistics, strict=True):
                    if not isinstance(statistic.step, Observe):
                        array -= one // _BLOCK * excess
            count = len(seen) - len(self.counting)
            merged = seen[:count]
            if self.statistics is not None:
                merged = _merged(self.packed.statistics, self.statistics, merged)
            if self._proven(merged):
                break
        self.statistics = merged
        for (name, neurons), array in zip(self.counting, seen[count:], strict=True):
            self.counts[name][:, neurons] += array.T

    def _observe(self, arrays: list[Any]) -> list[Any]:
        found = self.packed.observe(arrays, [], self.threads)
        if found is None:
            raise _Refused
        return [
            np.rint(array * statistic.unit).astype(np.int64) if array.dtype == np.float64 else array
            for array, statistic in zip(found, self.packed.statistics, strict=True)
        ]

    def _follow(self, statistics: list[Any]) -> tuple[dict[str, Observed], dict[str, Observed]]:
        """Layers by name, and tensors."""
        found: dict[str, Observed] = {}
        by_tensor: dict[str, Observed] = {}
        place = 0
        for lane in self.program.lanes:
            steps, stage = lane.stage.steps, lane.stage
            watched = sum(step.watch is not None and not isinstance(step, Mark) for step in steps)
            given, place = statistics[place : place + watched], place + watched
            if steps and steps[0].watch == stage.source:  # an input
                low, high = given[0].T
                by_tensor[stage.source] = Observed(low, high, low, high, low * 0, low * 0)
            source = by_tensor.get(stage.source) if stage.map is None else None
            found |= follow(steps, None if source is None else (source.low, source.high), given)
            for op in stage.ops:
                by_tensor[op.output.name] = found[op.name]
        return found, by_tensor

    def _proven(self, statistics: list[Any]) -> bool:
        """Whether what is not counted cannot have overflowed; if not, more is counted from now on."""
        kinds = self.packed.statistics
        if self.proven is not None and _within(kinds, statistics, self.proven):
            return not self.stale or self._limits_hold(self._follow(statistics)[1])
        # Later events reach a little further; to prove that, too, saves proofs.
        self.proven = _widened(kinds, statistics)
        (_, wider), (_, exact) = self._follow(self.proven), self._follow(statistics)
        done, self.stale = self._limits_hold(exact), True
        for name, accumulator in self.accumulators.items():
            products, sums = self.products[name], self.sums[name]
            tensor = accumulator.tensor
            source = self.aliases.get(tensor.name, tensor.name)
            seen = wider[source]
            low, high = np.maximum(seen.low, tensor.type.raw_min), np.minimum(seen.high, tensor.type.raw_max)
            self.ranges[name] = (low, high)
            terms, either = accumulator.unproven(low, high)
            if (either & ~products & ~sums | terms & ~products).any():
                done = False
                products |= terms
                sums |= either
                sums &= ~products
        if not done:
            self._pack()
        return done

    def _limits_hold(self, tensors: dict[str, Observed]) -> bool:
        """Whether inputs stay within the bounds on which limits rely; if not, the next proof makes new ones."""
        for name, (low, high) in self.limited.items():
            tensor = self.accumulators[name].tensor.name
            seen = tensors[self.aliases.get(tensor, tensor)]
            if (seen.low < low).any() or (seen.high > high).any():
                self.proven = None
                return False
        return True

    def _pack(self) -> None:
        lanes: list[Lane] = []
        self.counting, self.limited, self.stale = [], {}, False
        for name, accumulator in self.accumulators.items():
            limits = accumulator.limits(*self.ranges[name]) if self.sums[name].any() else None
            if limits is not None:
                self.limited[name] = self.ranges[name]
            for neurons, terms in (
                (np.flatnonzero(self.sums[name]), False),
                (np.flatnonzero(self.products[name]), True),
            ):
                if not len(neurons):
                    continue
                tensor = accumulator.tensor.name
                source = self.aliases.get(tensor, tensor)
                if limits is not None:  # tiles of neurons whose limits are alike
                    neurons = neurons[np.argsort(limits[1][neurons], kind="stable")]
                lane = counting_lane(accumulator, source, neurons, terms, self.plan.bounds, limits)
                if lane is None:
                    raise _Refused
                lanes.append(lane)
                self.counting.append((name, neurons))
        self.packed = self.program.with_counting(tuple(lanes))


def _accumulators(graph: Graph) -> dict[str, Accumulator]:
    return {op.name: Accumulator(op, graph.tensors[op.inputs[0]]) for op in graph.ops if isinstance(op, Dense)}


def _within(kinds: tuple[Statistic, ...], statistics: list[Any], limits: list[Any]) -> bool:
    return all(
        bool((array[:, 0] >= limit[:, 0]).all() and (array[:, 1] <= limit[:, 1]).all())
        for kind, array, limit in zip(kinds, statistics, limits, strict=False)
        if isinstance(kind.step, Observe)
    )


def _widened(kinds: tuple[Statistic, ...], statistics: list[Any]) -> list[Any]:
    """Ranges a quarter as wide again."""
    wider = []
    for kind, array in zip(kinds, statistics, strict=False):
        more = (array[:, -1:] - array[:, :1]) // 8 + 1
        wider.append(array + np.concatenate([-more, more], axis=1) if isinstance(kind.step, Observe) else array)
    return wider


def _merged(statistics: tuple[Statistic, ...], one: list[Any], other: list[Any]) -> list[Any]:
    merged = []
    for statistic, a, b in zip(statistics, one, other, strict=False):
        if isinstance(statistic.step, Observe):
            merged.append(np.stack([np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 1], b[:, 1])], axis=1))
        else:
            merged.append(a + b)
    return merged
