"""The verdict: which layers of which roads differ, where first, by how much, and what else a reader must know."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from isobit.analysis.profile import Profile
from isobit.check.comparison import LayerComparison, Road
from isobit.check.differences import Cause
from isobit.check.document import report_document
from isobit.check.findings import Finding, findings_of
from isobit.check.keras import FloatDifference, KerasLayers
from isobit.check.page import report_page
from isobit.check.provenance import Provenance
from isobit.check.text import report_text
from isobit.check.watching import Facts
from isobit.files import atomic_path
from isobit.frontends.configuration import Remark
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
        Overflows and saturations, and constants that their formats changed.
    facts
        Outputs, tables, and the difference to the Keras model, if it was given.
    notes
        What the reader should know, such as a road that could not be compared.
    reuse
        Requested and effective reuse factors of the Dense layers.
    causes
        What is known about the first difference of each road that differs.
    provenance
        What was compared, with what versions, when.
    configuration
        Entries of the hls4ml configuration that have no effect.
    """

    model: str
    events: int
    base: Road
    roads: tuple[Road, ...]
    profile: Profile
    facts: Facts = field(default_factory=Facts)
    notes: tuple[str, ...] = ()
    reuse: tuple[ReuseFactor, ...] = ()
    causes: tuple[Cause, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    configuration: tuple[Remark, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every compared bit is equal; warnings do not change that."""
        return all(road.differ == 0 for road in self.roads)

    @property
    def name(self) -> str:
        """What the model is called: its file or Keras model, and the project's name where that is another one."""
        given = self.provenance.subject
        return self.model if given in ("", self.model) else f"{given} ({self.model})"

    @cached_property
    def warnings(self) -> tuple[Finding, ...]:
        """What equal bits do not say: constant outputs, changed constants, coarse tables, another function."""
        asked = (Finding("configuration", remark.layer, f"configuration: {remark}") for remark in self.configuration)
        return (*findings_of(self.profile, self.facts), *asked)

    @property
    def keras(self) -> tuple[FloatDifference, ...]:
        """Difference of each output to the Keras model's floats, if it was given."""
        return self.facts.keras

    @property
    def keras_layers(self) -> KerasLayers | None:
        """The same layer by layer."""
        return self.facts.keras_layers

    @property
    def mismatches(self) -> list[tuple[str, LayerComparison]]:
        """Every (road, layer) that differs, in the order of roads and layers."""
        return [(road.name, layer) for road in self.roads for layer in road.layers if layer.differ]

    def with_notes(self, notes: Sequence[str]) -> Report:
        """Copy with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def with_files(
        self, *, model: str | os.PathLike[str], config: str | os.PathLike[str] | None = None, seed: int | None = None
    ) -> Report:
        """Copy that names the files it came from, with their hashes, and the seed of random events."""
        known = self.provenance.with_files(model=Path(model), config=None if config is None else Path(config))
        return replace(self, provenance=replace(known, seed=seed))

    def headline(self) -> str:
        """The verdict on the bits alone, in one sentence."""
        if not self.roads:
            return f"NOT COMPARED: {self.name} was only run on {self.base.name}"
        if self.ok:
            equal = ", ".join(f"{road.events:,} events on {road.name}" for road in self.roads)
            return f"EQUAL: {self.name} gives the same bits in every layer: {self.base.name} against {equal}"
        road, layer = self.mismatches[0]
        first = layer.first
        assert first is not None
        return (
            f"DIFFERENT: {self.name}: {self.base.name} and {road} differ first in layer {layer.layer} ({layer.type}), "
            f"event {first.event}, index {first.index}: {first.expected} against {first.found} LSB "
            f"({first.expected * layer.lsb:.9g} against {first.found * layer.lsb:.9g})"
        )

    def verdict(self) -> str:
        """One sentence, with what else must be known."""
        if not self.warnings:
            return self.headline()
        return f"{self.headline()}; WARNING: {'; '.join(str(warning) for warning in self.warnings)}"

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
