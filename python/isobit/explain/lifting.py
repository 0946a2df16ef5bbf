"""Quantisers of a network, and the network with some of them made exact."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from isobit.bounds.intervals import measured
from isobit.errors import FormatError, UnsupportedError
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.weights import Encoding, Weight
from isobit.network import Network

__all__ = ["CAUSES", "Lifter", "Quantiser"]

#: What a format does to a number: rounding (bits below the LSB), range (wrapping or saturating beyond the ends), and
#: of a table, resolution (one entry for an interval).
CAUSES = ("rounding", "range", "resolution")

#: Fraction bits that make a rounding exact for the purpose: its error shrinks by 256, and lanes of 64 bits still hold.
FINER = 8
#: Factor of a table's entries that makes it fine.
FINER_TABLE = 16
#: Entries that a table is given at most; larger ones take longer to fill than they tell.
_MOST_ENTRIES = 1 << 16
#: Integer bits beyond those that are needed, where nothing is known of what is needed.
_ROOM = 8


@dataclass(frozen=True, order=True)
class Quantiser:
    """One cause at one slot.

    Attributes
    ----------
    layer, slot
        Where.
    cause
        One of :data:`CAUSES`.
    """

    layer: str
    slot: str
    cause: str

    @property
    def key(self) -> str:
        """``layer.slot``."""
        return f"{self.layer}.{self.slot}"

    def __str__(self) -> str:
        return f"{self.key} ({self.cause})"


class Lifter:
    """Networks with some quantisers exact.

    Parameters
    ----------
    network
        The network.
    inputs
        Quantised events by input, which bound what formats have to hold.
    """

    def __init__(self, network: Network, inputs: Mapping[str, Any]) -> None:
        # Numbers that the input's format rounds into its range would leave it with more fraction bits.
        inputs_ = tuple(replace(tensor, limits=None) for tensor in network.graph.inputs)
        self.graph = replace(network.graph, inputs=inputs_)
        self._inputs = inputs
        #: Fraction bits more that make a rounding as exact as it should be, where these are not :data:`FINER`.
        self.finer: dict[Quantiser, int] = {}

    @cached_property
    def needed(self) -> dict[str, int]:
        """Integer bits beyond its own that each slot needs for these events, where its range may be left."""
        from isobit.plan.plan import make_plan

        found: dict[str, int] = {}
        graph = self.graph
        for _ in range(3):  # what is no longer cut off further up may need more further down
            plan = make_plan(graph, inputs=measured(graph, self._inputs))
            more: dict[str, int] = {}
            for one in plan.verdicts:
                key = f"{one.layer}.{one.slot.partition('/')[0]}"  # numbers inside a layer have the format of a slot
                if not one.safe and not one.clips and self.group(key)[0] in self._own:
                    more[key] = max(more.get(key, 1), max(one.bits) - one.type.width + 1)
            if not more:
                break
            found = {key: found.get(key, 0) + more.get(key, 0) for key in found.keys() | more.keys()}
            room = {key: max(found.get(one, 0) for one in self.group(key)) for key in self._own}
            wider = {key: _with_integer(self._own[key], bits) for key, bits in room.items() if bits}
            graph = self.graph.with_types(self._grouped(wider))
        return found

    @cached_property
    def _own(self) -> dict[str, FixedType]:
        """Formats that can be changed by themselves."""
        followers = {f"{op.name}.result" for op in self.graph.ops if op.follows or op.output.xnor}
        fixed = {
            f"{op.name}.{weight.name}"
            for op in self.graph.ops
            for weight in _weights(op)
            if weight.encoding in (Encoding.XNOR, Encoding.EXPONENT)
        }
        bits = {f"{tensor.name}.result" for tensor in self.graph.inputs if tensor.xnor}
        tied = {key for key, group in self.graph.tied.items() if key != group[0]}
        out = followers | fixed | bits | tied
        free = {key: kind for key, kind in self.graph.types().items() if key not in out and not kind.is_int}
        return {key: kind for key, kind in free.items() if self._changes(key, _with_integer(kind, 1))}

    def _changes(self, key: str, kind: FixedType) -> bool:
        """Whether a format can be changed without others that a layer ties to it."""
        try:
            self.graph.with_types(dict.fromkeys(self.group(key), kind))
        except (FormatError, UnsupportedError):
            return False
        return True

    def group(self, key: str) -> tuple[str, ...]:
        """The format, and those that must be the same."""
        return self.graph.tied.get(key, (key,))

    @cached_property
    def _constants(self) -> dict[str, int]:
        """Integer bits that weights need beyond those that they have, by slot; those of the inputs as well."""
        found = {}
        for op in self.graph.ops:
            for weight in _weights(op):
                finite = weight.written[np.isfinite(weight.written)]
                if f"{op.name}.{weight.name}" in self._own and finite.size:
                    found[f"{op.name}.{weight.name}"] = _lacking(weight.type, float(finite.min()), float(finite.max()))
        return found

    def quantisers(self, ranges: Mapping[str, tuple[float, float]]) -> list[Quantiser]:
        """Every quantiser that may change a number, in the order of the layers.

        Parameters
        ----------
        ranges
            Smallest and largest number that each input is given.
        """
        self.inputs = {
            f"{tensor.name}.result": _lacking(tensor.type, *ranges[tensor.name])
            for tensor in self.graph.inputs
            if tensor.name in ranges and self.group(f"{tensor.name}.result")[0] in self._own
        }
        found: list[Quantiser] = []
        for key in self._own:
            layer, _, slot = key.rpartition(".")
            found.append(Quantiser(layer, slot, "rounding"))
            if self.room(key) > 0:
                found.append(Quantiser(layer, slot, "range"))
        for op in self.graph.ops:
            found += [Quantiser(op.name, slot, "resolution") for slot in op.resizable]
        return self._together(found)

    def _together(self, found: list[Quantiser]) -> list[Quantiser]:
        """Those that can be exact at once: some layers take no formats that differ, such as a maximum's inputs."""
        try:
            self.lifted_graph(found)
        except (FormatError, UnsupportedError):
            kept: list[Quantiser] = []
            for one in found:
                try:
                    self.lifted_graph([*kept, one])
                except (FormatError, UnsupportedError):
                    continue
                kept.append(one)
            return kept
        return found

    def room(self, key: str) -> int:
        """Integer bits that a slot needs beyond its own; 0 if its range holds everything."""
        needs = (self.needed, self._constants, self.inputs)
        return max(need.get(one, 0) for one in self.group(key) for need in needs)

    def lifted(self, quantisers: Collection[Quantiser], bits: Mapping[Quantiser, int] | None = None) -> Network:
        """The network with these quantisers exact, or with so many bits more.

        Parameters
        ----------
        quantisers
            Which.
        bits
            For some of them, integer or fraction bits (or the binary logarithm of a table's factor) instead of those
            that make them exact.
        """
        return Network(self.lifted_graph(quantisers, bits))

    def lifted_graph(self, quantisers: Collection[Quantiser], bits: Mapping[Quantiser, int] | None = None) -> Graph:
        """The same, as data."""
        graph, given = self.graph, bits or {}
        types: dict[str, FixedType] = {}
        for one in quantisers:
            if one.cause == "resolution":
                continue
            kind = types.get(one.key, self._own[one.key])
            if one.cause == "rounding":
                more = given.get(one, self.finer.get(one, FINER))
                types[one.key] = replace(kind, width=kind.width + more)
            else:
                types[one.key] = _with_integer(kind, given.get(one, self.room(one.key) or _ROOM))
        changed = graph.with_types(self._grouped(types))
        finer = {
            (one.layer, one.slot): 2 ** given[one] if one in given else FINER_TABLE
            for one in quantisers
            if one.cause == "resolution"
        }
        ops = tuple(_with_tables(new, old, finer) for new, old in zip(changed.ops, graph.ops, strict=True))
        return replace(changed, ops=ops)

    def _grouped(self, types: Mapping[str, FixedType]) -> dict[str, FixedType]:
        return {one: kind for key, kind in types.items() for one in self.group(key)}

    def fix(self, quantisers: Mapping[Quantiser, int]) -> tuple[dict[str, str], dict[str, int]]:
        """Formats, and entries of tables, that so many bits more give, by ``layer.slot``."""
        graph = self.lifted_graph(quantisers, quantisers)
        types = graph.types()
        keys = [key for one in quantisers if one.cause != "resolution" for key in self.group(one.key)]
        formats = {key: str(types[key]) for key in keys}
        entries = {
            one.key: graph.by_name[one.layer].resizable[one.slot][0] for one in quantisers if one.cause == "resolution"
        }
        return formats, entries


def _with_integer(kind: FixedType, more: int) -> FixedType:
    """More integer bits; the first one of a format that wraps and has no sign is a sign."""
    signed = kind.signed or (more > 0 and kind.overflow is Overflow.WRAP)
    return replace(kind, width=kind.width + more, integer=kind.integer + more, signed=signed)


def _lacking(kind: FixedType, low: float, high: float) -> int:
    """Integer bits that a format lacks for numbers from low to high; none for a sign that it lacks."""
    bits = 0
    while bits < 64:
        wide = _with_integer(kind, bits)
        least = wide.raw_min * wide.lsb if kind.overflow is not Overflow.SAT_SYM else -wide.raw_max * wide.lsb
        if (least <= low or not kind.signed) and high < (wide.raw_max + 1) * wide.lsb:
            break
        bits += 1
    return bits


def _weights(op: Op) -> Iterator[Weight]:
    yield from (value for value in vars(op).values() if isinstance(value, Weight))


def _with_tables(op: Op, old: Op, finer: Mapping[tuple[str, str], int]) -> Op:
    """The layer with tables at least as fine as before, and finer by some factors."""
    wanted = {}
    for slot, (entries, address) in op.resizable.items():
        before, most = old.resizable[slot][1], max(_MOST_ENTRIES, entries)
        count = entries * finer.get((op.name, slot), 1)
        if address is not None and before is not None:
            # Top bits address the table: where the format has more integer bits, each entry would span more.
            count, most = count * 2 ** max(0, address.integer - before.integer), min(most, 2**address.width)
        if (count := min(count, most)) != entries:
            wanted[slot] = count
    return op.with_entries(wanted) if wanted else op
