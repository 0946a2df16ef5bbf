"""Classification of pairs of muons: teacher, distilled student, and the same student without a teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from isobit.students import distill, zoo
from isobit.students.dimuons import DimuonSample, simulate
from isobit.students.discrimination import area_difference, average_precision, roc_area
from isobit.students.trainings.fewer import one_in
from isobit.students.trainings.frame import Array, Run, Sizes, Training
from isobit.students.zoo.muon_mlps import DIMUON_TEACHER

__all__ = ["DIMUONS", "FEWER"]

_TEACHER: Final = distill.Recipe(epochs=8, learning_rate=1e-3, task="classification", patience=3)
_STUDENT: Final = distill.Recipe(
    epochs=300,
    learning_rate=1e-2,
    batch=128,
    task="classification",
    alpha=0.1,
    temperature=0.1,
    patience=5,
    limit=16.0,
)
#: The students learn from one event in so many. From as many as the teacher, they learn the task as well without it.
FEWER: Final = 40


def _figures(sample: DimuonSample, predictions: Mapping[str, Array]) -> dict[str, Any]:
    scores = {name: found[:, 0] for name, found in predictions.items()}
    found: dict[str, Any] = {
        "auc_roc": {name: asdict(roc_area(score, sample.signal)) for name, score in scores.items()},
        "auc_pr": {name: average_precision(score, sample.signal) for name, score in scores.items()},
    }
    if {"student", "undistilled"} <= scores.keys():
        gap = area_difference(scores["student"], scores["undistilled"], sample.signal)
        found["student_minus_undistilled"] = asdict(gap)
    return found


DIMUONS: Final = Training(
    name="dimuon_student",
    summary="pairs of muons of one decay against pairs by chance: teacher 4 x 256, student 4 x 8, the same undistilled",
    simulate=simulate,
    runs=(
        Run("teacher", DIMUON_TEACHER, _TEACHER, shipped="dimuon_teacher.trained"),
        Run(
            "student",
            zoo.entry("dimuon_student"),
            _STUDENT,
            taught_by="teacher",
            data=one_in(FEWER),
            shipped="dimuon_student.trained",
        ),
        Run(
            "undistilled",
            zoo.entry("dimuon_student"),
            _STUDENT,
            data=one_in(FEWER),
            shipped="dimuon_undistilled.trained",
        ),
    ),
    sizes=Sizes(60_000, 20_000, 100_000),
    quick=Sizes(8192, 4096, 4096),
    figures=_figures,
)
