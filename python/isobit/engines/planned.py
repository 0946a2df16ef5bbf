"""Engines that compute planned stages, ``cpp`` and ``numba``: what they share.

Ops that no lane can take (wider than 61 bits, or without a linear form) are computed by cpp-strict (128-bit integers)
or, wider still, on Python integers; the engine computes the stages around them.
"""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from isobit.engines.registry import Values
from isobit.engines.wide import compute_wide
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow
from isobit.fixed.quantise import owned, to_storage
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.model.primitives import is_alias, whole_layer
from isobit.plan.lanes import Lane
from isobit.plan.plan import Plan

__all__ = ["PlannedEngine", "Prepared", "Program", "accepts_floats"]


def accepts_floats(type: FixedType) -> bool:
    """Whether kernels quantise floats of this format themselves, exactly.

    Only the usual modes, as long as float64 holds what they need; scaling by a power of two below 1 could lose what is
    too small for float64, so formats with negative fraction are also quantised exactly beforehand.
    """
    usual = type.overflow is not Overflow.WRAP_SM and not type.saturation_bits
    return usual and not type.is_int and type.width <= 50 and 0 <= type.fraction < 900


class Program(Protocol):
    """Stages in an engine's own form."""

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Tensors, in the order of the arguments."""
        ...

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """Tensors, in the order of the results."""
        ...

    @property
    def floats(self) -> bool:
        """Whether every input may come as float32 or float64."""
        ...

    def run(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> bool:
        """Compute.

        Parameters
        ----------
        given
            For each input a C-contiguous array (events, size): int64 (raw), float32 or float64.
        results
            For each output an array (events, size) to fill: int64 (raw) or float64.
        threads
            Threads at most.

        Returns
        -------
        Whether the kernels could take every number: floats finite and below 2**50 LSB.
        """
        ...


@dataclass(frozen=True)
class Prepared:
    """A graph, planned and packed.

    Attributes
    ----------
    plan
        The plan.
    segments
        Programs, and ops that no lane takes, in order.
    aliases
        Tensors of reshapes: the tensor that holds the same numbers.
    """

    plan: Plan
    segments: tuple[Program | Op, ...]
    aliases: dict[str, str]

    @property
    def single(self) -> Program | None:
        """The program, if it is all there is."""
        only = self.segments[0] if len(self.segments) == 1 else None
        return None if isinstance(only, Op) else only


class PlannedEngine(ABC):
    """Planned stages over blocks of events; an engine says how to plan and pack (:meth:`plan`, :meth:`pack`)."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[int, bool], tuple[Any, Prepared]] = {}

    @abstractmethod
    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan a graph; ``keep`` as in :func:`isobit.plan.plan.make_plan`."""

    @abstractmethod
    def pack(self, inputs: Sequence[Tensor], lanes: Sequence[Lane], outputs: Mapping[str, Tensor]) -> Program:
        """Bring stages into the engine's form.

        Parameters
        ----------
        inputs
            Tensors that come from outside.
        lanes
            How every stage is computed, in order.
        outputs
            Tensors that are wanted, by the name of the tensor that a stage gives.
        """

    def prepare(self, graph: Graph, every: bool) -> Prepared:
        """Plan and pack a graph, once.

        Parameters
        ----------
        graph
            The network.
        every
            Whether every op's output is wanted, not the graph's outputs alone.
        """
        key = (id(graph), every)
        known = self._prepared.get(key)
        if known is not None and known[0]() is graph:
            return known[1]
        made = self._prepare(graph, every)
        self._prepared[key] = (weakref.ref(graph, lambda _: self._prepared.pop(key, None)), made)
        return made

    def kept(self, graph: Graph, every: bool) -> list[str]:
        """Tensors that programs give."""
        return [op.output.name for op in graph.ops] if every else list(graph.outputs)

    def without_lane(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """What computes the ops of a stage without a lane: the layer that they are, where cpp-strict has it whole."""
        layer = whole_layer(ops)
        return ops if layer is None or len(ops) == 1 else (layer,)

    def _prepare(self, graph: Graph, every: bool) -> Prepared:
        keep = self.kept(graph, every)
        graph = graph.lowered
        plan = self.plan(graph, keep)
        aliases = _aliases(graph)
        tensors = graph.tensors
        wanted = {aliases.get(name, name) for name in keep}
        # Tensors that cross from one segment into another must leave the first.
        parts: list[Any] = []
        for stage in plan.stages:
            if stage.lane is None:
                parts.extend(self.without_lane(stage.stage.ops))
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(stage.lane)
            else:
                parts.append([stage.lane])
        segments: list[Program | Op] = []
        ends = [
            ([part.output.name], [aliases.get(name, name) for name in part.inputs])
            if isinstance(part, Op)
            else ([lane.stage.target for lane in part], [name for lane in part for name in lane.stage.sources])
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
            segments.append(self.pack([tensors[name] for name in sources], part, leaving))
        return Prepared(plan, tuple(segments), aliases)

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`."""
        names = [op.output.name for op in graph.ops]
        return self._run(self.prepare(graph, every=True), graph, inputs, threads, names)

    def run_outputs(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute the graph's outputs alone, from raw integers."""
        return self._run(self.prepare(graph, every=False), graph, inputs, threads, list(graph.outputs))

    @staticmethod
    def _run(
        prepared: Prepared, graph: Graph, inputs: Mapping[str, FixedArray], threads: int, names: Sequence[str]
    ) -> Values:
        values: dict[str, Any] = {name: array.raw for name, array in inputs.items()}
        _compute(prepared, prepared.segments, graph, values, threads)
        tensors = graph.tensors
        found: Values = {}
        for name in names:
            kind, raw = tensors[name].type, values[prepared.aliases.get(name, name)]
            # Numbers of 64 bits without a sign are Python integers, however small the bounds.
            found[name] = FixedArray(owned(raw) if kind.fits_int64 else to_storage(raw, kind), kind)
        return found

    def predict_floats(
        self, graph: Graph, inputs: Sequence[Any], threads: int, *, raw: bool = False
    ) -> list[Any] | None:
        """Compute outputs straight from floats; see :class:`isobit.engines.registry.BatchEngine`.

        None for inputs that the kernels do not quantise, numbers that are not finite or beyond 2**50 LSB, networks that
        begin with a stage that no lane can take, and an output that is an input reshaped.
        """
        prepared = self.prepare(graph, every=False)
        program = prepared.segments[0] if prepared.segments else None
        names = [tensor.name for tensor in graph.inputs]
        if program is None or isinstance(program, Op) or not program.floats:
            return None
        if [tensor.name for tensor in program.inputs] != names:
            return None
        # Wider numbers are rounded on their way to float64, which is not done here.
        if not raw and any(t.type.width > 53 or abs(t.type.fraction) >= 900 for t in graph.output_tensors):
            return None
        if raw and not all(t.type.fits_int64 for t in graph.output_tensors):
            return None
        if len(prepared.segments) > 1:
            return self._mixed_floats(prepared, program, graph, inputs, threads, raw)
        wanted = [prepared.aliases.get(name, name) for name in graph.outputs]
        if not {*wanted} <= {t.name for t in program.outputs}:
            return None
        events, dtype = len(inputs[0]), np.int64 if raw else np.float64
        results = {tensor.name: np.empty((events, tensor.size), dtype) for tensor in program.outputs}
        if not program.run(list(inputs), list(results.values()), threads):
            return None
        return [results[name] for name in wanted]

    @staticmethod
    def _mixed_floats(
        prepared: Prepared, program: Program, graph: Graph, inputs: Sequence[Any], threads: int, raw: bool
    ) -> list[Any] | None:
        """The same where ops without a lane follow the first program: from there on raw integers."""
        names, rest = {tensor.name for tensor in graph.inputs}, prepared.segments[1:]
        read = {
            prepared.aliases.get(name, name)
            for part in rest
            for name in (part.inputs if isinstance(part, Op) else [tensor.name for tensor in part.inputs])
        }
        outputs = [prepared.aliases.get(name, name) for name in graph.outputs]
        if names & {*read, *outputs}:
            return None
        values = {tensor.name: np.empty((len(inputs[0]), tensor.size), dtype=np.int64) for tensor in program.outputs}
        if not program.run(list(inputs), list(values.values()), threads):
            return None
        _compute(prepared, rest, graph, values, threads)
        found = [np.asarray(values[name], dtype=np.int64) for name in outputs]
        if raw:
            return found
        fractions = [tensor.type.fraction for tensor in graph.output_tensors]
        return [np.ldexp(array.astype(np.float64), -f) for array, f in zip(found, fractions, strict=True)]


def _compute(
    prepared: Prepared, segments: Sequence[Program | Op], graph: Graph, values: dict[str, Any], threads: int
) -> None:
    """Compute segments in order, from raw integers and into them, by tensor name."""
    events = len(next(iter(values.values())))
    lowered = graph.lowered
    for segment in segments:
        if isinstance(segment, Op):
            given = [values[prepared.aliases.get(name, name)] for name in segment.inputs]
            values[segment.output.name] = compute_wide(segment, lowered.inputs_of(segment), given, threads)
            continue
        given = [np.ascontiguousarray(values[tensor.name], dtype=np.int64) for tensor in segment.inputs]
        results = [np.empty((events, tensor.size), dtype=np.int64) for tensor in segment.outputs]
        segment.run(given, results, threads)
        values |= {tensor.name: result for tensor, result in zip(segment.outputs, results, strict=True)}


def _aliases(graph: Graph) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for op in graph.ops:
        if is_alias(op, graph.inputs_of(op)):
            (source,) = op.inputs
            aliases[op.output.name] = aliases.get(source, source)
    return aliases
