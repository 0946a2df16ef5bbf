"""Distillation: a small student learns from the truth and from a large teacher.

The loss is alpha * hard + (1 - alpha) * soft, with alpha = 0.1 on the truth as in Keras's distillation recipe;
:mod:`isobit.students.losses` has both for each task.

The teacher and a student without one are trained on the hard loss alone. Adam, learning rate halved on a plateau of the
validation loss, the weights of the best epoch kept. Everything is drawn from one seed and TensorFlow is told to use
deterministic kernels; another CPU may still round sums differently.

A student bound for fixed point can be kept within its types' range while it learns (`Recipe.limit`), and pruned
(`Recipe.sparsity`).

TensorFlow is imported when training starts, not before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from isobit.errors import RangeError, ShapeError
from isobit.students import checkpoints, pruning
from isobit.students.recipes import Data, Recipe
from isobit.students.steps import Steps, prepare, tensorflow_package

__all__ = ["CHECKPOINT_SECONDS", "Data", "History", "Progress", "Recipe", "seed_everything", "train"]

Progress = Callable[[int, int, float], None]
"""Called after each epoch with (epochs done, epochs in all, validation loss)."""

CHECKPOINT_SECONDS: Final = 20.0


@dataclass
class History:
    """What happened: losses and learning rate by epoch, the epoch kept (from 0), seconds spent."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and make TensorFlow's kernels deterministic. Call before building a model."""
    tensorflow = tensorflow_package()
    tensorflow.keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()


def train(
    model: Any,
    data: Data,
    validation: Data,
    recipe: Recipe,
    *,
    seed: int,
    progress: Progress | None = None,
    checkpoint: str | PathLike[str] | None = None,
    every: float = CHECKPOINT_SECONDS,
    prepared: Steps | None = None,
) -> History:
    """Train a Keras model in place and leave it with the weights of its best epoch.

    Parameters
    ----------
    model
        Built after `seed_everything`.
    data, validation
        For training, and for the plateau and the choice of the epoch; both with or both without a teacher.
    recipe
        Losses, epochs, learning rate.
    seed
        Order of the events.
    progress
        Called after each epoch.
    checkpoint
        File that is kept up to date while the training runs. If it exists, the training goes on from there, to the
        same weights as one that was never stopped (on the same machine).
    every
        Seconds between two checkpoints, at least.
    prepared
        What :func:`isobit.students.steps.prepare` gave for this model, these data, and a recipe that differs in
        `epochs`, `learning_rate`, `patience`, `minimum_rate` and `sparsity` at most (and prunes, if this one does).

    Raises
    ------
    ShapeError, RangeError
        If only one of both samples has a teacher, or there are fewer events than a batch has.
    ModelFileError
        If the checkpoint is damaged, or of another training.
    """
    if (data.teacher is None) != (validation.teacher is None):
        raise ShapeError("a teacher is given for only one of training and validation data")
    if len(data.features) < recipe.batch:
        raise RangeError(f"{len(data.features)} events are fewer than one batch of {recipe.batch}")
    steps = prepare(model, data, validation, recipe) if prepared is None else prepared
    steps.restart()
    optimizer = steps.optimizer

    random = np.random.default_rng(seed)
    rate, best, wait = recipe.learning_rate, np.inf, 0
    kept = model.get_weights()
    history = History()
    path = None if checkpoint is None else Path(checkpoint)
    of = "" if path is None else _identity(model, data, validation, recipe, seed)
    if path is not None and (state := checkpoints.load(path, of)) is not None:
        model.set_weights(state.weights)
        for variable, value in zip(optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        kept, rate, wait = list(state.best), state.facts["rate"], state.facts["wait"]
        history, random.bit_generator.state = History(**state.facts["history"]), state.facts["random"]
        best = min(history.validation_loss[_settled(recipe) :], default=np.inf)
    start = saved = time.perf_counter()
    spent = history.seconds
    for epoch in range(len(history.loss), recipe.epochs):
        optimizer.learning_rate.assign(rate)
        steps.prune(recipe, epoch)
        loss = steps.run_epoch(random.permutation(len(data.features)))
        validation_loss = steps.evaluate()
        history.loss.append(loss)
        history.validation_loss.append(validation_loss)
        history.learning_rate.append(rate)
        if epoch < _settled(recipe):
            kept, history.best_epoch = model.get_weights(), epoch
        elif validation_loss < best:
            best, wait, kept, history.best_epoch = validation_loss, 0, model.get_weights(), epoch
        else:
            wait += 1
        if wait >= recipe.patience:
            rate, wait = max(rate / 2.0, recipe.minimum_rate), 0
        history.seconds = spent + time.perf_counter() - start
        if path is not None and (time.perf_counter() - saved >= every or epoch + 1 == recipe.epochs):
            facts = {"rate": rate, "wait": wait, "history": asdict(history), "random": random.bit_generator.state}
            variables = [variable.numpy() for variable in optimizer.variables]
            checkpoints.save(path, checkpoints.State(model.get_weights(), kept, variables, facts), of)
            saved = time.perf_counter()
        if progress is not None:
            progress(epoch + 1, recipe.epochs, validation_loss)
    model.set_weights(kept)
    return history


def _identity(model: Any, data: Data, validation: Data, recipe: Recipe, seed: int) -> str:
    """Digest of a training before its first epoch: the network with its weights, the samples, the recipe, the seed."""
    samples = (array for part in (data, validation) for array in vars(part).values())
    network = _plain(json.loads(model.to_json()))
    return checkpoints.digest(
        (*model.get_weights(), *samples), {"network": network, "recipe": asdict(recipe), "seed": seed}
    )


def _plain(config: Any) -> Any:
    """A network's description without the package's names: keras and tf_keras make the same network."""
    if isinstance(config, dict):
        package = ("module", "registered_name", "keras_version", "backend")
        return {key: _plain(value) for key, value in config.items() if key not in package}
    return [_plain(value) for value in config] if isinstance(config, list) else config


def _settled(recipe: Recipe) -> int:
    """The first epoch that may be the best: what is pruned later on is another network."""
    return round(pruning.LAST * recipe.epochs) if recipe.sparsity else 0
