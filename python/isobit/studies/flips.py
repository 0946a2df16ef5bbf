"""Every bit of a network's weights flipped, one at a time, and what each flip does to the outputs.

How it works: a neuron of a Dense layer reads its own column of the weights alone, so that one run of the layer with the
same bit flipped in a whole row of its weights is a run of as many networks as it has neurons, of each of which one
number is kept. Biases and the constants of BatchNormalization are flipped all at once. The layers behind are then
computed for all of these networks together, in the events in which the number changed. The layer is a network of one
op, and those behind it another, which isobit's engine computes: nothing is compiled, and every bit is firmware's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isobit.bounds.constants import op_constants
from isobit.errors import UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.primitives import Formula
from isobit.model.weights import Encoding, Weight
from isobit.network import Network

__all__ = ["Flip", "count", "flipped", "flips"]

Raw = NDArray[np.int64]


@dataclass(frozen=True)
class Flip:
    """One bit of one number.

    Attributes
    ----------
    layer, slot, index
        The number: the place in the layer's tensor, flat.
    bit
        0 is the lowest bit, the width less one the sign.
    """

    layer: str
    slot: str
    index: int
    bit: int


def count(graph: Graph) -> int:
    """How many bits its weights have."""
    return sum(weight.raw.size * weight.type.width for op in graph.ops for weight in _weights(op))


def flipped(graph: Graph, flip: Flip) -> Graph:
    """The network with this bit flipped."""
    op = graph.by_name[flip.layer]
    chosen = np.zeros(getattr(op, flip.slot).raw.size, bool)
    chosen[flip.index] = True
    return replace(graph, ops=tuple(_with(one, flip.slot, chosen, flip.bit) if one is op else one for one in graph.ops))


def flips(
    graph: Graph, x: FixedArray, *, layers: Collection[str] | None = None, threads: int | None = None
) -> Iterator[tuple[Flip, Raw, Raw]]:
    """Every flip, the events in which it changes the outputs, and the outputs there.

    Parameters
    ----------
    graph
        A chain of layers with one input and one output, whose weights belong to Dense and BatchNormalization.
    x
        Events (events, size) in the format of the input.
    layers
        Whose bits; None for all.
    threads
        Of the engine; None takes every core.

    Returns
    -------
    Flip, places of events, raw outputs (places, size) in the format of the output. In all other events the outputs are
    those of the network as it is.

    Raises
    ------
    UnsupportedError
        For another network.
    """
    _check(graph)
    before = x
    for place, op in enumerate(graph.ops):
        usual = _run(_part(graph, place, place + 1), before, threads)
        behind = _part(graph, place + 1, len(graph.ops)) if place + 1 < len(graph.ops) else None
        outputs = usual.raw if behind is None else _run(behind, usual, threads).raw
        for weight in _weights(op) if layers is None or op.name in layers else ():
            for bit in range(weight.type.width):
                for row in _rows(weight):
                    alone = replace(_part(graph, place, place + 1), ops=(_with(op, weight.name, row, bit),))
                    found = _run(alone, before, threads).raw
                    yield from _behind(op, weight, row, bit, usual, found, behind, outputs, threads)
        before = usual


def _behind(
    op: Op,
    weight: Weight,
    row: NDArray[np.bool_],
    bit: int,
    usual: FixedArray,
    found: Raw,
    behind: Graph | None,
    outputs: Raw,
    threads: int | None,
) -> Iterator[tuple[Flip, Raw, Raw]]:
    """The flips of one run of a layer: column j of what it gave is the network with the j-th flip."""
    events = [np.flatnonzero(found[:, j] != usual.raw[:, j]) for j in range(found.shape[1])]
    columns = np.repeat(np.arange(len(events)), [len(one) for one in events])
    places = np.concatenate(events)
    values = usual.raw[places]
    values[np.arange(len(places)), columns] = found[places, columns]
    if behind is not None and len(places):
        values = _run(behind, FixedArray.from_raw(values, usual.type), threads).raw
    differ = (values != outputs[places]).any(axis=1)
    for j, index in enumerate(np.flatnonzero(row)):
        mine = differ & (columns == j)
        yield Flip(op.name, weight.name, int(index), bit), places[mine], values[mine]


def _rows(weight: Weight) -> Iterator[NDArray[np.bool_]]:
    """Numbers of a weight, flat, of which each output reads one: the rows of a matrix, or all."""
    if weight.raw.ndim == 1:
        yield np.ones(weight.raw.size, bool)
        return
    rows = np.arange(weight.raw.shape[0])
    for row in rows:
        yield np.repeat(rows == row, weight.raw.shape[1])


def _with(op: Op, slot: str, chosen: NDArray[np.bool_], bit: int) -> Op:
    weight: Weight = getattr(op, slot)
    raw = _toggled(weight.raw, chosen.reshape(weight.raw.shape), bit, weight.type)
    changed: dict[str, Any] = {
        slot: replace(weight, raw=raw, written=np.ldexp(raw.astype(float), -weight.type.fraction))
    }
    return replace(op, **changed)


def _toggled(raw: Raw, chosen: NDArray[np.bool_], bit: int, kind: FixedType) -> Raw:
    """In two's complement the highest bit of a signed number counts negative."""
    worth = (-1 if kind.signed and bit == kind.width - 1 else 1) << bit
    isset = (raw >> bit) & 1
    return np.where(chosen, raw + np.where(isset == 1, -worth, worth), raw)


def _part(graph: Graph, first: int, beyond: int) -> Graph:
    """A part of a chain as a network."""
    ops = graph.ops[first:beyond]
    return Graph(graph.name, graph.inputs_of(ops[0]), ops, (ops[-1].output.name,))


def _run(graph: Graph, x: FixedArray, threads: int | None) -> FixedArray:
    found = Network(graph).predict_raw(x, threads=threads)
    assert isinstance(found, FixedArray)
    return FixedArray.from_raw(found.raw.reshape(len(found.raw), -1), found.type)


def _weights(op: Op) -> list[Weight]:
    return [weight for weight in op_constants(op) if weight.encoding is Encoding.PLAIN]


def _check(graph: Graph) -> None:
    names = [graph.inputs[0].name, *(op.output.name for op in graph.ops)]
    if (
        len(graph.inputs) != 1
        or graph.outputs != (names[-1],)
        or any(op.inputs != (name,) for op, name in zip(graph.ops, names, strict=False))
    ):
        raise UnsupportedError(
            f"bits are flipped in chains of layers with one input and one output; {graph.name!r} is none"
        )
    for op in graph.ops:
        (tensor,) = graph.inputs_of(op)
        parts, constants = op.lower(tensor), op_constants(op)
        part = parts[0] if len(parts) == 1 else None
        own = isinstance(part, Formula) or (isinstance(part, Dot) and part.positions == 1)
        own = own and all(weight.shape[-1] == op.output.size for weight in constants)  # each output reads its column
        wide = [weight for weight in constants if not weight.type.fits_int64 or weight.encoding is not Encoding.PLAIN]
        if other := wide or (constants if not own else []):
            raise UnsupportedError(
                f"bits of {op.name}.{other[0].name} ({op.tag}, {other[0].type}) are not flipped; flipped are those of "
                "Dense and BatchNormalization, plain numbers of at most 64 bits"
            )
