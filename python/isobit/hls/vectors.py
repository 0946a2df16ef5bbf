"""Events for a test bench: the user's, the edges of the input formats, inputs that overflow, random ones."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isobit.errors import RangeError, ShapeError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.hls.table_events import TableReach, table_events
from isobit.model.graph import Graph
from isobit.model.lookup import Lookup
from isobit.model.softmax import Softmax

__all__ = ["Vectors", "choose_vectors", "edge_events", "random_raw"]

#: Inputs that are moved to their ends one at a time; of more, so many, evenly spread.
_ALONE = 32
#: Witnesses taken, times that the search moves its inputs, and steps of recurrent layers that it looks at.
_WITNESSES, _ROUNDS, _STEPS = 64, 6, 2
#: Events that are added for the entries of tables, and numbers in them.
_LOOKING_UP, _TABLE_NUMBERS = 2048, 200_000
#: Numbers that a test bench's header may hold; compilers take long over more.
_NUMBERS = 1_000_000


@dataclass(frozen=True)
class Vectors:
    """Events and where they come from.

    Attributes
    ----------
    inputs
        Every input by name, shape (events, size), in its format.
    sources
        One line for each source: how many events, and what they are.
    tables
        How much of every table they look up.
    """

    inputs: dict[str, FixedArray]
    sources: tuple[str, ...]
    tables: tuple[TableReach, ...] = ()

    @property
    def events(self) -> int:
        """Number of events."""
        return len(next(iter(self.inputs.values())))


def choose_vectors(
    graph: Graph, given: Mapping[str, FixedArray] | None, *, random_events: int = 128, seed: int = 2026
) -> Vectors:
    """Choose the events of a test bench; the same arguments give the same events.

    Parameters
    ----------
    graph
        The network.
    given
        Quantised events of the user's, shape (events, size) by input; all are taken.
    random_events
        Random ones: half over each format's whole range, half of order one.
    seed
        Of the random ones.

    Raises
    ------
    ShapeError
        If there is no event.
    RangeError
        If there are more numbers than a header should hold.
    """
    _few_enough(graph, random_events)
    parts: list[tuple[dict[str, list[list[int]]], str]] = []
    if given is not None:
        rows = {t.name: given[t.name].raw.reshape(len(given[t.name]), t.size).tolist() for t in graph.inputs}
        parts.append((rows, "given events"))
    parts.append((edge_events(graph), "edges of the input formats: all, and one input at a time, at either end"))
    parts.append(_witnessed(graph))
    drawn = {t.name: random_raw(t.type, (random_events, t.size), seed + k) for k, t in enumerate(graph.inputs)}
    parts.append((drawn, f"random events, half over the whole range and half of order one (seed {seed})"))
    tables: tuple[TableReach, ...] = ()
    if any(isinstance(op, (Softmax, Lookup)) for op in graph.lowered.ops):
        part, tables = _looking_up(graph, parts, seed)
        parts.append(part)
    inputs, sources = {}, []
    for rows, what in parts:
        count = len(next(iter(rows.values())))
        sources.append(f"{count} {what}")
    for t in graph.inputs:
        joined = [row for rows, _ in parts for row in rows[t.name]]
        inputs[t.name] = FixedArray.from_raw(np.array(joined, dtype=object).reshape(len(joined), t.size), t.type)
    found = Vectors(inputs, tuple(sources), tables)
    if found.events == 0:
        raise ShapeError("there is no event for the test bench")
    _few_enough(graph, found.events)
    return found


def _few_enough(graph: Graph, events: int) -> None:
    numbers = events * sum(t.size for t in (*graph.inputs, *graph.output_tensors))
    if numbers > _NUMBERS:
        raise RangeError(
            f"{events} events are {numbers:,} numbers, too many for a test bench's header (at most {_NUMBERS:,}): give "
            "fewer events (isobit csim simulates any number)"
        )


def edge_events(graph: Graph) -> dict[str, list[list[int]]]:
    """Every input at the ends of its format, all together, alternating, and each alone."""
    total = sum(t.size for t in graph.inputs)
    kinds = [t.type for t in graph.inputs for _ in range(t.size)]
    rows = [
        [0] * total,
        [kind.raw_min for kind in kinds],
        [kind.raw_max for kind in kinds],
        [kind.raw_min if i % 2 else kind.raw_max for i, kind in enumerate(kinds)],
        [kind.raw_max if i % 2 else kind.raw_min for i, kind in enumerate(kinds)],
        [min(1, kind.raw_max) for kind in kinds],
        [max(-1, kind.raw_min) for kind in kinds],
    ]
    chosen = range(total) if total <= _ALONE else sorted({i * total // _ALONE for i in range(_ALONE)})
    for i in chosen:
        for value in (kinds[i].raw_min, kinds[i].raw_max):
            rows.append([value if k == i else 0 for k in range(total)])
    return _by_input(graph, rows)


def random_raw(type: FixedType, shape: tuple[int, int], seed: int) -> list[list[int]]:
    """Raw integers of a format: the first half over its whole range, the others of order one (normal, sigma 1).

    Python's own generator, whose integers are the same on every machine.
    """
    rng = random.Random(seed)
    events, size = shape
    one = 1 << type.fraction if type.fraction > 0 else 1

    def around_zero() -> int:
        # A sum of uniform integers: bell-shaped without floating point.
        value = sum(rng.randrange(-one, one + 1) for _ in range(3))
        return min(max(value, type.raw_min), type.raw_max)

    whole = [[rng.randrange(type.raw_min, type.raw_max + 1) for _ in range(size)] for _ in range(events - events // 2)]
    return whole + [[around_zero() for _ in range(size)] for _ in range(events // 2)]


def _witnessed(graph: Graph) -> tuple[dict[str, list[list[int]]], str]:
    """Inputs that make a format overflow, where a search finds some."""
    from isobit.witness.search import find_witnesses

    empty: dict[str, list[list[int]]] = {t.name: [] for t in graph.inputs}
    try:
        found = list(find_witnesses(graph, rounds=_ROUNDS, steps=_STEPS))
    except UnsupportedError as error:
        return empty, f"inputs that overflow: not searched ({error})"
    step = max(1, -(-len(found) // _WITNESSES))
    for witness in found[::step]:
        for t in graph.inputs:
            empty[t.name].append(witness.inputs[t.name].raw.reshape(-1).tolist())
    return empty, "inputs that make an accumulator or a result overflow"


def _looking_up(
    graph: Graph, parts: Sequence[tuple[dict[str, list[list[int]]], str]], seed: int
) -> tuple[tuple[dict[str, list[list[int]]], str], tuple[TableReach, ...]]:
    """Events that look up entries of tables which the others do not."""
    every = {t.name: [row for rows, _ in parts for row in rows[t.name]] for t in graph.inputs}
    flat = [[int(v) for part in row for v in part] for row in zip(*every.values(), strict=True)]
    numbers = sum(t.size for t in (*graph.inputs, *graph.output_tensors))
    rows = np.array(flat, dtype=object).reshape(len(flat), sum(t.size for t in graph.inputs))
    added, tables = table_events(graph, rows, min(_LOOKING_UP, _TABLE_NUMBERS // numbers), seed)
    reached = ", ".join(map(str, tables))
    what = f"events that look up further entries of tables; reached of those within bounds: {reached}"
    return (_by_input(graph, added.tolist()), what), tables


def _by_input(graph: Graph, rows: Sequence[Sequence[int]]) -> dict[str, list[list[int]]]:
    found: dict[str, list[list[int]]] = {}
    start = 0
    for t in graph.inputs:
        found[t.name] = [list(row[start : start + t.size]) for row in rows]
        start += t.size
    return found
