"""Events in blocks, in the forms that roads and analyses take: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from isobit.data import columns_of
from isobit.errors import IsobitError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.streaming.ahead import read_ahead
from isobit.streaming.inputs import Inputs

__all__ = ["BLOCK", "Block", "block_size", "blocks_of"]

#: Events compared at a time at most, and bytes that the tensors of a block take as int64 on one road.
BLOCK = 32768
BLOCK_BYTES = 1 << 23
_BLOCK_MIN = 256


@dataclass(frozen=True, eq=False)
class Block:
    """Some events after each other.

    Attributes
    ----------
    start
        Number of the first.
    arrays
        For each input, in order, what was given: shape (events, *the input's shape), floats, integers or
        :class:`FixedArray`.
    inputs
        The same quantised, by tensor name, shape (events, size).
    floats
        The same as float64, by tensor name, shape (events, size); None if integers or fixed-point numbers were given.
    """

    start: int
    arrays: list[Any]
    inputs: dict[str, FixedArray]
    floats: dict[str, Any] | None

    def __len__(self) -> int:
        return len(self.arrays[0])

    @property
    def stop(self) -> int:
        """Number of the event after the last."""
        return self.start + len(self)

    @property
    def columns(self) -> dict[str, Any]:
        """``floats`` or, where there are none, ``inputs``."""
        return dict(self.inputs) if self.floats is None else self.floats

    def part(self, start: int, stop: int) -> Block:
        """The events with these numbers."""
        here = slice(start - self.start, stop - self.start)
        return Block(
            start,
            [array[here] for array in self.arrays],
            {name: array[here] for name, array in self.inputs.items()},
            None if self.floats is None else {name: array[here] for name, array in self.floats.items()},
        )


def block_size(graph: Graph) -> int:
    """Events at a time, a power of two: few enough that the tensors of a block need little memory."""
    fitting = BLOCK_BYTES // (8 * sum(tensor.size for tensor in graph.tensors.values()))
    return min(BLOCK, max(_BLOCK_MIN, 1 << max(0, fitting.bit_length() - 1)))


def blocks_of(graph: Graph, source: Inputs, size: int) -> Generator[Block, None, None]:
    """All events in blocks; the next is read while one is in use.

    Raises
    ------
    IsobitError
        For a file that ends early, and for NaN and infinity: file, event and column are named.
    """

    def read(start: int, stop: int) -> Block:
        arrays = source.read(start, stop)
        try:
            columns, _, raw = columns_of(graph.inputs, arrays)
            types = {tensor.name: tensor.type for tensor in graph.inputs}
            inputs = columns if raw else {n: FixedArray.from_float(c, types[n]) for n, c in columns.items()}
        except IsobitError as error:
            raise source.explain(error, arrays, start) from None
        return Block(start, arrays, inputs, None if raw else columns)

    for _, block in read_ahead(read, 0, source.events, size):
        yield block
