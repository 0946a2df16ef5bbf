"""Files that are written whole or not at all, and never over a user's file unasked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from isobit.errors import OverwriteError


def refuse_overwrite(path: str | PathLike[str], *, force: bool) -> Path:
    """Return the path, or raise if something is there already. Ask before long work, not after it.

    Raises
    ------
    OverwriteError
        If the path exists and `force` is not given.
    """
    target = Path(path)
    if target.exists() and not force:
        raise OverwriteError(f"{target} exists; give another path, or force to overwrite it")
    return target


@contextmanager
def new_file(path: str | PathLike[str], *, force: bool) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; on success it is renamed, on an error removed."""
    target = refuse_overwrite(path, force=force)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp{target.suffix}")
    try:
        yield temporary
        refuse_overwrite(target, force=force)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
