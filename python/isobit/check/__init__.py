"""Compare every road's raw integers, layer by layer, with ``array_equal`` and never with a tolerance."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from numbers import Integral
from pathlib import Path
from typing import Any

from isobit.api import CSim, load
from isobit.check.blocks import Block, block_size, blocks_of
from isobit.check.budget import Budget
from isobit.check.comparison import LayerComparison, Road
from isobit.check.differences import Differences
from isobit.check.keras import FloatDifference
from isobit.check.provenance import provenance_of
from isobit.check.ranges import Overflows
from isobit.check.reason import EVENTS, is_telling, reason_of
from isobit.check.report import Report
from isobit.check.roads import Progress, Roads, road_names
from isobit.check.tally import Tally
from isobit.check.watching import Watch
from isobit.engines.registry import Values, resolve, thread_count
from isobit.errors import RangeError, ShapeError
from isobit.model.requested import reuse_factors
from isobit.streaming.inputs import Inputs

__all__ = ["FloatDifference", "LayerComparison", "Report", "Road", "check"]

#: Seconds that an explanation may take, about, which nobody asked for.
_EXPLAINED_S = 20.0


def check(
    model: Any,
    x: Any,
    against: Sequence[str | CSim] = ("csim", "cpp", "reference"),
    keras_model: Any = None,
    *,
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    dataset: str | Mapping[str, str] | None = None,
    tree: str | Mapping[str, str] | None = None,
    engine: str = "numba",
    reference_events: int = 1000,
    reference_seconds: float = 5.0,
    threads: int | None = None,
    optimisation: str = "3",
    progress: Progress | None = None,
    explain: bool | None = None,
) -> Report:
    """Compare a network's bits on several roads, block by block: memory does not grow with the number of events.

    Parameters
    ----------
    model
        A :class:`isobit.Model`, or what :func:`isobit.load` takes.
    x
        Events, as for :meth:`isobit.Model.predict`, or files of them, as for :func:`isobit.streaming.predict_file`; for
        several inputs also a dict of arrays or files by input name. Memory maps are read block by block. Real numbers
        reach the csim as doubles, so that its own types quantise them as well.
    against
        Roads to compare with ``engine``: ``csim``, ``cpp``, ``cpp-strict``, ``reference``, ``numba``, ``hls`` (what
        :func:`isobit.export_hls` writes, compiled), or a compiled :class:`isobit.CSim`.
    keras_model
        Also report the difference to this model's float output.
    columns, dataset, tree
        What to read of files; see :func:`isobit.streaming.predict_file`.
    engine
        The base road.
    reference_events
        The (slow) reference computes at most this many events, the first ones. As the base road it computes all.
    reference_seconds
        The reference begins no event after this time, but computes at least 10; ``inf`` for no limit. The report says
        how many it computed.
    threads
        Threads and worker processes; None takes every core.
    optimisation
        The csim's compiler optimisation; no bit depends on it.
    progress
        Called with (road, events done, events in all).
    explain
        Whether to say which formats make the outputs differ from ``keras_model``'s, and what mends it, on the first
        1,000 events. None: if formats do more than round (something overflows, or a warning says so), and it is a
        matter of seconds.

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
    DataFileError
        For files that cannot be read.
    """
    subject = load(model)
    base = resolve(engine)
    names = road_names(against, base)
    if not isinstance(reference_events, Integral) or isinstance(reference_events, bool) or reference_events < 1:
        raise RangeError(f"reference_events must be a whole number of at least 1, got {reference_events!r}")
    budget = Budget(reference_seconds)
    workers = thread_count(threads)
    report = progress or (lambda road, done, total: None)
    provenance = provenance_of(subject, names, keras_model)
    if isinstance(model, (str, os.PathLike)):
        provenance = provenance.with_files(model=Path(model))
    with contextlib.closing(Inputs(subject.graph.inputs, x, columns, dataset, tree)) as source:
        events = source.events
        if events == 0:
            raise ShapeError("there is no event to check")
        roads = Roads(subject, against, workers, optimisation, report)
        limits = dict.fromkeys((base, *names), events)
        if base != "reference" and "reference" in names:
            limits["reference"] = min(events, reference_events)
        tallies = [
            Tally(road, subject.graph, limit, budget if road == "reference" != base else None)
            for road, limit in limits.items()
        ]
        overflows = Overflows(subject, workers)
        first_events = source.read(0, min(events, EVENTS)) if keras_model is not None and explain is not False else ()
        watch, differences = Watch(subject.graph, keras_model), Differences(subject.graph, roads.others)
        with contextlib.closing(blocks_of(subject.graph, source, block_size(subject.graph))) as blocks:
            for block in blocks:
                values = _compare(block, roads, tallies, differences, report)
                overflows.update(block)
                watch.update(block.columns, values)
    first, *others = (tally.result(roads.threads(tally.name)) for tally in tallies)
    profile = overflows.result()
    result = Report(
        subject.graph.name,
        events,
        first,
        tuple(others),
        profile,
        watch.facts(),
        notes=budget.notes(limits["reference"]) if "reference" in names else (),
        reuse=reuse_factors(subject.graph),
        causes=differences.causes(others, profile),
        provenance=provenance.with_files(data=source.paths),
        configuration=subject.remarks,
    )
    if first_events and (explain or is_telling(profile, result.warnings)):
        found, why = reason_of(subject, list(first_events), keras_model, inf if explain else _EXPLAINED_S)
        result = replace(result, explanation=found).with_notes([why] if why else [])
    return result


def _compare(
    block: Block, roads: Roads, tallies: Sequence[Tally], differences: Differences, progress: Progress
) -> Values:
    """Run a block on every road that still takes events and compare with the first road; returns its tensors."""
    if block.start == 0:
        for tally in tallies:  # compile and load what is compiled and loaded at first use
            roads.run(tally.name, block.part(0, 1))
    expected: Values = {}
    for number, tally in enumerate(tallies):
        values = tally.run(block, roads, progress)
        if number:
            tally.compare(block.start, expected, values, differences)
        else:
            expected = values
    return expected
