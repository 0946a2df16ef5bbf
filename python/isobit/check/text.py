"""The report as text: the result and its warnings first, then one table with a column for each road."""

from __future__ import annotations

from collections.abc import Sequence

from isobit.check.comparison import LayerComparison
from isobit.check.outcome import Outcome
from isobit.check.reason import reason_lines
from isobit.model.requested import summary as reuse_summary

__all__ = ["folded", "keras_label", "report_text", "road_table"]

#: Overflows of each kind that are named; JSON and page have all.
_OVERFLOWS = 6
#: Layers that differ and get a line each.
_DIFFERING = 12


def report_text(report: Outcome) -> str:
    """The whole report."""
    parts = [report.headline(), *(f"WARNING: {warning}" for warning in report.warnings), ""]
    parts += [aligned_table(*road_table(report)), ""]
    for cause in report.causes:
        parts.append(f"why {cause.layer} differs on {cause.road} (event {cause.event}, index {cause.index}):")
        parts += [f"  {line}" for line in cause.lines(report.base.name) or ["nothing is known"]]
    parts += report.profile.overflow_lines(_OVERFLOWS)
    parts += [
        f"constants that Keras clips as well: {c}" for c in report.profile.constants if set(c.kinds) == {"clipped"}
    ]
    parts += reuse_summary(report.reuse)
    parts += [str(use) for use in report.facts.tables]
    parts += [f"note: {note}" for note in report.notes]
    parts += report.provenance.lines()
    if report.keras:
        parts += _keras(report)
    if report.explanation is not None:
        parts += reason_lines(report.explanation)
    return "\n".join(parts)


def road_table(report: Outcome) -> tuple[list[str], list[list[str]]]:
    """Header and rows: one column for each road, layers without a difference in one row."""
    roads = report.roads
    every = (report.base, *roads)
    rows = [["events", *(f"{road.events:,}" for road in every)]]
    for name, road_cells in folded(report):
        rows.append([name, "base", *road_cells])
    rows.append(["events/s", *(f"{road.rate:,.0f}" for road in every)])
    return ["", *(road.name for road in every)], rows


def folded(report: Outcome) -> list[tuple[str, list[str]]]:
    """Rows of layers: name and a cell for each road; layers in a row that are equal on every road are one."""
    if not report.roads:
        return []
    rows: list[tuple[str, list[str]]] = []
    equal: list[str] = []
    shown = 0

    def close() -> None:
        if equal:
            rows.append((_names(equal), ["equal"] * len(report.roads)))
            equal.clear()

    for layers in zip(*(road.layers for road in report.roads), strict=True):
        if not any(layer.differ for layer in layers):
            equal.append(layers[0].layer)
            continue
        close()
        shown += 1
        if shown <= _DIFFERING:
            rows.append((layers[0].layer, [_cell(layer) for layer in layers]))
    close()
    if shown > _DIFFERING:
        rows.append((f"and {shown - _DIFFERING} more layers that differ", [""] * len(report.roads)))
    return rows


def _names(layers: Sequence[str]) -> str:
    if len(layers) < 3:
        return ", ".join(layers)
    return f"{layers[0]} ... {layers[-1]} ({len(layers)} layers)"


def _cell(layer: LayerComparison) -> str:
    if not layer.differ:
        return "equal"
    return f"{layer.differ:,} of {layer.values:,} differ, up to {layer.largest:,} LSB"


def keras_label(report: Outcome) -> str:
    """What causes the difference to Keras, in brackets: only what was shown."""
    layers = report.keras_layers
    if layers is None:
        return "layers not followed"
    if layers.reason:
        return f"cause not known: the layers could not be followed: {layers.reason}"
    events, worst = f"{layers.events:,} events followed layer by layer", layers.worst
    most = f", most arises in layer {worst.name}" if worst is not None and worst.own_rms else ""
    if (gap := layers.unexplained) is not None:
        return f"NOT explained by formats, first in layer {gap.name}{most}; {events}"
    if more := _more_than_rounding(report):
        return f"explained by formats, which do more than round: {more}{most}; {events}"
    return f"quantisation: rounding in the formats of each layer explains it{most}; {events}"


def _more_than_rounding(report: Outcome) -> str:
    """What formats do besides rounding, on these events: the first of each kind, by name."""
    found = [
        ("overflow of", [f"{count.layer}.{count.slot}" for count in report.profile.overflows]),
        ("changed constants of", [f"{c.layer}.{c.slot}" for c in report.profile.constants if not c.as_in_keras]),
        ("the table of", [warning.layer for warning in report.warnings if warning.kind == "table"]),
    ]
    return ", ".join(f"{what} {', '.join(names[:3])}{', ...' if names[3:] else ''}" for what, names in found if names)


def _keras(report: Outcome) -> list[str]:
    rows = []
    for d in report.keras:
        agreement = "" if d.agreement is None else f"same {d.decision} in {d.agree:,} of {d.events:,}"
        rows.append([d.output, f"{d.largest:.6g}", f"{d.rms:.6g}", f"{d.lsb:.6g}", f"{d.spread:.6g}", agreement])
    header = ["output", "largest |difference|", "rms", "LSB", "spread", "decision"]
    label = f"against the Keras model's float output ({keras_label(report)}):"
    return [label, aligned_table(header, rows)]


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first to the left, the others as wide as they must be."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join("  " + line for line in lines)
