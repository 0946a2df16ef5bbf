"""Rounding and overflow modes of AMD's ``ap_fixed`` (UG1399), numbered as ``ap_q_mode`` and ``ap_o_mode``.

The one list of modes, with the tie rule of each, is ``cpp/include/isobit/modes.def``; a test compares these
enumerations with the list that the compiled ``isobit._core`` was built from.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from isobit.errors import FormatError

__all__ = ["Overflow", "Rounding", "parse_mode"]


class Rounding(IntEnum):
    """What happens to the fraction bits that a cast drops."""

    RND = 0
    RND_ZERO = 1
    RND_MIN_INF = 2
    RND_INF = 3
    RND_CONV = 4
    TRN = 5
    TRN_ZERO = 6

    def __str__(self) -> str:
        return f"AP_{self.name}"


class Overflow(IntEnum):
    """What happens to a rounded value that the target cannot hold."""

    SAT = 0
    SAT_ZERO = 1
    SAT_SYM = 2
    WRAP = 3
    WRAP_SM = 4

    def __str__(self) -> str:
        return f"AP_{self.name}"


Mode = TypeVar("Mode", Rounding, Overflow)


def parse_mode(kind: type[Mode], mode: str | int | Mode) -> Mode:
    """Return the mode named by an enumerator, its number, or its name with or without ``AP_``.

    Raises
    ------
    FormatError
        If no such mode exists; the message lists those that do.
    """
    if isinstance(mode, str):
        name = mode.strip().upper().removeprefix("AP_")
        if name in kind.__members__:
            return kind[name]
    elif not isinstance(mode, bool) and (isinstance(mode, kind) or type(mode) is int):
        try:
            return kind(mode)
        except ValueError:
            pass
    allowed = ", ".join(kind.__members__)
    raise FormatError(f"unknown {kind.__name__.lower()} mode {mode!r}; allowed (with or without AP_): {allowed}")
