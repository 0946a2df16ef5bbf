"""How a network is trained, and what it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isobit.errors import RangeError, ShapeError
from isobit.students.losses import TASKS

__all__ = ["Data", "Recipe"]

Array = NDArray[np.floating[Any]]


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
