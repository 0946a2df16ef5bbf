"""Which runs are finished, remembered in the user's cache, so that repeating a finished run has nothing to do.

A run that is killed after its file has got its name leaves nothing that tells what the file was made from. So the run
is recorded before that, with the inode, size and time by which the file can be recognised.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isobit.csim.cache import cache_folder
from isobit.errors import CSimError
from isobit.private import make_folder

__all__ = ["recall", "remember"]

#: Runs remembered; the oldest are forgotten.
_KEPT = 1000


def remember(out: Path, pins: Mapping[str, Any], files: Mapping[Path, Path]) -> None:
    """Record a run whose files are about to get their names; without a cache nothing is remembered.

    Parameters
    ----------
    out
        The file that was asked for.
    pins
        What the run depends on.
    files
        Each file's final name -> where it is now.
    """
    with contextlib.suppress(OSError, CSimError):
        place = _place(out)
        make_folder(place.parent)
        known = {"pins": pins, "files": {str(name): _identity(now) for name, now in files.items()}}
        following = place.with_suffix(f".{os.getpid()}")
        following.write_text(json.dumps(known))
        following.replace(place)
        others = sorted((path.stat().st_mtime_ns, path) for path in place.parent.glob("*.json"))
        for _, path in others[:-_KEPT]:
            path.unlink(missing_ok=True)


def recall(out: Path) -> dict[str, Any] | None:
    """What the run depended on whose files are there, unchanged; None if that is not known."""
    try:
        known = json.loads(_place(out).read_text())
        if all(_identity(Path(name)) == found for name, found in known["files"].items()):
            return dict(known["pins"])
    except (OSError, CSimError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _place(out: Path) -> Path:
    whole = out.parent.resolve() / out.name
    return cache_folder() / "finished" / f"{hashlib.sha256(str(whole).encode()).hexdigest()[:32]}.json"


def _identity(path: Path) -> list[int]:
    status = path.stat(follow_symlinks=False)
    return [status.st_ino, status.st_size, status.st_mtime_ns]
