"""Counting what leaves a format's range: overflow, saturation, by layer, slot and neuron."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.engines.emulator import vector
from isobit.engines.emulator.domain import fits_int64
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op

__all__ = ["OverflowCount", "Profile", "profile_graph"]

#: Events profiled at a time: the intermediates of one layer stay in the cache.
_BLOCK = 4096


@dataclass(frozen=True)
class OverflowCount:
    """Overflows of one format.

    Attributes
    ----------
    layer, slot
        Where: ``accum`` counts casts of products and bias and every partial sum, ``result`` the last cast.
    type
        The format that was too narrow.
    events
        For each neuron, the events in which it happened at least once.
    total
        For each neuron, how often it happened (an accumulator may overflow several times in one event).
    """

    layer: str
    slot: str
    type: FixedType
    events: npt.NDArray[np.int64]
    total: npt.NDArray[np.int64]

    @property
    def saturates(self) -> bool:
        """Whether the format saturates (else it wraps)."""
        return self.type.overflow in (Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO)

    def __str__(self) -> str:
        worst = int(np.argmax(self.events))
        count = int(np.count_nonzero(self.events))
        verb = "saturates" if self.saturates else "overflows"
        return (
            f"{self.layer}.{self.slot} {self.type} {verb}: {count} of {len(self.events)} neurons, "
            f"worst neuron {worst} in {int(self.events[worst])} events"
        )


@dataclass(frozen=True)
class Profile:
    """What :meth:`isobit.Model.profile` found on some events.

    Attributes
    ----------
    events
        Number of events.
    overflows
        Every format whose range was left, in the order of the layers.
    """

    events: int
    overflows: tuple[OverflowCount, ...]

    def __iter__(self) -> Iterator[OverflowCount]:
        return iter(self.overflows)

    def __getitem__(self, key: str) -> OverflowCount:
        """The overflows of ``layer.slot``.

        Raises
        ------
        KeyError
            If there were none; the message names those that were.
        """
        for count in self.overflows:
            if f"{count.layer}.{count.slot}" == key:
                return count
        raise KeyError(f"{key!r} did not overflow; these did: {[f'{c.layer}.{c.slot}' for c in self.overflows]}")

    def __str__(self) -> str:
        if not self.overflows:
            return f"no overflow in {self.events} events"
        return "\n".join([f"overflows in {self.events} events:", *(f"  {count}" for count in self.overflows)])


def _profile_op(op: Op, graph: Graph, raw: Any) -> tuple[Any, dict[str, Any]]:
    """Compute one op on a block of events and count; gives (result, {slot: (events, total) by neuron})."""
    tensor = graph.tensors[op.inputs[0]]
    counts: dict[str, Any] = {}
    seen: dict[tuple[str, int], Any] = {}

    def tally(slot: str, index: int, outside: Any) -> None:
        if not outside.any():
            return
        total = counts.setdefault(slot, np.zeros((2, op.output.size), dtype=np.int64))
        total[1, index] += np.count_nonzero(outside)
        seen[slot, index] = seen.get((slot, index), False) | outside

    lane = raw if raw.dtype == np.int64 and fits_int64(op, tensor) else raw.astype(object)
    result = vector.compute(op, tensor, lane, tally)
    for (slot, index), outside in seen.items():
        counts[slot][0, index] = np.count_nonzero(outside)
    return result.astype(np.int64) if op.output.type.fits_int64 else result.astype(object), counts


def profile_graph(graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Profile:
    """Run a graph and count every overflow.

    Parameters
    ----------
    graph, inputs
        As for :meth:`isobit.engines.registry.Engine.run`.
    threads
        Threads to use.
    """
    events = len(next(iter(inputs.values())))

    def block(start: int) -> dict[tuple[str, str], Any]:
        values = {name: array.raw[start : start + _BLOCK] for name, array in inputs.items()}
        found: dict[tuple[str, str], Any] = {}
        for op in graph.ops:
            values[op.output.name], counts = _profile_op(op, graph, values[op.inputs[0]])
            found |= {(op.name, slot): count for slot, count in counts.items()}
        return found

    with ThreadPoolExecutor(max_workers=threads) as pool:
        blocks = list(pool.map(block, range(0, events, _BLOCK)))
    overflows = []
    for op in graph.ops:
        types = op.types()
        for slot in types:
            parts = [found[op.name, slot] for found in blocks if (op.name, slot) in found]
            if parts:
                total = sum(parts[1:], parts[0].copy())
                overflows.append(OverflowCount(op.name, slot, types[slot], total[0], total[1]))
    return Profile(events, tuple(overflows))
