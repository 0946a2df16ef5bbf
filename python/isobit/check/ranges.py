"""Overflows over blocks of events: those of the layers, and inputs that do not fit their own format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isobit.api import Model
from isobit.check.blocks import Block
from isobit.profile.blocks import joined
from isobit.profile.counts import OverflowCount, Profile

__all__ = ["Overflows"]


class Overflows:
    """Accumulates the profile of a network over blocks of events.

    Parameters
    ----------
    model
        The network.
    threads
        Threads to use.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self.threads = threads
        self._profile: Profile | None = None
        self._outside: dict[str, Any] = {t.name: np.zeros(t.size, dtype=np.int64) for t in model.graph.inputs}

    def update(self, block: Block) -> None:
        """Take one block."""
        found = self.model.profile(block.arrays, self.threads, distributions=self._profile is None)
        self._profile = found if self._profile is None else joined(self.model.graph, [self._profile, found])
        for tensor in self.model.graph.inputs if block.floats is not None else ():
            low, high = float(tensor.type.min), float(tensor.type.max + tensor.type.lsb)
            column = block.columns[tensor.name]
            self._outside[tensor.name] += np.count_nonzero((column < low) | (column >= high), axis=0)

    def result(self) -> Profile:
        """The profile of all blocks; inputs that do not fit their own format come first."""
        assert self._profile is not None
        counts = [
            OverflowCount(tensor.name, "result", tensor.type, outside, outside)
            for tensor in self.model.graph.inputs
            if (outside := self._outside[tensor.name]).any()
        ]
        return replace(self._profile, counts=(*counts, *self._profile.counts))
