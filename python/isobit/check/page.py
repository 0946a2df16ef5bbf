"""The page of a check: agreement layer by layer, why and where bits differ, ranges, Keras, origin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from isobit.check.comparison import LayerComparison, Road
from isobit.check.keras import KerasLayers
from isobit.check.outcome import Outcome
from isobit.check.text import keras_label
from isobit.explain.page import causes_section, remedy_section
from isobit.model.requested import summary as reuse_summary
from isobit.pages import Bar, Bars, Cell, Fragment, Lines, Page, Section, Strip, Strips, Table, Value
from isobit.profile.page import bits_by_neuron, count_table, layer_table, overflow_map, range_pictures

__all__ = ["page_of"]

#: Layers of a picture at most.
_ROWS = 100


def page_of(report: Outcome) -> Page:
    """The page."""
    state = "bad" if not (report.ok and report.roads) else "warn" if report.warnings else "good"
    profile = report.profile
    return Page(
        command="check",
        subject=report.name,
        verdict=report.headline(),
        state=state,
        facts=(
            ("events", f"{report.events:,}"),
            ("layers compared", f"{len(report.roads[0].layers) if report.roads else 0:,}"),
            ("roads that differ", f"{sum(road.differ > 0 for road in report.roads)} of {len(report.roads)}"),
            ("warnings", f"{len(report.warnings):,}"),
            ("formats that overflow", f"{len(profile.overflows):,}"),
        ),
        sections=(
            Section(_counted(report), _lines(map(str, report.warnings))),
            *_causes(report),
            Section("Agreement, layer by layer", (*_agreement(report), *_differing(report), *_roads(report))),
            Section("Against the Keras model's floats", _keras(report)),
            *_explained(report),
            Section("Where numbers leave their formats", (*overflow_map(profile), *count_table(profile))),
            Section("Numbers against the range of their formats", range_pictures(profile)),
            Section("Bits in use by neuron", bits_by_neuron(profile)),
            *(Section(title, _lines(lines)) for title, lines in _lists(report)),
            Section("Layers", layer_table(profile), folded=True),
            Section("hls4ml configuration", _config(report), folded=True),
        ),
        origin=tuple(_origin(report)),
    )


def _counted(report: Outcome) -> str:
    return "1 warning" if len(report.warnings) == 1 else f"{len(report.warnings)} warnings"


def _lines(lines: Iterable[str]) -> tuple[Lines, ...]:
    found = tuple(lines)
    return (Lines(found),) if found else ()


def _causes(report: Outcome) -> Iterator[Section]:
    for cause in report.causes:
        where = f"event {cause.event}, index {cause.index}"
        lines = (where, *cause.lines(report.base.name))
        yield Section(f"Why {cause.layer} differs on {cause.road}", (Lines(lines),))


def _explained(report: Outcome) -> Iterator[Section]:
    """Which formats make the difference to Keras, and what to paste."""
    if report.explanation is not None:
        why, what = causes_section(report.explanation), remedy_section(report.explanation)
        yield replace(why, title="Why the outputs differ from Keras'")
        yield replace(what, title="What mends it")


def _by_layer(report: Outcome) -> list[tuple[LayerComparison, ...]]:
    """The comparisons of each layer, one for each road."""
    return list(zip(*(road.layers for road in report.roads), strict=True)) if report.roads else []


def _agreement(report: Outcome) -> tuple[Strips, ...]:
    """Layers against roads: equal, or the share of the numbers that differ."""
    rows = []
    every = _by_layer(report)
    for layers in every[:_ROWS]:
        cells = []
        for road, layer in zip(report.roads, layers, strict=True):
            share = layer.differ / max(1, layer.values)
            tip = f"{layer.layer} on {road.name}: {_cell(layer)}"
            level = 0.45 + 0.5 * share**0.5 if layer.differ else 0.35
            text = f"{_percent(share)} differ" if layer.differ else "equal"
            cells.append(Cell("red" if layer.differ else "sky", tip, level=level, text=text, rank=layer.differ))
        rows.append(Strip(layers[0].layer, tuple(cells)))
    if not rows:
        return ()
    more = f" (the first {_ROWS} of {len(every)} layers)" if len(every) > _ROWS else ""
    title = f"{report.base.name} against every road: numbers of each layer{more}"
    return (Strips("agreement", title, tuple(rows), (), tuple(road.name for road in report.roads)),)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{share:.2g}"


def _cell(layer: LayerComparison) -> str:
    if not layer.differ or layer.first is None:
        return "equal"
    first = layer.first
    return (
        f"{layer.differ:,} of {layer.values:,} differ, up to {layer.largest:,} LSB; first event {first.event}, index "
        f"{first.index}: {first.expected} against {first.found} LSB ({first.expected * layer.lsb:.9g} against "
        f"{first.found * layer.lsb:.9g})"
    )


def _differing(report: Outcome) -> tuple[Table, ...]:
    """Every layer of every road that differs."""
    rows = []
    for road in report.roads:
        for layer in road.layers:
            if layer.differ and (first := layer.first) is not None:
                numbers = f"{first.expected * layer.lsb:.9g} against {first.found * layer.lsb:.9g}"
                raw = f"{first.expected} against {first.found}"
                counts = (layer.differ, layer.values, layer.largest, first.event, first.index)
                rows.append((road.name, layer.layer, Value(layer.type, code=True), *counts, raw, numbers))
    header = ("road", "layer", "format", "differ", "of", "largest, LSB", "first event", "index", "LSB", "numbers")
    caption = f"Layers that differ from {report.base.name}, and the first number that does"
    return (Table(caption, header, tuple(rows), ("bad",) * len(rows)),) if rows else ()


def _roads(report: Outcome) -> tuple[Table, ...]:
    rows = [_road(report, road) for road in (report.base, *report.roads)]
    marks = tuple("bad" if road.differ else "" for road in (report.base, *report.roads))
    return (Table("Roads", ("road", "events", "bits", "seconds", "events/s", "threads"), tuple(rows), marks),)


def _road(report: Outcome, road: Road) -> tuple[Any, ...]:
    bits = "base" if road is report.base else f"{road.events_differ:,} events differ" if road.differ else "equal"
    seconds = Value(f"{road.seconds:.3f}", road.seconds)
    return (road.name, road.events, bits, seconds, Value(f"{road.rate:,.0f}", road.rate), road.threads)


def _keras(report: Outcome) -> tuple[Any, ...]:
    if not report.keras:
        return ()
    rows = []
    for d in report.keras:
        agreement = "" if d.agreement is None else f"same {d.decision} in {d.agree:,} of {d.events:,} events"
        numbers = (d.largest, d.rms, d.lsb, d.spread)
        rows.append((d.output, *numbers, Value(f"{d.relative:.2%}", d.relative), agreement))
    header = ("output", "largest |difference|", "rms", "LSB", "spread of Keras' values", "rms / spread", "decision")
    table = Table("Outputs", header, tuple(rows))
    layers = report.keras_layers
    return (
        Lines((keras_label(report),)),
        table,
        *(_keras_layers(layers) if layers is not None and layers.gaps else ()),
    )


def _keras_layers(layers: KerasLayers) -> tuple[Any, ...]:
    gaps = layers.gaps[:_ROWS]
    bars = tuple(
        Bar(gap.name, (gap.own_rms / gap.spread, gap.rms / gap.spread) if gap.spread else (0.0, 0.0)) for gap in gaps
    )
    series = (("arises here", "orange"), ("so far", "blue"))
    title = "Difference to Keras by layer, in units of the spread of the layer's numbers"
    some = any(value for bar in bars for value in bar.values)
    chart = [Bars("keras", title, series, bars, "", "rms of the difference / spread", log=True)] if some else []
    rows, strips = [], []
    for gap in gaps:
        explained = f"all but {gap.unexplained:,} of {gap.values:,}" if gap.unexplained else "all"
        rows.append((gap.name, ", ".join(gap.layers), gap.own_rms, gap.rms, gap.spread, explained))
        unit = gap.spread or 1.0
        top = max([*gap.rms_by_neuron, 1e-30]) * 1.05
        cells = tuple(
            Cell("blue", f"neuron {k}: rms {rms:.4g}, {rms / unit:.2%} of the spread", rms / top, rank=rms)
            for k, rms in enumerate(gap.rms_by_neuron)
        )
        strips.append(Strip(gap.name, cells, f"up to {max([*gap.rms_by_neuron, 0.0]) / unit:.2%}"))
    header = ("Keras", "firmware", "rms that arises here", "rms so far", "spread", "explained by formats")
    marks = tuple("bad" if gap.unexplained else "" for gap in gaps)
    by_neuron = Strips("keras-neurons", "The difference so far by neuron, each layer on its own scale", tuple(strips))
    return (*chart, by_neuron, Table(f"Layers, {layers.events:,} events", header, tuple(rows), marks))


def _lists(report: Outcome) -> list[tuple[str, list[str]]]:
    """Everything that is a line of text each."""
    return [
        ("Constants that their format changed", [str(change) for change in report.profile.constants]),
        ("Lookup tables", [str(use) for use in report.facts.tables]),
        ("Reuse factors", reuse_summary(report.reuse)),
        ("Notes", list(report.notes)),
    ]


def _config(report: Outcome) -> tuple[Fragment, ...]:
    config = report.provenance.config
    return () if config is None else (Fragment("What the network was converted with", json.dumps(config, indent=1)),)


def _origin(report: Outcome) -> Iterator[tuple[str, str]]:
    """Time, versions, network, files, seed."""
    known = report.provenance
    yield "time", known.time
    digest = dict(report.profile.origin).get("network")
    yield from known.versions.items()
    if digest:
        yield "network", digest
    yield from known.network.items()
    yield from ((file.role, f"{file.name}, {file.bytes:,} bytes, sha256 {file.sha256}") for file in known.files)
    if known.seed is not None:
        yield "seed", str(known.seed)
