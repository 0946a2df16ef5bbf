"""Energies of pions from their clusters, by deep sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from isobit.students import distill, zoo
from isobit.students.pions import PionSample, simulate
from isobit.students.trainings.frame import Array, Run, Sizes, Training

__all__ = ["PIONS", "mean_percentage_error"]

_RECIPE: Final = distill.Recipe(epochs=40, learning_rate=5e-3, batch=256, patience=3)
_WEIGHT: Final = 20.0  # GeV: events count this over their energy, so that it is the relative error that is learnt


def _relative(sample: PionSample, taught: Array | None) -> distill.Data:
    return distill.Data(sample.features, sample.targets, None, _WEIGHT / sample.energy)


def mean_percentage_error(found: Array, energy: Array) -> float:
    """Mean of |found - true| / true, in percent."""
    return float(100.0 * np.mean(np.abs(np.asarray(found, np.float64) - energy) / energy))


def _figures(sample: PionSample, predictions: Mapping[str, Array]) -> dict[str, Any]:
    return {
        name: {"mean_percentage_error": mean_percentage_error(found[:, 0], sample.energy)}
        for name, found in predictions.items()
    }


PIONS: Final = Training(
    name="pion_deepsets",
    summary="energies of pions from clusters as sets of 24 cells: deep sets, in floating point",
    simulate=simulate,
    runs=(
        Run(
            "deepsets",
            zoo.entry("pion_deepsets"),
            _RECIPE,
            data=_relative,
            quick_epochs=5,
            shipped="pion_deepsets.trained",
        ),
    ),
    sizes=Sizes(12_288, 2048, 10_000),
    figures=_figures,
)
