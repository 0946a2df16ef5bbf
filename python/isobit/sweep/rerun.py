"""Networks that differ in a few formats, on the same events: layers before the first that differs are not run again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.data import shaped
from isobit.explain.outputs import Floats, outputs_of
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor
from isobit.network import Network

__all__ = ["Rerun"]

#: Bytes of layers' numbers that are kept for all networks.
_MOST = 1 << 29
#: Widest formats whose ends float64 writes exactly.
_EXACT = 50


@dataclass(frozen=True)
class _Kept:
    """A network whose layers' numbers are known: what each layer is, and the tensors by name, shape (events, size)."""

    keys: list[Any]
    values: dict[str, FixedArray]


class Rerun:
    """Outputs of networks that are made of one by :meth:`Graph.with_types` and :meth:`Op.with_entries`.

    Parameters
    ----------
    x
        Events: inputs in order, each of shape (events, ...).
    most
        Bytes of layers' numbers that may be kept.
    threads
        Threads of the engine; None takes every core.
    follow
        Remember networks without being told: each that begins as the one before it, for half of its layers at least.
    """

    def __init__(self, x: list[Floats], *, most: int = _MOST, threads: int | None = None, follow: bool = False) -> None:
        self.x, self._threads, self._most, self._follow = x, threads, most, follow
        self._kept: list[_Kept] = []
        self._before: list[Any] = []

    def keep(self, graph: Graph) -> None:
        """Remember every layer of a network, where memory allows: networks that begin alike start from there."""
        size = 8 * len(self.x[0]) * sum(tensor.size for tensor in graph.tensors.values())
        keys = _keys(graph)
        if size > self._most or any(keys == known.keys for known in self._kept):
            return
        while self._kept and (len(self._kept) + 1) * size > self._most:
            self._kept.pop(0)  # all have the same tensors
        network = Network(graph)
        inputs, _ = network.quantise(self.x[0] if len(self.x) == 1 else self.x)
        self._kept.append(_Kept(keys, dict(network.run(inputs, threads=self._threads))))

    def outputs(self, graph: Graph) -> list[Floats]:
        """Outputs in order, each of shape (events, ...)."""
        keys = _keys(graph)
        start, known = self._nearest(keys)
        if self._follow and _common(keys, self._before) > max(start, len(graph.ops) // 2):
            self.keep(graph)
            start, known = self._nearest(keys)
        self._before = keys
        if known is None or start < 2:  # the inputs, and a layer at least
            return outputs_of(Network(graph), self.x, self._threads)
        return _from(graph, start - 1, known.values, self._threads)

    def _nearest(self, keys: list[Any]) -> tuple[int, _Kept | None]:
        """The network that has the most layers in common, and how many entries of the keys these are."""
        best: tuple[int, _Kept | None] = (0, None)
        for known in self._kept:
            if (same := _common(keys, known.keys)) > best[0]:
                best = same, known
        return best


def _keys(graph: Graph) -> list[Any]:
    """The inputs' formats, then for each layer what may differ in it."""
    inputs = [(tensor.name, tensor.type) for tensor in graph.inputs]
    return [inputs, *((op.name, op.types(), op.resizable, [t.type for t in graph.inputs_of(op)]) for op in graph.ops)]


def _common(first: list[Any], second: list[Any]) -> int:
    """How many entries are the same, from the front."""
    pairs = zip(first, second, strict=False)
    return next((place for place, (one, two) in enumerate(pairs) if one != two), min(len(first), len(second)))


def _from(graph: Graph, start: int, values: dict[str, FixedArray], threads: int | None) -> list[Floats]:
    """Outputs of a network of whose first layers the numbers are known."""
    ops = graph.ops[start:]
    made = {op.output.name for op in ops}
    wanted = tuple(name for name in graph.outputs if name in made)
    found: dict[str, Floats] = {}
    if wanted:
        tensors = [graph.tensors[name] for name in _read(ops, made)]
        inputs = tuple(_bounded(tensor, values[tensor.name]) for tensor in tensors)
        network = Network(Graph(graph.name, inputs, ops, wanted))
        given = [shaped(values[tensor.name], tensor, False) for tensor in inputs]
        y = network.predict(given[0] if len(given) == 1 else given, threads=threads)
        found = dict(zip(wanted, y if isinstance(y, list) else [y], strict=True))
    rest = {t.name: shaped(values[t.name], t, False).to_float() for t in graph.output_tensors if t.name not in made}
    return [np.asarray((found | rest)[name], dtype=np.float64) for name in graph.outputs]


def _read(ops: tuple[Op, ...], made: set[str]) -> list[str]:
    return list(dict.fromkeys(name for op in ops for name in op.inputs if name not in made))


def _bounded(tensor: Tensor, values: FixedArray) -> Tensor:
    """A tensor as an input, with the range that its numbers have: the plan counts on it."""
    if tensor.type.width > _EXACT or abs(tensor.type.fraction) > _EXACT or tensor.xnor:
        return replace(tensor, limits=None)
    ends = (int(values.raw.min()), int(values.raw.max()))
    low, high = (float(end) * 2.0**-tensor.type.fraction for end in ends)
    return replace(tensor, limits=(low, high))
