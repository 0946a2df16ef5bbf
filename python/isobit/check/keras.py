"""The firmware against the Keras model's floats, block by block: outputs over all events, layers on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.check.conversion import DroppedOption, dropped_options
from isobit.check.gaps import LayerGap, layer_gaps, reals
from isobit.check.keras_layers import segments_of
from isobit.check.keras_outputs import FloatDifference, KerasOutputs
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["LAYER_EVENTS", "FloatDifference", "KerasLayers", "KerasWatch"]

#: Events that are followed layer by layer at most, the first ones (and the one with the largest difference).
LAYER_EVENTS = 1000
#: Numbers that these events may take, over all layers.
_NUMBERS = 1 << 23


@dataclass(frozen=True)
class KerasLayers:
    """Keras against the firmware layer by layer.

    Attributes
    ----------
    events
        How many events were followed.
    gaps
        Every segment of layers, in order.
    dropped
        Options of the Keras model that the firmware does not have.
    reason
        Why the layers could not be followed; empty if they were.
    """

    events: int
    gaps: tuple[LayerGap, ...] = ()
    dropped: tuple[DroppedOption, ...] = ()
    reason: str = ""

    @property
    def unexplained(self) -> LayerGap | None:
        """The first segment whose difference no format explains."""
        return next((gap for gap in self.gaps if gap.unexplained), None)

    @property
    def explained(self) -> bool:
        """Whether the formats explain the difference of every layer."""
        return bool(self.gaps) and self.unexplained is None

    @property
    def worst(self) -> LayerGap | None:
        """The segment that adds most to the difference, relative to the spread of its numbers."""
        return max(self.gaps, key=lambda gap: gap.own_rms / gap.spread if gap.spread else gap.own_rms, default=None)

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return {
            "events": self.events,
            "explained_by_formats": self.explained,
            "reason": self.reason,
            "layers": [gap.to_dict() for gap in self.gaps],
            "dropped": [option.to_dict() for option in self.dropped],
        }


class KerasWatch:
    """Takes blocks of events, and compares a Keras model with what the firmware gave for them.

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
        self.outputs = KerasOutputs(graph, keras_model)
        size = sum(tensor.size for tensor in graph.tensors.values())
        self._limit = max(1, min(LAYER_EVENTS, _NUMBERS // size))
        self._kept: list[tuple[list[int], dict[str, Any], dict[str, FixedArray]]] = []
        self._worst: tuple[float, int, dict[str, Any], dict[str, FixedArray]] | None = None

    def update(self, columns: Mapping[str, Any], values: Mapping[str, FixedArray]) -> None:
        """Take one block.

        Parameters
        ----------
        columns
            The inputs by name, shape (events, size): float64 or :class:`FixedArray`.
        values
            The firmware's tensors for them, by name.

        Raises
        ------
        ShapeError
            If the Keras model has another number of outputs.
        """
        start = self.outputs.events
        floats = {
            tensor.name: reals(column, tensor) if isinstance(column, FixedArray) else column
            for tensor in self.graph.inputs
            for column in [columns[tensor.name]]
        }
        gaps = self.outputs.update(floats, values)
        kept = min(len(gaps), self._limit - start)
        if kept > 0:
            self._kept.append(self._part(start, slice(0, kept), floats, values))
        largest = int(np.argmax(gaps))
        if start + largest >= self._limit and (self._worst is None or gaps[largest] > self._worst[0]):
            _, row, tensors = self._part(start, slice(largest, largest + 1), floats, values)
            self._worst = (float(gaps[largest]), start + largest, row, tensors)

    def _part(
        self, start: int, part: slice, floats: Mapping[str, Any], values: Mapping[str, FixedArray]
    ) -> tuple[list[int], dict[str, Any], dict[str, FixedArray]]:
        return (
            list(range(start + part.start, start + part.stop)),
            {name: np.array(column[part]) for name, column in floats.items()},
            # Copies: a view would keep its whole block.
            {n: FixedArray.from_raw(np.array(values[n].raw[part]), t.type) for n, t in self.graph.tensors.items()},
        )

    def layers(self) -> KerasLayers:
        """Follow the events that were kept through both networks."""
        parts = list(self._kept)
        if self._worst is not None:
            _, number, row, tensors = self._worst
            parts.append(([number], row, tensors))
        numbers = [number for numbered, _, _ in parts for number in numbered]
        floats = {t.name: np.concatenate([part[1][t.name] for part in parts]) for t in self.graph.inputs}
        values = {name: _joined([part[2][name] for part in parts]) for name in self.graph.tensors}
        try:
            segments = segments_of(self.graph, self.keras_model)
            gaps = layer_gaps(self.graph, segments, values, floats)
        except UnsupportedError as error:
            return KerasLayers(0, (), dropped_options(self.graph, self.keras_model), str(error))
        except Exception as error:  # Keras raises nearly everything, such as for layers that it calls otherwise
            reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
            return KerasLayers(0, (), dropped_options(self.graph, self.keras_model), reason)
        numbered = tuple(
            gap if gap.worst is None else replace(gap, worst=replace(gap.worst, event=numbers[gap.worst.event]))
            for gap in gaps
        )
        return KerasLayers(len(numbers), numbered, dropped_options(self.graph, self.keras_model, segments))


def _joined(parts: list[FixedArray]) -> FixedArray:
    return FixedArray.from_raw(np.concatenate([part.raw for part in parts]), parts[0].type)
