"""Random events, drawn block by block as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.model.ops import Tensor

__all__ = ["DrawnReader", "drawn_events"]

#: Events drawn at a time.
_BLOCK = 1 << 14


def drawn_events(tensors: Sequence[Tensor], events: int, seed: int) -> dict[str, DrawnReader]:
    """Events of each input by name: of each block half spread over the whole range of the format, half of order one."""
    blocks = _Blocks(tensors, events, seed)
    return {tensor.name: DrawnReader(blocks, place, tensor) for place, tensor in enumerate(tensors)}


class _Blocks:
    """The blocks of all inputs; the last one that was drawn is kept."""

    def __init__(self, tensors: Sequence[Tensor], events: int, seed: int) -> None:
        self.tensors = tuple(tensors)
        self.events = events
        self.seed = seed
        self._number = -1
        self._drawn: list[npt.NDArray[np.float64]] = []

    def draw(self, number: int) -> list[npt.NDArray[np.float64]]:
        """Block ``number`` of every input, shape (events, size)."""
        if number != self._number:
            rng = np.random.default_rng([self.seed, number] if number else self.seed)
            events = min(_BLOCK, self.events - number * _BLOCK)
            self._drawn = [self._of(tensor, events, rng) for tensor in self.tensors]
            self._number = number
        return self._drawn

    @staticmethod
    def _of(tensor: Tensor, events: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        low, high = float(tensor.type.min), float(tensor.type.max)
        wide = rng.uniform(low, high, (events - events // 2, tensor.size))
        narrow = np.clip(rng.normal(0.0, 1.0, (events // 2, tensor.size)), low, high)
        return np.concatenate([wide, narrow])


class DrawnReader:
    """Random events of one input; see :class:`~isobit.streaming.readers.base.Reader`."""

    def __init__(self, blocks: _Blocks, place: int, tensor: Tensor) -> None:
        self._blocks, self._place = blocks, place
        self.name = f"random events of input {tensor.name!r}"
        self.events = blocks.events
        self.shape: tuple[int, ...] = (tensor.size,)
        self.dtype: np.dtype[Any] = np.dtype(np.float64)

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        parts = []
        for number in range(start // _BLOCK, -(-stop // _BLOCK)):
            first = number * _BLOCK
            part = self._blocks.draw(number)[self._place]
            parts.append(part[max(start - first, 0) : stop - first])
        return np.concatenate(parts) if parts else np.empty((0, *self.shape))

    def column(self, index: tuple[int, ...]) -> str:
        """See :class:`~isobit.streaming.readers.base.Reader`."""
        return f"column {index[0]}"

    def close(self) -> None:
        """Nothing is open."""
