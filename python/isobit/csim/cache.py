"""Where compiled designs are kept: whole or not at all, verified before each use, the oldest pruned first.

A program that is found here is run. So it must be the user's own: the folder and everything in it belong to the user,
nobody else may write there, and builds are sealed with a secret that is kept elsewhere (:mod:`isobit.private`).
Somebody who can only write to the cache cannot make a build that passes for the user's.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from isobit import private
from isobit.errors import CSimError
from isobit.model.memory import mebibytes

__all__ = [
    "build_folder",
    "cache_folder",
    "cache_limit",
    "discard",
    "intact",
    "prune",
    "store",
    "touch",
    "writing",
]

_SEAL = "seal"
#: Builds used within so many seconds are never pruned: a worker may still have to read their weights.
_GRACE = 3600.0


def cache_folder() -> Path:
    """Where compiled simulations are kept: ``$ISOBIT_CACHE``, else ``~/.cache/isobit``; an absolute path.

    Workers run elsewhere, so that a relative path would mean another folder to them.

    Raises
    ------
    CSimError
        If there is no home folder to put it in.
    """
    named = os.environ.get("ISOBIT_CACHE")
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
        return Path(named).expanduser().resolve() if named else home.expanduser().resolve() / "isobit"
    except RuntimeError as error:
        raise CSimError(f"there is no place for the cache of compiled designs: {error}; set ISOBIT_CACHE") from None


def build_folder(content: bytes) -> Path:
    """Where the build of a content is, or will be, in a cache that is the user's own.

    Raises
    ------
    CSimError
        If others own or may write to the cache, or to what is above it.
    """
    root = cache_folder()
    secret = _secret()
    told = private.unsafe_above(root)
    for folder in (root, root / "csim", root / "locks"):
        told = told or private.not_private(folder)
    if told is not None:
        raise CSimError(
            f"the cache of compiled designs is not safe, and programs from it are run: {told}. Make it yours alone "
            "(chmod go-w), or set ISOBIT_CACHE to a folder that is"
        )
    with writing():
        private.make_folder(root / "csim")
    # Builds under another secret are of no use to us, nor ours to others: each has its own.
    return root / "csim" / hashlib.sha256(hashlib.sha256(secret).digest() + content).hexdigest()[:32]


def _secret() -> bytes:
    try:
        return private.key()
    except PermissionError as error:
        raise CSimError(f"the secret that seals the cache of compiled designs is not safe: {error}") from None


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn the errors of a cache that cannot be written into an error that says what to do.

    Raises
    ------
    CSimError
        Naming the folder and ISOBIT_CACHE.
    """
    try:
        yield
    except OSError as error:
        raise CSimError(
            f"the cache of compiled designs, {cache_folder()}, cannot be written: {error}; set ISOBIT_CACHE to a "
            "folder that can"
        ) from None


def touch(folder: Path) -> None:
    """Say that a build is in use; the oldest are pruned first."""
    with contextlib.suppress(OSError):  # a read-only cache serves as well
        os.utime(folder)


def cache_limit() -> int:
    """Bytes that the cache may hold: ``$ISOBIT_CACHE_LIMIT`` in MiB, else 2048 MiB; 0 for no limit.

    Raises
    ------
    RangeError
        If the variable is not a whole number.
    """
    return mebibytes("ISOBIT_CACHE_LIMIT", 2048)


def _fingerprints(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a build.

    Raises
    ------
    ValueError
        If the folder, or something in it, is not the user's alone.
    """
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        if (told := private.not_private(path)) is not None:
            raise ValueError(told)
        if path.is_file() and path != folder / _SEAL:
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _seal(name: str, fingerprints: dict[str, str]) -> str:
    """The MAC of a build's name and content, which only somebody who knows the secret can write."""
    text = json.dumps([name, fingerprints], sort_keys=True)
    return hmac.new(_secret(), text.encode(), "sha256").hexdigest()


def intact(folder: Path) -> bool:
    """Whether a cached build is still what was put there, by this user."""
    try:
        found = (folder / _SEAL).read_text()
        return hmac.compare_digest(found.encode(), _seal(folder.name, _fingerprints(folder)).encode())
    except (OSError, ValueError):
        return False


def discard(folder: Path) -> None:
    """Move a build out of the way, atomically, then delete it."""
    grave = Path(tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):  # another process was faster
        folder.rename(grave / "build")
    shutil.rmtree(grave, ignore_errors=True)


def store(source: Path, names: Sequence[str], final: Path) -> None:
    """Copy files and folders of ``source`` into the cache; they appear there together."""
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = Path(tempfile.mkdtemp(prefix=".build-", dir=final.parent))
    try:
        for name in names:
            if (source / name).is_dir():
                shutil.copytree(source / name, staging / name)
            elif (source / name).exists():
                shutil.copy2(source / name, staging / name)
        for path in (staging, *staging.rglob("*")):  # whatever the user's mask
            path.chmod(path.stat().st_mode & stat.S_IRWXU)
        (staging / _SEAL).touch(mode=0o600)
        (staging / _SEAL).write_text(_seal(final.name, _fingerprints(staging)))
        try:
            staging.rename(final)
        except OSError:  # another process was faster
            if not intact(final):
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def prune(keep: Path) -> None:
    """Delete the builds that were used longest ago until the cache is within its limit; never a recent one."""
    limit = cache_limit()
    if limit == 0:
        return
    builds = []
    for folder in keep.parent.iterdir():
        with contextlib.suppress(OSError):  # another process prunes as well
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            builds.append((folder.stat().st_mtime, size, folder))
    total = sum(size for _, size, _ in builds)
    for used, size, folder in sorted(builds):
        if total <= limit:
            return
        if folder != keep and time.time() - used > _GRACE:
            discard(folder)
            total -= size
