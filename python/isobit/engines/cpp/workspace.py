"""Where the numbers of a block of events lie while it is computed: buffers, used again when they are done with."""

from __future__ import annotations

from dataclasses import dataclass

import isobit._core as _core

__all__ = ["SIZES", "Workspace"]

#: Bytes of a number in a form; of a pair for those in pairs.
SIZES = {"i16": 2, "f32": 4, "f64": 8, "i32": 4, "i64": 8, "i16_pairs": 4, "i16_split": 8}
#: Tensor, form, low bits of ``i16_split``.
Key = tuple[str, str, int]


@dataclass
class _Buffer:
    """Bytes that are in use from one stage to another, both included."""

    size: int
    first: int
    last: int
    offset: int = 0


class Workspace:
    """Offsets of buffers; one for every form of a tensor that somebody reads.

    All are asked for by :meth:`want`; :meth:`settle` then gives them places, as low as the buffers allow that are in
    use at the same time. What a network holds at once stays in the cache, however many stages it has.
    """

    def __init__(self) -> None:
        self.size = 0
        self._buffers: dict[Key, _Buffer] = {}

    def want(self, tensor: str, features: int, form: str, split: int, first: int, last: int) -> None:
        """Ask for a buffer.

        Parameters
        ----------
        tensor, features, form, split
            What it holds.
        first, last
            Numbers of the stage that fills it (-1: it is an input) and of the last one that reads it.
        """
        key = (tensor, form, split)
        if key in self._buffers:
            known = self._buffers[key]
            known.first, known.last = min(known.first, first), max(known.last, last)
            return
        rows = (features + 1) // 2 if form in ("i16_pairs", "i16_split") else features
        size = -(-rows * SIZES[form] * int(_core.BATCH_BLOCK) // 64) * 64
        self._buffers[key] = _Buffer(size, first, last)

    def settle(self) -> None:
        """Give every buffer its place."""
        placed: list[_Buffer] = []
        for buffer in sorted(self._buffers.values(), key=lambda buffer: buffer.first):
            placed = [other for other in placed if other.last >= buffer.first]
            for other in sorted(placed, key=lambda other: other.offset):
                if buffer.offset + buffer.size <= other.offset:
                    break
                buffer.offset = max(buffer.offset, other.offset + other.size)
            placed.append(buffer)
            self.size = max(self.size, buffer.offset + buffer.size)

    def offset(self, tensor: str, form: str, split: int) -> int:
        """Where a buffer begins, in bytes."""
        return self._buffers[tensor, form, split].offset

    def targets(self, tensor: str) -> list[tuple[str, int, int]]:
        """Form, split and offset of every buffer of a tensor."""
        return [(form, split, b.offset) for (name, form, split), b in self._buffers.items() if name == tensor]
