"""The verdict: which layers of which roads differ, where first, and by how much."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from isobit.analysis.profile import Profile
from isobit.check.comparison import LayerComparison, Road
from isobit.check.document import report_document
from isobit.check.keras import FloatDifference
from isobit.check.page import report_page
from isobit.check.text import report_text
from isobit.files import atomic_path
from isobit.model.requested import ReuseFactor

__all__ = ["Report"]


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
        return report_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return report_document(self)

    def to_json(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report as JSON."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=1) + "\n")

    def to_html(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report as one self-contained page."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(report_page(self))
