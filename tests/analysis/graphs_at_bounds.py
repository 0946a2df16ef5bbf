"""Inputs at the corners of what a network's input formats hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.model import Graph, Tensor


def reaching(tensor: Tensor, weights: Any) -> Any:
    """The input that makes the sum with these weights largest."""
    low, high = tensor.type.raw_min, tensor.type.raw_max
    return np.array([high if int(w) >= 0 else low for w in weights], dtype=object)


def corner_events(graph: Graph, rng: np.random.Generator, count: int) -> dict[str, Any]:
    """All inputs at a bound of their format; the first two events have all low, all high."""
    events = {}
    for tensor in graph.inputs:
        high = rng.integers(0, 2, (count, tensor.size)).astype(bool)
        high[0], high[1] = False, True
        ends = np.array([tensor.type.raw_min, tensor.type.raw_max], dtype=object)
        events[tensor.name] = ends[high.astype(int)]
    return events
