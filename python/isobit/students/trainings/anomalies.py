"""Anomalies: a convolutional autoencoder of everyday collisions, and a student that predicts its loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from isobit.students import distill, zoo
from isobit.students.anomalies import AnomalySample, simulate
from isobit.students.trainings.frame import Array, Floats, Run, Sizes, Training
from isobit.students.zoo.anomaly import AD_TEACHER

__all__ = ["ANOMALIES", "losses_of", "padded"]

_TEACHER: Final = distill.Recipe(epochs=24, learning_rate=3e-3, batch=256, task="squares", patience=3, sparsity=0.5)
_STUDENT: Final = distill.Recipe(epochs=40, learning_rate=3e-3, batch=256, task="squares", patience=4, sparsity=0.5)


def padded(features: Array) -> Floats:
    """Objects (n, 19, 3) as the autoencoder's image (n, 20, 3, 1), a row of zeros below."""
    return np.pad(features.astype(np.float64), ((0, 0), (0, 1), (0, 0)))[..., None]


def losses_of(reconstruction: Array, features: Array) -> Floats:
    """The autoencoder's loss of each event, (n,): the mean squared error of the 57 numbers, padding left out."""
    objects = np.asarray(reconstruction, np.float64).reshape(len(features), 20, 3)[:, :19]
    found: Floats = ((objects - features) ** 2).mean(axis=(1, 2))
    return found


def _images(sample: AnomalySample, taught: Array | None) -> distill.Data:
    return distill.Data(sample.features, padded(sample.features))


def _losses(sample: AnomalySample, taught: Array | None) -> distill.Data:
    assert taught is not None
    return distill.Data(sample.features, losses_of(taught, sample.features)[:, None])


def _figures(sample: AnomalySample, predictions: Mapping[str, Array]) -> dict[str, Any]:
    loss = losses_of(predictions["teacher"], sample.features)
    found: dict[str, Any] = {"teacher": {"mean_loss": float(loss.mean())}}
    if "student" in predictions:
        gap = predictions["student"][:, 0] - loss
        found["student"] = {
            "squared_error": float((gap**2).mean()),
            "explained": float(1.0 - (gap**2).mean() / loss.var()),
        }
    return found


ANOMALIES: Final = Training(
    name="ad_student",
    summary="19 trigger objects: convolutional autoencoder, and a student that predicts its reconstruction loss",
    simulate=simulate,
    runs=(
        Run("teacher", AD_TEACHER, _TEACHER, data=_images, quick_epochs=2, shipped="ad_teacher.trained"),
        Run(
            "student",
            zoo.entry("ad_student"),
            _STUDENT,
            taught_by="teacher",
            data=_losses,
            quick_epochs=3,
            shipped="ad_student.trained",
        ),
    ),
    sizes=Sizes(10_240, 2048, 5000),
    figures=_figures,
)
