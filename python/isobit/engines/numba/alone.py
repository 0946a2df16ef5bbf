"""Numba without other packages' extensions, which isobit's kernels do not need.

Numba loads them before it compiles or loads anything. awkward's alone brings pyarrow: 60 MB and a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from numba.core import entrypoints

__all__ = ["no_extensions"]

_LOADED = "_already_initialized"


@contextmanager
def no_extensions() -> Iterator[None]:
    """Let Numba load none meanwhile; those whose code needs them get them afterwards, as always."""
    loaded = getattr(entrypoints, _LOADED, None)  # a Numba that has no such thing loads them
    if loaded is None:
        yield
        return
    setattr(entrypoints, _LOADED, True)
    try:
        yield
    finally:
        setattr(entrypoints, _LOADED, loaded)
