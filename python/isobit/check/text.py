"""The report as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isobit.check.comparison import LayerComparison
from isobit.model.requested import summary as reuse_summary

if TYPE_CHECKING:
    from isobit.check.report import Report

__all__ = ["HEADER", "report_text", "row", "speeds"]

HEADER = ("layer", "type", "events", "values differ", "largest", "first difference")


def report_text(report: Report) -> str:
    """The whole report."""
    parts = [report.verdict(), ""]
    for road in report.roads:
        parts.append(f"{report.base.name} against {road.name}, {road.events:,} events, every layer:")
        parts.append(_table(HEADER, [row(layer) for layer in road.layers]))
        parts.append("")
    parts += [*_after_layers(report)]
    return "\n".join(parts)


def speeds(report: Report) -> str:
    """Everything after the layers' tables."""
    return "\n".join(_after_layers(report))


def _after_layers(report: Report) -> list[str]:
    rates = [
        [road.name, f"{road.events:,}", f"{road.seconds:.3f}", f"{road.rate:,.0f}", str(road.threads)]
        for road in (report.base, *report.roads)
    ]
    parts = [
        "throughput, every layer tapped:",
        _table(["road", "events", "seconds", "events/s", "threads"], rates),
        "",
    ]
    parts += [*reuse_summary(report.reuse), ""] if report.reuse else []
    parts.append(str(report.profile))
    if report.keras:
        rows = [[d.output, f"{d.largest:.6g}", f"{d.rms:.6g}", f"{d.lsb:.6g}"] for d in report.keras]
        parts += ["", "against the Keras model's float output (quantisation, not an error):"]
        parts.append(_table(["output", "largest |difference|", "rms", "LSB"], rows))
    parts += [f"note: {note}" for note in report.notes]
    return parts


def row(layer: LayerComparison) -> list[str]:
    """One layer's line."""
    first = layer.first
    where = "" if first is None else f"event {first.event}, index {first.index}: {first.expected} against {first.found}"
    largest = f"{layer.largest} LSB" if layer.differ else ""
    return [layer.layer, layer.type, f"{layer.events:,}", f"{layer.differ:,} of {layer.values:,}", largest, where]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join("  " + line for line in lines)
