"""The events on which a network is certified: random, extreme, witnesses of overflows, and given ones.

All of them follow from the network, the counts and the seed; each kind's digest is in the certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.check.blocks import Block
from isobit.data import columns_of
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Tensor
from isobit.plan.witnesses import Witness

__all__ = ["KINDS", "Events", "digest_of", "extreme_events", "given_events", "random_events", "witness_events"]

KINDS = ("random", "extreme", "witness", "given")
#: Elements of an input of which each is at its ends while the others are zero, at most: evenly chosen.
_SINGLES = 64


@dataclass(frozen=True, eq=False)
class Events:
    """Events of one kind.

    Attributes
    ----------
    kind
        One of :data:`KINDS`.
    block
        The events, as the roads of a comparison take them.
    source
        Where they are from, in words: a seed, or files.
    """

    kind: str
    block: Block
    source: str = ""

    def __len__(self) -> int:
        return len(self.block)

    @property
    def sha256(self) -> str:
        """Digest of the raw integers."""
        return digest_of(self.block.inputs.values())


def digest_of(arrays: Iterable[FixedArray]) -> str:
    """The sha256 of formats, shapes and raw integers, the same on every machine."""
    digest = hashlib.sha256()
    for array in arrays:
        raw = array.raw
        digest.update(f"{array.type} {raw.shape}\n".encode())
        if raw.dtype == object:
            digest.update(",".join(map(str, raw.ravel().tolist())).encode())
        else:
            digest.update(np.ascontiguousarray(raw, dtype="<i8").tobytes())
    return digest.hexdigest()


def random_events(graph: Graph, events: int, seed: int) -> Events:
    """Real numbers: half spread over the whole range of each input, half of order one. The firmware rounds them itself.

    Parameters
    ----------
    graph
        The network.
    events, seed
        How many, and the seed.
    """
    rng = np.random.default_rng([seed, 1])
    arrays = []
    for tensor in graph.inputs:
        low, high = (float(end * tensor.type.lsb) for end in tensor.raw_range)
        wide = rng.uniform(low, high, (events - events // 2, tensor.size))
        narrow = np.clip(rng.normal(0.0, 1.0, (events // 2, tensor.size)), low, high)
        arrays.append(np.concatenate([wide, narrow]).reshape(events, *tensor.shape))
    return Events("random", _block(graph, arrays), f"seed {seed}")


def extreme_events(graph: Graph, events: int, seed: int) -> Events:
    """Raw integers at the ends of each input's range: all at once, in turn, one alone, and in random corners.

    Parameters
    ----------
    graph
        The network.
    events, seed
        How many corners are drawn, and the seed.
    """
    rng = np.random.default_rng([seed, 2])
    arrays = []
    for tensor in graph.inputs:
        low, high = tensor.raw_range
        middle = min(max(0, low), high)
        near = [min(max(value, low), high) for value in (1, -1)]
        choices = np.array([low, high, middle, *near], dtype=object)
        fixed = np.array([[value] * tensor.size for value in choices.tolist()], dtype=object)
        turns = np.array([[(low, high)[(k + first) % 2] for k in range(tensor.size)] for first in (0, 1)], dtype=object)
        corners = choices[rng.integers(0, len(choices), (events, tensor.size))]
        arrays.append(np.concatenate([fixed, turns, _singles(graph, tensor, low, high, middle), corners]))
    return Events("extreme", _raw_block(graph, arrays), f"seed {seed}")


def _singles(graph: Graph, tensor: Tensor, low: int, high: int, middle: int) -> Any:
    """Each number of one input at its ends while all others, those of other inputs as well, are zero."""
    places = [(other.name, k) for other in graph.inputs for k in range(other.size)]
    chosen = [places[k] for k in np.unique(np.linspace(0, len(places) - 1, min(_SINGLES, len(places))).astype(int))]
    rows = np.full((2 * len(chosen), tensor.size), middle, dtype=object)
    for row, (name, place) in enumerate(chosen):
        if name == tensor.name:
            rows[2 * row, place], rows[2 * row + 1, place] = low, high
    return rows


def witness_events(graph: Graph, witnesses: Sequence[Witness], most: int) -> Events | None:
    """Inputs that make a cast overflow, each once; None where there are none.

    Parameters
    ----------
    graph
        The network.
    witnesses
        What the search found.
    most
        How many are taken: evenly from all.
    """
    if not witnesses or most < 1:
        return None
    rows: dict[tuple[tuple[int, ...], ...], None] = {}
    for witness in witnesses:
        rows[tuple(tuple(witness.inputs[t.name].raw.ravel().tolist()) for t in graph.inputs)] = None
    every = list(rows)
    chosen = [every[k] for k in np.unique(np.linspace(0, len(every) - 1, min(most, len(every))).astype(int))]
    arrays = [np.array([row[place] for row in chosen], dtype=object) for place in range(len(graph.inputs))]
    return Events("witness", _raw_block(graph, arrays), f"{len(witnesses)} overflows")


def given_events(graph: Graph, arrays: Any, source: str) -> Events:
    """Events of the user's.

    Parameters
    ----------
    graph
        The network.
    arrays
        As :meth:`isobit.Model.predict` takes them.
    source
        Where they are from.

    Raises
    ------
    ShapeError, TypeMismatchError, RangeError
        For what is not events of these inputs, and for numbers outside of a range that was given.
    """
    return Events("given", _block(graph, arrays), source)


def _block(graph: Graph, arrays: Any) -> Block:
    given = arrays if not isinstance(arrays, list) or len(graph.inputs) > 1 else arrays[0]
    columns, _, raw = columns_of(graph.inputs, given)
    types = {tensor.name: tensor.type for tensor in graph.inputs}
    inputs = columns if raw else {name: FixedArray.from_float(c, types[name]) for name, c in columns.items()}
    return Block(0, list(columns.values()), inputs, None if raw else columns)


def _raw_block(graph: Graph, arrays: Sequence[Any]) -> Block:
    inputs = {}
    for tensor, raw in zip(graph.inputs, arrays, strict=True):
        narrow = raw if tensor.type.width > 63 else raw.astype(np.int64)
        inputs[tensor.name] = FixedArray.from_raw(narrow, tensor.type)
    return Block(0, list(inputs.values()), inputs, None)
