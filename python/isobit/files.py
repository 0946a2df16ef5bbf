"""Files are written whole or not at all, and never over a user's file unasked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isobit.errors import OverwriteError

__all__ = ["atomic_path", "refuse_overwrite"]

# The process's mask can only be read by setting it; once, while nothing else runs.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def refuse_overwrite(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Return the path, or raise if something is there and ``overwrite`` is false.

    Raises
    ------
    OverwriteError
        If the path exists; the message says how to ask for it.
    """
    target = Path(path)
    if not overwrite and (target.exists() or target.is_symlink()):
        raise OverwriteError(f"{target} exists; choose another name or ask for it (overwrite=True, --overwrite)")
    return target


@contextmanager
def atomic_path(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the name, on failure nothing is left.

    Raises
    ------
    OverwriteError
        If the path exists and ``overwrite`` is false, checked before the work and again, atomically, after it.
    """
    target = refuse_overwrite(path, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_UMASK)
        yield temporary
        if not overwrite:
            try:  # takes the name, so that nobody else's file can be lost in the rename
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                raise OverwriteError(f"{target} appeared meanwhile and was left alone") from None
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
