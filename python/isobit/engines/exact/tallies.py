"""What the exact computation reports to a counter of casts."""

from __future__ import annotations

from collections.abc import Callable

from isobit.fixed.assign import Cast

__all__ = ["Tally", "ignore", "of_index"]

#: Called with (slot, output index, cast) for every cast of a column of events.
Tally = Callable[[str, int, Cast], None]


def ignore(slot: str, index: int, cast: Cast) -> None:
    """Count nothing."""


def of_index(tally: Tally, slot: str, index: int) -> Callable[[Cast], None] | None:
    """What counts the casts of one output; None where nobody counts, which spares the work for it."""
    return None if tally is ignore else lambda cast: tally(slot, index, cast)
