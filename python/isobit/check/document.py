"""The report as plain Python objects, for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isobit.check.report import Report

__all__ = ["report_document"]


def report_document(report: Report) -> dict[str, Any]:
    """Everything, as plain Python objects."""
    return {
        "ok": report.ok,
        "model": report.model,
        "events": report.events,
        "verdict": report.verdict(),
        "base": asdict(report.base),
        "roads": [asdict(road) for road in report.roads],
        "overflows": [
            {
                "layer": count.layer,
                "slot": count.slot,
                "type": str(count.type),
                "saturates": count.saturates,
                "events_by_neuron": count.events.tolist(),
                "total_by_neuron": count.total.tolist(),
            }
            for count in report.profile
        ],
        "constants": [change.to_dict() for change in report.profile.constants],
        "keras": [asdict(difference) for difference in report.keras],
        "notes": list(report.notes),
        "reuse_factors": [{**asdict(factor), "replaced": factor.replaced} for factor in report.reuse],
    }
