"""The batch kernels read the caller's numbers, and nothing behind them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("read_to_the_end.py")


def test_no_number_behind_the_last_is_read() -> None:
    """Every way into a block, on arrays that end where memory that may be read ends; a signal is such a read."""
    done = subprocess.run([sys.executable, WORKER], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, (
        f"{signal.Signals(-done.returncode).name if done.returncode < 0 else done.stderr}: {lines[-1:]}"
    )
    assert int(lines[-1].removesuffix(" cases")) == len(lines) - 1 >= 675


def test_the_page_behind_cannot_be_read() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(WORKER.parent)!r})\n"
        "import ctypes, numpy as np\n"
        "from read_to_the_end import ending_with_its_page\n"
        "with ending_with_its_page(np.arange(5.0)) as copy:\n"
        "    end = copy.ctypes.data + copy.nbytes\n"
        "    print(copy.sum(), ctypes.string_at(end - 1, 1), flush=True)\n"
        "    ctypes.string_at(end, 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "10.0 b'@'\n"
    assert done.returncode in (-signal.SIGSEGV, -signal.SIGBUS)
