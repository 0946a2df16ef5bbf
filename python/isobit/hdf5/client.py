"""An HDF5 file, opened by a child process."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.errors import DataFileError, MissingDependencyError

__all__ = ["Dataset", "Hdf5File"]

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Dataset:
    """A dataset: its name in the file, its type as text, and its shape."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """NumPy's type; None for text, references, compounds and the like."""
        try:
            dtype = np.dtype(self.kind)
        except TypeError:
            return None
        return dtype if dtype.kind in "biufc" else None


class Hdf5File:
    """A file that is read by a child process, which has limits; a context manager.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DataFileError
        Here and in every method: if the file is missing or damaged, or if reading it takes unreasonable time or memory.
    MissingDependencyError
        If h5py is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            raise DataFileError(f"{path} does not exist")
        if not path.is_file():
            raise self._unreadable("it is not a regular file")
        _require_h5py()
        self._lock = threading.Lock()  # one question, one answer
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_CHILD), json.dumps([p or str(Path.cwd()) for p in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        try:
            listed, _ = self._ask("open", path=str(path.resolve()))
            self.datasets = {name: Dataset(name, kind, tuple(shape)) for name, kind, shape in listed}
        except BaseException:
            self.close()
            raise

    def attribute(self, name: str) -> str | None:
        """Text that is an attribute of the whole file."""
        value, _ = self._ask("attribute", name=name)
        return None if value is None else str(value)

    def read(self, dataset: Dataset, start: int, stop: int) -> npt.NDArray[Any]:
        """Rows start to stop of a dataset of numbers, in native byte order."""
        assert dataset.dtype is not None
        rows = np.empty((stop - start, *dataset.shape[1:]), dtype=dataset.dtype.newbyteorder("="))
        self._ask("read", rows, name=dataset.name, start=start, stop=stop)
        return rows

    def verify(self, limit: int) -> int:
        """Read everything once and drop it: the number of elements. More than ``limit`` bytes are an error."""
        return int(self._ask("verify", limit=limit)[0])

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()

    def __enter__(self) -> Hdf5File:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, do: str, into: npt.NDArray[Any] | None = None, **arguments: Any) -> tuple[Any, None]:
        child = self._child
        assert child.stdin is not None and child.stdout is not None
        request = {"do": do, "bytes": 0 if into is None else into.nbytes, **arguments}
        with self._lock:
            try:
                child.stdin.write(json.dumps(request).encode() + b"\n")
                child.stdin.flush()
                line = child.stdout.readline()
            except (BrokenPipeError, ValueError):
                line = b""
            if not line.endswith(b"\n"):
                raise self._ended()
            answer = json.loads(line)
            if "error" in answer:
                raise self._unreadable(str(answer["error"]))
            if into is not None and into.size:
                left = memoryview(into.data).cast("B")
                while left:
                    got = child.stdout.readinto(left)  # type: ignore[attr-defined]
                    if not got:
                        raise self._ended()
                    left = left[got:]
        return answer["value"], None

    def _ended(self) -> DataFileError:
        """Why the child ended, in words."""
        _, said = self._child.communicate()
        status = self._child.returncode
        if status == -signal.SIGXCPU:
            return self._unreadable("libhdf5 did not finish reading it and was stopped")
        if status < 0:
            return self._unreadable(f"libhdf5 was ended by {signal.Signals(-status).name}")
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it closed"]
        return self._unreadable(f"the process that reads it failed: {last[0]}")

    def _unreadable(self, why: str) -> DataFileError:
        return DataFileError(f"{self._path} is not a readable HDF5 file, or truncated: {why}")


def _require_h5py() -> None:
    try:
        found = importlib.util.find_spec("h5py") is not None
    except ValueError:  # None stands for it in sys.modules
        found = False
    if not found:
        raise MissingDependencyError("HDF5 files need h5py: pip install 'isobit[files]' (No module named 'h5py')")
