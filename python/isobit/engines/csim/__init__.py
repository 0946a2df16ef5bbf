"""The oracle's road: hls4ml's own project, compiled with the vendor's headers, in worker processes."""

from __future__ import annotations

import itertools
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from isobit.engines.csim.build import build
from isobit.engines.csim.project import write_project
from isobit.engines.registry import Values
from isobit.errors import CSimError, UnsupportedError
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph
from isobit.model.ops import Tensor

__all__ = ["CSimProgram"]


class CSimProgram:
    """A compiled C-simulation of one hls4ml ``ModelGraph``.

    Parameters
    ----------
    model
        The hls4ml graph; only its firmware is written, to a private folder.
    graph
        The same network as isobit reads it: names, sizes and formats of what is tapped.
    optimisation
        The compiler's -O level: ``3`` as hls4ml's build_lib.sh, ``0`` compiles fastest. No bit depends on it.

    Raises
    ------
    CompilerError
        If there is no compiler or it refuses the project.
    """

    def __init__(self, model: Any, graph: Graph, *, headers: str = "vendor", optimisation: str = "3") -> None:
        if headers != "vendor":
            raise UnsupportedError(f"headers={headers!r} is not supported; supported: 'vendor'")
        self.graph = graph
        self._tapped: list[tuple[str, Tensor]] = [(t.name, t) for t in graph.inputs]
        self._tapped += [(op.name, op.output) for op in graph.ops if op.tag != "reshape"]
        self._outputs: list[tuple[str, Tensor]] = [(name, graph.tensors[name]) for name in graph.outputs]
        with tempfile.TemporaryDirectory(prefix="isobit-csim-") as folder:
            write_project(model, Path(folder))
            self.folder = build(Path(folder), optimisation)

    def run(
        self, inputs: Mapping[str, FixedArray] | Mapping[str, Any], *, raw: bool, trace: bool, threads: int = 1
    ) -> tuple[Values, Values]:
        """Simulate events.

        Parameters
        ----------
        inputs
            Every input by name, shape (events, size): fixed arrays if ``raw``, else float64.
        raw
            Whether to hand over raw bits, or doubles that the firmware's own types quantise.
        trace
            Whether to tap the inputs and every layer.
        threads
            Worker processes.

        Returns
        -------
        Tapped tensors (inputs and layers, by tensor name) and outputs.

        Raises
        ------
        CSimError
            If a worker aborts or exits, with what it said.
        """
        columns = [_words(inputs[t.name], t, raw) for t in self.graph.inputs]
        words = np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0]
        events = len(words)
        bounds = np.linspace(0, events, max(1, min(threads, events)) + 1).astype(int)
        slices = [words[a:b] for a, b in itertools.pairwise(bounds)]
        with ThreadPoolExecutor(max_workers=len(slices)) as pool:
            parts = list(pool.map(lambda part: self._worker(part, raw, trace), slices))
        table = np.concatenate(parts)
        expected = [*(self._tapped if trace else []), *self._outputs]
        tensors: list[FixedArray] = []
        start = 0
        for _, tensor in expected:
            count = tensor.size * _limbs(tensor)
            tensors.append(_numbers(table[:, start : start + count], tensor))
            start += count
        split = len(expected) - len(self._outputs)
        taps = {tensor.name: array for (_, tensor), array in zip(expected[:split], tensors[:split], strict=True)}
        outputs = {tensor.name: array for (_, tensor), array in zip(expected[split:], tensors[split:], strict=True)}
        for op in self.graph.ops if trace else ():
            if op.tag == "reshape":
                taps[op.output.name] = taps[op.inputs[0]]
        return taps, outputs

    def _worker(self, words: Any, raw: bool, trace: bool) -> Any:
        expected = [*(self._tapped if trace else []), *self._outputs]
        width = sum(tensor.size * _limbs(tensor) for _, tensor in expected)
        if len(words) == 0:
            return np.empty((0, width), dtype=np.uint64)
        with tempfile.TemporaryDirectory(prefix="isobit-run-") as name:
            folder = Path(name)
            np.ascontiguousarray(words).tofile(folder / "in")
            command = [str(self.folder / "program"), *(str(folder / n) for n in ("in", "out", "layout"))]
            command += [str(len(words)), "raw" if raw else "float", "trace" if trace else "output"]
            try:
                done = subprocess.run(command, cwd=self.folder, capture_output=True, errors="replace", check=False)
            except OSError as error:
                raise CSimError(f"the compiled C-simulation cannot be started: {error}; compile it again") from None
            if done.returncode != 0:
                raise CSimError(_death(done.returncode, done.stderr or done.stdout))
            layout = [line.split() for line in (folder / "layout").read_text().splitlines()]
            wanted = [[label, str(tensor.size), str(tensor.type.width)] for label, tensor in expected]
            if layout != wanted:
                raise CSimError(f"the C-simulation gives other tensors than the model: {layout}, expected {wanted}")
            table = np.fromfile(folder / "out", dtype=np.uint64)
        if table.size != len(words) * width:
            raise CSimError(f"the C-simulation gave {table.size} words for {len(words)} events, expected {width} each")
        return table.reshape(len(words), width)


def _death(status: int, said: str) -> str:
    tail = said.strip().splitlines()[-5:]
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
    return f"the C-simulation {how}" + (": " + " / ".join(tail) if tail else " and said nothing")


def _limbs(tensor: Tensor) -> int:
    return -(-tensor.type.width // 64)


def _words(values: Any, tensor: Tensor, raw: bool) -> Any:
    """Events of one input as 8-byte words."""
    if not raw:
        return np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    integers = values.raw
    if tensor.type.width <= 64 and integers.dtype == np.int64:
        return np.ascontiguousarray(integers).view(np.uint64)
    limbs = _limbs(tensor)
    mask = (1 << 64) - 1
    words = [[(int(v) >> (64 * k)) & mask for v in row for k in range(limbs)] for row in integers]
    return np.array(words, dtype=np.uint64).reshape(len(integers), tensor.size * limbs)


def _numbers(words: Any, tensor: Tensor) -> FixedArray:
    """Raw integers from words: low word first, bits beyond the width are zero."""
    limbs, kind = _limbs(tensor), tensor.type
    grid = words.reshape(len(words), tensor.size, limbs)
    if kind.fits_int64:
        up = 64 - kind.width if kind.signed else 0
        return FixedArray((grid[:, :, 0] << np.uint64(up)).view(np.int64) >> np.int64(up), kind)
    total = sum(grid[:, :, k].astype(object) << (64 * k) for k in range(limbs))
    sign = 1 << (kind.width - 1)
    return FixedArray(np.where(total >= sign, total - (sign << 1), total) if kind.signed else np.asarray(total), kind)
