"""What several tests need and is slow to make: made once a run, on disk, by the worker that first asks for it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

#: Folder of the run, made by the controller and inherited by xdist's workers.
FOLDER = "ISOBIT_TEST_SHARED"


def once(name: str, make: Callable[[Path], object], root: Path | None = None) -> Path:
    """Return the folder of this name, filled by ``make(folder)`` exactly once.

    Other workers wait for it. Where ``make`` raises, the next one to ask tries again in a folder of its own.
    Read what is in the folder; to change it, copy it. It lies in ``root``, or in the folder of the run.
    """
    root = Path(os.environ[FOLDER]) if root is None else root
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        made = lock.read()
        if made and Path(made).is_dir():
            return Path(made)
        tries = len(list(root.glob(f"{name}.try*")))
        folder = root / f"{name}.try{tries}"
        folder.mkdir()
        make(folder)
        lock.truncate(0)
        lock.write(str(folder))
        lock.flush()  # before others get the lock
        return folder
