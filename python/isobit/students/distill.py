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
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, RangeError, ShapeError
from isobit.students import checkpoints, pruning
from isobit.students.losses import TASKS, losses

Array = NDArray[np.floating[Any]]

Progress = Callable[[int, int, float], None]
"""Called after each epoch with (epochs done, epochs in all, validation loss)."""

CHECKPOINT_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    Attributes
    ----------
    epochs, learning_rate, batch
        Passes over the data, Adam's first step size, events a step.
    task
        One of `losses.TASKS`.
    alpha
        Share of the hard loss; the rest is the teacher's. Without a teacher it plays no role.
    temperature
        Divides logits before the Kullback-Leibler divergence.
    patience
        Epochs without a better validation loss before the learning rate is halved.
    minimum_rate
        The learning rate is not halved below this.
    limit
        Outputs of hidden layers beyond +- this are penalised by their squared excess, so that the network stays within
        the range of its future fixed-point types: an accumulator that wraps is no small error. None: no penalty.
    sparsity
        Share of each kernel's weights that pruning sets to zero, see :mod:`isobit.students.pruning`. The best epoch is
        then one of those in which nothing more is pruned.
    """

    epochs: int
    learning_rate: float
    batch: int = 1024
    task: str = "regression"
    alpha: float = 0.1
    temperature: float = 0.1
    patience: int = 10
    minimum_rate: float = 1e-6
    limit: float | None = None
    sparsity: float = 0.0

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise RangeError(f"task is {self.task!r}, expected one of {', '.join(TASKS)}")
        if not 0.0 <= self.alpha <= 1.0:
            raise RangeError(f"alpha is {self.alpha}, expected 0 to 1")
        if not 0.0 <= self.sparsity < 1.0:
            raise RangeError(f"sparsity is {self.sparsity}, expected 0 to less than 1")
        for name in ("epochs", "batch", "patience", "learning_rate", "temperature"):
            if not getattr(self, name) > 0:
                raise RangeError(f"{name} is {getattr(self, name)}, expected more than 0")
        if self.limit is not None and not self.limit > 0:
            raise RangeError(f"limit is {self.limit}, expected more than 0 or None")


@dataclass(frozen=True)
class Data:
    """What a network learns from.

    Attributes
    ----------
    features, targets
        (n, inputs) and (n, outputs).
    teacher
        (n, outputs): the teacher's predictions, if there is one.
    weights
        (n,): how much each event counts, if not all the same.
    """

    features: Array
    targets: Array
    teacher: Array | None = None
    weights: Array | None = None

    def __post_init__(self) -> None:
        for name, array in (("targets", self.targets), ("teacher", self.teacher), ("weights", self.weights)):
            if array is not None and len(array) != len(self.features):
                raise ShapeError(f"{name} has {len(array)} events, features {len(self.features)}")
        if self.teacher is not None and self.teacher.shape != self.targets.shape:
            raise ShapeError(f"teacher has shape {self.teacher.shape}, targets {self.targets.shape}")


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
    tensorflow = _tensorflow()
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
    tensorflow = _tensorflow()
    optimizer = tensorflow.keras.optimizers.Adam(recipe.learning_rate)
    optimizer.build(model.trainable_variables)
    masks = _masks(tensorflow, model, recipe)
    run_epoch, evaluate = _compile(tensorflow, model, optimizer, masks, data, validation, recipe)

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
        _prune(masks, recipe, epoch)
        loss = float(run_epoch(tensorflow.constant(random.permutation(len(data.features)), tensorflow.int32)))
        validation_loss = float(evaluate())
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


def _loss(tensorflow: Any, recipe: Recipe) -> Callable[[Any, Any, Any, Any], Any]:
    """loss(predictions, targets, teacher, weights): a mean over events; teacher and weights may be None."""
    hard, soft = losses(tensorflow, recipe.task, recipe.temperature)

    def loss(predictions: Any, targets: Any, teacher: Any, weights: Any) -> Any:
        each = hard(predictions, targets)
        if teacher is not None:
            each = recipe.alpha * each + (1.0 - recipe.alpha) * soft(predictions, teacher)
        return tensorflow.reduce_mean(each if weights is None else weights * each)

    return loss


def _settled(recipe: Recipe) -> int:
    """The first epoch that may be the best: what is pruned later on is another network."""
    return round(pruning.LAST * recipe.epochs) if recipe.sparsity else 0


def _masks(tensorflow: Any, model: Any, recipe: Recipe) -> list[tuple[Any, Any]]:
    """Kernels that are pruned, each with the mask that holds its zeros."""
    kernels = [v for v in model.trainable_variables if recipe.sparsity and "kernel" in v.name.rpartition("/")[2]]
    return [(kernel, tensorflow.Variable(tensorflow.ones_like(kernel), trainable=False)) for kernel in kernels]


def _prune(masks: list[tuple[Any, Any]], recipe: Recipe, epoch: int) -> None:
    part = pruning.share(recipe.sparsity, epoch, recipe.epochs)
    for (kernel, mask), zeros in zip(masks, pruning.masks([k.numpy() for k, _ in masks], part), strict=True):
        mask.assign(zeros)
        kernel.assign(kernel * mask)


def _compile(
    tensorflow: Any,
    model: Any,
    optimizer: Any,
    masks: list[tuple[Any, Any]],
    data: Data,
    validation: Data,
    recipe: Recipe,
) -> tuple[Callable[[Any], Any], Callable[[], Any]]:
    """One graph for a whole epoch (order of events -> mean loss) and one for the validation loss.

    A step of these small networks takes less time than Python needs to start it, hence the loop inside the graph.
    """
    loss = _loss(tensorflow, recipe)
    features, targets, teacher, weights = _tensors(tensorflow, data)
    check_features, *check_wanted = _tensors(tensorflow, validation)
    hidden = [layer.output for layer in model.layers[1:-1]] if recipe.limit is not None else []
    probe = tensorflow.keras.Model(model.inputs, [*hidden, *model.outputs])
    steps = len(data.features) // recipe.batch  # the rest of the permutation is left out, another part each epoch

    @tensorflow.function  # type: ignore[untyped-decorator]
    def run_epoch(order: Any) -> Any:
        total = tensorflow.constant(0.0)
        for step in tensorflow.range(steps):
            events = order[step * recipe.batch : (step + 1) * recipe.batch]
            events = tensorflow.ensure_shape(events, (recipe.batch,))
            wanted = [None if t is None else tensorflow.gather(t, events) for t in (targets, teacher, weights)]
            with tensorflow.GradientTape() as tape:
                *inner, predictions = tensorflow.nest.flatten(probe(tensorflow.gather(features, events), training=True))
                value = loss(predictions, *wanted)
                for tensor in inner:
                    excess = tensorflow.nn.relu(tensorflow.abs(tensor) - recipe.limit)
                    value += tensorflow.reduce_mean(tensorflow.reduce_sum(tensorflow.square(excess), axis=-1))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            for kernel, mask in masks:
                kernel.assign(kernel * mask)
            total += value
        return total / float(steps)

    @tensorflow.function  # type: ignore[untyped-decorator]
    def evaluate() -> Any:
        return loss(model(check_features, training=False), *check_wanted)

    return run_epoch, evaluate


def _tensors(tensorflow: Any, data: Data) -> list[Any]:
    """Features, targets, teacher, weights; None for what there is not."""
    return [None if array is None else tensorflow.constant(array, tensorflow.float32) for array in vars(data).values()]


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError("training needs TensorFlow: pip install 'isobit[hls4ml]'") from error
    return tensorflow
