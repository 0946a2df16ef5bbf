"""The report as one self-contained page: result, warnings, one table of layers with pictures of their neurons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape

from isobit.check.comparison import LayerComparison
from isobit.check.figures import COLOURS, layer_chart, neuron_bits, neuron_gaps
from isobit.check.keras import KerasLayers
from isobit.check.outcome import Outcome
from isobit.check.text import keras_label
from isobit.model.requested import summary as reuse_summary
from isobit.profile.counts import Profile

__all__ = ["report_page"]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:88em;margin:2em auto;padding:0 1.2em;color:#1f2328}
h1{font-size:1.3em;overflow-wrap:anywhere}h2{font-size:1.1em;margin:2em 0 .5em}
.ok{color:#1a7f37}.different{color:#cf222e}
.warnings{background:#fff8c5;border-left:4px solid #d4a72c;padding:.6em 1.2em;margin:1em 0}
.warnings li{margin:.3em 0;overflow-wrap:anywhere}
table{border-collapse:collapse}th{white-space:nowrap}
td,th{padding:.3em .8em;border-bottom:1px solid #d0d7de;text-align:left;vertical-align:top;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
tr.bad>td{background:#ffebe9}
pre,code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:#f6f8fa;padding:1em;white-space:pre-wrap}td code{overflow-wrap:break-word}
svg{display:block;max-width:100%}
.key span{margin-right:1.4em;white-space:nowrap}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.4em}
"""


def report_page(report: Outcome) -> str:
    """The page's HTML."""
    parts = [
        f"<h1 class={'ok' if report.ok else 'different'}>{escape(report.headline())}</h1>",
        _warnings(report),
        _causes(report),
        _roads(report),
        _layers(report),
        _keras(report),
        _lists(report),
        _provenance(report),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>isobit check: {escape(report.name)}</title><style>{_STYLE}</style>{''.join(parts)}</html>\n"
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], classes: Sequence[str] = ()) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = []
    for number, row in enumerate(rows):
        mark = f" class={classes[number]}" if classes else ""
        body.append(f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>")
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def _items(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _warnings(report: Outcome) -> str:
    if not report.warnings:
        return ""
    count = len(report.warnings)
    head = "1 warning" if count == 1 else f"{count} warnings"
    return f"<div class=warnings><b>{head}</b>{_items(map(str, report.warnings))}</div>"


def _causes(report: Outcome) -> str:
    parts = []
    for cause in report.causes:
        parts.append(f"<h2>Why {escape(cause.layer)} differs on {escape(cause.road)}</h2>")
        where = f"event {cause.event}, index {cause.index}"
        parts.append(_items([where, *cause.lines(report.base.name)]))
    return "".join(parts)


def _roads(report: Outcome) -> str:
    rows = [
        [
            escape(road.name),
            f"{road.events:,}",
            "base" if road is report.base else f"{road.events_differ:,} events differ" if road.differ else "equal",
            f"{road.seconds:.3f}",
            f"{road.rate:,.0f}",
            str(road.threads),
        ]
        for road in (report.base, *report.roads)
    ]
    return "<h2>Roads</h2>" + _table(["road", "events", "bits", "seconds", "events/s", "threads"], rows)


def _cell(layer: LayerComparison) -> str:
    if not layer.differ or layer.first is None:
        return "equal"
    first = layer.first
    return escape(
        f"{layer.differ:,} of {layer.values:,} differ, up to {layer.largest:,} LSB; first event {first.event}, index "
        f"{first.index}: {first.expected} against {first.found} LSB ({first.expected * layer.lsb:.9g} against "
        f"{first.found * layer.lsb:.9g})"
    )


def _layers(report: Outcome) -> str:
    """One row for each layer: format, what each road gave, range, and the bits of every neuron."""
    if not report.roads:
        return ""
    rows, classes = [], []
    for layers in zip(*(road.layers for road in report.roads), strict=True):
        name = layers[0].layer
        rows.append([escape(name), _format(layers[0].type), *map(_cell, layers), *_seen(report.profile, name)])
        classes.append("bad" if any(layer.differ for layer in layers) else "good")
    header = ["layer", "format", *(road.name for road in report.roads), "range", "bits by neuron"]
    key = "".join(f"<span><i style='background:{colour}'></i>{escape(name)}</span>" for name, colour in COLOURS.items())
    return (
        f"<h2>Layers: {escape(report.base.name)} against every road, {report.events:,} events profiled</h2>"
        f"<p class=key>{key}</p>{_table(header, rows, classes)}"
    )


def _format(kind: str) -> str:
    """A format, which may break after a comma."""
    return f"<code>{escape(kind).replace(',', ',<wbr>')}</code>"


def _seen(profile: Profile, name: str) -> tuple[str, str]:
    """Range of a layer, and the picture of its neurons."""
    for layer in profile.layers:
        if layer.layer == name:
            lsb = float(layer.type.lsb)
            counts = [count for count in profile if count.layer == name]
            picture = neuron_bits(layer, counts)
            return f"{int(layer.low.min()) * lsb:g} to {int(layer.high.max()) * lsb:g}", picture
    return "", ""


def _keras(report: Outcome) -> str:
    if not report.keras:
        return ""
    label = keras_label(report)
    rows = []
    for d in report.keras:
        agreement = "" if d.agreement is None else f"same {d.decision} in {d.agree:,} of {d.events:,} events"
        numbers = [f"{number:.6g}" for number in (d.largest, d.rms, d.lsb, d.spread)]
        rows.append([escape(d.output), *numbers, f"{d.relative:.2%}", escape(agreement)])
    header = ["output", "largest |difference|", "rms", "LSB", "spread of Keras' values", "rms / spread", "decision"]
    parts = [f"<h2>Against the Keras model's floats</h2><p>{escape(label)}</p>", _table(header, rows)]
    if report.keras_layers is not None and report.keras_layers.gaps:
        parts.append(_keras_layers(report.keras_layers))
    return "".join(parts)


def _keras_layers(layers: KerasLayers) -> str:
    rows, classes = [], []
    for gap in layers.gaps:
        rows.append(
            [
                escape(gap.name),
                escape(", ".join(gap.layers)),
                f"{gap.own_rms:.4g}",
                f"{gap.rms:.4g}",
                f"{gap.spread:.4g}",
                f"all but {gap.unexplained:,} of {gap.values:,}" if gap.unexplained else "all",
                neuron_gaps(gap.rms_by_neuron, gap.spread, f"rms of {gap.tensor} by neuron"),
            ]
        )
        classes.append("bad" if gap.unexplained else "good-layer")
    header = ["Keras", "firmware", "rms that arises here", "rms so far", "spread", "explained by formats", "by neuron"]
    names = [gap.name for gap in layers.gaps]
    chart = layer_chart(
        names,
        [
            (
                "arises here / spread",
                "#f2a900",
                [gap.own_rms / gap.spread if gap.spread else 0.0 for gap in layers.gaps],
            ),
            ("so far / spread", "#4c78a8", [gap.rms / gap.spread if gap.spread else 0.0 for gap in layers.gaps]),
        ],
        "difference to Keras by layer, in units of the spread of the layer's values",
    )
    return f"<h2>The same layer by layer, {layers.events:,} events</h2>{chart}{_table(header, rows, classes)}"


def _lists(report: Outcome) -> str:
    """Everything that is a line of text each."""
    profile = report.profile
    sections = [
        ("Overflows and clips", profile.overflow_lines()),
        ("Constants that their format changed", [str(change) for change in profile.constants]),
        ("Lookup tables", [str(use) for use in report.facts.tables]),
        ("Rounding and bits", [str(layer) for layer in profile.layers]),
        ("Reuse factors", reuse_summary(report.reuse)),
        ("Notes", list(report.notes)),
    ]
    return "".join(f"<h2>{escape(title)}</h2>{_items(lines)}" for title, lines in sections if lines)


def _provenance(report: Outcome) -> str:
    """Versions, files, configuration, seed, time."""
    known = report.provenance
    rows = [["time", escape(known.time)]]
    rows += [[escape(name), escape(version)] for name, version in (*known.versions.items(), *known.network.items())]
    rows += [
        [escape(file.role), f"{escape(file.name)}, {file.bytes:,} bytes, sha256 <code>{file.sha256}</code>"]
        for file in known.files
    ]
    if known.seed is not None:
        rows.append(["seed", str(known.seed)])
    config = ""
    if known.config is not None:
        text = escape(json.dumps(known.config, indent=1))
        config = f"<details><summary>hls4ml configuration</summary><pre>{text}</pre></details>"
    return f"<h2>Made with</h2>{_table(['what', 'value'], rows)}{config}"
