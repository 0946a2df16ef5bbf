"""What the exact computation reports to a counter of casts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from isobit.fixed.assign import Cast

__all__ = ["Count", "Tally", "ignore", "of_index", "of_indices"]

#: Called with (slot, output index, cast) for every cast of a column of events.
Tally = Callable[[str, int, Cast], None]
#: Called with every cast of some columns that go into known outputs.
Count = Callable[[Cast], None]


def ignore(slot: str, index: int, cast: Cast) -> None:
    """Count nothing."""


def of_index(tally: Tally, slot: str, index: int) -> Count | None:
    """What counts the casts of one output; None where nobody counts, which spares the work for it."""
    return None if tally is ignore else lambda cast: tally(slot, index, cast)


def of_indices(tally: Tally, slot: str, indices: Iterable[int]) -> Count | None:
    """What counts the casts of several outputs, a row of numbers each; None where nobody counts."""
    if tally is ignore:
        return None
    places = [int(index) for index in indices]

    def count(cast: Cast) -> None:
        for index, value, rounded in zip(places, cast.value, cast.rounded, strict=True):
            tally(slot, index, cast._replace(value=value, rounded=rounded))

    return count
