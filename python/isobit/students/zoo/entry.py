"""What every network of the zoo offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isobit.errors import MissingDependencyError, UnsupportedError
from isobit.students.zoo.sheet import Sheet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ZooEntry(ABC):
    """One reference network.

    Attributes
    ----------
    name
        Key in `ZOO`, also of the files in `data/`.
    summary
        What it is for, one line.
    shape
        Shape of its input without the events.
    outputs
        Number of output neurons, of all outputs together.
    task
        'regression', 'classification' (logits or probabilities) or 'anomaly' (a score, or the reconstruction).
    sparsity
        Share of the weights that pruning removes.
    others
        Shapes of further inputs by name, for networks with several.
    given
        Layers whose accumulator's format hls4ml cannot infer; the auto config has the golden one.
    """

    name: str
    summary: str
    shape: tuple[int, ...]
    outputs: int
    task: str
    sparsity: float
    others: tuple[tuple[str, tuple[int, ...]], ...] = field(default=(), kw_only=True)
    given: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def inputs(self) -> int:
        """Number of features of an event."""
        return prod(self.shape)

    @abstractmethod
    def build(self, *, integer: int | None = None) -> Any:
        """A fresh, untrained Keras model, whose input layer is called `inputs`.

        `integer` asks for the variant with that many integer bits, where there is one (see `check_variant`).
        """

    @abstractmethod
    def sample(self, n: int, seed: int) -> Floats | list[Floats]:
        """Events, float64 (n, *shape); with several inputs a list of them, the one called `inputs` first."""

    @abstractmethod
    def sheet(self) -> Sheet:
        """The golden config, as the generator of its file writes it."""

    def check_variant(self, integer: int) -> None:
        """Refuse a variant that the network does not have.

        Raises
        ------
        UnsupportedError
            If it has none.
        """
        raise UnsupportedError(f"{self.name} has no variant with integer={integer}; the muon networks have")


@dataclass(frozen=True)
class Recipe(ZooEntry):
    """A network given by three functions: layers, events, and golden config.

    Attributes
    ----------
    layers
        From the model's input tensor, or tensors, to its output, or outputs.
    events
        From (n, seed) to events.
    config
        The golden config.
    """

    layers: Callable[..., Any]
    events: Callable[[int, int], Floats | list[Floats]]
    config: Callable[[], Sheet]

    def build(self, *, integer: int | None = None) -> Any:
        """A fresh, untrained Keras model; there are no variants."""
        if integer is not None:
            self.check_variant(integer)
        keras = keras_package()
        tensors = [keras.layers.Input(shape, name=name) for name, shape in (("inputs", self.shape), *self.others)]
        return keras.Model(tensors if self.others else tensors[0], self.layers(*tensors), name=self.name)

    def sample(self, n: int, seed: int) -> Floats | list[Floats]:
        """See :meth:`ZooEntry.sample`."""
        return self.events(n, seed)

    def sheet(self) -> Sheet:
        """The golden config."""
        return self.config()


def keras_package() -> Any:
    """`tensorflow.keras`.

    Raises
    ------
    MissingDependencyError
        If TensorFlow is not installed.
    """
    try:
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError("this needs TensorFlow: pip install 'isobit[hls4ml]'") from error
    # tensorflow.keras loads at the first look inside. Look before qkeras is imported: its pruning package points what
    # is not loaded by then at tf_keras (it sets TF_USE_LEGACY_KERAS), and layers of two Keras packages do not mix.
    tensorflow.keras.layers  # noqa: B018
    return tensorflow.keras


def qkeras_package() -> Any:
    """`qkeras`.

    Raises
    ------
    MissingDependencyError
        If TensorFlow or QKeras is not installed.
    """
    keras_package()
    try:
        import qkeras
    except ImportError as error:
        raise MissingDependencyError("this network needs qkeras: pip install 'isobit[hls4ml]'") from error
    return qkeras
