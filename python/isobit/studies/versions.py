"""All versions of an autoencoder: in floating point, quantised in training or afterwards, pruned or not.

How it works: a network is trained in floating point. Then it is trained for some more epochs, once for each width in
formats of that width, and once more in floating point: the reference, which is also what is quantised afterwards. All
see the same events in the same order, so that versions differ in their formats alone. Pruning comes before these last
epochs and goes on in them. One compiled graph trains all versions, see :mod:`isobit.students.rounding`; what is trained
in floating point is kept in the study's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from isobit.api import Model
from isobit.files import atomic_path
from isobit.fixed.types import FixedType
from isobit.students import distill
from isobit.students.anomalies import BACKGROUND, SIGNALS, simulate
from isobit.students.autoencoders import Autoencoder, Trainable
from isobit.students.steps import Steps, prepare
from isobit.studies.frame import Context

__all__ = ["SPARSITY", "Versions"]

Floats = NDArray[np.float64]
Kinds = dict[str, FixedType]

#: Share of each kernel that pruning sets to zero.
SPARSITY: Final = 0.5

_TRAINING: Final = (6144, 512)
_VALIDATION: Final = (1024, 256)
_TEST: Final = (10_000, 500)
_TEST_SIGNAL: Final = (4000, 300)
_CALIBRATION: Final = 512  # training events on whose results formats are chosen
_FLOAT: Final = distill.Recipe(epochs=30, learning_rate=3e-3, batch=256, patience=3)
_PRUNED: Final = distill.Recipe(epochs=10, learning_rate=2e-3, batch=256, patience=3, sparsity=SPARSITY)
_LAST: Final = distill.Recipe(epochs=5, learning_rate=2e-3, batch=256, patience=2)
_QUICK_EPOCHS: Final = 2


@dataclass(frozen=True)
class Versions:
    """One network; `pruned` says which of two series of versions is meant."""

    context: Context
    network: Autoencoder

    @cached_property
    def test(self) -> dict[str, Floats]:
        """Events (n, 57) of each kind, which no training has seen."""
        sizes = {BACKGROUND: _TEST}
        return {name: self._events(sizes.get(name, _TEST_SIGNAL), 4, name) for name in (BACKGROUND, *SIGNALS)}

    def reference(self, pruned: bool) -> Any:
        """The network in floating point, as Keras has what is on the chip."""
        train = partial(self._train, self._last(pruned), None)
        return self._deployed(self._kept(f"{_series(pruned)}-reference", lambda: train(self._start(pruned))))

    def values(self, plain: Any) -> dict[str, Floats]:
        """Of a network in floating point, what formats are chosen by."""
        return self._trainable.values(plain, self._samples[0].targets[:_CALIBRATION])

    def kinds(self, values: dict[str, Floats], width: int) -> Kinds:
        """Formats of this width."""
        return self._trainable.kinds(values, width)

    def in_training(self, pruned: bool, kinds: Kinds) -> Model:
        """The network that had its last epochs in these formats."""
        trained = self._train(self._last(pruned), kinds, self._start(pruned))
        return self.network.convert(self._deployed(trained), kinds)

    def scores(self, network: Any) -> dict[str, Floats]:
        """Of the events of each kind, by firmware or by a Keras model."""
        found = {}
        for name, x in self.test.items():
            if isinstance(network, Model):
                outputs = network.predict(x)
            else:
                outputs = network(x.astype(np.float32), training=False)
            found[name] = self.network.score(outputs, x)
        return found

    @cached_property
    def _trainable(self) -> Trainable:
        distill.seed_everything(self.context.seed)
        return self.network.trainable()

    @cached_property
    def _samples(self) -> tuple[distill.Data, distill.Data]:
        """For training and validation."""
        first, second = (self._events(sizes, place) for place, sizes in ((1, _TRAINING), (2, _VALIDATION)))
        return self.network.data(first, self.context.seed), self.network.data(second, self.context.seed + 1)

    @cached_property
    def _steps(self) -> Steps:
        return prepare(self._trainable.model, *self._samples, self._recipe(_PRUNED))

    def _events(self, sizes: tuple[int, int], place: int, process: str = BACKGROUND) -> Floats:
        features = simulate(self.context.pick(*sizes), 1000 * self.context.seed + place, process).features
        return features.reshape(len(features), -1)

    def _recipe(self, recipe: distill.Recipe) -> distill.Recipe:
        task = "variational" if self.network.variational else "squares"
        return replace(recipe, task=task, epochs=self.context.pick(recipe.epochs, _QUICK_EPOCHS))

    def _start(self, pruned: bool) -> list[Any]:
        """Weights before the last epochs."""
        if pruned:
            train = partial(self._train, _PRUNED, None)
            return self._kept("pruned", lambda: train(self._start(pruned=False)))
        return self._kept("whole", lambda: self._train(_FLOAT, None, None))

    def _last(self, pruned: bool) -> distill.Recipe:
        return replace(_LAST, sparsity=SPARSITY if pruned else 0.0)

    def _train(self, recipe: distill.Recipe, kinds: Kinds | None, weights: list[Any] | None) -> list[Any]:
        """Weights after a training in these formats that begins with these weights, or with those drawn at first."""
        steps, model = self._steps, self._trainable.model
        if weights is not None:
            model.set_weights(weights)
        self._trainable.kit.set(kinds)
        distill.train(model, *self._samples, self._recipe(recipe), seed=self.context.seed, prepared=steps)
        found: list[Any] = model.get_weights()
        return found

    def _kept(self, name: str, compute: Callable[[], list[Any]]) -> list[Any]:
        """Weights that are computed once and then read from the study's folder."""
        path = self.context.scratch(f"{self.network.name}-{name}.npz")
        if not path.exists():
            found = compute()
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.savez(file, *found)
        with np.load(path, allow_pickle=False) as archive:
            return [archive[key] for key in archive.files]

    def _deployed(self, weights: list[Any]) -> Any:
        self._trainable.model.set_weights(weights)
        return self._trainable.deploy()


def _series(pruned: bool) -> str:
    return "pruned" if pruned else "whole"
