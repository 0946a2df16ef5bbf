"""Solve for one wrong offset of a wrapper: every number of its format is tried, for every number of the step.

How it works: a step ``x - c`` is exact, so another constant in the format of ``c`` changes one number of its result by
a known amount. The rest of the wrapper and the network are computed from there, for all constants at once; those that
give the answers of one event are tried on a few more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.answers.step_changes import Changed, other_offset
from isobit.engines.registry import get_engine, thread_count
from isobit.fixed.array import FixedArray
from isobit.frontends.wrapper import Wrapper, part_of
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.model.weights import Weight
from isobit.vectors.reading import Given

__all__ = ["solved_offsets"]

#: Most bits of a format of which every number is tried, events that are computed for that at most, and at a time.
_MOST_BITS, _MOST_ROWS, _AT_ONCE = 16, 1 << 22, 1 << 17
#: Events on which what the first one leaves is tried, and changes that are left at most.
_MORE, _MOST_LEFT = 24, 64


def solved_offsets(
    graph: Graph,
    wrapper: Wrapper,
    inputs: Mapping[str, FixedArray],
    y: Sequence[Given],
    differ: Any,
    nearest: Mapping[str, float],
) -> Iterator[Changed]:
    """Layers with another offset for one of their numbers that explain the answers in some events.

    Parameters
    ----------
    graph, wrapper
        The network with its wrapper, and which of its layers are the wrapper's.
    inputs, y
        Events and answers.
    differ
        Whether an event differs, shape (events,).
    nearest
        How near the answers came with other changes of ``step[3]``; those are tried first.
    """
    wrong, right = np.flatnonzero(differ), np.flatnonzero(~differ)
    events = np.concatenate([wrong[: _MORE - _MORE // 4], right[: _MORE // 4]])
    steps = [
        _Step(graph, wrapper, name, inputs, y, events) for name in wrapper.before if _has_offset(graph, wrapper, name)
    ]
    places = [(step, number) for step in steps for number in range(step.size)]
    places.sort(key=lambda place: nearest.get(f"{place[0].step}[{place[1]}]", np.inf))
    rows = left = 0
    for step, number in places:
        rows += step.count
        if rows > _MOST_ROWS or left >= _MOST_LEFT:
            return
        for new in step.explain(number)[: _MOST_LEFT - left]:
            left += 1
            yield other_offset(step.op, step.step, step.kind, number, new)


def _has_offset(graph: Graph, wrapper: Wrapper, name: str) -> bool:
    bias = getattr(graph.by_name[name], "bias", None)
    adds = wrapper.kinds[name][1] in ("add", "subtract")
    return adds and isinstance(bias, Weight) and bias.type.width <= _MOST_BITS and len(graph.by_name[name].inputs) == 1


@dataclass
class _Step:
    """A step of offsets, with what follows it."""

    graph: Graph
    wrapper: Wrapper
    name: str
    inputs: Mapping[str, FixedArray]
    y: Sequence[Given]
    events: Any

    def __post_init__(self) -> None:
        self.op: Op = self.graph.by_name[self.name]
        self.step, self.kind = self.wrapper.kinds[self.name]
        bias: Any = self.op.bias  # type: ignore[attr-defined]
        self.bias: Weight = bias
        self.size, self.count = self.op.output.size, 1 << bias.type.width
        given = {name: array[self.events] for name, array in self.inputs.items()}
        before = part_of(self.wrapper, self.graph)
        self.values = given | get_engine("auto").run(before, given, thread_count(None))
        behind = {self.op.output.name}
        rest = []
        for op in before.ops:
            if behind & {*op.inputs}:
                rest.append(op)
                behind.add(op.output.name)
        taken = dict.fromkeys([self.op.output.name, *(name for op in rest for name in op.inputs)])
        outside = [self._tensor(name) for name in taken if name == self.op.output.name or name not in behind]
        self.rest = Graph("rest", tuple(outside), tuple(rest), tuple(sorted({op.output.name for op in rest})))

    def _tensor(self, name: str) -> Tensor:
        return replace(self.graph.tensors[name], limits=None)

    def explain(self, number: int) -> list[int]:
        """Raw constants that give the answers of every event."""
        kind = self.bias.type
        left = np.arange(kind.raw_min, kind.raw_max + 1)
        left = left[left != int(self.bias.raw.ravel()[number])]
        for some in (slice(0, 1), slice(1, None)):
            if len(left):
                left = left[self._right(number, left, np.arange(len(self.events))[some])]
        return [int(new) for new in left]

    def _right(self, number: int, constants: Any, events: Any) -> Any:
        """Which constants give the answers of these events."""
        found = np.ones(len(constants), dtype=bool)
        at = max(1, _AT_ONCE // max(1, len(events)))
        for start in range(0, len(constants), at) if len(events) else ():
            some = constants[start : start + at]
            place = np.tile(events, len(some))
            values = {name: array[place] for name, array in self.values.items()}
            values[self.op.output.name] = self._moved(number, np.repeat(some, len(events)), values)
            values |= get_engine("auto").run(self.rest, values, thread_count(None)) if self.rest.ops else {}
            network = self.wrapper.network
            given = {tensor.name: values[tensor.name] for tensor in network.inputs}
            values |= get_engine("auto").run(network, given, thread_count(None))
            if self.wrapper.after:
                after = part_of(self.wrapper, self.graph, after=True)
                values |= get_engine("auto").run(after, values, thread_count(None))
            for one in self.y:
                same = values[one.tensor.name].raw == one.values.raw[self.events[place]]
                found[start : start + at] &= same.reshape(len(some), -1).all(axis=1)
        return found

    def _moved(self, number: int, constants: Any, values: Mapping[str, FixedArray]) -> FixedArray:
        """The step's result with other constants for one number."""
        old, kind = values[self.op.output.name], self.op.output.type
        x = values[self.op.inputs[0]]
        column = FixedArray.from_raw(x.raw[:, number], x.type) + FixedArray.from_raw(constants, self.bias.type)
        raw = old.raw.copy()
        raw[:, number] = column.cast(kind).raw
        return FixedArray.from_raw(raw, kind)
