"""How large numbers are: magnitudes of activations and constants by power of two, to be held against their formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from isobit.bounds.constant_change import as_float
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.weights import Encoding, Weight

__all__ = ["Distribution", "distributions", "sampled_events"]

#: Numbers of a tensor that are counted, and of all tensors together: those of the first events.
_NUMBERS, _TOGETHER = 1 << 18, 1 << 22
#: Powers of two below an LSB that are told apart.
_BELOW = 12


@dataclass(frozen=True)
class Distribution:
    """Magnitudes of the numbers that a format has to hold.

    Attributes
    ----------
    layer, slot
        Whose: ``result`` of a layer or an input, or a constant's slot.
    type
        The format.
    counts
        Numbers by the power of two: those from 2**k up to 2**(k + 1). Of inputs as they were given and of constants as
        they were written, so that they may lie beyond the format; of results as they are in it.
    zeros
        Numbers that are zero.
    """

    layer: str
    slot: str
    type: FixedType
    counts: Mapping[int, int]
    zeros: int

    @property
    def place(self) -> str:
        """``layer.slot``."""
        return f"{self.layer}.{self.slot}"

    @property
    def low(self) -> int:
        """Power of two of the format's LSB."""
        return -self.type.fraction

    @property
    def high(self) -> int:
        """Power of two of the highest bit of its magnitudes; of a format of a sign alone that of the LSB."""
        return max(self.low, self.type.integer - self.type.signed - 1)

    @property
    def total(self) -> int:
        """Numbers that were counted."""
        return self.zeros + sum(self.counts.values())

    @property
    def beyond(self) -> int:
        """Numbers above the format's range."""
        return sum(count for power, count in self.counts.items() if power > self.high)

    @property
    def below(self) -> int:
        """Numbers below half its LSB at most, which rounding makes zero or one LSB."""
        return sum(count for power, count in self.counts.items() if power < self.low)


def sampled_events(graph: Graph, events: int) -> int:
    """How many of some events are looked at, the first ones."""
    sizes = [tensor.size for tensor in graph.tensors.values()]
    return max(1, min(events, _NUMBERS // max(sizes), _TOGETHER // sum(sizes)))


def distributions(graph: Graph, given: Mapping[str, Any], values: Mapping[str, FixedArray]) -> tuple[Distribution, ...]:
    """Inputs, then every layer's result and constants, in order.

    Parameters
    ----------
    graph
        The network.
    given
        Inputs by name as they were given, shape (events, size): numbers or :class:`FixedArray`.
    values
        Every tensor of the network for them, by name.
    """
    found = [_of(tensor.name, "result", tensor.type, given[tensor.name]) for tensor in graph.inputs]
    for op in graph.ops:
        weights = [value for field in fields(op) if isinstance(value := getattr(op, field.name), Weight)]
        for weight in weights:
            if weight.encoding in (Encoding.PLAIN, Encoding.LITERAL):
                found.append(_of(op.name, weight.name, weight.type, weight.written))
        if not op.renames and op.output.name in values:
            found.append(_of(op.name, "result", op.output.type, values[op.output.name]))
    return tuple(found)


def _of(layer: str, slot: str, kind: FixedType, numbers: Any) -> Distribution:
    if isinstance(numbers, FixedArray):
        numbers = numbers.to_float()
    numbers = np.asarray(numbers, dtype=np.float64).ravel()
    zeros = int(np.count_nonzero(numbers == 0))
    if zeros:
        numbers = numbers[numbers != 0]
    powers = np.frexp(numbers)[1] - 1
    high = max(-kind.fraction, kind.integer - kind.signed - 1)
    if kind.signed:  # the smallest number, minus two to the power, is within the format
        powers[(powers == high + 1) & (numbers == as_float(kind.min))] = high
    powers = np.maximum(powers, -kind.fraction - _BELOW)
    found, counts = np.unique(powers, return_counts=True)
    return Distribution(layer, slot, kind, dict(zip(found.tolist(), counts.tolist(), strict=True)), zeros)
