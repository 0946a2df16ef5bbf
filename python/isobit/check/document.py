"""The report as plain Python objects, for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from isobit.check.outcome import Outcome
from isobit.profile.counts import OverflowCount

__all__ = ["report_document"]


def report_document(report: Outcome) -> dict[str, Any]:
    """Everything, as plain Python objects."""
    return {
        "ok": report.ok,
        "model": report.model,
        "name": report.name,
        "events": report.events,
        "verdict": report.verdict(),
        "warnings": [warning.to_dict() for warning in report.warnings],
        "provenance": report.provenance.to_dict(),
        "base": asdict(report.base),
        "roads": [asdict(road) for road in report.roads],
        "causes": [cause.to_dict() for cause in report.causes],
        "overflows": [_count(count) for count in report.profile.overflows],
        "clips": [_count(count) for count in report.profile.clips],
        "uncounted": list(report.profile.uncounted),
        "layers": [
            {
                "layer": layer.layer,
                "type": str(layer.type),
                "lsb": float(layer.type.lsb),
                "low_by_neuron": [int(value) for value in layer.low],
                "high_by_neuron": [int(value) for value in layer.high],
                "rounded_events_by_neuron": layer.lossy.tolist(),
            }
            for layer in report.profile.layers
        ],
        "constants": [change.to_dict() for change in report.profile.constants],
        **report.facts.to_dict(),
        "configuration": [asdict(remark) for remark in report.configuration],
        "explanation": None if report.explanation is None else report.explanation.to_dict(),
        "notes": list(report.notes),
        "reuse_factors": [{**asdict(factor), "replaced": factor.replaced} for factor in report.reuse],
    }


def _count(count: OverflowCount) -> dict[str, Any]:
    return {
        "layer": count.layer,
        "slot": count.slot,
        "type": str(count.type),
        "saturates": count.saturates,
        "events_by_neuron": count.events.tolist(),
        "total_by_neuron": count.total.tolist(),
    }
