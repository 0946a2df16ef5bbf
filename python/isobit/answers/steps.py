"""The search for the wrapper's step that would explain answers from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from isobit.answers.hypotheses import sample
from isobit.answers.offsets import solved_offsets
from isobit.answers.report import Explained
from isobit.answers.step_changes import Changed, changes_of
from isobit.engines.registry import get_engine, thread_count
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.frontends.wrapper import Wrapper, part_of
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.vectors.reading import Given

__all__ = ["StepSearch"]

#: Events on which every change is tried, changes that are computed at a time, and all of them at most.
_EVENTS, _TOGETHER, _MOST = 64, 256, 20_000


class StepSearch:
    """Looks for the change of a step that would explain all differences.

    Parameters
    ----------
    graph
        The network with its wrapper.
    wrapper
        Which of its layers are the wrapper's.
    """

    def __init__(self, graph: Graph, wrapper: Wrapper) -> None:
        self.graph, self.wrapper = graph, wrapper

    def __call__(
        self, inputs: Mapping[str, FixedArray], y: tuple[Given, ...], found: list[FixedArray], differ: Any
    ) -> tuple[tuple[Explained, ...], int]:
        """Complete explanations, and the number of changes that were tried; see :func:`~.comparing.compare_given`."""
        del found
        chosen = sample(differ, _EVENTS)
        changes = list(islice(self._changes(), _MOST))
        right: list[Changed] = []
        nearest: dict[str, float] = {}
        tried = len(changes)
        for group in sorted({change.group for change in changes}):
            compared = list(self._compared([one for one in changes if one.group == group], inputs, y, chosen))
            right = self._complete(compared, inputs, y, len(differ))
            if right:
                break
            for change, _, distance in compared if group == 1 else ():
                nearest[change.place] = min(distance, nearest.get(change.place, distance))
        if not right:
            more = list(solved_offsets(self.graph, self.wrapper, inputs, y, differ, nearest))
            right = self._complete(self._compared(more, inputs, y, chosen), inputs, y, len(differ))
            tried += len(more)
        count = len(differ)
        return tuple(Explained("wrapper", one.place, one.words, count, count) for one in right), tried

    def _complete(
        self,
        compared: Iterable[tuple[Changed, int, float]],
        inputs: Mapping[str, FixedArray],
        y: tuple[Given, ...],
        events: int,
    ) -> list[Changed]:
        """Changes without a difference in some events that have none in all of them."""
        some = [change for change, wrong, _ in compared if not wrong]
        return [change for change, wrong, _ in self._compared(some, inputs, y, np.arange(events)) if not wrong]

    def _changes(self) -> Iterator[Changed]:
        """Every change of every step; a cast into an input of the network is the network's as well, and stays."""
        fixed = {tensor.name for tensor in self.wrapper.network.inputs}
        crossing = {*self.graph.outputs}
        if self.wrapper.after:
            crossing |= {tensor.name for tensor in part_of(self.wrapper, self.graph, after=True).inputs}
        for name in self.wrapper.steps:
            op = self.graph.by_name[name]
            for change in changes_of(op, *self.wrapper.kinds[name]) if name not in fixed else ():
                if op.output.name not in crossing or _same_bits(change.op.output.type, op.output.type):
                    yield change

    def _compared(
        self, changes: list[Changed], inputs: Mapping[str, FixedArray], y: tuple[Given, ...], events: Any
    ) -> Iterator[tuple[Changed, int, float]]:
        """Every change, the events in which it gives other answers, and the sum of all differences of raw integers."""
        at = max(1, _TOGETHER * _EVENTS // len(events))
        for start in range(0, len(changes), at):
            some = changes[start : start + at]
            outputs = self._outputs([change.op for change in some], {name: a[events] for name, a in inputs.items()})
            for number, change in enumerate(some):
                mine = slice(number * len(events), (number + 1) * len(events))
                off = [
                    np.abs(outputs[one.tensor.name].raw[mine].astype(object) - one.values.raw[events].astype(object))
                    for one in y
                ]
                wrong = np.any([each.any(axis=1) for each in off], axis=0).sum()
                yield change, int(wrong), float(sum(each.sum() for each in off))

    def _outputs(self, ops: list[Op], inputs: dict[str, FixedArray]) -> dict[str, FixedArray]:
        """All tensors under each change, one after the other; the network runs once for all of them."""
        values = {name: _joined([array] * len(ops), array.type) for name, array in inputs.items()}
        values |= self._steps(False, ops, values)
        network = self.wrapper.network
        values |= get_engine("auto").run(network, {t.name: values[t.name] for t in network.inputs}, thread_count(None))
        return values | self._steps(True, ops, values)

    def _steps(self, after: bool, ops: list[Op], values: dict[str, FixedArray]) -> dict[str, FixedArray]:
        """The steps before or after the network, each change on its own events."""
        if not (names := _names(self.wrapper, after)):
            return {}
        part = part_of(self.wrapper, self.graph, after=after)
        if not any(op.name in names for op in ops):
            return get_engine("auto").run(part, values, thread_count(None))
        reference, found = get_engine("reference"), []
        events = len(next(iter(values.values()))) // len(ops)
        for number, op in enumerate(ops):
            changed = replace(part, ops=tuple(op if op.name == old.name else old for old in part.ops))
            mine = slice(number * events, (number + 1) * events)
            found.append(reference.run(changed, {t.name: values[t.name][mine] for t in part.inputs}, 1))
        return {
            name: _joined([each[name] for each in found], self.graph.tensors[name].type)
            for name in found[0]
            if all(_same_bits(each[name].type, self.graph.tensors[name].type) for each in found)
        }


def _names(wrapper: Wrapper, after: bool) -> tuple[str, ...]:
    return wrapper.after if after else wrapper.before


def _joined(arrays: list[FixedArray], kind: FixedType) -> FixedArray:
    return FixedArray.from_raw(np.concatenate([array.raw for array in arrays]), kind)


def _same_bits(one: FixedType, other: FixedType) -> bool:
    """Whether raw integers mean the same; modes are of no account."""
    return (one.width, one.integer, one.signed) == (other.width, other.integer, other.signed)
