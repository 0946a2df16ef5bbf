"""Compare every road's raw integers, layer by layer, with ``array_equal`` and never with a tolerance."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from isobit.analysis.profile import OverflowCount, Profile
from isobit.api import Model, columns_of, load
from isobit.check.budget import Budget
from isobit.check.comparison import LayerComparison, Road, aligned, compare, merge
from isobit.check.keras import FloatDifference, KerasOutputs
from isobit.check.report import Report
from isobit.engines.registry import resolve, thread_count
from isobit.errors import RangeError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.requested import reuse_factors
from isobit.simulation import CSim, csim

__all__ = ["BLOCK", "FloatDifference", "LayerComparison", "Report", "Road", "check"]

#: Events compared at a time; bounds the memory.
BLOCK = 32768

Progress = Callable[[str, int, int], None]


def check(
    model: Any,
    x: Any,
    against: Sequence[str | CSim] = ("csim", "cpp", "reference"),
    keras_model: Any = None,
    *,
    engine: str = "numba",
    reference_events: int = 1000,
    reference_seconds: float = 5.0,
    threads: int | None = None,
    optimisation: str = "3",
    progress: Progress | None = None,
) -> Report:
    """Compare a network's bits on several roads.

    Parameters
    ----------
    model
        A :class:`isobit.Model`, or what :func:`isobit.load` takes.
    x
        Events, as for :meth:`isobit.Model.predict`; real numbers reach the csim as doubles, so that its own types
        quantise them, too.
    against
        Roads to compare with ``engine``: ``csim``, ``cpp``, ``cpp-strict``, ``reference``, ``numba``, ``hls`` (what
        :func:`isobit.export_hls` writes, compiled), or a compiled :class:`isobit.CSim`.
    keras_model
        Also report the difference to this model's float output.
    engine
        The base road.
    reference_events
        How many events the (slow) reference takes at most, the first ones.
    reference_seconds
        The reference begins no event after this time, but takes 10 in any case; ``inf`` for no limit. The report says
        how many it took.
    threads
        Threads and worker processes; None takes every core.
    optimisation
        The csim's compiler optimisation; no bit depends on it.
    progress
        Called with (road, events done, events in all).

    Returns
    -------
    Report
        ``.ok``, ``.mismatches``, ``str()``, ``.to_json(path)``, ``.to_html(path)``.

    Raises
    ------
    UnsupportedError
        For an unknown road, more than one csim, or no road but the base itself: nothing would be compared.
    ShapeError
        For events of the wrong shape, or a :class:`isobit.CSim` of a network with other layers.
    """
    subject = load(model)
    base = resolve(engine)
    names = _roads(against, base)
    if reference_events < 1:
        raise RangeError(f"reference_events must be at least 1, got {reference_events}")
    budget = Budget(reference_seconds)
    inputs, _ = subject.quantise(x)
    events = len(next(iter(inputs.values())))
    if events == 0:
        raise ShapeError("there is no event to check")
    workers = thread_count(threads)
    report = progress or (lambda road, done, total: None)

    programs: dict[str, CSim] = {}
    for road in against:
        if isinstance(road, CSim):
            _same_layers(subject, road.model)
            programs["csim"] = road
        elif road == "csim" and "csim" not in programs:
            report("csim: compiling", 0, 1)
            programs["csim"] = csim(subject, optimisation=optimisation)

    floats = _floats(subject, x)
    columns: dict[str, Any] = dict(inputs) if floats is None else floats
    keras = KerasOutputs(subject.graph, keras_model) if keras_model is not None else None

    def run(road: str, part: slice) -> dict[str, FixedArray]:
        if road != "csim":
            return subject.run({name: array[part] for name, array in inputs.items()}, road, workers)
        if floats is None:
            given: Any = {name: array[part] for name, array in inputs.items()}
        else:
            given = {name: column[part] for name, column in floats.items()}
        taps, outputs = programs["csim"].run(given, raw=floats is None, trace=True, threads=workers)
        return _with_outputs(taps, outputs)

    compared = [(tensor.name, tensor.name) for tensor in subject.graph.inputs]
    compared += [(op.name, op.output.name) for op in subject.graph.ops if op.tag != "reshape"]
    limits = {road: min(events, reference_events) if road == "reference" else events for road in (base, *names)}
    seconds = dict.fromkeys((base, *names), 0.0)
    unequal_events = dict.fromkeys(names, 0)
    parts: dict[str, dict[str, list[LayerComparison]]] = {road: {layer: [] for layer, _ in compared} for road in names}

    def moved(road: str, done: int) -> None:
        report(road, done, limits[road])

    for road in (base, *names):  # compile and load what is compiled and loaded at first use
        run(road, slice(0, 1))
    for start in range(0, events, BLOCK):
        expected: dict[str, FixedArray] = {}
        for road in (base, *names):
            stop = min(start + BLOCK, limits[road])
            if stop <= start:
                continue
            begin = time.perf_counter()
            if road == "reference" != base:
                values, end = budget.run(partial(run, road), start, stop, partial(moved, road))
                limits[road], stop = (limits[road], stop) if end == stop else (end, end)
            else:
                values = run(road, slice(start, stop))
            seconds[road] += time.perf_counter() - begin
            moved(road, stop)
            if stop == start:
                continue
            if road == base:
                expected = values
                if keras is not None:
                    keras.update({name: column[start:stop] for name, column in columns.items()}, values)
                continue
            unequal = np.zeros(stop - start, dtype=bool)
            for layer, tensor in compared:
                part = expected[tensor][: stop - start]
                parts[road][layer].append(compare(layer, part, values[tensor], start))
                unequal |= np.not_equal(*aligned(part, values[tensor])).any(axis=1)
            unequal_events[road] += int(np.count_nonzero(unequal))

    roads = tuple(
        Road(
            name,
            limits[name],
            seconds[name],
            _threads(name, workers),
            tuple(merge(parts[name][layer]) for layer, _ in compared),
            unequal_events[name],
        )
        for name in names
    )
    profile = subject.profile(x, threads)
    return Report(
        subject.graph.name,
        events,
        Road(base, events, seconds[base], _threads(base, workers), ()),
        roads,
        _with_inputs(profile, subject, x),
        keras.result() if keras is not None else (),
        notes=budget.notes(min(events, reference_events)) if "reference" in names else (),
        reuse=reuse_factors(subject.graph),
    )


def _roads(against: Sequence[str | CSim], base: str) -> list[str]:
    if isinstance(against, str):
        raise TypeMismatchError(f"against must be a list of roads such as ['csim', 'reference'], got {against!r}")
    names: list[str] = []
    for road in against:
        name = "csim" if isinstance(road, CSim) or road == "csim" else resolve(road)
        if name == "csim" and name in names:
            raise UnsupportedError("against names more than one csim; compare one at a time")
        if name not in (base, *names):
            names.append(name)
    if not names:
        raise UnsupportedError(f"nothing to compare {base!r} with: against is {list(against)!r}; name another road")
    return names


def _same_layers(model: Model, other: Model) -> None:
    """Check that a csim of another model has the same layers to compare (their formats may differ)."""

    def shapes(graph: Graph) -> list[tuple[str, tuple[int, ...]]]:
        return [(tensor.name, tensor.shape) for tensor in graph.tensors.values()]

    if shapes(model.graph) != shapes(other.graph):
        raise ShapeError(
            f"the csim is of a network with other layers: {shapes(other.graph)}, expected {shapes(model.graph)}"
        )


def _threads(road: str, workers: int) -> int:
    return 1 if road == "reference" else workers


def _floats(model: Model, x: Any) -> dict[str, Any] | None:
    """The events as float64 columns, or None if they are fixed-point or integers already."""
    columns, _, raw = columns_of(model.graph.inputs, x)
    return None if raw else columns


def _with_outputs(taps: dict[str, FixedArray], outputs: dict[str, FixedArray]) -> dict[str, FixedArray]:
    """The tapped tensors; an output that was tapped as a layer, too, must say the same."""
    for name, array in outputs.items():
        if name in taps and not np.array_equal(taps[name].raw, array.raw):
            return {**taps, name: array}
    return {**outputs, **taps}


def _with_inputs(profile: Profile, model: Model, x: Any) -> Profile:
    """Add the inputs that do not fit their own format."""
    floats = _floats(model, x)
    if floats is None:
        return profile
    counts = []
    for tensor in model.graph.inputs:
        low, high = float(tensor.type.min), float(tensor.type.max + tensor.type.lsb)
        column = floats[tensor.name]
        outside = np.count_nonzero((column < low) | (column >= high), axis=0)
        if outside.any():
            counts.append(OverflowCount(tensor.name, "result", tensor.type, outside, outside))
    return replace(profile, overflows=(*counts, *profile.overflows))
