"""Blocks of events, each read while the one before is in use."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["read_ahead"]

T = TypeVar("T")


def read_ahead(
    read: Callable[[int, int], T], first: int, events: int, size: int
) -> Generator[tuple[int, T], None, None]:
    """The first event of each block and what was read of it.

    Parameters
    ----------
    read
        Gives the events from one number to another; called in a thread of its own.
    first, events
        Where to begin, and how many events there are in all.
    size
        Events of a block.
    """
    spans = [(start, min(start + size, events)) for start in range(first, events, size)]
    with ThreadPoolExecutor(1) as reading:
        ahead = [reading.submit(read, *span) for span in spans[:1]]
        for number, (start, _) in enumerate(spans, 1):
            block = ahead.pop().result()
            ahead += [reading.submit(read, *span) for span in spans[number : number + 1]]
            yield start, block
