"""hls4ml prints to stdout and is not made for threads: one call at a time, with its output suppressed."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator

__all__ = ["quiet"]

_LOCK = threading.RLock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Lock hls4ml; suppress what it prints and QKeras' harmless serialisation warnings.

    The lock also keeps two threads from redirecting one another's stdout for good.
    """
    with _LOCK, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The `keras.constraints.serialize", category=UserWarning)
        yield
