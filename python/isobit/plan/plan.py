"""The plan: how every op is computed, why that is exact, and what may overflow; ``print(model.plan())`` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from isobit.bounds.constant_change import ConstantChange, changed_lines
from isobit.bounds.constants import constant_changes
from isobit.bounds.intervals import Bounds, Range, graph_bounds
from isobit.bounds.refine import refined_bounds
from isobit.model.graph import Graph
from isobit.model.lookup import Lookup
from isobit.model.primitives import Opaque, whole_layer
from isobit.model.softmax import Softmax
from isobit.model.tensor import layer_of
from isobit.plan.graph import stages_of
from isobit.plan.lanes import BITS, Lane, candidates, needed_bits
from isobit.plan.maps import Gather
from isobit.plan.stages import Arrange, Linear, Sequential, Stage, joined
from isobit.plan.step_lists import describe
from isobit.plan.steps import Wrap
from isobit.plan.verdicts import Verdict, in_one, verdicts_of
from isobit.plan.witnesses import Witnesses

__all__ = ["Plan", "PlannedStage", "make_plan"]

#: Searches inputs that overflow, given the graph and its bounds.
Search = Callable[[Graph, Bounds], Witnesses]


@dataclass(frozen=True)
class PlannedStage:
    """A stage and its lane.

    Attributes
    ----------
    stage
        The ops.
    lane
        How they are computed; None: on 128-bit or Python integers, or by a kernel that looks up tables.
    reason
        Why that is exact, in words.
    """

    stage: Stage
    lane: Lane | None
    reason: str

    @property
    def lane_name(self) -> str:
        """The name of the lane.

        One of ``float32``, ``float64``, ``int16``, ``int32``, ``int64``, ``dot16``, ``dot16-split``, ``floor32``,
        ``mulhi16``, ``wide``, ``table``, ``reference`` (a layer of the user's without a lowering); where products or
        partial sums are cast one by one, ``sequential`` and the arithmetic.
        """
        if self.lane is None:
            if isinstance(self.stage.ops[0], Opaque):
                return "reference"
            return "table" if isinstance(self.stage.ops[0], (Softmax, Lookup)) else "wide"
        strict = isinstance(self.stage.map, Sequential) and self.lane.multiply in BITS
        return f"sequential {self.lane.multiply}" if strict else self.lane.multiply


@dataclass(frozen=True)
class Plan:
    """How a network is computed, and which of its formats may overflow.

    Attributes
    ----------
    bounds
        The bounds that prove it.
    stages
        In order of computation.
    verdicts
        Of every format that a cast writes into, in the order of the layers.
    measured
        Whether the bounds are those of given inputs, not of the inputs' formats.
    constants
        Weights, biases and other constants that their own format changed by more than rounding.
    limited
        Whether the user gave ranges of inputs, which then bound them.
    """

    bounds: Bounds
    stages: tuple[PlannedStage, ...]
    verdicts: tuple[Verdict, ...]
    measured: bool = False
    constants: tuple[ConstantChange, ...] = ()
    limited: bool = False

    @property
    def safe(self) -> bool:
        """Whether nothing in the network can overflow."""
        return all(verdict.safe for verdict in self.verdicts)

    @property
    def lanes(self) -> dict[str, str]:
        """Lane of every layer by its name."""
        found = {op.name: planned.lane_name for planned in self.stages for op in planned.stage.ops}
        return {name: lane for name, lane in found.items() if layer_of(name) == name}

    def __getitem__(self, key: str) -> Verdict:
        """The verdict on ``layer.slot``.

        Raises
        ------
        KeyError
            If nothing is cast there; the message names those that there are.
        """
        for verdict in self.verdicts:
            if f"{verdict.layer}.{verdict.slot}" == key:
                return verdict
        raise KeyError(f"no cast {key!r}; casts: {', '.join(f'{v.layer}.{v.slot}' for v in self.verdicts)}")

    def __str__(self) -> str:
        everywhere = "the input ranges" if self.limited else "the formats"
        where = "the inputs given" if self.measured else f"every input that {everywhere} allow"
        lines = [f"exact for {where}", *changed_lines(self.constants)]
        blocks: list[tuple[str, ...]] = []
        for planned in self.stages:
            last = planned.stage.target == planned.stage.ops[-1].output.name
            # A layer's verdicts stand where its last primitive does.
            names = {op.name for op in planned.stage.ops if last}
            verdicts = [f"    {verdict.layer}.{verdict}" for verdict in self.verdicts if verdict.layer in names]
            blocks.append((f"{planned.stage.name}: {planned.lane_name}", f"    {planned.reason}", *verdicts))
        for (first, *rest), times in Counter(blocks).items():  # a recurrent layer has the same stages in every step
            lines += [first if times == 1 else f"{first} ({times} times)", *rest]
        return "\n".join(lines)


def make_plan(
    graph: Graph,
    *,
    inputs: Mapping[str, Range] | None = None,
    keep: Collection[str] = (),
    search: Search | None = None,
    lanes_of: Callable[[Stage], list[Lane]] = candidates,
    arrange: Arrange = joined,
) -> Plan:
    """Plan a network.

    Parameters
    ----------
    graph
        The network.
    inputs
        Bounds of the inputs, as for :func:`isobit.bounds.intervals.graph_bounds`; the plan holds for them only.
    keep
        Tensors that must exist at the end, besides the outputs: ops are joined up to them.
    search
        Finds inputs that overflow; :func:`isobit.witness.search.find_witnesses`. If it is given, the verdicts are
        tightened by back-substitution, and an input is searched for each that says 'may' (seconds to minutes).
    lanes_of
        The exact lanes of a stage that an engine has, the cheapest first; by default those of the C++ kernels.
    arrange
        What becomes of an op's steps, see :func:`isobit.plan.graph.stages_of`.

    Raises
    ------
    UnsupportedError
        For an op without bounds.
    """
    changes, clips, graph = constant_changes(graph), {op.name for op in graph.ops if op.clips}, graph.lowered
    bounds = graph_bounds(graph, inputs)
    planned = _planned_stages(graph, bounds, keep, lanes_of, arrange)
    tight, found = bounds, None
    if search is not None:
        tight = refined_bounds(graph, inputs)
        found = search(graph, tight)
    verdicts = in_one(
        verdict
        for op in graph.ops
        for verdict in verdicts_of(op, graph.inputs_of(op), tight.ops[op.name], found, clips=op.name in clips)
    )
    limited = any(tensor.limits is not None for tensor in graph.inputs)
    return Plan(bounds, tuple(planned), tuple(verdicts), inputs is not None, changes, limited)


def _planned_stages(
    graph: Graph,
    bounds: Bounds,
    keep: Collection[str],
    lanes_of: Callable[[Stage], list[Lane]],
    arrange: Arrange,
) -> list[PlannedStage]:
    """Stages and lanes; joined ops without a common lane are planned one by one, so that few are computed as wide."""
    found = [(stage, lanes_of(stage)) for stage in stages_of(graph, bounds, keep, arrange)]
    whole = {op.name for stage, lanes in found if not lanes for op in stage.ops if isinstance(op, Softmax)}
    if whole:
        found = [(stage, lanes_of(stage)) for stage in stages_of(graph, bounds, keep, arrange, whole)]
    for inside in (False, True):  # first between layers, then between the primitives of one
        apart = {
            op.output.name
            for stage, lanes in found
            if not lanes and not (inside and whole_layer(stage.ops))
            for op in stage.ops[:-1]
            if inside or layer_of(op.name) == op.name
        }
        if apart:
            keep = {*keep, *apart}
            found = [(stage, lanes_of(stage)) for stage in stages_of(graph, bounds, keep, arrange, whole)]
    if not all(lanes for _, lanes in found):  # what computes those reads every tensor by its own name
        found = [(stage, lanes_of(stage)) for stage in stages_of(graph, bounds, keep, arrange, whole, twins=True)]
    return [_planned(stage, lanes) for stage, lanes in found]


def _planned(stage: Stage, lanes: list[Lane]) -> PlannedStage:
    if not lanes:
        if isinstance(stage.ops[0], (Softmax, Lookup)):
            return PlannedStage(
                stage, None, "entries are looked up by the kernel itself, on 64-bit integers or wider ones"
            )
        if isinstance(stage.ops[0], Opaque):
            return PlannedStage(stage, None, str(stage.refusal))
        reason = stage.refusal or f"needs {needed_bits(stage)} bits, more than any lane has ({max(BITS.values())})"
        return PlannedStage(stage, None, f"128-bit or Python integers: {reason}")
    lane = lanes[0]
    return PlannedStage(lane.stage, lane, _reason(lane))


def _reason(lane: Lane) -> str:
    stage, words = lane.stage, []
    if stage.positions > 1:
        words.append(f"one map for {stage.positions} positions")
    if lane.why:
        words.append(lane.why)
    elif isinstance(stage.map, Linear):
        summed = int(stage.map.magnitude.max(initial=0)).bit_length()
        if lane.multiply == "dot16":
            words.append(f"data and weights fit 16 bits, every partial sum {summed} bits{_modulo(lane, 32)}")
        elif lane.multiply == "dot16-split":
            words.append(f"weights fit 16 bits, data is split at bit {lane.split} into two parts whose sums fit int32")
        else:
            words.append(f"every partial sum, in any order, has at most {summed} of {lane.multiply}'s bits")
    elif isinstance(stage.map, Gather):
        words.append(_gathering(stage.map))
    elif lane.multiply == "floor32":
        words.append(f"each product is rounded down by a float32 multiply-add, summed in int32{_modulo(lane, 32)}")
    elif lane.multiply == "mulhi16":
        words.append("each product is rounded down as the upper half of int16, summed in int16" + _modulo(lane, 16))
    elif isinstance(stage.map, Sequential):
        if stage.map.sum:
            words.append("partial sums may overflow: the kernel's order is kept, each is cast")
        else:
            words.append("each product is rounded by itself; their sum may have any order")
    steps = ", then ".join(describe(step) for step in stage.steps) or "no cast changes anything"
    limit = BITS.get(lane.compute, 15)
    words.append(f"{lane.bits} of {limit} bits of {lane.compute} for: {steps}")
    return "; ".join(words)


def _gathering(found: Gather) -> str:
    """What a stage gathers, in words."""
    turns = len(found.index)
    if turns == 1:
        return "numbers are read where they lie"
    cast = ", each partial sum is cast" if found.sum else ""
    if found.combine == "dot":
        return f"the sum of {turns // 2} products, whose factors are read where they lie"
    if found.drop:
        return f"the product of 2 numbers, read where they lie, without its lower {found.drop} bits"
    return f"the {found.combine} of {turns} numbers, read where they lie{cast}"


def _modulo(lane: Lane, width: int) -> str:
    """Words for a sum that may wrap because the accumulator wraps as well."""
    steps = lane.stage.steps
    wraps = lane.compute == f"int{width}" and steps and isinstance(steps[0], Wrap)
    return f" modulo 2^{width}, as the accumulator wraps, too" if wraps else ""
