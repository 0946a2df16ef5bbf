"""What the network's tensors look like over all events: constant outputs, softmaxes that do not sum to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.softmax import Softmax

__all__ = ["OutputFacts", "OutputWatch", "SoftmaxFacts"]


@dataclass(frozen=True)
class OutputFacts:
    """One output, or input, of the network.

    Attributes
    ----------
    tensor
        Its name.
    events
        Events seen.
    low, high
        Smallest and largest value of each number, in units of one.
    """

    tensor: str
    events: int
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def constant(self) -> int:
        """How many numbers are the same in every event; 0 for a single event."""
        return 0 if self.events < 2 else sum(low == high for low, high in zip(self.low, self.high, strict=True))

    @property
    def dead(self) -> bool:
        """Whether all of them are."""
        return self.constant == len(self.low)

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return {**asdict(self), "constant": self.constant}


@dataclass(frozen=True)
class SoftmaxFacts:
    """What a softmax gave: probabilities are at most one and sum to one.

    Attributes
    ----------
    layer
        Its name.
    largest
        Largest output.
    low_sum, high_sum
        Smallest and largest sum of the outputs that are normalised together.
    """

    layer: str
    largest: float
    low_sum: float
    high_sum: float


@dataclass
class OutputWatch:
    """Accumulates over blocks of events.

    Parameters
    ----------
    graph
        The network.
    """

    graph: Graph
    events: int = 0
    _bounds: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _softmaxes: dict[str, SoftmaxFacts] = field(default_factory=dict)

    def update(self, values: Mapping[str, FixedArray]) -> None:
        """Take one block: every tensor of some events by name."""
        for tensor in (*self.graph.inputs, *self.graph.output_tensors):
            raw = values[tensor.name].raw
            low, high = raw.min(axis=0), raw.max(axis=0)
            if tensor.name in self._bounds:
                before = self._bounds[tensor.name]
                low, high = np.minimum(before[0], low), np.maximum(before[1], high)
            self._bounds[tensor.name] = (low, high)
        for op in self.graph.lowered.ops:
            if isinstance(op, Softmax) and op.output.name in values:
                self._softmax(op, values[op.output.name].to_float())
        self.events += len(values[self.graph.inputs[0].name])

    def _softmax(self, op: Softmax, found: Any) -> None:
        sums = found[:, op.groups].sum(axis=2)
        facts = SoftmaxFacts(op.name, float(found.max()), float(sums.min()), float(sums.max()))
        if (before := self._softmaxes.get(op.name)) is not None:
            facts = SoftmaxFacts(
                op.name,
                max(before.largest, facts.largest),
                min(before.low_sum, facts.low_sum),
                max(before.high_sum, facts.high_sum),
            )
        self._softmaxes[op.name] = facts

    def inputs(self) -> tuple[OutputFacts, ...]:
        """The network's inputs."""
        return tuple(self._facts(tensor.name) for tensor in self.graph.inputs)

    def outputs(self) -> tuple[OutputFacts, ...]:
        """The network's outputs."""
        return tuple(self._facts(name) for name in self.graph.outputs)

    def softmaxes(self) -> tuple[SoftmaxFacts, ...]:
        """Its softmaxes."""
        return tuple(self._softmaxes.values())

    def _facts(self, name: str) -> OutputFacts:
        low, high = (
            FixedArray.from_raw(end, self.graph.tensors[name].type).to_float().tolist() for end in self._bounds[name]
        )
        return OutputFacts(name, self.events, tuple(low), tuple(high))
