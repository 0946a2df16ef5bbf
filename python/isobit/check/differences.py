"""Why two roads differ in a layer whose inputs are equal: formats, constants, and what was dropped on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.bounds.constant_change import as_float
from isobit.check.comparison import Road
from isobit.engines.exact import vector
from isobit.engines.exact.tallies import Tally, ignore
from isobit.errors import IsobitError
from isobit.fixed.array import FixedArray
from isobit.fixed.assign import Cast, outside_range
from isobit.fixed.types import MAX_WIDTH, FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensors
from isobit.model.tensor import reported
from isobit.model.weights import Weight
from isobit.profile.counts import Profile

__all__ = ["Cause", "Differences"]


@dataclass(frozen=True)
class Cause:
    """What is known about the first difference of a road.

    Attributes
    ----------
    road, layer, event, index
        Where it is.
    formats
        Slots of the layer with another format on that road: (slot, the base's, the road's).
    constants
        Slots with other constants.
    exact
        The value before any cast, in units of one; None where it is not known.
    accumulated
        The value that the accumulator held, where the layer has one.
    overflows
        Casts of that value that left their format, by slot.
    profile
        What the profile says about the layer's neuron over all events.
    """

    road: str
    layer: str
    event: int
    index: int
    formats: tuple[tuple[str, str, str], ...] = ()
    constants: tuple[str, ...] = ()
    exact: float | None = None
    accumulated: float | None = None
    overflows: tuple[tuple[str, int], ...] = ()
    profile: tuple[str, ...] = ()

    def lines(self, base: str) -> list[str]:
        """In words."""
        found = [
            f"{self.layer}.{slot} is {mine} on {base}, {theirs} on {self.road}" for slot, mine, theirs in self.formats
        ]
        found += [f"{self.layer}.{slot} has other constants on {self.road}" for slot in self.constants]
        if self.exact is not None:
            text = f"from the inputs, which are equal, the exact value is {self.exact:.9g}"
            if self.accumulated is not None:
                lost = self.exact - self.accumulated
                text += f"; the accumulator held {self.accumulated:.9g}"
                text += f" and dropped {lost:.6g}" if lost else ", all of it"
            found.append(text)
        found += [
            f"{self.layer}.{slot} left its format in {count} cast{'s' * (count > 1)} of this event"
            for slot, count in self.overflows
        ]
        return [*found, *self.profile]

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return asdict(self)


class Differences:
    """Keeps what is needed to look into the first difference of every layer of every road.

    Parameters
    ----------
    graph
        The network.
    others
        Networks of roads that compute another one, by road: a csim of another model.
    """

    def __init__(self, graph: Graph, others: Mapping[str, Graph]) -> None:
        self.graph = graph
        self.others = others
        self._kept: dict[tuple[str, str], list[FixedArray]] = {}

    def keep(self, road: str, layer: str, event: int, values: Mapping[str, FixedArray]) -> None:
        """Keep the inputs of a layer in one event of a block, if it is the first that differs there.

        Parameters
        ----------
        road, layer
            Where a difference was found.
        event
            Its number in the block.
        values
            The base road's tensors of the block, by name.
        """
        op = self.graph.by_name.get(layer)
        if op is not None and (road, layer) not in self._kept:
            self._kept[road, layer] = [values[name][event : event + 1] for name in op.inputs]

    def causes(self, roads: Sequence[Road], profile: Profile) -> tuple[Cause, ...]:
        """What is known about the first differing layer of each road."""
        found = []
        for road in roads:
            layer = road.first
            if layer is not None and layer.first is not None:
                found.append(self._cause(road.name, layer.layer, layer.first.event, layer.first.index, profile))
        return tuple(found)

    def _cause(self, road: str, layer: str, event: int, index: int, profile: Profile) -> Cause:
        mine = self.graph.by_name.get(layer)
        if mine is None:  # an input
            kinds = [str(graph.tensors[layer].type) for graph in (self.graph, self.others.get(road, self.graph))]
            formats = (("result", kinds[0], kinds[1]),) if kinds[0] != kinds[1] else ()
            return Cause(road, layer, event, index, formats, profile=_profiled(profile, layer, index))
        other = self.others.get(road, self.graph).by_name[layer]
        given = self._kept[road, layer]
        exact, accumulated, overflows = _followed(mine, self.graph.inputs_of(mine), given, index)
        return Cause(
            road,
            layer,
            event,
            index,
            _formats(mine, other),
            _constants(mine, other),
            exact,
            accumulated,
            tuple(overflows.items()),
            _profiled(profile, layer, index),
        )


def _formats(mine: Op, other: Op) -> tuple[tuple[str, str, str], ...]:
    theirs = other.types()
    return tuple(
        (slot, str(kind), str(theirs.get(slot))) for slot, kind in mine.types().items() if theirs.get(slot) != kind
    )


def _constants(mine: Op, other: Op) -> tuple[str, ...]:
    found = []
    for field in fields(mine):
        value, theirs = getattr(mine, field.name), getattr(other, field.name, None)
        if isinstance(value, Weight) and isinstance(theirs, Weight) and value.type == theirs.type and value != theirs:
            found.append(value.name)
    return tuple(found)


def _followed(
    op: Op, tensors: Tensors, given: Sequence[FixedArray], index: int
) -> tuple[float | None, float | None, dict[str, int]]:
    """Exact value, the accumulator's value, and the overflows by slot of one number of a layer in one event."""
    raws = [array.raw.astype(object) for array in given]
    counts: dict[str, int] = {}

    def tally(slot: str, at: int, cast: Cast) -> None:
        if at == index and (left := int(np.count_nonzero(outside_range(cast.rounded, cast.type)))):
            counts[slot] = counts.get(slot, 0) + left

    try:
        _computed(op, tensors, raws, tally)
        wide = _wide(op, tensors)
        has_accum = "accum" in op.types()
        exact = _value(op.with_types({"result": wide, **({"accum": wide} if has_accum else {})}), tensors, raws, index)
        accumulated = _value(op.with_types({"result": wide}), tensors, raws, index) if has_accum else None
    except IsobitError:  # a layer that fixes its own formats
        return None, None, counts
    return as_float(exact), None if accumulated is None else as_float(accumulated), counts


def _wide(op: Op, tensors: Tensors) -> FixedType:
    """A format that holds everything that the layer computes."""
    kinds = [*(tensor.type for tensor in tensors), *op.types().values()]
    fraction = sum(max(0, kind.fraction) for kind in kinds)
    integer = sum(max(0, kind.integer) for kind in kinds) + 64
    return FixedType(min(MAX_WIDTH, integer + fraction), integer)


def _value(op: Op, tensors: Tensors, raws: Sequence[Any], index: int) -> Fraction:
    return int(_computed(op, tensors, raws, ignore)[0, index]) * op.output.type.lsb


def _computed(op: Op, tensors: Tensors, raws: Sequence[Any], tally: Tally) -> Any:
    """A layer's raw results by the primitives that it is lowered to; casts are tallied by the layer's slots."""
    alone = Graph(
        op.name, tuple({tensor.name: tensor for tensor in tensors}.values()), (op,), (op.output.name,)
    ).lowered
    values = {tensor.name: raw for tensor, raw in zip(tensors, raws, strict=True)}
    for part in alone.ops:

        def of_layer(slot: str, at: int, cast: Cast, part: Op = part) -> None:
            tally(reported(part.name, slot, part.output)[1], at, cast)

        given = [values[name] for name in part.inputs]
        values[part.output.name] = vector.compute(part, alone.inputs_of(part), given, of_layer)
    return values[op.output.name]


def _profiled(profile: Profile, layer: str, index: int) -> tuple[str, ...]:
    """What the profile counted for a neuron, over all events."""
    found = []
    for count in profile:
        if count.layer == layer and index < len(count.events) and count.events[index]:
            verb = "clips, as it is made to," if count.clips else "saturates" if count.saturates else "overflows"
            found.append(
                f"{layer}.{count.slot} {count.type} {verb} at this neuron in {int(count.events[index]):,} of "
                f"{profile.events:,} events"
            )
    for seen in profile.layers:
        if seen.layer == layer and index < len(seen.lossy) and seen.lossy[index]:
            found.append(
                f"rounding into {layer}.result {seen.type} drops set bits of this neuron in "
                f"{int(seen.lossy[index]):,} of {profile.events:,} events"
            )
    return tuple(found)
