"""The verdict: which layers of which roads differ, where first, and by how much."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

import numpy as np

from isobit.analysis.profile import Profile
from isobit.files import atomic_path
from isobit.fixed.array import FixedArray
from isobit.model.requested import ReuseFactor
from isobit.model.requested import summary as reuse_summary

__all__ = ["FloatDifference", "LayerComparison", "Report", "Road"]


@dataclass(frozen=True)
class Difference:
    """One value on which two roads disagree: raw integers, in LSBs."""

    event: int
    index: int
    expected: int
    found: int


@dataclass(frozen=True)
class LayerComparison:
    """One tensor of one road against the base road.

    Attributes
    ----------
    layer
        Layer name; inputs have their tensor's name.
    type
        Format; ``A against B`` where the two roads' formats differ (then LSBs are the finer one's).
    events, values
        How many were compared.
    differ
        Values that differ.
    largest
        Largest difference in LSBs.
    first
        The first difference: event, flat index in the layer, the base road's and this road's raw integer.
    """

    layer: str
    type: str
    events: int
    values: int
    differ: int
    largest: int
    first: Difference | None


@dataclass(frozen=True)
class Road:
    """One road's result.

    Attributes
    ----------
    name
        ``csim``, ``cpp-strict``, ``reference``, ...
    events
        Events compared (the reference takes a subset).
    seconds
        Time for them with every layer tapped, compilation excluded.
    threads
        Threads or worker processes used.
    layers
        Comparison by layer; empty for the base road.
    events_differ
        Events with a difference in any layer.
    """

    name: str
    events: int
    seconds: float
    threads: int
    layers: tuple[LayerComparison, ...]
    events_differ: int = 0

    @property
    def differ(self) -> int:
        """Values that differ, over all layers."""
        return sum(layer.differ for layer in self.layers)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds > 0 else float("inf")

    @property
    def first(self) -> LayerComparison | None:
        """The first layer, in the order of computation, that differs."""
        return next((layer for layer in self.layers if layer.differ), None)


@dataclass(frozen=True)
class FloatDifference:
    """Firmware against the Keras model's float output; a difference, not a failure.

    Attributes
    ----------
    output
        Output name.
    largest, rms
        Largest and root-mean-square difference, in units of one.
    lsb
        LSB of the output's format, for comparison.
    """

    output: str
    largest: float
    rms: float
    lsb: float


@dataclass(frozen=True)
class Report:
    """What :func:`isobit.check` found.

    Attributes
    ----------
    model
        Project name.
    events
        Events given.
    base
        The road that the others are compared with.
    roads
        Every other road.
    profile
        Overflows and saturations.
    keras
        Difference to the Keras model's floats, if it was given.
    notes
        What the reader should know, such as a road that could not be compared.
    reuse
        Requested and effective reuse factors of the Dense layers.
    """

    model: str
    events: int
    base: Road
    roads: tuple[Road, ...]
    profile: Profile
    keras: tuple[FloatDifference, ...] = ()
    notes: tuple[str, ...] = ()
    reuse: tuple[ReuseFactor, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every compared bit is equal."""
        return all(road.differ == 0 for road in self.roads)

    @property
    def mismatches(self) -> list[tuple[str, LayerComparison]]:
        """Every (road, layer) that differs, in the order of roads and layers."""
        return [(road.name, layer) for road in self.roads for layer in road.layers if layer.differ]

    def with_notes(self, notes: Sequence[str]) -> Report:
        """Copy with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    # -- text ------------------------------------------------------------------------------------------------------

    def verdict(self) -> str:
        """One sentence."""
        if not self.roads:
            return f"NOT COMPARED: {self.model} was only run on {self.base.name}"
        if self.ok:
            equal = ", ".join(f"{road.events:,} events on {road.name}" for road in self.roads)
            return f"EQUAL: {self.model} gives the same bits in every layer: {self.base.name} against {equal}"
        road, layer = self.mismatches[0]
        assert layer.first is not None
        return (
            f"DIFFERENT: {self.model}: {self.base.name} and {road} differ first in layer {layer.layer} ({layer.type}), "
            f"event {layer.first.event}, index {layer.first.index}: "
            f"{layer.first.expected} against {layer.first.found} LSB"
        )

    def __str__(self) -> str:
        parts = [self.verdict(), ""]
        for road in self.roads:
            parts.append(f"{self.base.name} against {road.name}, {road.events:,} events, every layer:")
            parts.append(_table(_HEADER, [_row(layer) for layer in road.layers]))
            parts.append("")
        speeds = [
            [road.name, f"{road.events:,}", f"{road.seconds:.3f}", f"{road.rate:,.0f}", str(road.threads)]
            for road in (self.base, *self.roads)
        ]
        parts += [
            "throughput, every layer tapped:",
            _table(["road", "events", "seconds", "events/s", "threads"], speeds),
            "",
        ]
        parts += [*reuse_summary(self.reuse), ""] if self.reuse else []
        parts.append(str(self.profile))
        if self.keras:
            rows = [[d.output, f"{d.largest:.6g}", f"{d.rms:.6g}", f"{d.lsb:.6g}"] for d in self.keras]
            parts += ["", "against the Keras model's float output (quantisation, not an error):"]
            parts.append(_table(["output", "largest |difference|", "rms", "LSB"], rows))
        parts += [f"note: {note}" for note in self.notes]
        return "\n".join(parts)

    # -- machine-readable ------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return {
            "ok": self.ok,
            "model": self.model,
            "events": self.events,
            "verdict": self.verdict(),
            "base": asdict(self.base),
            "roads": [asdict(road) for road in self.roads],
            "overflows": [
                {
                    "layer": count.layer,
                    "slot": count.slot,
                    "type": str(count.type),
                    "saturates": count.saturates,
                    "events_by_neuron": count.events.tolist(),
                    "total_by_neuron": count.total.tolist(),
                }
                for count in self.profile
            ],
            "keras": [asdict(difference) for difference in self.keras],
            "notes": list(self.notes),
            "reuse_factors": [{**asdict(factor), "replaced": factor.replaced} for factor in self.reuse],
        }

    def to_json(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report as JSON."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=1) + "\n")

    def to_html(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report as one self-contained page."""
        color = "#1a7f37" if self.ok else "#cf222e"
        tables = []
        for road in self.roads:
            head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEADER)
            body = "".join(
                f"<tr class={'bad' if layer.differ else 'good'}>"
                + "".join(f"<td>{escape(cell)}</td>" for cell in _row(layer))
                + "</tr>"
                for layer in road.layers
            )
            tables.append(
                f"<h2>{escape(self.base.name)} against {escape(road.name)}: {road.events:,} events, "
                f"{road.rate:,.0f} events/s</h2>"
                f"<table><tr>{head}</tr>{body}</table>"
            )
        rest = str(self).split("throughput, every layer tapped:", 1)[1]
        page = (
            "<!doctype html><html lang=en><meta charset=utf-8>"
            f"<title>isobit check: {escape(self.model)}</title><style>"
            "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1f2328}"
            f"h1{{color:{color};font-size:1.3em}}h2{{font-size:1.05em;margin-top:2em}}"
            "table{border-collapse:collapse}td,th{padding:.25em .8em;border-bottom:1px solid #d0d7de;text-align:left;"
            "font-variant-numeric:tabular-nums}tr.bad td{background:#ffebe9}"
            "pre{background:#f6f8fa;padding:1em;overflow:auto}"
            f"</style><h1>{escape(self.verdict())}</h1>{''.join(tables)}"
            "<h2>Throughput, reuse factors, overflows, notes</h2>"
            f"<pre>{escape(rest.strip())}</pre></html>\n"
        )
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(page)


_HEADER = ["layer", "type", "events", "values differ", "largest", "first difference"]


def _row(layer: LayerComparison) -> list[str]:
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


def aligned(base: FixedArray, other: FixedArray) -> tuple[Any, Any]:
    """Raw integers of both; where the formats have different LSBs (other networks' roads), in units of the finer."""
    gap = base.type.fraction - other.type.fraction
    if gap == 0:
        return base.raw, other.raw
    return base.raw.astype(object) << max(0, -gap), other.raw.astype(object) << max(0, gap)


def compare(layer: str, base: FixedArray, other: FixedArray, offset: int) -> LayerComparison:
    """Compare raw integers of one tensor; ``offset`` is the number of the first event."""
    kind = str(base.type) if base.type == other.type else f"{base.type} against {other.type}"
    left, right = aligned(base, other)
    unequal = left != right
    differ = int(np.count_nonzero(unequal))
    largest, first = 0, None
    if differ:
        a, b = left[unequal], right[unequal]
        largest = max(abs(int(p) - int(q)) for p, q in zip(a, b, strict=True))
        event, index = (int(i) for i in np.argwhere(unequal)[0])
        first = Difference(event + offset, index, int(a[0]), int(b[0]))
    return LayerComparison(layer, kind, len(base), base.size, differ, largest, first)


def merge(parts: Sequence[LayerComparison]) -> LayerComparison:
    """Join the comparisons of one tensor over blocks of events."""
    return LayerComparison(
        parts[0].layer,
        parts[0].type,
        sum(p.events for p in parts),
        sum(p.values for p in parts),
        sum(p.differ for p in parts),
        max(p.largest for p in parts),
        next((p.first for p in parts if p.first is not None), None),
    )
