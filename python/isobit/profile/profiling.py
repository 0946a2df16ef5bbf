"""Profiling: a graph run on events, every layer observed, every overflow counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from isobit.bounds.constants import constant_changes
from isobit.engines.cpp.observe import OBSERVER, ObservingEngine
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.primitives import Opaque, is_alias
from isobit.model.tensor import layer_of, reported
from isobit.plan.observed import Observed
from isobit.profile.counts import LayerProfile, OverflowCount, Profile
from isobit.profile.segments import fast_profile

__all__ = ["profile_graph"]


def profile_graph(
    graph: Graph, inputs: Mapping[str, Any], threads: int, engine: ObservingEngine = OBSERVER
) -> Profile | None:
    """Run a graph, observe every layer and count every overflow.

    Parameters
    ----------
    graph
        The network.
    inputs
        Every input by name, C-contiguous, shape (events, size): raw integers, or float32 or float64.
    threads
        Threads to use.
    engine
        The engine that observes.

    Returns
    -------
    None for floats that must be quantised first: not finite, beyond 2**50 LSB, or for formats that the kernels do not
    quantise.

    Notes
    -----
    Layers with tables, those beyond 61 bits, and others without a lane are profiled separately, with NumPy, which is
    slow beyond 63 bits.
    """
    events = len(next(iter(inputs.values())))
    uncounted = tuple(op.name for op in graph.lowered.ops if isinstance(op, Opaque))
    if not events:
        return Profile(0, (), (), constant_changes(graph), uncounted)
    found = fast_profile(graph, inputs, threads, engine)
    if found is None:
        return None
    lowered = graph.lowered
    ops = [op for op in lowered.ops if not is_alias(op, lowered.inputs_of(op))]
    made = {op.name for op in graph.ops if op.clips}
    overflows = _in_one(count for op in ops for count in _overflows(op, *found[op.name], op.name in made))
    layers = tuple(_layer(op, found[op.name][0]) for op in ops if layer_of(op.name) == op.name)
    return Profile(events, tuple(overflows), layers, constant_changes(graph), uncounted)


def _overflows(op: Op, seen: Observed, sums: Any, clips: bool) -> Iterator[OverflowCount]:
    found = {**seen.inner, "accum": sums, "result": np.stack([seen.outside, seen.outside])}
    for slot, kind in op.types().items():
        if slot in found:
            called = reported(op.name, slot, op.output)
            events, total = found[slot]
            yield OverflowCount(*called, kind, events, total, clips and slot == "result")


def _in_one(counts: Iterable[OverflowCount]) -> list[OverflowCount]:
    """Counts of a layer's steps as one, step after step; those of formats that were left."""
    found: dict[tuple[str, str], list[OverflowCount]] = {}
    for count in counts:
        found.setdefault((count.layer, count.slot), []).append(count)
    whole = [
        replace(
            parts[0],
            events=np.concatenate([part.events for part in parts]),
            total=np.concatenate([part.total for part in parts]),
        )
        for parts in found.values()
    ]
    return [count for count in whole if count.total.any()]


def _layer(op: Op, seen: Observed) -> LayerProfile:
    return LayerProfile(op.name, op.output.type, seen.low, seen.high, seen.held_low, seen.held_high, seen.lossy)
