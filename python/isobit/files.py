"""Files are written whole or not at all, never over a user's file without permission, never over an input."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isobit.errors import IsobitError, OverwriteError, WriteError

__all__ = ["atomic_path", "check_folder", "check_place", "check_target", "naming", "refuse_overwrite"]

# The process's mask can only be read by setting it; once, while nothing else runs.
_UMASK = os.umask(0o077)
os.umask(_UMASK)

PathLike = str | os.PathLike[str]


def check_target(path: PathLike, overwrite: bool = False, *, inputs: Iterable[PathLike | None] = ()) -> Path:
    """Return the path of a file that will be written; raises now what would otherwise fail after the work.

    Parameters
    ----------
    path
        Where it will be.
    overwrite
        Whether it may replace a file.
    inputs
        What is read; None and paths of nothing are left out.

    Raises
    ------
    OverwriteError
        If the path is one of the inputs, under whatever name; or if it exists and ``overwrite`` is false.
    WriteError
        If nothing can be written there.
    """
    target = Path(path)
    for source in inputs:
        if source is not None and _same(target, Path(source)):
            also = "" if str(source) == str(target) else f" (the same file as {source})"
            raise OverwriteError(f"{target}{also} is read by this run, which would destroy it; choose another name")
    refuse_overwrite(target, overwrite)
    check_place(target, target.parent)
    return target


def check_folder(folder: PathLike, overwrite: bool = False, *, inputs: Iterable[PathLike | None] = ()) -> None:
    """The same for a folder that will be written, in place of an earlier one.

    Raises
    ------
    OverwriteError
        If it holds an input, or if it exists and ``overwrite`` is false.
    WriteError
        If nothing can be written there.
    """
    place = Path(folder).resolve()
    for source in inputs:
        if source is not None and place in (Path(source).resolve(), *Path(source).resolve().parents):
            raise OverwriteError(
                f"{source} is read by this run, which would replace {folder} and everything in it; choose another name"
            )
    _refuse_existing(Path(folder), overwrite)
    check_place(folder, Path(folder).parent)


def check_place(path: PathLike, folder: Path) -> None:
    """Check that files can be made in a folder, or where it will be.

    Parameters
    ----------
    path
        What will be written, for the error.
    folder
        The folder.

    Raises
    ------
    WriteError
        If they cannot.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with naming(path):
        _try_to_write(folder)


def _try_to_write(folder: Path) -> None:
    """Make a file in a folder and remove it. File permissions do not tell root, or what a network file system does."""
    flags = getattr(os, "O_TMPFILE", None)
    if flags is not None:
        try:  # a file without a name, of which nothing can be left
            os.close(os.open(folder, flags | os.O_WRONLY, 0o600))
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
                raise
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    Path(name).unlink()


def _same(one: Path, other: Path) -> bool:
    # Resolved, as folders of OUT that do not exist yet will be made: until then new/../x.npy is not a file.
    try:
        return one.resolve().samefile(other.resolve())
    except (OSError, RuntimeError):  # one of them does not exist, or is a link to itself
        return False


def refuse_overwrite(path: PathLike, overwrite: bool = False) -> Path:
    """Return the path, or raise if something is there and ``overwrite`` is false.

    Raises
    ------
    OverwriteError
        If the path exists; the message says how to ask for it.
    WriteError
        If a folder or a device is there, which cannot be replaced by a file.
    """
    target = Path(path)
    _refuse_existing(target, overwrite)
    if target.parent == Path("/dev") or (target.exists() and not target.is_file()):  # /dev/stdout may be any file
        raise WriteError(f"{target} cannot be written: it is {'a folder' if target.is_dir() else 'not a regular file'}")
    return target


def _refuse_existing(target: Path, overwrite: bool) -> None:
    if not overwrite and (target.exists() or target.is_symlink()):
        raise OverwriteError(f"{target} exists; choose another name, or replace it with overwrite=True (--overwrite)")


@contextmanager
def naming(path: PathLike) -> Iterator[None]:
    """Turn the errors of a file being written, such as a full disk, into an error that names the file.

    Raises
    ------
    WriteError
        For every OSError that is not isobit's own.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, IsobitError):
            raise
        reason = error.strerror or f"{error}; is the disk full?"
        raise WriteError(f"{path} cannot be written: {reason}") from error


@contextmanager
def atomic_path(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success that file gets the name, on failure nothing is left.

    Raises
    ------
    OverwriteError
        If the path exists and ``overwrite`` is false, checked before the work and again, atomically, after it.
    WriteError
        If the file cannot be written; it is named.
    """
    target = refuse_overwrite(path, overwrite)
    with naming(target):
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
