"""Which arithmetic each layer runs on, by the model's plan, and the share of the machine's peak that this reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Assumed for a layer when the model has no plan: events of 64-bit integers.
DEFAULT = "int64"
#: Kind of arithmetic of peak.cpp by how a lane's name begins; BLAS is called in float64 unless its name says else.
KINDS = {
    "float32": "float32",
    "sgemm": "float32",
    "blas32": "float32",
    "float64": "float64",
    "dgemm": "float64",
    "blas": "float64",
    "int8": "int8",
    "int16": "int16",
    "vnni": "int16",
    "dot": "int16",
    "int32": "int32",
    "int64": "int64",
    "strict": "int64",
}


def lanes_of(model: Any) -> dict[str, str]:
    """The lane of every layer by `model.plan()`; empty if the model has no plan."""
    plan = getattr(model, "plan", None)
    if plan is None:
        return {}
    found = plan()
    lanes = getattr(found, "lanes", None)
    if isinstance(lanes, Mapping):
        return {name: _name(lane) for name, lane in lanes.items()}
    entries = found if lanes is None else lanes
    return {getattr(entry, "layer", None) or entry.name: _name(entry.lane) for entry in entries}


def _name(lane: Any) -> str:
    return str(getattr(lane, "value", None) or getattr(lane, "name", None) or lane).lower()


def kind(lane: str) -> str:
    """Kind of arithmetic of a lane, as peak.cpp names it.

    Raises
    ------
    KeyError
        For a lane that has no limit here; the message lists the prefixes that are known.
    """
    for prefix in sorted(KINDS, key=len, reverse=True):
        if lane.replace("-", "").replace("_", "").startswith(prefix):
            return KINDS[prefix]
    raise KeyError(f"no peak is known for lane {lane!r}; known beginnings: {', '.join(KINDS)}")


def seconds_at_peak(products: Mapping[str, int], lanes: Mapping[str, str], peak: Mapping[str, float]) -> float:
    """Seconds that an event's multiplications take at the machine's peak, every layer on its lane."""
    return sum(count / peak[kind(lanes.get(layer, DEFAULT))] for layer, count in products.items())
