"""Networks that differ in a few formats, on the same events: no layer is planned or computed twice for the same.

The same is: its formats, and the numbers that it reads (computed) or their range (planned).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.data import quantised, shaped
from isobit.engines.registry import BatchEngine, get_engine, thread_count
from isobit.explain.outputs import Floats
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Op, Tensor

__all__ = ["Layerwise"]

#: Bytes of layers' numbers that are kept.
_MOST = 1 << 29
#: Plans that are kept.
_PLANS = 1024
#: Widest formats whose ends float64 writes exactly.
_EXACT = 50


@dataclass(frozen=True)
class _Numbers:
    """Numbers of a tensor.

    Attributes
    ----------
    array
        Shape (events, size).
    identity
        Equal for equal numbers of one format.
    ends
        The range that a layer which reads them is planned for: their own, up to the next powers of two. None: that
        of the format.
    """

    array: FixedArray
    identity: Hashable
    ends: tuple[float, float] | None


class Layerwise:
    """Outputs of networks that are made of one by :meth:`Graph.with_types` and :meth:`Op.with_entries`.

    Planning a whole network anew takes longer than computing a few thousand events, and most of its layers are those
    of a network before it. So each layer is planned alone, for its formats and for the range of what it reads rounded
    up to powers of two, and plans and numbers are kept.

    Parameters
    ----------
    x
        Events: inputs in order, each of shape (events, ...).
    most
        Bytes of layers' numbers that may be kept.
    threads
        Threads of the engine; None takes every core.
    """

    def __init__(self, x: list[Floats], *, most: int = _MOST, threads: int | None = None) -> None:
        self.x, self._threads, self._most = x, thread_count(threads), most
        self._numbers: OrderedDict[Hashable, _Numbers] = OrderedDict()
        self._size = 0
        self._planned: dict[Hashable, Graph] = {}

    def outputs(self, graph: Graph) -> list[Floats]:
        """Outputs in order, each of shape (events, ...)."""
        known = {t.name: self._input(t, values) for t, values in zip(graph.inputs, self.x, strict=True)}
        for op in graph.ops:
            known[op.output.name] = self._computed(op, graph.inputs_of(op), [known[name] for name in op.inputs])
        return [
            np.asarray(shaped(known[tensor.name].array, tensor, False).to_float(), dtype=np.float64)
            for tensor in graph.output_tensors
        ]

    def _input(self, tensor: Tensor, values: Floats) -> _Numbers:
        key = (tensor.name, tensor.type)
        if (known := self._known(key)) is not None:
            return known
        array = quantised((tensor,), [values])[0][tensor.name]
        return self._kept(key, _numbers(array, tensor))

    def _computed(self, op: Op, tensors: tuple[Tensor, ...], given: list[_Numbers]) -> _Numbers:
        formats = (op.name, *op.types().items(), *op.resizable.items(), *(tensor.type for tensor in tensors))
        key = (*formats, *(numbers.identity for numbers in given))
        if (known := self._known(key)) is not None:
            return known
        ends = (*formats, *(numbers.ends for numbers in given))
        if ends not in self._planned:
            while len(self._planned) >= _PLANS:
                self._planned.pop(next(iter(self._planned)))
            pairs = {t.name: replace(t, limits=n.ends) for t, n in zip(tensors, given, strict=True)}
            self._planned[ends] = Graph(op.name, tuple(pairs.values()), (op,), (op.output.name,))
        engine = get_engine("auto")
        assert isinstance(engine, BatchEngine)
        arrays = {tensor.name: numbers.array for tensor, numbers in zip(tensors, given, strict=True)}
        found = engine.run_outputs(self._planned[ends], arrays, self._threads)
        return self._kept(key, _numbers(found[op.output.name], op.output))

    def _known(self, key: Hashable) -> _Numbers | None:
        if key in self._numbers:
            self._numbers.move_to_end(key)
        return self._numbers.get(key)

    def _kept(self, key: Hashable, numbers: _Numbers) -> _Numbers:
        self._numbers[key] = numbers
        self._size += numbers.array.raw.nbytes
        while self._size > self._most and len(self._numbers) > 1:  # those that were used longest ago go
            self._size -= self._numbers.popitem(last=False)[1].array.raw.nbytes
        return numbers


def _numbers(array: FixedArray, tensor: Tensor) -> _Numbers:
    kind, raw = tensor.type, array.raw
    identity: Any = object()
    if raw.dtype == np.int64:
        identity = kind, hashlib.blake2b(np.ascontiguousarray(raw).data, digest_size=16).digest()
    if kind.width > _EXACT or abs(kind.fraction) > _EXACT or tensor.xnor:
        return _Numbers(array, identity, None)
    low, high = int(raw.min()), int(raw.max())
    least = max(kind.raw_min, -(1 << (-low - 1).bit_length())) if low < 0 else 0
    most = min(kind.raw_max, (1 << high.bit_length()) - 1) if high > 0 else 0
    lsb = 2.0**-kind.fraction
    return _Numbers(array, identity, (least * lsb, most * lsb))
