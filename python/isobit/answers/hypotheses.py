"""Single changes that may explain answers from elsewhere: of the events' order, the inputs, or one format's cast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.errors import IsobitError
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op

__all__ = ["Change", "casts", "formats", "inputs", "sample", "shifts", "upstream"]

#: Most elements of all inputs whose pairs are swapped, and powers of two by which an input may be scaled.
_MOST_PAIRED = 64
_SCALES = (-3, -2, -1, 1, 2, 3)
#: Bits by which a format may be wider or narrower.
_BITS = (-1, 1, -2, 2, -3, 3, -4, 4)


@dataclass(frozen=True)
class Change:
    """A change of the network, or of its inputs.

    Attributes
    ----------
    kind, place, words
        As in :class:`~isobit.answers.report.Explained`.
    graph
        The changed network; None where the inputs change.
    values
        The changed inputs by name; None where the network changes.
    group
        Changes of a smaller group are simpler: all of one group are tried before an explanation is final.
    """

    kind: str
    place: str
    words: str
    graph: Graph | None = None
    values: Mapping[str, FixedArray] | None = None
    group: int = 0


def inputs(values: Mapping[str, FixedArray]) -> Iterator[Change]:
    """Two inputs swapped; one input, or all, times a power of two, which wraps as hardware does.

    Parameters
    ----------
    values
        Raw integers of every input by name, shape (events, size).
    """
    places = [(name, k) for name, array in values.items() for k in range(array.raw.shape[1])]
    if len(places) <= _MOST_PAIRED:
        for number, one in enumerate(places):
            for other in places[number + 1 :]:
                if values[one[0]].type == values[other[0]].type:
                    words = f"inputs {_word(one)} and {_word(other)} swapped"
                    yield Change("inputs", f"{_word(one)}, {_word(other)}", words, values=_swapped(values, one, other))
    for power in _SCALES:
        yield Change("scale", "", f"all inputs times {2.0**power:g}", values=_scaled(values, places, power))
        for one in places[: _MOST_PAIRED if len(places) > 1 else 0]:
            yield Change(
                "scale", _word(one), f"input {_word(one)} times {2.0**power:g}", values=_scaled(values, [one], power)
            )


def _word(place: tuple[str, int]) -> str:
    return f"{place[0]}[{place[1]}]"


def _swapped(values: Mapping[str, FixedArray], one: tuple[str, int], other: tuple[str, int]) -> dict[str, FixedArray]:
    raws = {name: values[name].raw.copy() for name in values}
    raws[one[0]][:, one[1]] = values[other[0]].raw[:, other[1]]
    raws[other[0]][:, other[1]] = values[one[0]].raw[:, one[1]]
    return {name: FixedArray.from_raw(raw, values[name].type) for name, raw in raws.items()}


def _scaled(values: Mapping[str, FixedArray], places: list[tuple[str, int]], power: int) -> dict[str, FixedArray]:
    found = {}
    for name, array in values.items():
        mine, kind = [k for other, k in places if other == name], array.type
        raw = array.raw.astype(object)
        moved = raw[:, mine] << power if power > 0 else raw[:, mine] >> -power
        size = 1 << kind.width
        raw[:, mine] = (moved - kind.raw_min) % size + kind.raw_min
        found[name] = FixedArray.from_raw(raw.astype(array.raw.dtype), kind)
    return found


def casts(graph: Graph, slots: list[str], lossy: set[str], overflowing: set[str]) -> Iterator[Change]:
    """One format with another rounding or overflow mode, or other bits.

    Parameters
    ----------
    graph
        The network.
    slots
        Formats that may be changed, by ``layer.slot``, in the order in which they are tried.
    lossy, overflowing
        Results of layers whose rounding drops bits, and slots that overflow, in the events: elsewhere other modes of a
        result change nothing. Formats of other slots may always.
    """
    types = graph.types()
    for key in slots:
        kind = types[key]
        result = key.endswith(".result")
        if not result or key in lossy:
            for rounding in Rounding:
                if rounding is not kind.rounding and not kind.is_int:
                    yield from _changed(graph, "rounding", key, replace(kind, rounding=rounding), 1)
        if not result or key in overflowing:
            for overflow in (Overflow.WRAP, Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO):
                if overflow is not kind.overflow and not kind.is_int:
                    yield from _changed(graph, "overflow", key, replace(kind, overflow=overflow), 1)
    for bits in _BITS:
        for key in slots:
            kind = types[key]
            if kind.width + bits < 1 or kind.is_int:
                continue
            wider = replace(kind, width=kind.width + bits, integer=kind.integer + bits)
            yield from _changed(graph, "integer", key, wider, 1 + abs(bits))
            yield from _changed(graph, "fraction", key, replace(kind, width=kind.width + bits), 1 + abs(bits))


def formats(kind: FixedType) -> Iterator[tuple[FixedType, int]]:
    """A format with another mode or other bits, and how far from it that is: 1 for a mode."""
    if kind.is_int:
        return
    for rounding in Rounding:
        if rounding is not kind.rounding:
            yield replace(kind, rounding=rounding), 1
    for overflow in (Overflow.WRAP, Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO):
        if overflow is not kind.overflow:
            yield replace(kind, overflow=overflow), 1
    for bits in _BITS:
        if kind.width + bits >= 1:
            yield replace(kind, width=kind.width + bits, integer=kind.integer + bits), 1 + abs(bits)
            yield replace(kind, width=kind.width + bits), 1 + abs(bits)


def _changed(graph: Graph, kind: str, key: str, new: FixedType, group: int) -> Iterator[Change]:
    try:
        changed = graph.with_types({key: new})
    except IsobitError:  # a layer ties this format to others
        return
    yield Change(kind, key, f"{key} is {new} instead of {graph.types()[key]}", graph=changed, group=group)


def upstream(graph: Graph, output: str) -> list[Op]:
    """Layers that an output depends on, the last first.

    Parameters
    ----------
    graph
        The network.
    output
        Name of the tensor.
    """
    wanted, found = {output}, []
    for op in reversed(graph.ops):
        if op.output.name in wanted:
            found.append(op)
            wanted |= set(op.inputs)
    return found


def shifts(events: int, most: int = 16) -> Iterator[int]:
    """Events by which answers may be late (positive) or early, the smallest first."""
    for shift in range(1, min(most, events - 1) + 1):
        yield shift
        yield -shift


def sample(differ: Any, most: int) -> Any:
    """Indices of events on which changes are tried: the first that differ, and as many that do not."""
    wrong, right = np.flatnonzero(differ), np.flatnonzero(~differ)
    return np.sort(np.concatenate([wrong[: most // 2], right[: most // 2]]))
