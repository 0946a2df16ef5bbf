"""Students that learn from fewer events than their teacher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isobit.students import distill
from isobit.students.trainings.frame import Array

__all__ = ["one_in"]


def one_in(many: int) -> Callable[[Any, Array | None], distill.Data]:
    """`Run.data` of the first of so many parts of the teacher's events."""

    def data(sample: Any, taught: Array | None) -> distill.Data:
        n = len(sample) // many
        return distill.Data(sample.features[:n], sample.targets[:n], None if taught is None else taught[:n])

    return data
