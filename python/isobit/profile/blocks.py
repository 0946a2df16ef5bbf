"""Profiles of some events and of others as the profile of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from isobit.model.graph import Graph
from isobit.model.tensor import reported
from isobit.profile.counts import LayerProfile, OverflowCount, Profile

__all__ = ["joined"]


def joined(graph: Graph, parts: Sequence[Profile]) -> Profile:
    """The profile of all events, from profiles of some each.

    Parameters
    ----------
    graph
        The network that they are of.
    parts
        Of one at least.
    """
    slots = [reported(op.name, slot, op.output) for op in graph.lowered.ops for slot in op.types()]
    order = {key: place for place, key in enumerate(slots)}
    counts: dict[tuple[str, str], OverflowCount] = {}
    for count in (count for part in parts for count in part):
        key = count.layer, count.slot
        known = counts.get(key)
        counts[key] = count if known is None else _added(known, count)
    layers = [part.layers for part in parts if part.layers]
    return replace(
        parts[0],
        events=sum(part.events for part in parts),
        counts=tuple(counts[key] for key in sorted(counts, key=order.__getitem__)),
        layers=tuple(_layer(found) for found in zip(*layers, strict=True)),
    )


def _added(one: OverflowCount, other: OverflowCount) -> OverflowCount:
    return replace(one, events=one.events + other.events, total=one.total + other.total)


def _layer(found: Sequence[LayerProfile]) -> LayerProfile:
    return replace(
        found[0],
        low=np.minimum.reduce([layer.low for layer in found]),
        high=np.maximum.reduce([layer.high for layer in found]),
        held_low=np.minimum.reduce([layer.held_low for layer in found]),
        held_high=np.maximum.reduce([layer.held_high for layer in found]),
        lossy=np.add.reduce([layer.lossy for layer in found]),
    )
