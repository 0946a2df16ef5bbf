"""Networks with some quantisers exact: how far their outputs are from the right ones, each network run once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from isobit.errors import UnsupportedError
from isobit.explain.layerwise import Layerwise
from isobit.explain.lifting import Lifter, Quantiser
from isobit.explain.outputs import Floats

__all__ = ["Counterfactuals"]


#: Bits that a rounding is given instead, and roundings that are tried where one of them removes something.
_FEWER, _MATCHED = (1, 2, 3, 4, 6), 10


@dataclass
class Counterfactuals:
    """Errors of networks on some events.

    Attributes
    ----------
    lifter
        Makes the networks.
    x
        Events: inputs in order, each of shape (events, ...).
    measure
        The error of outputs.
    """

    lifter: Lifter
    x: list[Floats]
    measure: Callable[[list[Floats]], float]
    _known: dict[Any, float] = field(default_factory=dict)
    _changed: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._layers = Layerwise(self.x)
        self._own: list[Floats] | None = None

    @property
    def runs(self) -> int:
        """Networks that were run."""
        return len(self._known)

    def floor(self, every: list[Quantiser]) -> float:
        """What is left at best: of the exact network, or of the network with one quantiser exact."""
        return min([self.of(every), *(self.of((one,)) for one in every)])

    def match(self, every: list[Quantiser]) -> None:
        """Make roundings only as exact as comes nearest to the right outputs, which may be quantised themselves.

        A weight that lost two bits is right with these two; with eight it differs again from a reference that has two.
        """
        whole = self.of(())
        ranked = sorted((one for one in every if one.cause == "rounding"), key=lambda one: self.of((one,)))
        some = ranked[:_MATCHED] if ranked and self.of(ranked[:1]) < whole else ranked
        for one in some:
            left = {bits: self.of((one,), {one: bits}) for bits in _FEWER}
            best = min(left, key=left.__getitem__)
            if left[best] < self.of((one,)):
                self.lifter.finer[one] = best
        if self.lifter.finer:
            self._known = {key: error for key, error in self._known.items() if key[1] or not key[0]}

    def of(self, lifted: Collection[Quantiser], bits: Mapping[Quantiser, int] | None = None) -> float:
        """The error with some quantisers exact, or with so many bits more; infinite if there is no such network."""
        key = frozenset(lifted), tuple(sorted((bits or {}).items()))
        if key not in self._known:
            try:
                graph = self.lifter.lifted_graph(sorted(lifted), bits)
                outputs = self._layers.outputs(graph)
            except UnsupportedError:  # formats that do not go together, such as those of a maximum's inputs
                self._known[key], self._changed[key] = inf, 0
            else:
                self._own = outputs if not lifted else self._own
                self._known[key], self._changed[key] = self.measure(outputs), self._events(outputs)
        return self._known[key]

    def events(self, one: Quantiser) -> int:
        """Events whose outputs change if one quantiser is exact."""
        self.of((one,))
        return self._changed[frozenset((one,)), ()]

    def _events(self, outputs: list[Floats]) -> int:
        if self._own is None:
            return 0
        pairs = zip(outputs, self._own, strict=True)
        return int(np.any([(a != b).reshape(len(a), -1).any(axis=1) for a, b in pairs], axis=0).sum())
