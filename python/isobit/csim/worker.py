"""Worker processes: each runs one compiled design, one request at a time, and can die without harm.

A worker that answered stays for the next call, since starting one often costs more than a test's events. Idle workers
are few, belong to the process that started them, and end with it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from isobit.errors import CSimError
from isobit.files import naming

__all__ = ["Worker", "worker"]

#: Idle workers kept in all.
_KEPT = 8
#: Bytes of printed text after which a worker is replaced.
_TALK = 1 << 24


class Worker:
    """One process that serves requests; see ``cpp/worker.hpp`` for the protocol."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.key = (str(program), str(folder))
        self.owner = os.getpid()
        self._files: list[IO[bytes]] = []
        self._told = self._began = 0
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._files = [tempfile.TemporaryFile() for _ in range(4)]  # noqa: SIM115 (close() closes them)
            self._in, self._out, self._state, self._said = (file.fileno() for file in self._files)
            os.ftruncate(self._state, 8)
            command = [str(program), "serve", str(self._in), str(self._out), str(self._state)]
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                pass_fds=(self._in, self._out, self._state),
            )
        except OSError as error:
            self.close()
            if not folder.is_dir():
                raise CSimError(f"the C-simulation runs in the folder {folder}, which is gone") from None
            raise CSimError(f"the compiled C-simulation cannot be started: {error}; compile it again") from None

    def run(
        self, words: Any, *, raw: bool, trace: bool, timeout: float | None = None, first: int = 0
    ) -> tuple[str, Any, str]:
        """Simulate events.

        Parameters
        ----------
        words
            uint64, shape (events, words of an event).
        raw, trace
            Whether the words are raw bits; whether layers are tapped.
        timeout
            Seconds without an event's end after which the process is ended.
        first
            Number of the first event, for messages.

        Returns
        -------
        What the taps are, the words of the results (flat), and what the design printed.

        Raises
        ------
        CSimError
            If the process aborts, exits or takes too long: how, in which event, and what it said.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise CSimError("the worker has ended")
        os.ftruncate(self._in, 0)
        with naming(f"a temporary file in {tempfile.gettempdir()}"):
            _write(self._in, np.ascontiguousarray(words))
        os.ftruncate(self._out, 0)
        os.pwrite(self._state, b"\xff" * 8, 0)
        begin = self._told  # what it printed since its last reply, or since it started, belongs to this one
        request = f"{len(words)} {'raw' if raw else 'value'} {'trace' if trace else 'output'}\n"
        with contextlib.suppress(BrokenPipeError):  # it died at once; the reply says so
            process.stdin.write(request.encode())
        reply = self._reply(timeout, begin, first)
        head, _, taps = reply.partition("\n")
        said = self._text(begin)
        self._began, self._told = begin, os.fstat(self._said).st_size
        expected = head.split(" ")
        if len(expected) != 2 or expected[0] != "ok" or not expected[1].isdigit():
            raise CSimError(f"the C-simulation breaks its protocol: it answers {head!r}")
        count = int(expected[1])
        table = np.empty(count, dtype=np.uint64)
        if _read(self._out, table) != table.nbytes:
            raise CSimError(f"the C-simulation gave fewer than the {count} words that it announced")
        return taps, table, said

    def line(self, start: str) -> str | None:
        """The first line that begins so, of all that the design printed in the last request."""
        wanted, rest, at = start.encode(), b"", self._began
        while at < self._told:
            part = os.pread(self._said, min(1 << 20, self._told - at), at)
            at += len(part) or self._told
            *lines, rest = (rest + part).split(b"\n")
            rest = rest[-(1 << 16) :]
            for line in lines if at < self._told else [*lines, rest]:
                if line.startswith(wanted):
                    return line.decode(errors="replace")
        return None

    def fit(self) -> bool:
        """Whether it lives and may serve again; what it printed is kept, so not for ever."""
        alive = self._process is not None and self._process.poll() is None
        return alive and os.fstat(self._said).st_size < _TALK

    def close(self) -> None:
        """End the process."""
        process = self._process
        self._process = None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            if self.owner == os.getpid():
                process.kill()
                process.wait()
            else:  # a fork's copy: the process is not ours to end or to wait for
                process.returncode = 0
        for file in self._files:
            file.close()
        self._files = []

    def _reply(self, timeout: float | None, begin: int, first: int) -> str:
        process = self._process
        if process is None or process.stdout is None:
            raise CSimError("the worker has ended")
        event, moved = self._event(), time.monotonic()
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        reply = b""
        while not reply.endswith(b"\n\n"):
            if not poll.poll(None if timeout is None else timeout * 125):
                now, before = time.monotonic(), event
                event = self._event()
                if event != before:
                    moved = now
                if timeout is None or now - moved < timeout:
                    continue
                process.kill()
                process.wait()
                raise CSimError(
                    f"the C-simulation took longer than {timeout} s and was ended{self._where(first)}"
                    f"{self._tail(begin)}"
                )
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                raise CSimError(self._death(process.wait(), begin, first))
            reply += part
        return reply.decode(errors="replace")

    def _death(self, status: int, begin: int, first: int) -> str:
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
        return f"the C-simulation {how}{self._where(first)}" + (self._tail(begin) or " and said nothing")

    def _event(self) -> int:
        """The event that it works on; -1 before the first."""
        return int.from_bytes(os.pread(self._state, 8, 0), "little", signed=True)

    def _where(self, first: int) -> str:
        event = self._event()
        return "" if event < 0 else f" in event {first + event}"

    def _tail(self, begin: int) -> str:
        lines = self._text(begin).strip().splitlines()[-5:]
        return ": " + " / ".join(lines) if lines else ""

    def _text(self, begin: int) -> str:
        """What the design printed since, at most its last 64 KiB."""
        end = os.fstat(self._said).st_size
        size = min(end - begin, 1 << 16)
        return os.pread(self._said, size, end - size).decode(errors="replace")


def _write(file: int, array: Any) -> None:
    view = memoryview(array).cast("B") if array.size else memoryview(b"")
    done = 0
    while done < len(view):
        done += os.pwrite(file, view[done : done + (1 << 30)], done)


def _read(file: int, array: Any) -> int:
    view = memoryview(array).cast("B") if array.size else memoryview(b"")
    done = 0
    while done < len(view):
        part = os.preadv(file, [view[done : done + (1 << 30)]], done)
        if part == 0:
            break
        done += part
    return done


_idle: list[Worker] = []
_lock = threading.Lock()


@contextlib.contextmanager
def worker(program: Path, folder: Path, *, fresh: bool = False) -> Iterator[Worker]:
    """Borrow a worker for one or several requests; it ends if one of them fails.

    Parameters
    ----------
    program
        The compiled design.
    folder
        Where it runs.
    fresh
        Whether it must be a new process that nobody uses afterwards: for designs that keep state.
    """
    key = (str(program), str(folder))
    found = None
    if not fresh:
        with _lock:
            found = next((w for w in reversed(_idle) if w.key == key), None)
            if found is not None:
                _idle.remove(found)
    if found is not None and not found.fit():
        found.close()
        found = None
    current = found or Worker(program, folder)
    try:
        yield current
    except BaseException:
        current.close()
        raise
    if fresh or not current.fit():
        current.close()
        return
    with _lock:
        _idle.append(current)
        surplus = _idle[:-_KEPT]
        del _idle[:-_KEPT]
    for old in surplus:
        old.close()


def _end_all() -> None:
    with _lock:
        every = list(_idle)
        _idle.clear()
    for old in every:
        old.close()


def _forget_all() -> None:
    """In a forked child: the workers are the parent's."""
    global _lock
    _lock = threading.Lock()
    _end_all()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget_all)
