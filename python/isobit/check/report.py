"""The report of a check: what was found, and the ways to write it down."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from isobit.check.document import report_document
from isobit.check.outcome import Outcome
from isobit.check.text import report_text
from isobit.files import atomic_path
from isobit.pages.paged import Paged

__all__ = ["Report"]


@dataclass(frozen=True)
class Report(Outcome, Paged):
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
    explanation
        Why the outputs differ from the Keras model's, as :func:`isobit.explain` finds it, if it was asked for.
    """

    PAGE: ClassVar[str] = "isobit.check.page"

    def with_notes(self, notes: Sequence[str]) -> Report:
        """Copy with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def with_files(
        self, *, model: str | os.PathLike[str], config: str | os.PathLike[str] | None = None, seed: int | None = None
    ) -> Report:
        """Copy that names the files it came from, with their hashes, and the seed of random events."""
        known = self.provenance.with_files(model=Path(model), config=None if config is None else Path(config))
        return replace(self, provenance=replace(known, seed=seed))

    def __str__(self) -> str:
        return report_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain Python objects."""
        return report_document(self)

    def to_json(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report as JSON."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=1) + "\n")
