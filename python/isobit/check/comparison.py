"""Two roads' raw integers of one tensor: how many differ, where first, by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.bounds.constant_change import as_float
from isobit.fixed.array import FixedArray

__all__ = ["Difference", "LayerComparison", "Road", "aligned", "compare", "merge"]


@dataclass(frozen=True)
class Difference:
    """One value on which two roads disagree: raw integers, in LSBs."""

    event: int
    index: int
    expected: int
    found: int


@dataclass(frozen=True)
class LayerComparison:
    """One tensor of one road against the base road.

    Attributes
    ----------
    layer
        Layer name; inputs have their tensor's name.
    type
        Format; ``A against B`` where the two roads' formats differ (then LSBs are the finer one's).
    events, values
        How many were compared.
    differ
        Values that differ.
    largest
        Largest difference in LSBs.
    first
        The first difference: event, flat index in the layer, the base road's and this road's raw integer.
    lsb
        Value of an LSB, in units of one.
    """

    layer: str
    type: str
    events: int
    values: int
    differ: int
    largest: int
    first: Difference | None
    lsb: float = 1.0


@dataclass(frozen=True)
class Road:
    """One road's result.

    Attributes
    ----------
    name
        ``csim``, ``cpp-strict``, ``reference``, ...
    events
        Events compared (the reference takes a subset).
    seconds
        Time for them with every layer tapped, compilation excluded.
    threads
        Threads or worker processes used.
    layers
        Comparison by layer; empty for the base road.
    events_differ
        Events with a difference in any layer.
    """

    name: str
    events: int
    seconds: float
    threads: int
    layers: tuple[LayerComparison, ...]
    events_differ: int = 0

    @property
    def differ(self) -> int:
        """Values that differ, over all layers."""
        return sum(layer.differ for layer in self.layers)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds > 0 else float("inf")

    @property
    def first(self) -> LayerComparison | None:
        """The first layer, in the order of computation, that differs."""
        return next((layer for layer in self.layers if layer.differ), None)


def aligned(base: FixedArray, other: FixedArray) -> tuple[Any, Any]:
    """Raw integers of both; where the formats have different LSBs (other networks' roads), in units of the finer."""
    gap = base.type.fraction - other.type.fraction
    if gap == 0:
        return base.raw, other.raw
    return base.raw.astype(object) << max(0, -gap), other.raw.astype(object) << max(0, gap)


def compare(layer: str, base: FixedArray, other: FixedArray, offset: int) -> LayerComparison:
    """Compare raw integers of one tensor; ``offset`` is the number of the first event."""
    kind = str(base.type) if base.type == other.type else f"{base.type} against {other.type}"
    left, right = aligned(base, other)
    unequal = left != right
    differ = int(np.count_nonzero(unequal))
    largest, first = 0, None
    if differ:
        a, b = left[unequal], right[unequal]
        largest = max(abs(int(p) - int(q)) for p, q in zip(a, b, strict=True))
        event, index = (int(i) for i in np.argwhere(unequal)[0])
        first = Difference(event + offset, index, int(a[0]), int(b[0]))
    lsb = as_float(min(base.type.lsb, other.type.lsb))
    return LayerComparison(layer, kind, len(base), base.size, differ, largest, first, lsb)


def merge(parts: Sequence[LayerComparison]) -> LayerComparison:
    """Join the comparisons of one tensor over blocks of events."""
    return LayerComparison(
        parts[0].layer,
        parts[0].type,
        sum(p.events for p in parts),
        sum(p.values for p in parts),
        sum(p.differ for p in parts),
        max(p.largest for p in parts),
        next((p.first for p in parts if p.first is not None), None),
        parts[0].lsb,
    )
