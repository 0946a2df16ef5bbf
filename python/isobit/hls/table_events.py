"""Events that look up what other events of a test bench do not: every entry of every table that a search reaches.

An entry between two that were looked up is sought between their events, by bisection; beyond the last one, inputs of an
outermost event are moved to their ends. The bounds of the network say which entries can be reached at all.
"""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from isobit.bounds.intervals import graph_bounds
from isobit.bounds.ranges import Range
from isobit.engines.exact.int64 import in_lane
from isobit.engines.exact.tables import softmax
from isobit.engines.exact.tallies import ignore
from isobit.engines.registry import get_engine
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.lookup import Lookup
from isobit.model.softmax import Softmax
from isobit.model.tensor import layer_of
from isobit.model.weights import Weight

__all__ = ["TableReach", "table_events"]

#: Rounds of the search, those without a new entry after which it ends, and events that one tries at most.
_ROUNDS, _IDLE, _TRIED = 64, 6, 2048
#: Multiplications of a round, about: large networks try fewer events.
_WORK = 1 << 28
#: Inputs moved at a time, of those of an outermost event.
_MOVED = 16


@dataclass(frozen=True)
class TableReach:
    """How much of a table the events of a test bench look up.

    Attributes
    ----------
    layer, slot
        The table.
    entries
        Its size; of a table of rows, how many can be looked up.
    reachable
        Entries that inputs may reach, as far as the bounds know; some of them no input may reach.
    reached
        Entries that an event looks up.
    """

    layer: str
    slot: str
    entries: int
    reachable: int
    reached: int

    def __str__(self) -> str:
        return f"{self.layer}.{self.slot} {self.reached} of {self.reachable}"


def table_events(graph: Graph, rows: Any, limit: int, seed: int) -> tuple[Any, tuple[TableReach, ...]]:
    """Search for events that look up further entries.

    Parameters
    ----------
    graph
        The network.
    rows
        Events that there are, raw: Python integers, the inputs one after the other, shape (events, numbers).
    limit
        Most events that are added.
    seed
        Of the events that are drawn.

    Returns
    -------
    tuple of array and tuple
        The events that are added, of the same form, and what is reached of every table with them.
    """
    search = _Search(graph, seed)
    if not search.tables:
        return rows[:0], ()
    added = search.take(rows, len(rows))[:0]  # whatever is there counts
    idle = 0
    for turn in range(_ROUNDS):
        if search.missing() == 0 or len(added) >= limit or idle == _IDLE:
            break
        found = search.take(search.proposals(first=turn == 0), limit - len(added))
        added = np.concatenate([added, found])
        idle = 0 if len(found) else idle + 1
    return added, search.result()


@dataclass
class _Table:
    """A table on the way: which entries may be reached, which are, and for each column of look-ups the events kept."""

    layer: str
    weight: Weight
    wanted: Any
    reached: Any

    @property
    def missing(self) -> Any:
        return np.flatnonzero(self.wanted & ~self.reached)


class _Search:
    def __init__(self, graph: Graph, seed: int) -> None:
        graph = graph.lowered
        self.graph = graph
        self.kinds = [t.type for t in graph.inputs for _ in range(t.size)]
        self.rng = random.Random(seed)
        self.ops = [op for op in graph.ops if isinstance(op, (Softmax, Lookup))]
        bounds = graph_bounds(graph) if self.ops else None
        self.tables: dict[tuple[str, str], _Table] = {}
        distinct: dict[tuple[str, int], _Table] = {}  # the steps of a recurrent layer look up one table
        for op in self.ops:
            assert bounds is not None
            inner = {
                slot: found.rounded
                for slot, found in bounds.ops[op.name].inner.items()
                if not found.overflow.any() or found.type.overflow in (Overflow.SAT, Overflow.SAT_SYM)
            }
            (tensor,) = graph.inputs_of(op)
            for table, wanted in _reachable(op, tensor.type, bounds.tensors[tensor.name], inner):
                known = distinct.setdefault(
                    (layer_of(op.name), id(table)),
                    _Table(layer_of(op.name), table, np.zeros_like(wanted), np.zeros_like(wanted)),
                )
                known.wanted |= wanted
                self.tables[op.name, table.name] = known
        self.distinct = tuple(distinct.values())
        parts = (getattr(op, part.name) for op in graph.ops for part in fields(op))
        work = sum(part.raw.size for part in parts if isinstance(part, Weight)) or 1
        self.batch = max(64, min(_TRIED, _WORK // work))
        #: Of each column of look-ups: an event that gave each entry.
        self.known: dict[tuple[str, str, int], dict[int, Any]] = {}

    def missing(self) -> int:
        return sum(len(table.missing) for table in self.distinct)

    def take(self, rows: Any, limit: int) -> Any:
        """Look at events; those that look up something new are kept, so many at most."""
        if len(rows) == 0:
            return rows
        looked = self._looked_up(rows)
        chosen: dict[int, None] = {}
        for key, columns in looked.items():
            table = self.tables[key]
            for number, (index, valid) in enumerate(columns):
                known = self.known.setdefault((*key, number), {})
                entries, firsts = np.unique(np.where(valid, index, -1), return_index=True)
                for entry, event in zip(entries.tolist(), firsts.tolist(), strict=True):
                    if entry < 0:
                        continue
                    if not table.reached[entry] and (event in chosen or len(chosen) < limit):
                        chosen[event] = None
                        table.reached[entry] = True
                    known[entry] = rows[event]  # the latest lies nearest to what was sought
        return rows[sorted(chosen)]

    def _looked_up(self, rows: Any) -> dict[tuple[str, str], list[tuple[Any, Any]]]:
        """Of every table, columns of look-ups: an index for each event, and whether it counts."""
        inputs, start = {}, 0
        for tensor in self.graph.inputs:
            part = rows[:, start : start + tensor.size]
            inputs[tensor.name] = FixedArray.from_raw(part, tensor.type)
            start += tensor.size
        values = {**inputs, **get_engine("auto").run(self.graph, inputs, 1)}
        found: dict[tuple[str, str], list[tuple[Any, Any]]] = {key: [] for key in self.tables}
        for op in self.ops:
            tensors = self.graph.inputs_of(op)
            (lane,) = in_lane(op, tensors, [values[tensor.name].raw.reshape(len(rows), -1) for tensor in tensors])
            data = np.ascontiguousarray(lane.T)
            every = np.ones(len(rows), dtype=bool)

            def look(slot: str, index: Any, layer: str = op.name, every: Any = every) -> None:
                found[layer, slot].append((index, every))

            if isinstance(op, Softmax):
                softmax(op, tensors, (data,), ignore, look)
            else:
                (tensor,) = tensors
                for x in data:
                    valid = np.asarray(x < 0, dtype=bool) if op.index.sided else every
                    found[op.name, op.table.name].append((op.indices(x, tensor.type), valid))
        return found

    # -- proposals ----------------------------------------------------------------------------------------------------

    def proposals(self, *, first: bool) -> Any:
        """Events to try: drawn ones at first, then those that missing entries ask for."""
        rows = self._drawn(self.batch // 2) if first else []
        asked = [(table, entry) for table in self.distinct for entry in table.missing.tolist()]
        self.rng.shuffle(asked)
        outermost: set[tuple[tuple[str, str, int], int]] = set()
        for table, entry in asked:
            if len(rows) >= self.batch:
                break
            column = self.rng.choice([place for place in self.known if self.tables[place[:2]] is table])
            known = sorted(self.known[column])
            place = bisect.bisect(known, entry)
            if 0 < place < len(known):
                rows += self._between(column, known[place - 1], entry, known[place])
            elif known and (column, place) not in outermost:  # once for all entries beyond
                outermost.add((column, place))
                rows += self._moved(self.known[column][known[min(place, len(known) - 1)]])
        return np.array(rows, dtype=object).reshape(len(rows), len(self.kinds))

    def _drawn(self, count: int) -> list[list[int]]:
        """Corners, and points at every scale."""
        rows = []
        for k in range(count):
            if k % 4 == 0:
                rows.append([self.rng.choice((kind.raw_min, kind.raw_max)) for kind in self.kinds])
                continue
            scale = self.rng.random() ** 4
            low = [int(kind.raw_min * scale) for kind in self.kinds]
            high = [int(kind.raw_max * scale) for kind in self.kinds]
            rows.append([self.rng.randint(a, b) for a, b in zip(low, high, strict=True)])
        return rows

    def _between(self, column: tuple[str, str, int], below: int, entry: int, above: int) -> list[list[int]]:
        """Between the events of the nearest entries on either side: halfway, in proportion, anywhere."""
        a, b = self.known[column][below], self.known[column][above]
        shares = 0.5, (entry - below + self.rng.random()) / (above - below + 1), self.rng.random()
        weights = [int(share * (1 << 30)) for share in shares]
        return [[int(x) + ((int(y) - int(x)) * w >> 30) for x, y in zip(a, b, strict=True)] for w in weights]

    def _moved(self, row: Any) -> list[list[int]]:
        """One input at either end, or somewhere."""
        rows = []
        size = len(self.kinds)
        for i in self.rng.sample(range(size), min(_MOVED, size)):
            kind = self.kinds[i]
            for value in (kind.raw_min, kind.raw_max, self.rng.randint(kind.raw_min, kind.raw_max)):
                rows.append([value if k == i else int(x) for k, x in enumerate(row)])
        return rows

    def result(self) -> tuple[TableReach, ...]:
        """Every table, in the order of the layers; what is looked up can be."""
        return tuple(
            TableReach(
                table.layer,
                table.weight.name,
                len(table.wanted),
                int(np.count_nonzero(table.wanted | table.reached)),
                int(np.count_nonzero(table.reached)),
            )
            for table in self.distinct
        )


# -- what bounds say --------------------------------------------------------------------------------------------------


def _reachable(
    op: Softmax | Lookup, data: FixedType, values: Range, inner: dict[str, Range]
) -> list[tuple[Weight, Any]]:
    """Each table and the entries that may be looked up; all of them where nothing better is known."""
    if isinstance(op, Lookup):
        return [(op.table, _of_lookup(op, data, values))]
    if op.exp_table is None or op.inv_table is None:
        return []
    if op.implementation == "legacy":
        return [(table, np.ones(table.raw.size, dtype=bool)) for table in (op.exp_table, op.inv_table)]
    address = values if op.inp_norm is None else inner.get("inp_norm")
    assert op.exp_address is not None
    assert op.inv_inp is not None
    return [
        (op.exp_table, _by_top_bits(op.exp_table, op.exp_address, address)),
        (op.inv_table, _by_top_bits(op.inv_table, op.inv_inp, inner.get("inv_inp"))),
    ]


def _of_lookup(op: Lookup, data: FixedType, values: Range) -> Any:
    """Indices are monotone: of few numbers each one, of many the first and the last and all between."""
    found = np.zeros(op.entries, dtype=bool)
    for low, high in {(int(a), int(b)) for a, b in zip(values.low, values.high, strict=True)}:
        last = min(high, -1) if op.index.sided else high
        if low > last:
            continue
        few = last - low < 4 * op.entries
        numbers = np.array(range(low, last + 1) if few else [low, last], dtype=object)
        index = op.indices(numbers, data)
        found[index if few else slice(int(min(index)), int(max(index)) + 1)] = True
    return found


def _by_top_bits(table: Weight, address: FixedType, values: Range | None) -> Any:
    """Indices of the top bits, negative numbers in the upper half."""
    size = table.raw.size
    if values is None:
        return np.ones(size, dtype=bool)
    shift = address.width - max(1, (size - 1).bit_length())
    found = np.zeros(size, dtype=bool)
    for low, high in {(int(a), int(b)) for a, b in zip(values.low, values.high, strict=True)}:
        ends = max(low, address.raw_min) >> shift, min(high, address.raw_max) >> shift
        found[np.arange(ends[0], ends[1] + 1) % size] = True
    return found
