"""What a check found: which layers of which roads differ, where first, by how much, and what else is to be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from isobit.check.comparison import LayerComparison, Road
from isobit.check.differences import Cause
from isobit.check.findings import Finding, findings_of
from isobit.check.keras import FloatDifference, KerasLayers
from isobit.check.provenance import Provenance
from isobit.check.watching import Facts
from isobit.explain import Explanation
from isobit.frontends.configuration import Remark
from isobit.model.requested import ReuseFactor
from isobit.profile.counts import Profile

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What :func:`isobit.check` found, without the ways to write it down; its attributes are those of the report."""

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
    explanation: Explanation | None = None

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
        """What the bits do not show: constant outputs, changed constants, coarse tables, another function."""
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

    def headline(self) -> str:
        """The result for the bits alone, in one sentence."""
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
