"""Recalibration of uGMT muons: teacher, distilled student, wider baseline; and two attempts at high momentum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.students import distill, zoo
from isobit.students.muons import TARGETS, MuonSample, simulate
from isobit.students.resolution import fwhm
from isobit.students.trainings.frame import Array, Run, Sizes, Training

__all__ = ["BORDER", "HIGH_PT", "RECALIBRATION", "population_weights", "widths"]

#: GeV of the hardware's pT: from here on the second of two models is asked.
BORDER: Final = 30.0

_TEACHER: Final = distill.Recipe(epochs=100, learning_rate=1e-4, patience=5)
# limit: half the range of ap_fixed<18,6>. Without it two of three students wrapped above pT = 200 GeV.
_STUDENT: Final = distill.Recipe(epochs=500, learning_rate=1e-2, alpha=0.1, patience=25, limit=16.0)
_SHORT: Final = replace(_STUDENT, epochs=60, patience=6)
_SIZES: Final = Sizes(200_000, 50_000, 100_000)


def widths(sample: MuonSample, values: NDArray[np.floating[Any]]) -> dict[str, float]:
    """FWHM of eta, phi (rad) and pT (relative) of values (n, 3) in physical units."""
    residuals = sample.residuals(values)
    return {name: round(fwhm(residuals[:, column]), 5) for column, name in enumerate(TARGETS)}


def _figures(sample: MuonSample, predictions: Mapping[str, Array]) -> dict[str, Any]:
    values = {name: widths(sample, sample.calibrate(found)) for name, found in predictions.items()}
    units = {"eta": "1", "phi": "rad", "pt": "relative to true pT"}
    return {"fwhm": {"hardware": widths(sample, sample.hardware), **values}, "fwhm_units": units}


def population_weights(pt: Array) -> NDArray[np.float64]:
    """Weights (n,) of mean 1, inverse to the number of events whose `pt` (GeV) is in the same bin of width 1."""
    places, counts = np.unique(np.floor(pt), return_inverse=True, return_counts=True)[1:]
    weights: NDArray[np.float64] = 1.0 / counts[places]
    weights /= weights.mean()
    return weights


def _weighted(sample: MuonSample, taught: Array | None) -> distill.Data:
    return distill.Data(sample.features, sample.targets, taught, population_weights(sample.true_pt))


def _beyond(border: float, above: bool) -> Callable[[MuonSample, Array | None], distill.Data]:
    """Only events on one side of a hardware pT, which is what a trigger can choose a model by."""

    def data(sample: MuonSample, taught: Array | None) -> distill.Data:
        chosen = (sample.hardware[:, 2] >= border) == above
        return distill.Data(sample.features[chosen], sample.targets[chosen], None if taught is None else taught[chosen])

    return data


RECALIBRATION: Final = Training(
    name="mugmt_student",
    summary="recalibration of muons: teacher 4 x 256, distilled student 4 x 8, baseline 4 x 16 without a teacher",
    simulate=simulate,
    runs=(
        Run("teacher", zoo.entry("mugmt_teacher"), _TEACHER, shipped="mugmt_teacher.trained"),
        Run("student", zoo.entry("mugmt_student"), _STUDENT, taught_by="teacher", shipped="mugmt_student"),
        Run("baseline", zoo.entry("mugmt_baseline"), replace(_TEACHER, limit=16.0), shipped="mugmt_baseline.trained"),
    ),
    sizes=_SIZES,
    figures=_figures,
)

HIGH_PT: Final = Training(
    name="mugmt_high_pt",
    summary="muons of high momentum: a student, one whose loss is scaled by inverse population, two split in pT",
    simulate=simulate,
    runs=(
        Run("teacher", zoo.entry("mugmt_teacher"), _TEACHER, shipped="mugmt_teacher.trained"),
        Run("ordinary", zoo.entry("mugmt_student"), _SHORT, taught_by="teacher"),
        Run("weighted", zoo.entry("mugmt_student"), _SHORT, taught_by="teacher", data=_weighted),
        Run("low", zoo.entry("mugmt_student"), _SHORT, taught_by="teacher", data=_beyond(BORDER, False)),
        Run(
            "high",
            zoo.entry("mugmt_student"),
            replace(_SHORT, batch=128),
            taught_by="teacher",
            data=_beyond(BORDER, True),
        ),
    ),
    sizes=Sizes(50_000, 12_500, 25_000),
    quick=Sizes(8192, 4096, 4096),
    figures=_figures,
)
