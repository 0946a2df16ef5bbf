"""Programs that observe what they compute, for profiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from isobit.bounds.ranges import Range
from isobit.engines.cpp.pack import Packed, pack
from isobit.engines.planned import PlannedEngine, accepts_floats
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.plan.lanes import BITS, Lane, unchanged_candidates
from isobit.plan.observed import trusting, watched
from isobit.plan.plan import Plan, make_plan
from isobit.plan.stages import Stage
from isobit.plan.steps import Observe

__all__ = ["OBSERVER", "ObservedProgram", "ObservingEngine"]


@dataclass(frozen=True, eq=False)
class ObservedProgram:
    """Stages to watch; it gives statistics and no outputs.

    Attributes
    ----------
    inputs, outputs
        Tensors, as of :class:`isobit.engines.planned.Program`.
    lanes
        How every stage is computed, and one for each input, which is also observed.
    instruction_set
        Of the kernels; empty for the machine's best.
    memory
        What those who use the program want to find again.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    lanes: tuple[Lane, ...]
    instruction_set: str = ""
    memory: dict[str, Any] = field(default_factory=dict)
    _packed: dict[frozenset[str], tuple[tuple[Lane, ...], Packed]] = field(default_factory=dict)

    @property
    def floats(self) -> bool:
        """Whether every input may come as float32 or float64."""
        return all(accepts_floats(tensor.type) for tensor in self.inputs)

    def prepare(self, loud: frozenset[str], counting: tuple[Lane, ...]) -> tuple[tuple[Lane, ...], Packed]:
        """The program, and its lanes.

        Parameters
        ----------
        loud
            Layers whose results may leave their format. The others are trusted not to: if they do, what comes after
            them is wrong (their own observations tell).
        counting
            Additional stages that count overflows of accumulators.
        """
        if loud not in self._packed or counting:
            lanes = [
                replace(lane, stage=replace(lane.stage, steps=tuple(trusting(lane.stage.steps, loud))))
                for lane in self.lanes
            ]
            outputs = {tensor.name: tensor for tensor in self.outputs}
            packed = pack(self.inputs, [*lanes, *counting], outputs, self.instruction_set, observed=True)
            if counting:  # which depends on the data
                return tuple(lanes), packed
            self._packed[loud] = (tuple(lanes), packed)
        return self._packed[loud]

    def run(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> bool:
        """Compute without statistics; see :class:`isobit.engines.planned.Program`."""
        every = frozenset(op.name for lane in self.lanes for op in lane.stage.ops)
        return self.prepare(every, ())[1].run(given, results, threads)


class ObservingEngine(PlannedEngine):
    """Planned stages whose steps are observed.

    Parameters
    ----------
    instruction_set
        One of ``isobit._core.instruction_sets()``; by default the best that the machine has.
    """

    def __init__(self, instruction_set: str = "") -> None:
        super().__init__()
        self.instruction_set = instruction_set

    def kept(self, graph: Graph, every: bool) -> list[str]:
        """No tensor leaves the program."""
        return []

    def without_lane(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """Each by itself: all are observed."""
        return ops

    def plan(self, graph: Graph, keep: Sequence[str]) -> Plan:
        """Plan for the C++ stages, every step separately."""
        return make_plan(graph, keep=keep, lanes_of=unchanged_candidates, arrange=watched)

    def pack(self, inputs: Sequence[Tensor], lanes: Sequence[Lane], outputs: Mapping[str, Tensor]) -> ObservedProgram:
        """Take note of stages; they are packed when it is known what to count."""
        watching = [part for lane in lanes for part in _in_two(lane)]
        for tensor in inputs:
            _watch_input(tensor, watching)
        return ObservedProgram(tuple(inputs), tuple(outputs.values()), tuple(watching), self.instruction_set)


def _in_two(lane: Lane) -> list[Lane]:
    """A map at many positions and, all positions at once, the steps that follow it: these are watched as one."""
    stage = lane.stage
    if stage.windows == 1 and stage.view is None:
        return [lane]
    between = f"{stage.target} (sums)"
    low, high = stage.start_bounds
    sums = Range(low, high, 0)
    first = replace(stage, ops=(), target=between, steps=(), result=sums)
    second = replace(stage, sources=(between,), map=None, data=sums, positions=1, view=None)
    return [replace(lane, stage=first), replace(lane, stage=second, multiply=lane.compute, split=0)]


def _watch_input(tensor: Tensor, lanes: list[Lane]) -> None:
    """Observe an input in a stage that has no map and reads it, or else in a stage of its own."""
    observe = Observe(watch=tensor.name)
    for place, lane in enumerate(lanes):
        if lane.stage.sources == (tensor.name,) and lane.stage.map is None:
            lanes[place] = replace(lane, stage=replace(lane.stage, steps=(observe, *lane.stage.steps)))
            return
    if (own := _input_lane(tensor, lanes)) is not None:
        lanes.insert(0, own)


def _input_lane(tensor: Tensor, lanes: Sequence[Lane]) -> Lane | None:
    """A stage that observes an input, in a form in which some stage reads it anyway."""
    reading = [lane.stage.data for lane in lanes if lane.stage.sources == (tensor.name,)]
    values = reading[0] if reading else Range.of_type(tensor.type, tensor.size)
    read = [
        "float32" if lane.multiply == "floor32" else lane.multiply
        for lane in lanes
        if tensor.name in lane.stage.sources
    ]
    plain = [name for name in read if name in BITS]
    plain += ["int16" for name in read if name == "mulhi16"]
    plain += ["int16"] if values.bits <= 15 else []
    plain += [name for name in ("int32", "int64") if values.bits <= BITS[name]]
    if not plain:
        return None
    steps = (Observe(watch=tensor.name),)
    stage = Stage((), (tensor.name,), f"{tensor.name} (observed)", None, steps, values, values)
    return Lane(stage, plain[0], plain[0], 0, values.bits, 0.0)


OBSERVER = ObservingEngine()
