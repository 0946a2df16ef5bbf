"""Fast profiling: one pass of the C++ stages that observes, and proofs from what was observed.

Ranges are measured first, bounds from them prove what cannot overflow, and only the rest is counted. The first events
show which accumulators must be counted and which results leave their format; later passes have a margin. If events
need more than that, they are run again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import isobit._core as _core
from isobit.bounds.ranges import IntArray
from isobit.engines.cpp.observe import ObservedProgram
from isobit.engines.cpp.pack import Packed, Statistic
from isobit.engines.planned import Prepared
from isobit.model.graph import Graph
from isobit.plan.lanes import Lane
from isobit.plan.observed import Observed, follow, left, upgraded
from isobit.plan.steps import Mark, Observe
from isobit.profile.proofs import Accumulators, Counted, Counts

__all__ = ["Found", "LanesProfile", "Refused"]

#: A layer's observations, and its accumulator's overflows: (events, times) by neuron, shape (2, size).
Found = tuple[Observed, Any]

#: Events of a block of the kernels, of the first pass, which finds out what to count, and of others at most.
_BLOCK = _core.BATCH_BLOCK
_FIRST = 16 * _BLOCK
_MOST = 2048 * _BLOCK
#: Products of a pass that is little work.
_WORK = 1 << 24
#: Few events, after which ranges may still grow by much.
_FEW = 48 * _BLOCK
#: After so many times as many events, stages that count are made for the ranges now known.
_STALE = 8


class Refused(Exception):
    """The kernels cannot take the numbers."""


@dataclass(frozen=True, eq=False)
class _Knowledge:
    """What a profile has found out about its network and the next one can use: it holds for any events.

    Attributes
    ----------
    loud
        Layers whose results have left their format, or may soon; the others are trusted (``trusting``).
    lanes, packed
        The program for these.
    counting
        Stages that count accumulators' overflows.
    counted
        What they count.
    proven
        Statistics within which everything is proven that is not counted.
    made
        Events whose ranges the stages that count were made for: they spare most events, if not few were known.
    """

    loud: frozenset[str]
    lanes: tuple[Lane, ...]
    packed: Packed
    counting: tuple[Counts, ...]
    counted: Counted
    proven: list[Any] | None
    made: int


class LanesProfile:
    """Observations of the layers of one program, some events after others.

    What was observed so far is in ``statistics`` (as of ``known.packed``, without those that count) and ``counts``.

    Parameters
    ----------
    graph
        The network.
    prepared
        Its plan and its programs.
    program
        One of them.
    threads
        Threads to use.
    """

    def __init__(self, graph: Graph, prepared: Prepared, program: ObservedProgram, threads: int) -> None:
        self.program = program
        self.threads = threads
        self.ops = [op for lane in program.lanes for op in lane.stage.ops]
        if "accumulators" not in program.memory:
            program.memory["accumulators"] = Accumulators(
                graph, self.ops, prepared.plan.bounds, prepared.aliases, program.lanes
            )
        self.accumulators: Accumulators = program.memory["accumulators"]
        self.counts = {name: np.zeros((2, a.op.output.size), np.int64) for name, a in self.accumulators.all.items()}
        self.statistics: list[Any] | None = None
        #: Events observed, in whole blocks, and events given.
        self.events = self.given = 0
        self.known: _Knowledge = program.memory.get("known") or _Knowledge(
            frozenset(), *program.prepare(frozenset(), ()), (), self.accumulators.nothing(), None, 0
        )

    def take(self, arrays: list[Any]) -> list[Any]:
        """Observe some events.

        Parameters
        ----------
        arrays
            Of every input of the program, shape (events, size). Only the last events to be taken may be other than
            whole blocks.

        Returns
        -------
        The outputs of the program, int64, shape (events, size).

        Raises
        ------
        Refused
            If the kernels cannot take the numbers.
        Uncountable
            If an accumulator must be counted and no lane can.
        """
        events = len(arrays[0])
        results = [np.empty((events, tensor.size), dtype=np.int64) for tensor in self.program.outputs]
        whole, first = events - events % _BLOCK, 0
        while first < whole:
            end = min(whole, first + self._next())
            self._take([array[first:end] for array in arrays], [result[first:end] for result in results])
            first = end
        if events > whole:
            rest = [array[whole:] for array in arrays]
            # The last event fills the block; what it adds to the counts is known from a block of nothing else.
            last = [np.repeat(array[-1:], _BLOCK, axis=0) for array in arrays]
            filled = [np.concatenate([r, a[: _BLOCK - len(r)]]) for r, a in zip(rest, last, strict=True)]
            ends = [np.empty((_BLOCK, result.shape[1]), dtype=np.int64) for result in results]
            self._take(filled, ends, last, _BLOCK - (events - whole))
            for result, end_of in zip(results, ends, strict=True):
                result[whole:] = end_of[: events - whole]
        self.given += events
        return results

    def found(self) -> dict[str, Found]:
        """What was seen of every layer, in all events taken."""
        self.program.memory["known"] = self.known
        assert self.statistics is not None
        layers = self._follow(self.statistics)[0]
        counts = self.accumulators.totals(self.counts, self.given)
        none = np.zeros((2, 0), dtype=np.int64)
        return {op.name: (layers[op.name], counts.get(op.name, none)) for op in self.ops}

    def _next(self) -> int:
        """Events of the next pass: as few as are little work, unless half as many as all before."""
        little = min(_MOST, _WORK // self.accumulators.products_per_event)
        if self.known.proven is None:
            little = min(little, _FIRST)
        return max(_FIRST, min(_MOST, max(little, self.events // 2))) // _BLOCK * _BLOCK

    def _take(self, arrays: list[Any], results: list[Any], copies: list[Any] | None = None, excess: int = 0) -> None:
        """Some events: whole blocks, ``excess`` of which are copies of one event, of which ``copies`` has a block."""
        while True:
            known = self.known
            seen = self._observe(arrays, results)
            if copies is not None:
                unused = [np.empty_like(result) for result in results]
                alike = self._observe(copies, unused)
                for array, one, statistic in zip(seen, alike, known.packed.statistics, strict=True):
                    if not isinstance(statistic.step, Observe):
                        array -= one // _BLOCK * excess
            count = len(seen) - len(known.counting)
            merged = seen[:count]
            if self.statistics is not None:
                merged = _merged(known.packed.statistics, self.statistics, merged)
            if known.proven is not None and _within(known.packed.statistics, merged, known.proven):
                self.statistics = merged
                break
            if self._holds(merged, len(arrays[0])):
                break
        self.events += len(arrays[0])
        for (name, neurons, _), array in zip(known.counting, seen[count:], strict=True):
            self.counts[name][:, neurons] += array.T

    def _observe(self, arrays: list[Any], results: list[Any]) -> list[Any]:
        found = self.known.packed.observe(arrays, results, self.threads)
        if found is None:
            raise Refused
        with np.errstate(invalid="ignore"):  # what comes after a format that was left can be anything
            return [
                np.rint(array * statistic.unit).astype(np.int64) if array.dtype == np.float64 else array
                for array, statistic in zip(found, self.known.packed.statistics, strict=True)
            ]

    def _follow(
        self, statistics: list[Any]
    ) -> tuple[dict[str, Observed], dict[str, Observed], dict[str, tuple[IntArray, IntArray]]]:
        """Layers, tensors, and what is expected to keep to its format, by layer."""
        layers: dict[str, Observed] = {}
        tensors: dict[str, Observed] = {}
        expected: dict[str, tuple[IntArray, IntArray]] = {}
        place = 0
        for lane in self.known.lanes:
            stage, count = lane.stage, _watched(lane)
            given, place = statistics[place : place + count], place + count
            source = None
            if stage.map is None:
                (name,) = stage.sources
                if stage.steps and stage.steps[0].watch == name:  # an input
                    low, high = given[0].T
                    tensors[name] = Observed(low, high, low, high, low * 0, low * 0)
                source = tensors.get(name)
            start = None if source is None else (source.low, source.high)
            layers |= follow(stage.steps, start, given, expected)
            tensors |= {op.output.name: layers[op.name] for op in stage.ops}
        return layers, tensors, expected

    def _left(self, expected: dict[str, tuple[IntArray, IntArray]]) -> set[str]:
        return {layer for lane in self.known.lanes for layer in left(lane.stage.steps, expected)}

    def _holds(self, statistics: list[Any], events: int) -> bool:
        """Whether the program was right for its events, which then have been observed.

        More than that is proven, since later events reach a little further. Where that fails, the program is another
        one from now on.
        """
        known, kinds = self.known, self.known.packed.statistics
        margin = self._margin(events)
        wider = _widened(kinds, statistics, margin)
        _, tensors, expected = self._follow(wider)
        soon = self._left(expected)
        if soon and (broken := self._left(self._follow(statistics)[2])):
            # What comes after is wrong, so nothing else can be learned.
            self.known = self._program(known.loud | broken, known.counting, known.counted, None, known.made)
            return False
        needed = self.accumulators.needed(tensors)
        enough = self.accumulators.covers(known.counted, needed)
        holds = enough or self.accumulators.covers(known.counted, self.accumulators.needed(self._follow(statistics)[1]))
        if holds:
            self.statistics = statistics
        stale = bool(known.counting) and self.events + events >= _STALE * known.made
        if enough and not soon and not stale:
            self.known = replace(known, proven=wider)
        else:
            # With more to spare, so that it is seldom.
            far = self.accumulators.needed(self._follow(_widened(kinds, statistics, 4 * margin))[1])
            needed = self.accumulators.with_sums(needed, far)
            usual = self._follow(_widened(kinds, statistics, 1))[1]
            counting = self.accumulators.lanes(needed, usual)
            self.known = self._program(known.loud | soon, counting, needed, wider, self.events + events)
        return holds

    def _margin(self, events: int) -> int:
        """Eighths by which ranges may grow with more events of the same kind: less, the more have been seen."""
        seen = self.events + events
        return 4 if seen < _FEW else 2 if seen < 8 * _FEW else 1

    def _program(
        self, loud: frozenset[str], counting: tuple[Counts, ...], counted: Counted, proven: list[Any] | None, made: int
    ) -> _Knowledge:
        """Another program; what was observed becomes what it would have observed."""
        if loud != self.known.loud:
            proven = None if proven is None else self._upgraded(proven, loud)
            if self.statistics is not None:
                self.statistics = self._upgraded(self.statistics, loud)
        lanes, packed = self.program.prepare(loud, tuple(lane for _, _, lane in counting))
        return _Knowledge(loud, lanes, packed, counting, counted, proven, made)

    def _upgraded(self, statistics: list[Any], loud: frozenset[str]) -> list[Any]:
        """The same statistics as of a program that trusts fewer layers."""
        expected = self._follow(statistics)[2]
        found, place = [], 0
        for old, lane in zip(self.known.lanes, self.program.lanes, strict=True):
            count = _watched(old)
            given, place = statistics[place : place + count], place + count
            found += upgraded(lane.stage.steps, self.known.loud, given, expected, loud)
        return found


def _watched(lane: Lane) -> int:
    """Statistics of a stage."""
    return sum(step.watch is not None and not isinstance(step, Mark) for step in lane.stage.steps)


def _within(kinds: tuple[Statistic, ...], statistics: list[Any], limits: list[Any]) -> bool:
    return all(
        bool((array[:, 0] >= limit[:, 0]).all() and (array[:, 1] <= limit[:, 1]).all())
        for kind, array, limit in zip(kinds, statistics, limits, strict=False)
        if isinstance(kind.step, Observe)
    )


def _widened(kinds: tuple[Statistic, ...], statistics: list[Any], margin: int) -> list[Any]:
    """Wider ranges: at both ends by so many eighths of their width."""
    wider = []
    for kind, array in zip(kinds, statistics, strict=False):
        more = (array[:, -1:] - array[:, :1]) // 8 * margin + margin
        wider.append(array + np.concatenate([-more, more], axis=1) if isinstance(kind.step, Observe) else array)
    return wider


def _merged(kinds: tuple[Statistic, ...], one: list[Any], other: list[Any]) -> list[Any]:
    merged = []
    for kind, a, b in zip(kinds, one, other, strict=False):
        if isinstance(kind.step, Observe):
            merged.append(np.stack([np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 1], b[:, 1])], axis=1))
        else:
            merged.append(a + b)
    return merged
