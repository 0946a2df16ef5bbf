"""Which Keras layers became which layers of the firmware: segments that both models can compute."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.model.graph import Graph
from isobit.model.ops import Op

__all__ = ["Segment", "keras_parents", "made_of", "segments_of"]

#: How hls4ml names a layer that it makes of another one: the Keras layer's name with something before or after it.
_BEFORE = ("bn_tanh_", "repack_")

#: Keras layers that compute nothing.
_MOVES = ("Permute", "Reshape", "Flatten", "Dropout")


@dataclass(frozen=True, eq=False)
class Segment:
    """Keras layers in a row, and the layers of the firmware that hls4ml made of them.

    Attributes
    ----------
    layers
        The Keras layers, in order.
    ops
        The firmware's layers, in order.
    source, target
        The tensors of the graph between which they lie.
    """

    layers: tuple[Any, ...]
    ops: tuple[Op, ...]
    source: str
    target: str

    @property
    def name(self) -> str:
        """Name of the Keras layer that it began with, or names."""
        return " + ".join(layer.name for layer in self.layers)

    @property
    def only_moves(self) -> bool:
        """Whether the Keras layers give the numbers that they get, in another order or shape."""
        return all(type(layer).__name__ in _MOVES for layer in self.layers)

    def followed_by(self, other: Segment) -> Segment:
        """Both in a row as one."""
        return Segment((*self.layers, *other.layers), (*self.ops, *other.ops), self.source, other.target)

    def __call__(self, values: Any) -> Any:
        """What Keras gives for float values of shape (events, ...), as float64."""
        for layer in self.layers:
            values = layer(values, training=False) if _takes_training(layer) else layer(values)
        return np.asarray(values, dtype=np.float64)


def _takes_training(layer: Any) -> bool:
    return bool(getattr(layer, "_call_spec", None) and layer._call_spec.expects_training_arg)


def keras_parents(model: Any) -> dict[str, str | None]:
    """Name of the layer before each layer of a Keras model; None for its inputs.

    Raises
    ------
    UnsupportedError
        For layers that read several tensors or are used twice, and for models in models.
    """
    parents: dict[str, str | None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # QKeras serialises its quantisers as Keras constraints
        config = model.get_config()
    entries = {entry["config"]["name"]: entry for entry in config["layers"]}
    for before, layer in zip([None, *model.layers], model.layers, strict=False):
        if hasattr(layer, "layers"):
            raise UnsupportedError(f"layer {layer.name!r} is a model itself")
        nodes = entries.get(layer.name, {}).get("inbound_nodes")
        if nodes is None:  # Sequential
            parents[layer.name] = None if before is None else before.name
            continue
        if len(nodes) > 1 or (nodes and len(nodes[0]) > 1):
            raise UnsupportedError(f"layer {layer.name!r} is used twice, or reads several tensors")
        parents[layer.name] = str(nodes[0][0][0]) if nodes else None
    return parents


def segments_of(graph: Graph, model: Any) -> tuple[Segment, ...]:
    """Segments in the order of the firmware's layers; together they hold every layer of both.

    Raises
    ------
    UnsupportedError
        If the layers of the two cannot be matched.
    """
    parents = keras_parents(model)
    layers = {layer.name: layer for layer in model.layers}
    groups = _groups(graph, layers)
    chains = _chains(groups, parents, layers)
    targets = {name: ops[-1].output.name for name, ops in groups.items()}
    segments = []
    for name, ops in groups.items():
        if len(ops[0].inputs) > 1:
            raise UnsupportedError(f"layer {ops[0].name!r} of the firmware reads several tensors")
        (source,) = ops[0].inputs
        begin = _nearest(parents[name], groups, parents)
        if begin is not None and targets[begin] != source:
            raise UnsupportedError(f"layer {name!r} of the Keras model follows {begin!r}, in the firmware {source!r}")
        segments.append(Segment(tuple(layers[layer] for layer in chains[name]), ops, source, targets[name]))
    return tuple(segments)


def _groups(graph: Graph, layers: Mapping[str, Any]) -> dict[str, tuple[Op, ...]]:
    """The firmware's layers by the Keras layer that they are made of."""
    origins: dict[str, str] = {}
    groups: dict[str, list[Op]] = {}
    for op in graph.ops:
        before = {origins.get(source) for source in op.inputs}
        name = made_of(op.name, layers) or (before.pop() if len(before) == 1 else None)
        if name is None:
            raise UnsupportedError(f"layer {op.name!r} of the firmware belongs to none of {', '.join(layers)}")
        group = groups.setdefault(name, [])
        if group and (group[-1].output.name,) != op.inputs:
            raise UnsupportedError(f"layers {group[-1].name!r} and {op.name!r}, both of {name!r}, are not in a row")
        group.append(op)
        origins[op.output.name] = name
    return {name: tuple(ops) for name, ops in groups.items()}


def made_of(op: str, layers: Mapping[str, Any]) -> str | None:
    """The Keras layer that a firmware layer has its name from: the longest that fits."""
    names = [op, *(op[len(prefix) :] for prefix in _BEFORE if op.startswith(prefix))]
    fitting = [layer for layer in layers for name in names if name == layer or name.startswith(f"{layer}_")]
    return max(fitting, key=len, default=None)


def _nearest(name: str | None, groups: Mapping[str, Any], parents: Mapping[str, str | None]) -> str | None:
    while name is not None and name not in groups:
        name = parents[name]
    return name


def _chains(
    groups: Mapping[str, Any], parents: Mapping[str, str | None], layers: Mapping[str, Any]
) -> dict[str, list[str]]:
    """The Keras layers of each segment: those that hls4ml folded into a layer follow it, or precede the first."""
    children: dict[str | None, list[str]] = {}
    for name, parent in parents.items():
        children.setdefault(parent, []).append(name)
    chains: dict[str, list[str]] = {}
    taken: set[str] = set()
    for name in groups:
        chain, last = [name], name
        while len(below := children.get(last, [])) == 1 and below[0] not in groups:
            last = below[0]
            chain.append(last)
        chains[name] = chain
        taken |= set(chain)
    for name in groups:
        above = parents[name]
        while above is not None and above not in taken and not _is_input(layers[above]):
            chains[name].insert(0, above)
            above = parents[above]
    return chains


def _is_input(layer: Any) -> bool:
    return type(layer).__name__ == "InputLayer"
