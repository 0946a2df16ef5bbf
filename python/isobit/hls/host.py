"""The exported core on a host: compiled with either header set, fed with events, its test bench run.

Each run is a process of its own: AMD's headers can abort, and nothing of that reaches the caller's process.
"""

from __future__ import annotations

import hashlib
import itertools
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from isobit.csim.build import build_program
from isobit.csim.words import split, to_words
from isobit.errors import CSimError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.headers import HEADER_SETS, vendor_include_folder
from isobit.ports import Port

__all__ = ["HostProgram", "TestBenchRun", "compile_host", "compile_test_bench", "run_test_bench"]

_INCLUDE = "firmware/include"


@dataclass(frozen=True)
class TestBenchRun:
    """The result of a test bench.

    Attributes
    ----------
    ok
        Whether every result agrees.
    text
        What it printed.
    """

    __test__ = False  # no test of pytest's

    ok: bool
    text: str


@dataclass(frozen=True)
class HostProgram:
    """A compiled core that reads events and writes results.

    Attributes
    ----------
    program
        The program.
    inputs, outputs
        Its ports, by tensor name.
    """

    program: Path
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def run(self, inputs: Mapping[str, Any], *, raw: bool, threads: int = 1) -> dict[str, FixedArray]:
        """Compute events.

        Parameters
        ----------
        inputs
            Every input by tensor name, shape (events, size): :class:`FixedArray` of its format if ``raw``, else
            float64, which the core's own number types quantise.
        raw
            Which of the two.
        threads
            Processes to spread the events over.

        Returns
        -------
        Every output by tensor name, shape (events, size).

        Raises
        ------
        CSimError
            If the program dies: how, and what it said.
        """
        columns = [to_words(inputs[port.name], port, raw) for port in self.inputs]
        words = np.ascontiguousarray(np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0])
        events = len(words)
        bounds = np.linspace(0, events, max(1, min(threads, events)) + 1).astype(int)
        slices = [words[a:b] for a, b in itertools.pairwise(bounds)]
        if len(slices) == 1:
            parts = [self._part(slices[0], raw)]
        else:
            with ThreadPoolExecutor(max_workers=len(slices)) as pool:
                parts = list(pool.map(lambda part: self._part(part, raw), slices))
        table = np.concatenate(parts)
        if raw:
            table &= _masks(self.outputs)
            return {p.name: a for p, a in zip(self.outputs, split(table, self.outputs), strict=True)}
        values, start = {}, 0
        for port in self.outputs:
            assert port.type is not None
            column = np.ascontiguousarray(table[:, start : start + port.size]).view(np.float64)
            values[port.name] = FixedArray.from_float(column, port.type)  # exact: they are numbers of the format
            start += port.size
        return values

    def _part(self, words: Any, raw: bool) -> Any:
        width = sum(port.size * (port.limbs if raw else 1) for port in self.outputs)
        if len(words) == 0:
            return np.empty((0, width), dtype=np.uint64)
        command = [str(self.program), "raw" if raw else "value"]
        done = subprocess.run(command, input=memoryview(words).cast("B"), capture_output=True, check=False)
        if done.returncode != 0 or len(done.stdout) != 8 * width * len(words):
            raise CSimError(f"the simulation of the exported core {_end(done)}")
        return np.frombuffer(done.stdout, dtype=np.uint64).reshape(len(words), width)


def _masks(ports: Sequence[Port]) -> Any:
    """What of each word is bits of the number; the C interface extends the sign above them."""
    masks: list[int] = []
    for port in ports:
        assert port.type is not None
        top = (1 << (port.type.width - 64 * (port.limbs - 1))) - 1
        masks += [*[(1 << 64) - 1] * (port.limbs - 1), top] * port.size
    return np.array(masks, dtype=np.uint64)


def compile_host(
    files: Mapping[str, bytes],
    top: str,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    headers: str = "isobit",
    optimisation: str = "2",
) -> HostProgram:
    """Compile an exported core with its C interface, once for each content.

    Parameters
    ----------
    files
        Content by path of the exported folder, or its ``firmware`` and ``host`` parts.
    top
        Name of its top function.
    inputs, outputs
        Its ports, in order.
    headers
        ``isobit``: the folder's own number types; ``vendor``: AMD's open ones from the installed hls4ml.
    optimisation
        The compiler's -O level; no bit depends on it.

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails.
    MissingDependencyError
        If AMD's headers are asked for and hls4ml is not installed.
    """
    taken = {path: text for path, text in files.items() if path.startswith(("firmware/", "host/"))}
    sources = [f"firmware/{top}.cpp", f"host/{top}_c.cpp", f"host/{top}_run.cpp"]
    program = _compile(taken, sources, ["-Ihost"], headers, optimisation, f"the core {top}")
    return HostProgram(program, tuple(inputs), tuple(outputs))


def compile_test_bench(files: Mapping[str, bytes], top: str, headers: str, optimisation: str = "0") -> Path:
    """Compile an exported folder's test bench; see :func:`compile_host`. Returns the program."""
    taken = {path: text for path, text in files.items() if path.startswith(("firmware/", "tb/"))}
    sources = [f"firmware/{top}.cpp", f"tb/{top}_test.cpp"]
    return _compile(taken, sources, ["-Itb"], headers, optimisation, f"the test bench of {top}")


def run_test_bench(program: Path) -> TestBenchRun:
    """Run a compiled test bench.

    Raises
    ------
    CSimError
        If it dies instead of giving an answer, or has none to give.
    """
    done = subprocess.run([str(program)], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise CSimError(f"the test bench {_end(done, done.stdout)}")
    return TestBenchRun(done.returncode == 0, done.stdout.decode(errors="replace"))


def _compile(
    files: Mapping[str, bytes], sources: Sequence[str], more: Sequence[str], headers: str, optimisation: str, what: str
) -> Path:
    flags = ["-std=c++14", f"-O{optimisation}", "-DNDEBUG", "-w", *include_flags(headers), *more]
    # One translation unit: AMD's headers take seconds, each time that they are read.
    unit = "".join(f'#include "{source}"\n' for source in sources).encode()
    identity = _vendor_identity() if headers == "vendor" else b""
    return build_program({**files, "unit.cpp": unit}, flags, ["unit.cpp"], identity, what=what)


def include_flags(headers: str) -> list[str]:
    """Include paths of a header set, relative to an exported folder.

    Raises
    ------
    UnsupportedError
        For another header set.
    """
    if headers not in HEADER_SETS:
        raise UnsupportedError(f"headers={headers!r} is not supported; supported: {', '.join(HEADER_SETS)}")
    own = [f"-I{_INCLUDE}", "-Ifirmware"]
    if headers == "isobit":
        return [f"-I{_INCLUDE}/numbers/isobit", *own]
    return [f"-I{_INCLUDE}/numbers/amd", "-isystem", str(vendor_include_folder()), *own]


@lru_cache
def _vendor_identity() -> bytes:
    digest = hashlib.sha256()
    folder = vendor_include_folder()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _end(done: subprocess.CompletedProcess[bytes], also: bytes = b"") -> str:
    """How a process ended, and what it said."""
    status = done.returncode
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
    said = " / ".join((also + done.stderr).decode(errors="replace").strip().splitlines()[-5:])
    return how + (f": {said}" if said else " and said nothing")
