"""Which entries of its lookup tables a network uses: one entry may span every value that a layer ever gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isobit.engines.exact.int64 import in_lane
from isobit.engines.exact.tables import look_up
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.lookup import Lookup
from isobit.model.softmax import Softmax
from isobit.model.tensor import layer_of
from isobit.model.weights import Weight

__all__ = ["TABLE_EVENTS", "TableUse", "TableWatch"]

#: Events that are looked at, the first ones: which entries are used shows soon.
TABLE_EVENTS = 10_000


@dataclass(frozen=True)
class TableUse:
    """How a layer used one of its tables.

    Attributes
    ----------
    layer, slot
        The table.
    entries, used
        Its size, and how many entries were looked up.
    step
        What one entry spans, in units of the number that addresses the table.
    saturated
        Looked-up entries that do not fit the table's format: exponentials beyond it, or the pole of an inverse.
    events
        Events that were looked at.
    """

    layer: str
    slot: str
    entries: int
    used: int
    step: float
    saturated: int
    events: int

    def __str__(self) -> str:
        text = f"{self.layer}.{self.slot}: {self.used:,} of {self.entries:,} entries used, one spans {self.step:g}"
        return f"{text}; {self.saturated} of them saturated" if self.saturated else text


@dataclass
class TableWatch:
    """Collects the entries that are looked up, over blocks of events.

    Parameters
    ----------
    graph
        The network.
    limit
        Events to look at, the first ones.
    """

    graph: Graph
    limit: int = TABLE_EVENTS
    events: int = 0
    _seen: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Of tensors inside a layer nobody hands over the numbers.
        known = self.graph.tensors
        found = (op for op in self.graph.lowered.ops if isinstance(op, (Lookup, Softmax)))
        self._ops = [op for op in found if op.spans and known.keys() >= set(op.inputs)]
        for op in self._ops:
            for table in op.tables:
                self._seen[op.name, table.name] = np.zeros(len(table.raw), dtype=bool)

    def update(self, values: Mapping[str, FixedArray]) -> None:
        """Take one block: every tensor of some events by name."""
        if not self._ops or self.events >= self.limit:
            return
        count = self.limit - self.events
        for op in self._ops:
            tensors = self.graph.inputs_of(op)
            raws = in_lane(op, tensors, [values[tensor.name].raw[:count] for tensor in tensors])
            columns = tuple(np.ascontiguousarray(raw.T) for raw in raws)

            def look(slot: str, index: Any, layer: str = op.name) -> None:
                self._seen[layer, slot][index] = True

            look_up(op, tensors, columns, look)
        self.events += len(raws[0])

    def result(self) -> tuple[TableUse, ...]:
        """Every table, in the order of the layers."""
        found = []
        for op in self._ops:
            for table in op.tables:
                seen = self._seen[op.name, table.name]
                lost = _out_of_format(table) & seen
                found.append(
                    TableUse(
                        layer_of(op.name),
                        table.name,
                        len(table.raw),
                        int(np.count_nonzero(seen)),
                        op.spans[table.name],
                        int(np.count_nonzero(lost)),
                        self.events,
                    )
                )
        return tuple(found)


def _out_of_format(table: Weight) -> Any:
    """Entries that the table's format could not hold; of a table of rows, those of any number of the row."""
    finite = np.isfinite(table.written)
    exact = np.where(finite, table.written, 0.0) / float(table.type.lsb)
    gap = np.abs(np.asarray(table.raw, dtype=np.float64) - exact)
    return (~finite | (gap > 1)).reshape(len(table.raw), -1).any(axis=1)
