"""Which Keras layers became which layers of the firmware: segments that both models can compute."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.primitives import is_alias

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
    sources
        The tensors of the graph that the first layer reads, in its order.
    target
        The tensor that the last layer gives.
    """

    layers: tuple[Any, ...]
    ops: tuple[Op, ...]
    sources: tuple[str, ...]
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
        return Segment((*self.layers, *other.layers), (*self.ops, *other.ops), self.sources, other.target)

    def __call__(self, *given: Any) -> Any:
        """What Keras gives for the float values of every source, each of shape (events, ...), as float64."""
        values: Any = given[0] if len(given) == 1 else list(given)
        for layer in self.layers:
            values = layer(values, training=False) if _takes_training(layer) else layer(values)
        return np.asarray(values, dtype=np.float64)


def _takes_training(layer: Any) -> bool:
    return bool(getattr(layer, "_call_spec", None) and layer._call_spec.expects_training_arg)


def keras_parents(model: Any) -> dict[str, tuple[str, ...]]:
    """Names of the layers that each layer of a Keras model reads, in its order; none for its inputs.

    Raises
    ------
    UnsupportedError
        For layers that are used twice, and for models in models.
    """
    parents: dict[str, tuple[str, ...]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # QKeras serialises its quantisers as Keras constraints
        config = model.get_config()
    entries = {entry["config"]["name"]: entry for entry in config["layers"]}
    for before, layer in zip([None, *model.layers], model.layers, strict=False):
        if hasattr(layer, "layers"):
            raise UnsupportedError(f"layer {layer.name!r} is a model itself")
        nodes = entries.get(layer.name, {}).get("inbound_nodes")
        if nodes is None:  # Sequential
            parents[layer.name] = () if before is None else (before.name,)
            continue
        if len(nodes) > 1:
            raise UnsupportedError(f"layer {layer.name!r} is used {len(nodes)} times")
        parents[layer.name] = tuple(str(source[0]) for source in nodes[0]) if nodes else ()
    return parents


def segments_of(graph: Graph, model: Any) -> tuple[Segment, ...]:
    """Segments in the order of the firmware's layers; together they hold every layer of both that computes something.

    Raises
    ------
    UnsupportedError
        If the layers of the two cannot be matched.
    """
    layers = {layer.name: layer for layer in model.layers}
    for name, layer in layers.items():
        if type(layer).__module__.startswith("hgq."):
            raise UnsupportedError(
                f"layer {name!r} is HGQ2's, which quantises in Keras as well: only outputs are compared"
            )
    parents = keras_parents(model)
    groups, same = _groups(graph, layers)
    chains = _chains(groups, parents, layers)
    given = {name: ops[-1].output.name for name, ops in groups.items()}
    inputs = {tensor.name for tensor in graph.inputs}
    segments = []
    for name, ops in groups.items():
        sources = tuple(same.get(source, source) for source in ops[0].inputs)
        begins = [_nearest(parent, groups, parents) for parent in parents[name]]
        if len(begins) != len(sources):
            raise UnsupportedError(
                f"layer {name!r} of the Keras model reads {len(begins)} tensors, in the firmware {len(sources)}"
            )
        for begin, source in zip(begins, sources, strict=True):
            if begin in groups and given[begin] != source:
                raise UnsupportedError(
                    f"layer {name!r} of the Keras model follows {begin!r}, in the firmware {source!r}"
                )
            if begin not in groups and (source not in inputs or (len(inputs) > 1 and begin != source)):
                raise UnsupportedError(
                    f"layer {name!r} of the Keras model reads the input {begin!r}, in the firmware {source!r}"
                )
        segments.append(Segment(tuple(layers[layer] for layer in chains[name]), ops, sources, given[name]))
    return tuple(segments)


def _groups(graph: Graph, layers: Mapping[str, Any]) -> tuple[dict[str, tuple[Op, ...]], dict[str, str]]:
    """The firmware's layers by the Keras layer that they are made of; and what copies are copies of, by name."""
    origins: dict[str, str] = {}
    groups: dict[str, list[Op]] = {}
    same: dict[str, str] = {}
    for op in graph.ops:
        sources = [same.get(source, source) for source in op.inputs]
        before = {origins.get(source) for source in sources}
        made = made_of(op.name, layers)
        name = made or (before.pop() if len(before) == 1 else None)
        group = groups.get(name, []) if name is not None else []
        follows = bool(group) and [group[-1].output.name] == sources
        if made is None and not follows and _is_copy(graph, op):  # a stream that several layers read, or a repacked one
            same[op.output.name] = sources[0]
            continue
        if name is None:
            raise UnsupportedError(f"layer {op.name!r} of the firmware belongs to none of {', '.join(layers)}")
        if group and not follows:
            raise UnsupportedError(f"layers {group[-1].name!r} and {op.name!r}, both of {name!r}, are not in a row")
        groups.setdefault(name, []).append(op)
        origins[op.output.name] = name
    return {name: tuple(ops) for name, ops in groups.items()}, same


def _is_copy(graph: Graph, op: Op) -> bool:
    """Whether a layer gives what it reads, under another name."""
    parts = op.lower(*graph.inputs_of(op))
    return len(parts) == 1 and is_alias(parts[0], graph.inputs_of(op))


def made_of(op: str, layers: Mapping[str, Any]) -> str | None:
    """The Keras layer that a firmware layer has its name from: the longest that fits."""
    names = [op, *(op[len(prefix) :] for prefix in _BEFORE if op.startswith(prefix))]
    fitting = [layer for layer in layers for name in names if name == layer or name.startswith(f"{layer}_")]
    return max(fitting, key=len, default=None)


def _nearest(name: str, groups: Mapping[str, Any], parents: Mapping[str, tuple[str, ...]]) -> str:
    """The layer itself or the nearest one above it that the firmware has; else the Keras model's input."""
    while name not in groups and parents[name]:
        if len(parents[name]) > 1:
            raise UnsupportedError(
                f"the firmware has no layer for {name!r} of the Keras model, which reads several tensors"
            )
        (name,) = parents[name]
    return name


def _chains(
    groups: Mapping[str, Any], parents: Mapping[str, tuple[str, ...]], layers: Mapping[str, Any]
) -> dict[str, list[str]]:
    """The Keras layers of each segment: those that hls4ml folded into a layer follow it, or precede the first."""
    children: dict[str, list[str]] = {}
    for name, sources in parents.items():
        for source in sources:
            children.setdefault(source, []).append(name)
    chains: dict[str, list[str]] = {}
    taken: set[str] = set()
    for name in groups:
        chain, last = [name], name
        while len(below := children.get(last, [])) == 1 and below[0] not in groups and len(parents[below[0]]) == 1:
            last = below[0]
            chain.append(last)
        chains[name] = chain
        taken |= set(chain)
    for name in groups:
        for source in parents[name]:
            before = _before(source, taken, parents, layers)
            if before and len(parents[name]) > 1:
                raise UnsupportedError(
                    f"the firmware has no layer for {before[-1]!r} of the Keras model, one of the sources of {name!r}"
                )
            chains[name][:0] = before
    return chains


def _before(
    name: str, taken: Collection[str], parents: Mapping[str, tuple[str, ...]], layers: Mapping[str, Any]
) -> list[str]:
    """A layer and those above it, in order, down from an input or from a layer of another segment."""
    chain: list[str] = []
    while name not in taken and not _is_input(layers[name]):
        chain.insert(0, name)
        if len(parents[name]) != 1:
            break  # the first of a Sequential
        (name,) = parents[name]
    return chain


def _is_input(layer: Any) -> bool:
    return type(layer).__name__ == "InputLayer"
