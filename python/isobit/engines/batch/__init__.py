"""The C++ batch road: every stage on the cheapest machine arithmetic that the plan has proven exact.

Ops that no lane can take (wider than 61 bits, or without a linear form) go through cpp-strict (128-bit integers) or,
wider still, through Python integers; the stages around them stay on the batch kernels.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.analysis.plan import Plan, make_plan
from isobit.engines.batch.pack import Packed, pack
from isobit.engines.batch.wide import compute_wide
from isobit.engines.registry import Values
from isobit.fixed.array import FixedArray
from isobit.fixed.quantise import owned
from isobit.model.graph import Graph
from isobit.model.ops import Op, Reshape

__all__ = ["ENGINE", "BatchEngine", "Prepared", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A graph, planned and compiled.

    Attributes
    ----------
    plan
        The plan.
    segments
        Programs, and ops for the wide road, in order.
    aliases
        Tensors of reshapes: the tensor that holds the same numbers.
    """

    plan: Plan
    segments: tuple[Packed | Op, ...]
    aliases: dict[str, str]

    @property
    def single(self) -> Packed | None:
        """The program, if it is all there is."""
        only = self.segments[0] if len(self.segments) == 1 else None
        return only if isinstance(only, Packed) else None


_PREPARED: dict[tuple[int, bool], tuple[Any, Prepared]] = {}


def prepare(graph: Graph, every: bool) -> Prepared:
    """Plan and compile a graph, once.

    Parameters
    ----------
    graph
        The network.
    every
        Whether every op's output is wanted, not the graph's outputs alone.
    """
    key = (id(graph), every)
    known = _PREPARED.get(key)
    if known is not None and known[0]() is graph:
        return known[1]
    made = _prepare(graph, every)
    _PREPARED[key] = (weakref.ref(graph, lambda _: _PREPARED.pop(key, None)), made)
    return made


def _prepare(graph: Graph, every: bool) -> Prepared:
    keep = [op.output.name for op in graph.ops] if every else list(graph.outputs)
    plan = make_plan(graph, keep=keep)
    aliases = _aliases(graph)
    tensors = graph.tensors
    wanted = {aliases.get(name, name) for name in keep}
    # Tensors that cross from one segment into another must leave the first.
    parts: list[Any] = []
    for stage in plan.stages:
        if stage.lane is None:
            parts.extend(stage.stage.ops)
        elif parts and isinstance(parts[-1], list):
            parts[-1].append(stage.lane)
        else:
            parts.append([stage.lane])
    segments: list[Packed | Op] = []
    ends = [
        ([part.output.name], [aliases.get(part.inputs[0], part.inputs[0])])
        if isinstance(part, Op)
        else ([lane.stage.target for lane in part], [lane.stage.source for lane in part])
        for part in parts
    ]
    for place, part in enumerate(parts):
        if isinstance(part, Op):
            segments.append(part)
            continue
        given, read = ends[place]
        later = {name for _, names in ends[place + 1 :] for name in names}
        sources = [name for name in dict.fromkeys(read) if name not in given]
        leaving = {name: tensors[name] for name in given if name in wanted or name in later}
        segments.append(pack([tensors[name] for name in sources], part, leaving))
    return Prepared(plan, tuple(segments), aliases)


def _aliases(graph: Graph) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for op in graph.ops:
        if isinstance(op, Reshape):
            aliases[op.output.name] = aliases.get(op.inputs[0], op.inputs[0])
    return aliases


class BatchEngine:
    """Planned stages over blocks of events, on the program's own threads."""

    def __init__(self, instruction_set: str = "") -> None:
        self.instruction_set = instruction_set

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`."""
        prepared = prepare(graph, every=True)
        return self._run(prepared, graph, inputs, threads, [op.output.name for op in graph.ops])

    def run_outputs(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute the graph's outputs alone, from raw integers."""
        return self._run(prepare(graph, every=False), graph, inputs, threads, list(graph.outputs))

    def _run(
        self, prepared: Prepared, graph: Graph, inputs: Mapping[str, FixedArray], threads: int, names: Sequence[str]
    ) -> Values:
        values: dict[str, Any] = {name: array.raw for name, array in inputs.items()}
        events = len(next(iter(values.values())))
        for segment in prepared.segments:
            if isinstance(segment, Op):
                tensor = graph.tensors[segment.inputs[0]]
                source = prepared.aliases.get(tensor.name, tensor.name)
                values[segment.output.name] = compute_wide(segment, tensor, values[source], threads)
                continue
            given = [np.ascontiguousarray(values[tensor.name], dtype=np.int64) for tensor in segment.inputs]
            results = [np.empty((events, tensor.size), dtype=np.int64) for tensor in segment.outputs]
            segment.program.run(given, results, threads, self.instruction_set)
            values |= {tensor.name: result for tensor, result in zip(segment.outputs, results, strict=True)}
        tensors = graph.tensors
        return {name: FixedArray(owned(values[prepared.aliases.get(name, name)]), tensors[name].type) for name in names}

    def predict_floats(
        self, graph: Graph, inputs: Sequence[Any], threads: int, *, raw: bool = False
    ) -> list[Any] | None:
        """Compute outputs straight from floats; see :class:`isobit.engines.registry.BatchEngine`.

        None for inputs that the kernels do not quantise, numbers that are not finite or beyond 2**50 LSB, and networks
        with a stage that no lane can take.
        """
        prepared = prepare(graph, every=False)
        packed = prepared.single
        if packed is None or not packed.floats or [t.name for t in packed.inputs] != [t.name for t in graph.inputs]:
            return None
        # Wider numbers are rounded on their way to float64, which is not this door's business.
        if not raw and any(t.type.width > 53 or abs(t.type.fraction) >= 900 for t in packed.outputs):
            return None
        events, dtype = len(inputs[0]), np.int64 if raw else np.float64
        results = {tensor.name: np.empty((events, tensor.size), dtype) for tensor in packed.outputs}
        if not packed.program.run(list(inputs), list(results.values()), threads, self.instruction_set):
            return None
        return [results[prepared.aliases.get(name, name)] for name in graph.outputs]


ENGINE = BatchEngine()
