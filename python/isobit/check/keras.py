"""The firmware's outputs against the Keras model's floats, block by block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.errors import ShapeError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["FloatDifference", "KerasOutputs"]


@dataclass(frozen=True)
class FloatDifference:
    """Firmware against the Keras model's float output; a difference, not a failure.

    Attributes
    ----------
    output
        Output name.
    largest, rms
        Largest and root-mean-square difference, in units of one.
    lsb
        LSB of the output's format, for comparison.
    """

    output: str
    largest: float
    rms: float
    lsb: float


class KerasOutputs:
    """Accumulates the differences to a Keras model's outputs over blocks of events.

    Parameters
    ----------
    graph
        The network.
    keras_model
        The float model.
    """

    def __init__(self, graph: Graph, keras_model: Any) -> None:
        self.graph = graph
        self.keras_model = keras_model
        self.events = 0
        self._largest = [0.0] * len(graph.outputs)
        self._squares = [0.0] * len(graph.outputs)

    def update(self, columns: Mapping[str, Any], values: Mapping[str, FixedArray]) -> None:
        """Take one block.

        Parameters
        ----------
        columns
            The inputs by name, shape (events, size): float64 or :class:`FixedArray`.
        values
            The firmware's tensors for them, by name; the outputs at least.

        Raises
        ------
        ShapeError
            If the Keras model has another number of outputs.
        """
        given = []
        for tensor in self.graph.inputs:
            column = columns[tensor.name]
            floats = column.to_float() if isinstance(column, FixedArray) else column
            given.append(floats.reshape(len(floats), *tensor.shape))
        truth = self.keras_model.predict(given[0] if len(given) == 1 else given, verbose=0, batch_size=8192)
        truth = truth if isinstance(truth, list) else [truth]
        if len(truth) != len(self.graph.outputs):
            raise ShapeError(f"the Keras model has {len(truth)} outputs, the firmware {len(self.graph.outputs)}")
        for i, (name, floats) in enumerate(zip(self.graph.outputs, truth, strict=True)):
            mine = values[name].to_float()
            gap = np.abs(np.asarray(floats, dtype=np.float64).reshape(mine.shape) - mine)
            self._largest[i] = max(self._largest[i], float(gap.max()))
            self._squares[i] += float((gap**2).sum())
        self.events += len(given[0])

    def result(self) -> tuple[FloatDifference, ...]:
        """The differences of all blocks, one for each output."""
        return tuple(
            FloatDifference(
                tensor.name, largest, float(np.sqrt(squares / (self.events * tensor.size))), float(tensor.type.lsb)
            )
            for tensor, largest, squares in zip(self.graph.output_tensors, self._largest, self._squares, strict=True)
        )
