"""The compiled steps of a training, an epoch and the validation loss, made once for as many trainings as are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError
from isobit.students import pruning
from isobit.students.losses import losses
from isobit.students.recipes import Data, Recipe

__all__ = ["Steps", "loss_of", "prepare", "tensorflow_package"]


@dataclass(frozen=True)
class Steps:
    """What trains a model on given data, however often.

    Attributes
    ----------
    model, optimizer
        Keras's.
    first
        The optimiser's variables before the first step.
    masks
        Kernels that may be pruned, each with the mask that holds its zeros.
    run_epoch
        From the order of the events to the mean loss.
    evaluate
        The validation loss.
    """

    model: Any
    optimizer: Any
    first: list[NDArray[Any]]
    masks: list[tuple[Any, Any]]
    run_epoch: Callable[[NDArray[np.int64]], float]
    evaluate: Callable[[], float]

    def restart(self) -> None:
        """Forget what the optimiser knows of an earlier training; the model keeps its weights."""
        for variable, value in zip(self.optimizer.variables, self.first, strict=True):
            variable.assign(value)

    def prune(self, recipe: Recipe, epoch: int) -> None:
        """Set to zero what the recipe prunes in this epoch (counted from 0)."""
        part = pruning.share(recipe.sparsity, epoch, recipe.epochs)
        zeros = pruning.masks([kernel.numpy() for kernel, _ in self.masks], part)
        for (kernel, mask), values in zip(self.masks, zeros, strict=True):
            mask.assign(values)
            kernel.assign(kernel * mask)


def prepare(model: Any, data: Data, validation: Data, recipe: Recipe) -> Steps:
    """Compile what trains the model on these events; batch, task, limit and whether is pruned are the recipe's."""
    tensorflow = tensorflow_package()
    optimizer = tensorflow.keras.optimizers.Adam(recipe.learning_rate)
    optimizer.build(model.trainable_variables)
    masks = _masks(tensorflow, model, recipe)
    run_epoch, evaluate = _compile(tensorflow, model, optimizer, masks, data, validation, recipe)
    return Steps(
        model,
        optimizer,
        [variable.numpy() for variable in optimizer.variables],
        masks,
        lambda order: float(run_epoch(tensorflow.constant(order, tensorflow.int32))),
        lambda: float(evaluate()),
    )


def loss_of(tensorflow: Any, recipe: Recipe) -> Callable[[Any, Any, Any, Any], Any]:
    """loss(predictions, targets, teacher, weights): a mean over events; teacher and weights may be None."""
    hard, soft = losses(tensorflow, recipe.task, recipe.temperature)

    def loss(predictions: Any, targets: Any, teacher: Any, weights: Any) -> Any:
        each = hard(predictions, targets)
        if teacher is not None:
            each = recipe.alpha * each + (1.0 - recipe.alpha) * soft(predictions, teacher)
        return tensorflow.reduce_mean(each if weights is None else weights * each)

    return loss


def _masks(tensorflow: Any, model: Any, recipe: Recipe) -> list[tuple[Any, Any]]:
    """Kernels that are pruned, each with the mask that holds its zeros."""
    kernels = [v for v in model.trainable_variables if recipe.sparsity and "kernel" in v.name.rpartition("/")[2]]
    return [(kernel, tensorflow.Variable(tensorflow.ones_like(kernel), trainable=False)) for kernel in kernels]


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
    loss = loss_of(tensorflow, recipe)
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


def tensorflow_package() -> Any:
    """TensorFlow, or an error that says how to get it."""
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError("training needs TensorFlow: pip install 'isobit[hls4ml]'") from error
    return tensorflow
