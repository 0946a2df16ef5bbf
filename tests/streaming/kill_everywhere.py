"""Kill a run with SIGKILL before each of its changes to the disk, go on, and compare: run by test_resume.py.

    python kill_everywhere.py FOLDER SUFFIX

The folder holds ``x.npy``. Each run is a forked child in which the calls below are counted; the child kills itself at
call N, or in the middle of call N for writes. The parent never opens a file library, so the fork tears none. Prints one
JSON object: how many calls a run makes, the sums of all files, and where the runs went on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from streaming_files import one_input, sha256

from isobit.streaming import predict_file, run

CHANGES = (
    "pwrite",
    "link",
    "unlink",
    "replace",
    "rename",
    "rmdir",
    "mkdir",
    "fsync",
    "fdatasync",
    "truncate",
    "ftruncate",
)


def in_child(work: Any) -> int:
    """Do it in a forked child; returns its wait status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def count_and_kill(at: int, note: Path) -> None:
    """Kill this process at the given change; the number of changes so far goes into a file."""
    seen = 0

    def counted(original: Any, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == at:
                if name == "pwrite":  # half of it arrives
                    descriptor, data, offset = arguments
                    original(descriptor, bytes(data)[: len(data) // 2], offset)
                os.kill(os.getpid(), signal.SIGKILL)
            note.write_text(str(seen))
            return original(*arguments, **options)

        return call

    for name in CHANGES:
        setattr(os, name, counted(getattr(os, name), name))


def main() -> None:
    folder, suffix = Path(sys.argv[1]), sys.argv[2]
    run.COMMIT_SECONDS = 0.0
    model, out, note = one_input(), folder / f"y.{suffix}", folder / "seen"

    def predict() -> None:
        done = predict_file(model, folder / "x.npy", out, engine="cpp-strict", threads=1, chunk=400)
        note.write_text(str(done.resumed_from))

    def killed(at: int) -> None:
        count_and_kill(at, note)
        predict()

    sums, went_on, at = set(), [], 0
    while True:
        at += 1
        status = in_child(lambda at=at: killed(at))
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            sums.add(sha256(out))
            break
        if out.exists():  # whole or not at all
            sums.add(sha256(out))
        assert os.waitstatus_to_exitcode(in_child(predict)) == 0, f"no going on after a kill at change {at}"
        went_on.append(int(note.read_text()))
        sums.add(sha256(out))
        assert os.waitstatus_to_exitcode(in_child(predict)) == 0, "the same run once more has nothing to do"
        assert int(note.read_text()) == len(np.load(folder / "x.npy"))
        left = sorted(path.name for path in folder.iterdir() if not path.name.startswith(("x.", "seen", "y.")))
        assert not left and not (folder / f"{out.name}.partial").exists(), left
        out.unlink()
        Path(f"{out}.json").unlink(missing_ok=True)
    print(json.dumps({"changes": at - 1, "sums": sorted(sums), "went_on": went_on}))


if __name__ == "__main__":
    main()
