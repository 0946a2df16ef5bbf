"""'Did you mean': the known name that is nearest to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that looks most like ``word``, whatever the case and the separators; None if none does."""
    plain: dict[str, str] = {}
    for name in known:
        plain.setdefault(_plain(name), name)
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=cutoff)
    return plain[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """``"; did you mean 'name'?"``, or nothing where no known name is near."""
    found = nearest(word, known, cutoff)
    return f"; did you mean {found!r}?" if found is not None else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
