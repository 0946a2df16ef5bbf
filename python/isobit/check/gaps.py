"""Keras against the firmware, layer by layer: what the formats of each layer explain, and what they do not.

Every segment of layers gets the numbers that the firmware gave to it. Three results are compared: what Keras gives,
what the firmware gave, and what the firmware's layers would give without formats (:mod:`isobit.bounds.ideal`). The
difference between the last two is what the formats do. Keras, which may have some of the same formats as quantisers,
must lie between them; if it is off by more than half an LSB, the firmware computes another function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from isobit.bounds.constant_change import as_float
from isobit.bounds.ideal import Interval, ideal
from isobit.check.keras_layers import Segment
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Tensor

__all__ = ["LayerGap", "Unexplained", "layer_gaps", "reals"]


@dataclass(frozen=True)
class Unexplained:
    """The value of a layer that is furthest from what formats explain.

    Attributes
    ----------
    event, index
        Where, of the events that were looked at.
    keras, firmware, ideal
        What Keras and the firmware give for the same inputs, and the firmware's function without formats.
    """

    event: int
    index: int
    keras: float
    firmware: float
    ideal: float


@dataclass(frozen=True)
class LayerGap:
    """One segment.

    Attributes
    ----------
    keras_layers, layers
        Names of the Keras layers and of the firmware's.
    tensor, lsb
        The firmware's tensor at its end, and its LSB.
    events, values
        How many were compared.
    own_largest, own_rms
        Difference that arises in this segment: both got the firmware's inputs.
    largest, rms
        Difference so far: Keras computed from the beginning.
    spread
        Standard deviation of what Keras gives from the beginning, over all events and neurons.
    rms_by_neuron
        The rms of the difference so far, of each neuron.
    unexplained
        Values that no format explains.
    worst
        The worst of them.
    """

    keras_layers: tuple[str, ...]
    layers: tuple[str, ...]
    tensor: str
    lsb: float
    events: int
    values: int
    own_largest: float
    own_rms: float
    largest: float
    rms: float
    spread: float
    rms_by_neuron: tuple[float, ...]
    unexplained: int
    worst: Unexplained | None

    @property
    def name(self) -> str:
        """The Keras layers."""
        return " + ".join(self.keras_layers)

    def to_dict(self) -> dict[str, Any]:
        """As plain Python objects."""
        return asdict(self)


def reals(array: FixedArray, tensor: Tensor) -> Any:
    """The numbers that a tensor stands for: float64; one-bit numbers of binary networks are plus and minus one."""
    return array.raw * 2.0 - 1.0 if tensor.xnor else array.to_float()


def layer_gaps(
    graph: Graph, segments: tuple[Segment, ...], values: Mapping[str, FixedArray], floats: Mapping[str, Any]
) -> tuple[LayerGap, ...]:
    """Compare segment by segment.

    Parameters
    ----------
    graph, segments
        The network, and the segments of it and of the Keras model.
    values
        Every tensor of the firmware for some events, by name.
    floats
        The inputs as they were before they were quantised, by name: float64, shape (events, size).

    Raises
    ------
    UnsupportedError
        For a layer whose function on real numbers is not known.
    """
    from_start = {tensor.name: np.asarray(floats[tensor.name]) for tensor in graph.inputs}
    gaps = []
    left = list(segments)
    while left:
        segment = left.pop(0)
        gap = _gap(graph, segment, values, from_start)
        if gap.unexplained and segment.only_moves and (next_one := _only_reader(segment, left)) is not None:
            # hls4ml may put the order of a layer's inputs into its weights instead of moving them.
            both = segment.followed_by(next_one)
            together = _gap(graph, both, values, from_start)
            if not together.unexplained:
                left.remove(next_one)
                gap = together
        gaps.append(gap)
    return tuple(gaps)


def _only_reader(segment: Segment, others: list[Segment]) -> Segment | None:
    readers = [other for other in others if segment.target in other.sources]
    return readers[0] if len(readers) == 1 and len(readers[0].sources) == 1 else None


def _gap(graph: Graph, segment: Segment, values: Mapping[str, FixedArray], from_start: dict[str, Any]) -> LayerGap:
    sources, target = [graph.tensors[name] for name in segment.sources], graph.tensors[segment.target]
    firmware = reals(values[target.name], target)
    given = [reals(values[source.name], source) for source in sources]
    keras = _asked(segment, given, sources).reshape(firmware.shape)
    whole = _asked(segment, [from_start[source.name] for source in sources], sources).reshape(firmware.shape)
    from_start[target.name] = whole
    bounds = _ideal(graph, segment, values)
    lsb = as_float(target.type.lsb) * (2 if target.xnor else 1)
    rounding = 2.0**-20 * np.abs(keras)
    # A quantiser of Keras' with the same LSB gives the nearest number.
    below = np.minimum(bounds.low, firmware) - lsb / 2 - rounding - keras
    above = keras - np.maximum(bounds.high, firmware) - lsb / 2 - rounding
    excess = np.maximum(below, above)
    own, so_far = np.abs(keras - firmware), np.abs(whole - firmware)
    worst = None
    if unexplained := int(np.count_nonzero(excess > 0)):
        event, index = (int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))
        at = (event, index)
        worst = Unexplained(event, index, float(keras[at]), float(firmware[at]), float(bounds.centre[at]))
    return LayerGap(
        tuple(layer.name for layer in segment.layers),
        tuple(op.name for op in segment.ops),
        target.name,
        lsb,
        len(firmware),
        int(firmware.size),
        float(own.max()),
        float(np.sqrt(np.mean(own**2))),
        float(so_far.max()),
        float(np.sqrt(np.mean(so_far**2))),
        float(whole.std()),
        tuple(np.sqrt(np.mean(so_far**2, axis=0)).tolist()),
        unexplained,
        worst,
    )


def _ideal(graph: Graph, segment: Segment, values: Mapping[str, FixedArray]) -> Interval:
    """What the segment's layers would give without formats, from the firmware's numbers."""
    lowered, known = graph.lowered, dict[str, Interval]()
    for layer in segment.ops:
        for op in layer.lower(*graph.inputs_of(layer)):
            tensors = lowered.inputs_of(op)
            for tensor in tensors:
                if tensor.name not in known:
                    known[tensor.name] = Interval(*(reals(values[tensor.name], tensor),) * 2)
            known[op.output.name] = ideal(op, tensors, tuple(known[name] for name in op.inputs))
    return known[segment.target]


def _asked(segment: Segment, given: Sequence[Any], tensors: Sequence[Tensor]) -> Any:
    """What the segment's Keras layers give, shape (events, size)."""
    events = len(given[0])
    shaped = (np.asarray(v, dtype=np.float32).reshape(events, *t.shape) for v, t in zip(given, tensors, strict=True))
    return segment(*shaped).reshape(events, -1)
