"""How much a random network tells: how many of its numbers differ from event to event, and which modes matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from isobit.errors import IsobitError
from isobit.fixed import Overflow, Rounding

__all__ = ["distinct_events", "modes_that_matter"]

#: A mode that has mattered in so many formats need not be shown again.
ENOUGH = 3
CHOICES: dict[str, list[Any]] = {"rounding": list(Rounding), "overflow": list(Overflow)}


def distinct_events(subject: Any, data: list[Any]) -> tuple[float, float]:
    """Shares of distinct events: by all outputs, and by the numbers of a traced layer, the mean over layers."""
    x = data if len(data) > 1 else data[0]
    outputs = subject.predict_raw(x, threads=1)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    layers = [_share([one.raw]) for one in subject.trace(x, threads=1).values()]
    return _share([one.raw for one in outputs]), float(np.mean(layers))


def _share(arrays: list[Any]) -> float:
    rows = np.hstack([array.reshape(len(array), -1) for array in arrays])
    return len(np.unique(rows, axis=0)) / len(rows)


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
