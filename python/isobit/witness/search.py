"""Inputs that make a format overflow: what turns 'may overflow' into 'does, with this input'.

Bounds say where an overflow is possible for all that they know; a witness is an input of the network with which it
happens, found by search and verified by the emulator. The search keeps, for every verdict, the few inputs that come
closest, and moves them: into the corners that the network's slopes point to, part of the way, at random. What it
proposes needs no proof, for every witness is run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from isobit.bounds.intervals import Bounds, DotBounds, graph_bounds
from isobit.bounds.ranges import Range, lowest, one_after_another
from isobit.bounds.reduce import ReduceBounds
from isobit.engines.exact import vector
from isobit.engines.exact.int64 import in_lane
from isobit.fixed.array import FixedArray
from isobit.fixed.assign import Cast, outside_range
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Opaque
from isobit.model.tensor import step_of
from isobit.plan.witnesses import MayOverflow, Witness, Witnesses, as_reported
from isobit.witness.margins import Chain, Margins, ResultMargins, has_margins, parted
from isobit.witness.proposals import Box, first_positions, moved
from isobit.witness.reduce_margins import accum_margins
from isobit.witness.surrogate import backward

__all__ = ["MayOverflow", "Witness", "Witnesses", "find_witnesses", "may_overflow"]

#: What knows of an accumulator.
ACCUMULATING = (DotBounds, ReduceBounds)
#: Inputs kept for every verdict.
_KEPT = 3
#: Multiplications that one batch of the search may cost, and that the first inputs may.
_BATCH_WORK, _FIRST_WORK = 1 << 29, 1 << 28
#: Multiplications that the search for one slot of one layer may cost: large layers get fewer rounds.
_WORK = 1 << 34
#: Inputs that one round tries for a neuron, about.
_MOVES = 2 * _KEPT * 15


def may_overflow(bounds: Bounds) -> list[MayOverflow]:
    """Every cast that may overflow, in the order of the layers."""
    found = []
    for name, of in bounds.ops.items():
        if isinstance(of.op, Opaque):  # what its reference casts is not seen, so nothing could be verified
            continue
        slots = {"accum": of.accum_overflow} if isinstance(of, ACCUMULATING) else {}
        for slot, may in {**slots, "result": of.result_overflow}.items():
            found += [MayOverflow(name, slot, int(neuron)) for neuron in np.flatnonzero(may)]
    return found


def find_witnesses(
    graph: Graph,
    bounds: Bounds | None = None,
    *,
    rounds: int = 48,
    seed: int = 0,
    budget_s: float | None = None,
    steps: int | None = None,
) -> Witnesses:
    """Search an input for every cast that may overflow.

    Parameters
    ----------
    graph
        The network.
    bounds
        Its bounds; inputs are searched within ``bounds.inputs``. Default: those of the declared formats.
    rounds
        Times that the inputs at hand are moved, per layer and slot, at most: large layers get fewer.
    seed
        Of the search; the same arguments give the same witnesses if ``budget_s`` is not used up.
    budget_s
        Seconds after which no further round begins; None: only ``rounds`` count.
    steps
        In how many steps of a recurrent layer, the first ones, casts are searched; None: in all. Those of others stay
        open.

    Returns
    -------
    The witnesses, each verified with the emulator, and the verdicts left open.
    """
    graph = graph.lowered
    limits = graph_bounds(graph) if bounds is None else bounds
    rng = np.random.default_rng(seed)
    deadline = None if budget_s is None else time.monotonic() + budget_s
    found: dict[MayOverflow, Witness] = {}
    asked = may_overflow(limits)
    for op in graph.ops:
        if steps is not None and step_of(op.name) >= steps:
            continue
        for slot in ("accum", "result"):
            neurons = [v.neuron for v in asked if (v.layer, v.slot) == (op.name, slot)]
            if slot == "result" and neurons and not has_margins(limits.ops[op.name]):
                continue
            # Margins are those of sums that grow term by term.
            if neurons and not (slot == "accum" and isinstance(op, Dot) and op.in_turns):
                search = _Search(graph, limits, op, slot, neurons, rng)
                for witness in search.run(rounds, deadline):
                    found[MayOverflow(witness.layer, witness.slot, witness.neuron)] = witness
    witnessed = as_reported([found[v] for v in asked if v in found], graph)
    return Witnesses(witnessed, as_reported([v for v in asked if v not in found], graph))


def _leading_to(graph: Graph, op: Op) -> tuple[Tensors, tuple[Op, ...]]:
    """The network's inputs on which an op depends, and the ops that lead from there to its inputs."""
    needed = set(op.inputs)
    ops: list[Op] = []
    for other in reversed(graph.ops):
        if other.output.name in needed:
            ops.insert(0, other)
            needed |= set(other.inputs)
    return tuple(tensor for tensor in graph.inputs if tensor.name in needed), tuple(ops)


class _Search:
    """The search for one slot of one op."""

    def __init__(
        self, graph: Graph, bounds: Bounds, op: Op, slot: str, neurons: list[int], rng: np.random.Generator
    ) -> None:
        self.graph, self.bounds, self.op, self.slot, self.rng = graph, bounds, op, slot, rng
        self.open = neurons
        self.tensors = graph.inputs_of(op)
        self.sources, self.ops = _leading_to(graph, op)
        self.chain = Chain(self.sources, self.ops)
        self.box = Box(one_after_another([bounds.inputs[tensor.name] for tensor in self.sources]))
        self.of = bounds.ops[op.name]
        self.type = op.types()[slot]
        self.work = sum(_multiplications(part) for part in (*self.ops, op))
        self.accum = accum_margins(op, self.tensors, self.of) if slot == "accum" else None
        self.result = None if self.accum else ResultMargins(op, self.tensors, self.of)
        # The best inputs of every open neuron: positions, margins, and what in the layer they are margins of.
        self.positions: dict[int, Any] = {}
        self.margins: dict[int, Any] = {}
        self.places: dict[int, Any] = {}

    def run(self, rounds: int, deadline: float | None) -> Iterator[Witness]:
        """Witnesses, as they are found."""
        count = int(np.clip(_FIRST_WORK // (self.work + 1), 64, 2048))
        start = first_positions(self.box, count, self.rng)
        yield from self.judge(start, {neuron: np.arange(count) for neuron in self.open})
        spent = 0
        for _ in range(rounds):
            spent += len(self.open) * self.work * _MOVES
            if not self.open or spent > _WORK or (deadline is not None and time.monotonic() > deadline):
                return
            yield from self.round()

    def round(self) -> Iterator[Witness]:
        """Move what every open neuron has, and as many new inputs, in batches."""
        neurons = list(self.open)
        size = max(1, int(_BATCH_WORK // (self.work * _MOVES + 1)))
        for begin in range(0, len(neurons), size):
            part = neurons[begin : begin + size]
            kept = np.stack([self.positions[n] for n in part])
            fresh = first_positions(self.box, max(2, len(part) * _KEPT), self.rng)[: len(part) * _KEPT]
            parents = np.concatenate([kept, fresh.reshape(kept.shape)], axis=1)
            drawn = moved(self.box, parents, self.slopes(part, parents.reshape(-1, self.box.size)), self.rng)
            count = drawn.shape[1]
            rows = {neuron: np.arange(i * count, (i + 1) * count) for i, neuron in enumerate(part)}
            yield from self.judge(drawn.reshape(-1, self.box.size), rows)

    def judge(self, positions: Any, events: dict[int, Any]) -> Iterator[Witness]:
        """Compute margins, keep the best inputs of each neuron, verify what overflows."""
        inputs = self.box.raw(positions)
        data = self._data(self.chain.run(inputs))
        by_neuron = None if self.result is None else self.result.of_all(data)
        winners: list[tuple[int, int, int]] = []
        for neuron, rows in events.items():
            margins = self._margins(data, rows, neuron, by_neuron)
            best = int(np.argmax(margins.score))
            if margins.margin[best] > 0:
                winners.append((neuron, int(rows[best]), int(margins.value[best])))
            self._keep(neuron, positions[rows], margins)
        if winners:
            yield from self._verified(winners, inputs, data)

    def _data(self, values: dict[str, Any]) -> Any:
        """The op's inputs, one after another: shape (events, numbers)."""
        parts = [values[tensor.name] for tensor in self.tensors]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _margins(self, data: Any, rows: Any, neuron: int, by_neuron: Any) -> Margins:
        if self.accum is not None:
            return self.accum.of_events(data[rows], neuron)
        found: Margins = by_neuron(neuron, rows)
        return found

    def _keep(self, neuron: int, positions: Any, margins: Margins) -> None:
        """The few inputs with the largest margins, old and new; no input twice."""
        score = margins.score
        sides = np.where(np.asarray(margins.value > 0, dtype=bool), 1, -1)
        places = np.stack([margins.place, sides], axis=1)
        if neuron in self.positions:
            positions = np.concatenate([self.positions[neuron], positions])
            score = np.concatenate([self.margins[neuron], score])
            places = np.concatenate([self.places[neuron], places])
        _, first = np.unique(score, return_index=True)
        best = first[::-1][:_KEPT]
        best = np.concatenate([best, np.repeat(best[:1], _KEPT - len(best))])
        self.positions[neuron], self.margins[neuron], self.places[neuron] = positions[best], score[best], places[best]

    # -- which way to go ---------------------------------------------------------------------------------------------

    def slopes(self, neurons: list[int], parents: Any) -> Any:
        """Slopes of what the neurons are to overflow with: shape (aims, len(parents), inputs)."""
        values = self.chain.run(self.box.raw(parents))
        drives = [self._drives(neuron) for neuron in neurons]
        found = []
        for aim in range(len(drives[0])):
            slope = np.concatenate([drive[aim] for drive in drives])
            slopes: dict[str, Any] = {}
            if self.accum is None:
                self._add_slopes(slopes, self.op, values, slope)
            else:
                _added(slopes, self.op, parted(slope, self.tensors))
            for op in reversed(self.ops):
                self._add_slopes(slopes, op, values, slopes[op.output.name])
            own = [slopes[tensor.name] for tensor in self.sources]
            found.append((own[0] if len(own) == 1 else np.concatenate(own, axis=1)) * self.box.spans)
        return np.stack(found)

    def _add_slopes(self, slopes: dict[str, Any], op: Op, values: dict[str, Any], slope: Any) -> None:
        """Add the slopes in an op's inputs that its output's slope makes."""
        given = tuple(values[name] for name in op.inputs)
        _added(slopes, op, backward(op, self.graph.inputs_of(op), given, slope))

    def _drives(self, neuron: int) -> list[Any]:
        """Aims of one neuron for each of its inputs, kept and new: slopes in the op's inputs (accum) or output."""
        if self.accum is None:
            up = self.of.rounded.high[neuron] > self.type.raw_max
            down = self.of.rounded.low[neuron] < lowest(self.type)
            one = np.zeros((2 * _KEPT, self.op.output.size))
            one[:, neuron] = 1.0
            return [one if up else -one, -one if down else one]
        high, low = self.accum.aims(neuron)
        places = self.places[neuron]
        somewhere = self.rng.integers(1, self.accum.count + 1, _KEPT), self.rng.choice([-1, 1], _KEPT)
        drive, all_places = self.accum.drive, [*places, *zip(*somewhere, strict=True)]
        own = [drive(neuron, int(place), int(side)) for place, side in all_places]
        aimed = [np.tile(drive(neuron, *aim), (2 * _KEPT, 1)) for aim in ((high, 1), (low, -1))]
        return [np.stack(own), *aimed]

    # -- proof -------------------------------------------------------------------------------------------------------

    def _verified(self, winners: list[tuple[int, int, int]], inputs: Any, data: Any) -> Iterator[Witness]:
        rows = [row for _, row, _ in winners]
        counted: dict[int, Any] = {}

        def tally(slot: str, index: int, cast: Cast) -> None:
            if slot == self.slot:
                counted[index] = counted.get(index, False) | outside_range(cast.rounded, cast.type)

        lanes = in_lane(self.op, self.tensors, parted(data[rows], self.tensors))
        vector.compute(self.op, self.tensors, lanes, tally)
        for place, (neuron, row, value) in enumerate(winners):
            if np.any(counted.get(neuron, False)) and counted[neuron][place]:
                self.open.remove(neuron)
                yield self._witness(neuron, inputs[row], value)

    def _witness(self, neuron: int, raw: Any, value: int) -> Witness:
        inputs = {}
        found = dict(zip((tensor.name for tensor in self.sources), parted(raw[None], self.sources), strict=True))
        for tensor in self.graph.inputs:
            limits = self.bounds.inputs[tensor.name]
            event = found.get(tensor.name)
            event = np.minimum(np.maximum(limits.low, 0), limits.high)[None] if event is None else event
            inputs[tensor.name] = FixedArray.from_raw(event, tensor.type)
        bits = int(Range.constant(np.array([value], dtype=object), 0).widths(self.type.signed)[0])
        return Witness(self.op.name, self.slot, neuron, inputs, value, self.type.fraction, bits, self.type)


def _added(slopes: dict[str, Any], op: Op, more: Sequence[Any]) -> None:
    """Slopes by tensor with those in an op's inputs, of which several may be the same tensor."""
    for name, slope in zip(op.inputs, more, strict=True):
        slopes[name] = slopes[name] + slope if name in slopes else slope


def _multiplications(op: Op) -> int:
    return op.weight.raw.size * op.positions if isinstance(op, Dot) else op.output.size
