"""Profiles of whole networks: programs of the batch kernels that observe, and between them ops by themselves.

Ops that look entries up, and those beyond the lanes' 61 bits, end a program; the next one begins after them. Events
pass through all of them in chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

import isobit._core as _core
from isobit.engines.cpp.observe import ObservedProgram, ObservingEngine
from isobit.engines.planned import Prepared
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.primitives import is_alias
from isobit.profile.exact import Found, joined
from isobit.profile.fast import LanesProfile, Refused
from isobit.profile.proofs import Uncountable
from isobit.profile.tables import observe_table

__all__ = ["fast_profile"]

#: Numbers that the tensors between two segments hold in a chunk, about, and least events of one.
_NUMBERS = 1 << 20
_FEWEST = 32 * _core.BATCH_BLOCK
#: Events at a time for ops by themselves: the intermediates of one layer stay in the cache.
_BLOCK = 2048

#: Applies a function to every item, on some threads, and gives the results in order.
Map = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]


class _Segment(Protocol):
    """A part of the network."""

    def take(self, values: dict[str, Any]) -> None:
        """Observe some events: read tensors from ``values``, and add those that later segments read."""
        ...

    def found(self) -> dict[str, Found]:
        """What was seen of every layer."""
        ...


class _UncountedError(Exception):
    """A segment has accumulators that no lane counts."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def fast_profile(
    graph: Graph, inputs: Mapping[str, Any], threads: int, engine: ObservingEngine
) -> dict[str, Found] | None:
    """Observe every op of the lowered graph; parameters as for :func:`isobit.profile.profiling.profile_graph`.

    None for floats that must be quantised first.
    """
    prepared, graph = engine.prepare(graph, every=False), graph.lowered
    one_by_one: set[int] = set()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        on_threads: Map = map if threads == 1 else pool.map
        while True:
            try:
                return _profile(graph, _segments(graph, prepared, one_by_one, threads, on_threads), inputs)
            except Refused:
                return None
            except _UncountedError as error:
                one_by_one.add(error.place)


def _segments(graph: Graph, prepared: Prepared, one_by_one: set[int], threads: int, on_threads: Map) -> list[_Segment]:
    segments: list[_Segment] = []
    for place, part in enumerate(prepared.segments):
        if isinstance(part, ObservedProgram) and place not in one_by_one:
            segments.append(_Program(LanesProfile(graph, prepared, part, threads)))
            continue
        ops = [op for lane in part.lanes for op in lane.stage.ops] if isinstance(part, ObservedProgram) else [part]
        assert all(isinstance(op, Op) for op in ops)
        segments.append(_OneByOne(graph, ops, prepared.aliases, on_threads))  # type: ignore[arg-type]
    return segments


def _profile(graph: Graph, segments: Sequence[_Segment], inputs: Mapping[str, Any]) -> dict[str, Found]:
    events = chunk = len(next(iter(inputs.values())))
    if not (len(segments) == 1 and isinstance(segments[0], _Program)):
        widest = max(tensor.size for tensor in graph.tensors.values())
        chunk = max(_FEWEST, _NUMBERS // widest // _core.BATCH_BLOCK * _core.BATCH_BLOCK)
    for first in range(0, events, chunk):
        values = {name: array[first : first + chunk] for name, array in inputs.items()}
        for place, segment in enumerate(segments):
            try:
                segment.take(values)
            except Uncountable:
                raise _UncountedError(place) from None
    layers = {name: seen for segment in segments for name, seen in segment.found().items()}
    return {op.name: layers[op.name] for op in graph.ops if not is_alias(op, graph.inputs_of(op))}


class _Program:
    """Layers in lanes."""

    def __init__(self, lanes: LanesProfile) -> None:
        self.lanes = lanes

    def take(self, values: dict[str, Any]) -> None:
        """As :meth:`_Segment.take`."""
        program = self.lanes.program
        arrays = [values[tensor.name] for tensor in program.inputs]
        if any(array.dtype.kind == "f" and not program.floats for array in arrays):
            raise Refused
        # Numbers that a lane reads fit int64, whatever the format's width.
        outputs = self.lanes.take(
            [a.astype(np.int64) if a.dtype == object else np.ascontiguousarray(a) for a in arrays]
        )
        values |= {tensor.name: output for tensor, output in zip(program.outputs, outputs, strict=True)}

    def found(self) -> dict[str, Found]:
        """As :meth:`_Segment.found`."""
        return self.lanes.found()


class _OneByOne:
    """Ops by themselves, with NumPy."""

    def __init__(self, graph: Graph, ops: Sequence[Op], aliases: Mapping[str, str], on_threads: Map) -> None:
        self.ops = [(op, graph.inputs_of(op), tuple(aliases.get(name, name) for name in op.inputs)) for op in ops]
        self.on_threads = on_threads
        self.seen: dict[str, Found] = {}

    def take(self, values: dict[str, Any]) -> None:
        """As :meth:`_Segment.take`."""
        given = {name: values[name] for _, _, sources in self.ops for name in sources if name in values}
        if any(array.dtype.kind == "f" for array in given.values()):
            raise Refused

        def block(first: int) -> tuple[dict[str, Any], dict[str, Found]]:
            tensors = {name: array[first : first + _BLOCK] for name, array in given.items()}
            results: dict[str, Any] = {}
            found: dict[str, Found] = {}
            for op, inputs, sources in self.ops:
                result, found[op.name] = observe_table(op, inputs, [tensors[name] for name in sources])
                tensors[op.output.name] = results[op.output.name] = result
            return results, found

        events = len(next(iter(given.values())))
        parts = list(self.on_threads(block, range(0, events, _BLOCK)))
        values |= {name: np.concatenate([results[name] for results, _ in parts]) for name in parts[0][0]}
        for op, _, _ in self.ops:
            before = [self.seen[op.name]] if op.name in self.seen else []
            self.seen[op.name] = joined([*before, *(found[op.name] for _, found in parts)])

    def found(self) -> dict[str, Found]:
        """As :meth:`_Segment.found`."""
        return self.seen
