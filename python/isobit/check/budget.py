"""A budget of seconds for a road that may be slow: it takes as many events as fit."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from isobit.errors import RangeError
from isobit.fixed.array import FixedArray

__all__ = ["LEAST", "Budget"]

Values = dict[str, FixedArray]

#: Events that a road takes in any case, however slow it is.
LEAST = 10
#: How much of the remaining time the next part may take, as estimated from the parts before.
_SHARE = 0.5
#: Parts grow by no more than this factor, as the first events say little about the rate.
_GROWTH = 8


class Budget:
    """Events one after the other until the time is over.

    Parameters
    ----------
    seconds
        Time in which new events are begun; ``inf`` for no limit. The first 10 events are always taken.

    Raises
    ------
    RangeError
        For a time that is negative or not a number.
    """

    def __init__(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise RangeError(f"reference_seconds must be 0 or more (inf for no limit), got {seconds!r}")
        self.seconds = float(seconds)
        self.spent = 0.0
        self.events = 0

    def run(
        self, road: Callable[[slice], Values], start: int, stop: int, moved: Callable[[int], None]
    ) -> tuple[Values, int]:
        """Run a road on the events from ``start`` on, all or as many as the time allows.

        Parameters
        ----------
        road
            Gives the tensors of a slice of events.
        start, stop
            Where the events lie.
        moved
            Called with the end of every part that is done.

        Returns
        -------
        Tensors of the events from ``start`` on, none if the time is over before, and where these events end.
        """
        parts: list[Values] = []
        first = start
        while first < stop and (count := self._next()):
            end = min(stop, first + count)
            begin = time.perf_counter()
            parts.append(road(slice(first, end)))
            self.spent += time.perf_counter() - begin
            self.events += end - first
            first = end
            moved(end)
        return _joined(parts), first

    def notes(self, asked: int) -> tuple[str, ...]:
        """What the reader should know: how many events were taken, if they are fewer than asked for."""
        if self.events >= asked:
            return ()
        return (f"the reference took {self.events:,} of {asked:,} events; its {self.seconds:g} s were over",)

    def _next(self) -> int:
        """How many events to take next; 0: the time is over."""
        if self.events < LEAST:
            return LEAST - self.events
        left = self.seconds - self.spent
        if left <= 0:
            return 0
        fitting = _SHARE * left * self.events / max(self.spent, 1e-9)
        return int(min(max(1.0, fitting), (_GROWTH - 1) * self.events))


def _joined(parts: list[Values]) -> Values:
    if len(parts) <= 1:
        return parts[0] if parts else {}
    return {
        name: FixedArray(np.concatenate([part[name].raw for part in parts]), array.type)
        for name, array in parts[0].items()
    }
