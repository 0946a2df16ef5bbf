"""Which arithmetic each layer runs on, by the model's plan, and the share of the machine's peak that this reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Assumed for every layer of a model without a plan.
DEFAULT = "int64"
#: By lane: the kind of arithmetic in peak.cpp, and its multiplications for one of the network's. An int16 product of
#: ``mulhi16`` takes the place of a pair; a product that ``floor32`` rounds down is one fused multiply-add.
COSTS = {
    "float32": ("float32", 1),
    "float64": ("float64", 1),
    "int32": ("int32", 1),
    "int64": ("int64", 1),
    "wide": ("int64", 1),
    "int16": ("int16", 2),
    "dot8": ("int8", 1),
    "dot16": ("int16", 1),
    "dot16-split": ("int16", 2),
    "floor32": ("float32", 1),
    "mulhi16": ("int16", 2),
}


def lanes_of(model: Any) -> dict[str, str]:
    """The lane of every layer by `model.plan()`; empty if models have no plan."""
    plan = getattr(model, "plan", None)
    return {} if plan is None else dict(plan().lanes)


def seconds_at_peak(products: Mapping[str, int], lanes: Mapping[str, str], peak: Mapping[str, float]) -> float:
    """Seconds that an event's multiplications take at the machine's peak, every layer on its lane.

    Raises
    ------
    KeyError
        For a lane whose limit is not known here; the message lists those that are.
    """
    seconds = 0.0
    for layer, count in products.items():
        lane = lanes.get(layer, DEFAULT).removeprefix("sequential ")
        if lane not in COSTS:
            raise KeyError(f"no peak is known for lane {lane!r} of layer {layer!r}; known: {', '.join(COSTS)}")
        kind, each = COSTS[lane]
        seconds += count * each / peak[kind]
    return seconds
