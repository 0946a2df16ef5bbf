"""Train mugmt_teacher and distil mugmt_student from it: how the weights that isobit ships were made.

    python -m isobit.students.train_mugmt --out DIR

writes DIR/mugmt_student.npz (weights) and DIR/mugmt_student.json (seed, versions, losses, resolutions, times).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit._version import __version__
from isobit.errors import IsobitError
from isobit.files import atomic_path, check_target
from isobit.students import distill, zoo
from isobit.students.muons import TARGETS, MuonSample, simulate
from isobit.students.resolution import fwhm

STUDENT: Final = "mugmt_student"
TEACHER: Final = "mugmt_teacher"
SEED: Final = 1
EVENTS: Final = 200_000
VALIDATION_EVENTS: Final = 50_000
TEST_EVENTS: Final = 100_000

TEACHER_RECIPE: Final = distill.Recipe(epochs=100, learning_rate=1e-4, patience=5)
# limit: half the range of ap_fixed<18,6>. Without it two of three students wrapped above pT = 200 GeV.
STUDENT_RECIPE: Final = distill.Recipe(epochs=500, learning_rate=1e-2, alpha=0.1, patience=25, limit=16.0)

Bar = Callable[[str], AbstractContextManager["distill.Progress | None"]]
"""Opens a progress display with a title, as `distill.progress_bar`."""


@dataclass(frozen=True)
class Training:
    """A trained student, the record of how it came about (what the JSON file holds), and its teacher."""

    model: Any
    record: dict[str, Any]
    teacher: Any


def train(
    seed: int = SEED,
    *,
    events: int = EVENTS,
    teacher_recipe: distill.Recipe = TEACHER_RECIPE,
    student_recipe: distill.Recipe = STUDENT_RECIPE,
    bar: Bar = distill.progress_bar,
) -> Training:
    """Train the teacher, then the student. About ten minutes on two cores with the defaults.

    Parameters
    ----------
    seed
        Of everything: samples (1000 seed + 1, 2, 3 for training, validation and test), first weights, order of events.
    events
        For training.
    teacher_recipe, student_recipe
        As in the reference, unless a quick trial is wanted.
    bar
        Shows progress.
    """
    sample, check = simulate(events, 1000 * seed + 1), simulate(VALIDATION_EVENTS, 1000 * seed + 2)
    data, validation = (distill.Data(part.features, part.targets) for part in (sample, check))

    distill.seed_everything(seed)
    teacher = zoo.build(TEACHER)
    with bar("teacher") as progress:
        taught = distill.train(teacher, data, validation, teacher_recipe, seed=seed, progress=progress)
    data = replace(data, teacher=predict(teacher, sample))
    validation = replace(validation, teacher=predict(teacher, check))

    distill.seed_everything(seed)
    student = zoo.build(STUDENT)
    with bar("student") as progress:
        distilled = distill.train(student, data, validation, student_recipe, seed=seed, progress=progress)

    test = simulate(TEST_EVENTS, 1000 * seed + 3)
    record = {
        "network": STUDENT,
        "seed": seed,
        "events": {"training": events, "validation": VALIDATION_EVENTS, "test": TEST_EVENTS},
        "versions": _versions(),
        "teacher": _summary(teacher_recipe, taught),
        "student": _summary(student_recipe, distilled),
        "fwhm": {
            "hardware": widths(test, test.hardware),
            "student": widths(test, test.calibrate(predict(student, test))),
            "teacher": widths(test, test.calibrate(predict(teacher, test))),
        },
        "fwhm_units": {"eta": "1", "phi": "rad", "pt": "relative to true pT"},
    }
    return Training(student, record, teacher)


def predict(model: Any, sample: MuonSample) -> NDArray[np.float64]:
    """A Keras model's predictions, float64 (n, 3) in units of `MuonSample.targets`."""
    predictions = model.predict(sample.features.astype(np.float32), batch_size=8192, verbose=0)
    return np.asarray(predictions, dtype=np.float64)


def widths(sample: MuonSample, values: NDArray[np.floating[Any]]) -> dict[str, float]:
    """FWHM of eta, phi (rad) and pT (relative) of values (n, 3) in physical units."""
    residuals = sample.residuals(values)
    return {name: round(fwhm(residuals[:, column]), 5) for column, name in enumerate(TARGETS)}


def write(training: Training, folder: str | PathLike[str], *, overwrite: bool = False) -> tuple[Path, Path]:
    """Write weights and record into a folder, made if needed; returns both paths.

    Raises
    ------
    OverwriteError
        If one of the files exists and `overwrite` is not given; then neither is written.
    """
    weights, record = _paths(folder, overwrite=overwrite)
    zoo.save_weights(training.model, weights, overwrite=overwrite)
    with atomic_path(record, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(training.record, indent=2) + "\n", encoding="utf-8")
    return weights, record


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m isobit.students.train_mugmt",
        description="Train mugmt_teacher and distil mugmt_student from it. About ten minutes on two cores.",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for weights and record")
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s, as shipped")
    parser.add_argument("--events", type=int, default=EVENTS, help="for training, default: %(default)s")
    parser.add_argument("--force", "--overwrite", action="store_true", help="overwrite files of an earlier training")
    options = parser.parse_args(arguments)
    try:
        _paths(options.out, overwrite=options.force)
        options.out.mkdir(
            parents=True, exist_ok=True
        )  # a folder that cannot be made should fail now, not in ten minutes
        training = train(options.seed, events=options.events)
        paths = write(training, options.out, overwrite=options.force)
    except (IsobitError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, values in training.record["fwhm"].items():
        print(f"{name:9s} FWHM: " + ", ".join(f"{key} {value:.4f}" for key, value in values.items()))
    print("wrote " + " and ".join(map(str, paths)))
    return 0


def _paths(folder: str | PathLike[str], *, overwrite: bool) -> tuple[Path, Path]:
    weights, record = (Path(folder) / f"{STUDENT}.{end}" for end in ("npz", "json"))
    return check_target(weights, overwrite), check_target(record, overwrite)


def _versions() -> dict[str, str]:
    packages = ("numpy", "tensorflow", "keras", "qkeras")
    return {"python": platform.python_version(), "isobit": __version__, **{name: version(name) for name in packages}}


def _summary(recipe: distill.Recipe, history: distill.History) -> dict[str, Any]:
    return {
        "recipe": asdict(recipe),
        "seconds": round(history.seconds, 1),
        "best_epoch": history.best_epoch,
        "loss": round(history.loss[history.best_epoch], 6),
        "validation_loss": round(history.validation_loss[history.best_epoch], 6),
        "halved_before_epochs": [
            epoch for epoch, (before, after) in enumerate(pairwise(history.learning_rate), start=1) if after < before
        ],
        "validation_losses": " ".join(f"{value:.5f}" for value in history.validation_loss),
    }


if __name__ == "__main__":
    sys.exit(main())
