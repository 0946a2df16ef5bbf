"""How much a random network tells: how many of its numbers differ from event to event, and which modes matter.

A draw that tells too little is no test: wrong bits show nowhere if numbers saturate or are the same for all events.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from isobit.errors import IsobitError
from isobit.fixed import Overflow, Rounding

__all__ = ["Rejected", "demand_telling", "distinct_events", "modes_that_matter"]

#: Least share of events that the outputs tell apart.
LEAST = 0.5
#: A mode that has mattered in so many formats need not be shown again.
ENOUGH = 3
CHOICES: dict[str, list[Any]] = {"rounding": list(Rounding), "overflow": list(Overflow)}


class Rejected(Exception):
    """A draw that cannot serve: the reason, and its ``kind``, by which reasons are counted."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def demand_telling(subject: Any, data: list[Any]) -> None:
    """Reject a network whose outputs tell too few of these events apart; nothing is compiled for it.

    Raises
    ------
    Rejected
        If fewer than half of the events have outputs of their own, or one output is the same for all events.
    """
    outputs = _outputs(subject, data)
    share = _share(outputs)
    if share < LEAST:
        raise Rejected("few distinct events", f"only {share:.1%} of the events differ in the outputs")
    for number, raw in enumerate(outputs, 1):
        if (raw == raw[0]).all():
            raise Rejected("a constant output", f"output {number} of {len(outputs)} is the same for all events")


def distinct_events(subject: Any, data: list[Any]) -> tuple[float, float]:
    """Shares of distinct events: by all outputs, and by the numbers of a traced layer, the mean over layers."""
    x = data if len(data) > 1 else data[0]
    layers = [_share([one.raw]) for one in subject.trace(x, threads=1).values()]
    return _share(_outputs(subject, data)), float(np.mean(layers))


def _outputs(subject: Any, data: list[Any]) -> list[Any]:
    """Raw integers of every output."""
    outputs = subject.predict_raw(data if len(data) > 1 else data[0], threads=1)
    return [one.raw for one in (outputs if isinstance(outputs, list) else [outputs])]


def _share(arrays: list[Any]) -> float:
    rows = np.hstack([array.reshape(len(array), -1) for array in arrays])  # Python integers beyond int64
    return len({*map(tuple, rows.tolist())}) / len(rows)


def modes_that_matter(subject: Any, data: list[Any], known: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """Modes by name: in how many formats they were drawn, and in how many any bit depends on the mode."""
    drawn: Counter[str] = Counter()
    matter: Counter[str] = Counter()
    x = data if len(data) > 1 else data[0]
    baseline = subject.trace(x, threads=1)
    inputs = {tensor.name for tensor in subject.graph.inputs}
    for slot, kind in subject.types.items():
        if kind.is_int or slot.split(".")[0] in inputs:
            continue
        for field, choices in CHOICES.items():
            mode = getattr(kind, field)
            drawn[mode.name] += 1
            if known[mode.name] + matter[mode.name] >= ENOUGH:
                continue
            others = [other for other in choices if other != mode]
            if any(_changed(subject, x, baseline, slot, {field: other}) for other in others):
                matter[mode.name] += 1
    return drawn, matter


def _changed(subject: Any, x: Any, baseline: Any, slot: str, change: dict[str, Any]) -> bool:
    """Whether any layer's bits change with a changed format; where it is tied or does not exist, they do not."""
    try:
        values = subject.with_types({slot: replace(subject.types[slot], **change)}).trace(x, threads=1)
    except IsobitError:
        return False
    return any(not np.array_equal(values[name].raw, one.raw) for name, one in baseline.items())
