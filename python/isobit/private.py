"""Which files only the user can have written: files and folders that others could not change; the user's secret."""

from __future__ import annotations

import contextlib
import functools
import grp
import os
import pwd
import secrets
import stat
from pathlib import Path

__all__ = ["key", "key_file", "make_folder", "not_private", "unsafe_above"]

_SIZE = 32
_ANEW = "remove it, and isobit makes a new one"


def not_private(path: Path) -> str | None:
    """Why others could have written a file or folder, in words; None if only the user can write it.

    A symbolic link is not followed. Something that does not exist is private: the user will make it. The user's own
    group, which has the user's name, counts as the user.
    """
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
        return f"{path} is neither a folder nor a regular file"
    if status.st_uid != os.geteuid():
        return f"{path} belongs to {_owner(status.st_uid)}, not to {_owner(os.geteuid())}"
    by_group = status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)
    if by_group or status.st_mode & stat.S_IWOTH:
        return f"others may write to {path} (mode {stat.S_IMODE(status.st_mode):o})"
    return None


def unsafe_above(folder: Path) -> str | None:
    """Why others could put another folder in place of this one, in words; None if they cannot.

    Each folder above must belong to the user or to root. One that others may write to must be sticky, as ``/tmp`` is.
    """
    for above in folder.absolute().parents:
        try:
            status = above.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if status.st_uid not in (os.geteuid(), 0):
            return f"{above} belongs to {_owner(status.st_uid)}, who could replace {folder}"
        by_group = status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)
        if (by_group or status.st_mode & stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX:
            return f"others may write to {above} (mode {stat.S_IMODE(status.st_mode):o}), and could replace {folder}"
    return None


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone, whatever the user's mask.

    ``Path.mkdir(parents=True, mode=...)`` gives the mode to the last folder only.
    """
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(exist_ok=True, mode=0o700)


def _owner(user: int) -> str:
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(user).pw_name
    return f"user {user}"


def _is_own_group(group: int) -> bool:
    with contextlib.suppress(KeyError):
        return group == 0 or grp.getgrgid(group).gr_name == pwd.getpwuid(os.geteuid()).pw_name
    return False


def key_file() -> Path | None:
    """Where the user's secret lies: ``$XDG_STATE_HOME/isobit/cache.key``, else below ``~/.local/state``.

    None without a home.
    """
    try:
        home = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    except RuntimeError:
        return None
    return home.absolute() / "isobit" / "cache.key"


@functools.lru_cache(maxsize=4)
def _stored_key(file: Path) -> bytes | None:
    """The secret in a file, made if it is not there; None if it can be neither read nor made.

    Raises
    ------
    PermissionError
        If others could have read or written it.
    """
    try:
        make_folder(file.parent)
        if not file.exists():
            _make(file)
        if told := not_private(file.parent) or unsafe_above(file.parent.resolve()):
            raise PermissionError(f"{told}; make it yours alone (chmod go-w), or set XDG_STATE_HOME")
        told = not_private(file)
        if told is None and file.stat().st_mode & 0o077:
            told = f"others may read {file}"
        if told is not None:
            raise PermissionError(f"{told}; {_ANEW}")
        found = file.read_bytes()
    except PermissionError as error:
        if error.errno is None:
            raise
        return None
    except OSError:
        return None
    if len(found) != _SIZE:
        raise PermissionError(f"{file} holds {len(found)} bytes instead of {_SIZE}; {_ANEW}")
    return found


def _make(file: Path) -> None:
    """Write a new secret, whole; whoever is first wins."""
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(_SIZE))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        temporary.unlink()


_OF_THIS_PROCESS = secrets.token_bytes(_SIZE)


def key() -> bytes:
    """The user's secret; where there is no place to keep one, a secret of this process, which no other knows.

    Raises
    ------
    PermissionError
        If others could have read or written the file.
    """
    file = key_file()
    return (None if file is None else _stored_key(file)) or _OF_THIS_PROCESS
