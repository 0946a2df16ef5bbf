"""Standard output and error: what happens when their reader is gone, or nothing can be written."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO

__all__ = ["flush", "quiet_pipes"]


class _Stream(io.FileIO):
    """A standard stream. Once its reader is gone, what is written goes nowhere, without a word."""

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._title = name

    def write(self, data: Any, /) -> int:
        """Write some bytes; returns how many.

        Raises
        ------
        OSError
            If they cannot be written, naming the stream; what follows goes nowhere.
        """
        try:
            return super().write(data)
        except OSError as error:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            if isinstance(error, BrokenPipeError):
                return len(memoryview(data).cast("B"))
            raise OSError(error.errno, error.strerror, self._title) from None


def quiet_pipes() -> None:
    """Let the exit status be that of the command, not of a reader such as ``head`` that has read enough."""
    sys.stdout = _over(sys.stdout, "standard output")
    sys.stderr = _over(sys.stderr, "standard error")


def _over(stream: TextIO, name: str) -> TextIO:
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or somebody's own stream
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(descriptor, name)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=name == "standard error" or stream.isatty(),
        write_through=getattr(stream, "write_through", False),
    )


def flush() -> str | None:
    """Write what is left; why that cannot be done, or None."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        return str(error)
    return None
