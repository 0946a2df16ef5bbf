"""What a check observes besides bits, block by block: outputs, tables, and the Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from isobit.check.keras import FloatDifference, KerasLayers, KerasWatch
from isobit.check.outputs import OutputFacts, OutputWatch, SoftmaxFacts
from isobit.check.tables import TableUse, TableWatch
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["Facts", "Watch"]


@dataclass(frozen=True)
class Facts:
    """What was observed.

    Attributes
    ----------
    inputs, outputs
        Ranges of the network's inputs and outputs.
    softmaxes
        What its softmaxes gave.
    tables
        How its lookup tables were used.
    keras
        Outputs against the Keras model's, if there is one.
    keras_layers
        The same layer by layer.
    """

    inputs: tuple[OutputFacts, ...] = ()
    outputs: tuple[OutputFacts, ...] = ()
    softmaxes: tuple[SoftmaxFacts, ...] = ()
    tables: tuple[TableUse, ...] = ()
    keras: tuple[FloatDifference, ...] = ()
    keras_layers: KerasLayers | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return {
            "inputs": [facts.to_dict() for facts in self.inputs],
            "outputs": [facts.to_dict() for facts in self.outputs],
            "softmaxes": [asdict(facts) for facts in self.softmaxes],
            "tables": [asdict(use) for use in self.tables],
            "keras": [difference.to_dict() for difference in self.keras],
            "keras_layers": None if self.keras_layers is None else self.keras_layers.to_dict(),
        }


class Watch:
    """Takes the base road's blocks.

    Parameters
    ----------
    graph
        The network.
    keras_model
        The Keras model to compare with, or None.
    """

    def __init__(self, graph: Graph, keras_model: Any = None) -> None:
        self._outputs = OutputWatch(graph)
        self._tables = TableWatch(graph)
        self._keras = None if keras_model is None else KerasWatch(graph, keras_model)

    def update(self, columns: Mapping[str, Any], values: Mapping[str, FixedArray]) -> None:
        """Take one block.

        Parameters
        ----------
        columns
            The inputs by name as they were given, shape (events, size): float64 or :class:`FixedArray`.
        values
            Every tensor of the base road for them, by name.
        """
        self._outputs.update(values)
        self._tables.update(values)
        if self._keras is not None:
            self._keras.update(columns, values)

    def facts(self) -> Facts:
        """Everything seen."""
        return Facts(
            self._outputs.inputs(),
            self._outputs.outputs(),
            self._outputs.softmaxes(),
            self._tables.result(),
            () if self._keras is None else self._keras.outputs.result(),
            None if self._keras is None else self._keras.layers(),
        )
