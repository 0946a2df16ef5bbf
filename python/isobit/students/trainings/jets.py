"""Five kinds of jets from eight constituents: teacher, distilled 8-bit student, and the same student without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from isobit.students import distill, zoo
from isobit.students.discrimination import area_difference, roc_area
from isobit.students.jets import KINDS, JetSample, simulate
from isobit.students.trainings.fewer import one_in
from isobit.students.trainings.frame import Array, Floats, Run, Sizes, Training
from isobit.students.zoo.jets import JET_TEACHER

__all__ = ["JETS", "accuracy", "odds"]

_TEACHER: Final = distill.Recipe(epochs=30, learning_rate=2e-3, batch=256, task="categories", patience=3)
_STUDENT: Final = distill.Recipe(
    epochs=60,
    learning_rate=5e-3,
    batch=256,
    task="categories",
    alpha=0.1,
    temperature=2.0,
    patience=4,
    limit=16.0,
)
#: The students learn from one jet in so many of the teacher's.
FEWER: Final = 4


def odds(logits: Array) -> Floats:
    """Logarithms of the odds of each kind against all others, (n, 5), from logits (n, 5): scores for ROC curves."""
    others = [np.logaddexp.reduce(np.delete(logits, kind, axis=1), axis=1) for kind in range(logits.shape[1])]
    found: Floats = np.asarray(logits, np.float64) - np.stack(others, axis=1)
    return found


def accuracy(right: Array) -> dict[str, float]:
    """Mean of (n,) numbers, such as whether the likeliest kind is the true one, and its standard error."""
    return {"value": float(right.mean()), "error": float(right.std() / np.sqrt(len(right)))}


def _figures(sample: JetSample, predictions: Mapping[str, Array]) -> dict[str, Any]:
    right = {name: (found.argmax(axis=1) == sample.kind).astype(np.float64) for name, found in predictions.items()}
    scores = {name: odds(found).T for name, found in predictions.items()}
    of_kind = {kind: sample.kind == number for number, kind in enumerate(KINDS)}

    def areas(each: Floats) -> dict[str, Any]:
        return {kind: asdict(roc_area(one, of_kind[kind])) for kind, one in zip(KINDS, each, strict=True)}

    found: dict[str, Any] = {
        "accuracy": {name: accuracy(each) for name, each in right.items()},
        "auc_roc": {name: areas(each) for name, each in scores.items()},
    }
    if {"student", "undistilled"} <= scores.keys():
        pairs = zip(KINDS, scores["student"], scores["undistilled"], strict=True)
        found["student_minus_undistilled"] = {
            "accuracy": accuracy(right["student"] - right["undistilled"]),
            "auc_roc": {kind: asdict(area_difference(one, other, of_kind[kind])) for kind, one, other in pairs},
        }
    return found


JETS: Final = Training(
    name="jet_deepsets",
    summary="jets of five kinds from 8 constituents: float teacher, 8-bit deep set taught by it, the same undistilled",
    simulate=simulate,
    runs=(
        Run("teacher", JET_TEACHER, _TEACHER),
        Run("student", zoo.entry("jet_deepsets"), _STUDENT, taught_by="teacher", data=one_in(FEWER)),
        Run("undistilled", zoo.entry("jet_deepsets"), _STUDENT, data=one_in(FEWER)),
    ),
    sizes=Sizes(40_000, 10_000, 40_000),
    figures=_figures,
)
