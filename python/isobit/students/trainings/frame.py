"""What a training is, and how it is run: resumable, from one seed, with a record of how its numbers came about."""

from __future__ import annotations

import json
import logging
import platform
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from isobit._version import __version__
from isobit.errors import UnsupportedError
from isobit.files import atomic_path, check_place, refuse_overwrite
from isobit.frontends.quiet import quiet
from isobit.students import distill, zoo
from isobit.students.zoo.entry import ZooEntry

__all__ = [
    "RECORD",
    "Progress",
    "Run",
    "Sample",
    "Sizes",
    "Trained",
    "Training",
    "predict",
    "samples",
    "shipped",
    "train",
]

Floats = NDArray[np.float64]
Array = NDArray[np.floating[Any]]

Progress = Callable[[str, int, int], None]
"""Told of (what is done, steps done, steps in all)."""

#: Name of the record in a training's folder; its presence says that the training is complete.
RECORD: Final = "training.json"
_CHECKPOINTS: Final = "checkpoints"
_QUICK_BATCH: Final = 256


class Sample(Protocol):
    """Simulated events: what networks see of them, and what they should say."""

    def __len__(self) -> int: ...

    @property
    def features(self) -> Floats:
        """(n, ...): what networks see."""

    @property
    def targets(self) -> Floats:
        """(n, outputs): the truth."""


@dataclass(frozen=True)
class Sizes:
    """Events for training, for the choice of the epoch, and for the figures."""

    training: int
    validation: int
    test: int


def plain(sample: Any, taught: Array | None) -> distill.Data:
    """What most runs learn from: the truth, and the predictions of their teacher if they have one."""
    return distill.Data(sample.features, sample.targets, taught)


@dataclass(frozen=True)
class Run:
    """One network of a training.

    Attributes
    ----------
    name
        Its name in the training's folder: 'teacher', 'student', 'baseline'.
    entry
        The network: one of the zoo's, or one described as those are.
    recipe
        How it is trained.
    taught_by
        Name of an earlier run, whose predictions it gets.
    data
        From a sample, and that run's predictions on it, to what is learnt: choose events, weigh them, or learn
        something else than `Sample.targets`.
    quick_epochs
        Epochs of a quick trial.
    shipped
        Stem of the file of weights in `students/data/`, if isobit ships those of the full training with seed 1.
    """

    name: str
    entry: ZooEntry
    recipe: distill.Recipe
    taught_by: str | None = None
    data: Callable[[Any, Array | None], distill.Data] = plain
    quick_epochs: int = 2
    shipped: str | None = None


@dataclass(frozen=True)
class Training:
    """Networks that are trained one after the other on the same simulated events.

    Attributes
    ----------
    name, summary
        What ``isobit train`` calls it, and a line for its help.
    simulate
        From (events, seed) to a sample.
    runs
        In the order in which they are trained.
    sizes, quick
        Of the full training, and of a quick trial.
    figures
        From the test sample and each run's predictions on it to figures for the record (what JSON can hold).
    """

    name: str
    summary: str
    simulate: Callable[[int, int], Sample]
    runs: tuple[Run, ...]
    sizes: Sizes
    figures: Callable[[Any, Mapping[str, Array]], dict[str, Any]]
    quick: Sizes = field(default=Sizes(4096, 1024, 4096))

    def run(self, name: str) -> Run:
        """The run called `name`."""
        for one in self.runs:
            if one.name == name:
                return one
        raise UnsupportedError(f"{self.name} trains no {name!r}, but: {', '.join(one.name for one in self.runs)}")

    def at(self, quick: bool) -> Training:
        """The training itself, or its quick trial: fewer events, epochs and events a step."""
        if not quick:
            return self
        runs = tuple(
            replace(run, recipe=replace(run.recipe, epochs=run.quick_epochs, batch=min(run.recipe.batch, _QUICK_BATCH)))
            for run in self.runs
        )
        return replace(self, runs=runs, sizes=self.quick)


@dataclass(frozen=True)
class Trained:
    """Keras models by the names of their runs, and the record that is written as JSON."""

    models: dict[str, Any]
    record: dict[str, Any]


def samples(training: Training, seed: int) -> tuple[Any, Any, Any]:
    """The samples for training, validation and test: seeds 1000 seed + 1, 2 and 3."""
    sizes = training.sizes
    counts = (sizes.training, sizes.validation, sizes.test)
    first, second, third = (training.simulate(n, 1000 * seed + place) for place, n in enumerate(counts, start=1))
    return first, second, third


def predict(model: Any, features: Array) -> Floats:
    """A Keras model's predictions, float64 (n, outputs)."""
    return np.asarray(model.predict(np.asarray(features, np.float32), batch_size=8192, verbose=0), np.float64)


def train(
    training: Training,
    folder: str | PathLike[str],
    *,
    seed: int = 1,
    runs: Sequence[str] | None = None,
    given: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    every: float = distill.CHECKPOINT_SECONDS,
) -> Trained:
    """Train all networks of a training and write them into a folder, or go on where an earlier call was stopped.

    The folder gets for each run its weights (`NAME.npz`, for `zoo.load_student`), the model (`NAME.h5`) and the
    configuration with which hls4ml converts it (`NAME.hls4ml.yml`, for ``isobit check NAME.h5 --config``), and at the
    end the record, `training.json`. While it runs, its state is in the folder `checkpoints`: the same call goes on from
    there, to the same numbers as if it had never been stopped (on the same machine).

    Parameters
    ----------
    training
        What is trained; `Training.at(quick=True)` is a trial of seconds.
    folder
        Made if needed.
    seed
        Of everything: samples, first weights, order of events.
    runs
        Names of those to train, in their order; all of them if None.
    given
        Keras models of runs that are not trained but taken as they are, such as :func:`shipped` gives.
    overwrite
        Train anew where a complete training lies.
    progress
        Told of epochs.
    every
        Seconds between two states that are kept, at least.

    Raises
    ------
    OverwriteError
        If the folder holds a complete training, or another file of that name, and `overwrite` is not given.
    ModelFileError
        If it holds the unfinished training of something else.
    """
    place, chosen = Path(folder), [training.run(name) for name in (runs or [run.name for run in training.runs])]
    checkpoints = place / _CHECKPOINTS
    written = [place / RECORD, *(place / f"{run.name}{end}" for run in chosen for end in _ENDS)]
    for path in written if not checkpoints.is_dir() or (place / RECORD).exists() else ():
        refuse_overwrite(path, overwrite)
    check_place(place, place)
    if (place / RECORD).exists():  # complete, and to be replaced
        shutil.rmtree(checkpoints, ignore_errors=True)
        (place / RECORD).unlink()
    checkpoints.mkdir(parents=True, exist_ok=True)

    sample, check, test = samples(training, seed)
    models: dict[str, Any] = {}
    summaries = {}
    for run in chosen:
        if given is not None and run.name in given:
            models[run.name] = given[run.name]
            summaries[run.name] = {"network": run.entry.name, "taught_by": run.taught_by, "weights": "given"}
            continue
        distill.seed_everything(seed)
        model = run.entry.build()
        teacher = None if run.taught_by is None else models[run.taught_by]
        data, validation = (
            run.data(part, None if teacher is None else predict(teacher, part.features)) for part in (sample, check)
        )
        history = distill.train(
            model,
            data,
            validation,
            run.recipe,
            seed=seed,
            progress=_told(progress, run.name),
            checkpoint=checkpoints / f"{run.name}.npz",
            every=every,
        )
        models[run.name] = model
        summaries[run.name] = _summary(run, history)
    record = {
        "training": training.name,
        "seed": seed,
        "events": asdict(training.sizes),
        "versions": _versions(),
        "runs": summaries,
        "figures": training.figures(test, {name: predict(model, test.features) for name, model in models.items()}),
    }
    for run in chosen:
        _write(run, models[run.name], place)
    with atomic_path(place / RECORD) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(checkpoints)
    return Trained(models, record)


_ENDS: Final = (".npz", ".h5", ".hls4ml.yml")


def _write(run: Run, model: Any, place: Path) -> None:
    weights, whole, configuration = (place / f"{run.name}{end}" for end in _ENDS)
    zoo.save_weights(model, weights, overwrite=True)
    with quiet(), _silent("tensorflow"), atomic_path(whole, overwrite=True) as temporary:
        warnings.filterwarnings("ignore", message="You are saving your model as an HDF5", category=UserWarning)
        model.save(temporary, save_format="h5", include_optimizer=False)
    arguments = run.entry.sheet().arguments()
    document = {
        "Backend": arguments["backend"],
        "Part": arguments["part"],
        "ClockPeriod": arguments["clock_period"],
        "IOType": arguments["io_type"],
        "HLSConfig": arguments["hls_config"],
    }
    with atomic_path(configuration, overwrite=True) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")  # JSON is YAML


def shipped(training: Training) -> dict[str, Any]:
    """The Keras models with the weights that isobit ships, by their runs; not of all runs, as a rule."""
    known = {run: zoo.data_file(f"{run.shipped}.npz") for run in training.runs if run.shipped is not None}
    return {run.name: zoo.load_weights(run.entry, path) for run, path in known.items() if path.is_file()}


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """A logger that says nothing below an error."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _told(progress: Progress | None, name: str) -> distill.Progress | None:
    if progress is None:
        return None

    def told(done: int, total: int, loss: float) -> None:
        progress(f"{name}: epochs", done, total)

    return told


def _versions() -> dict[str, str]:
    packages = ("numpy", "tensorflow", "keras", "qkeras")
    return {"python": platform.python_version(), "isobit": __version__, **{name: version(name) for name in packages}}


def _summary(run: Run, history: distill.History) -> dict[str, Any]:
    """How one network was trained."""
    return {
        "network": run.entry.name,
        "taught_by": run.taught_by,
        "weights": "trained",
        "recipe": asdict(run.recipe),
        "seconds": round(history.seconds, 1),
        "best_epoch": history.best_epoch,
        "loss": round(history.loss[history.best_epoch], 6),
        "validation_loss": round(history.validation_loss[history.best_epoch], 6),
        "halved_before_epochs": [
            epoch for epoch, (before, after) in enumerate(pairwise(history.learning_rate), start=1) if after < before
        ],
        "validation_losses": " ".join(f"{value:.5f}" for value in history.validation_loss),
    }
