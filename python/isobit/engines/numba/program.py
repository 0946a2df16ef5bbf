"""Tables of stages, and how they are run: in ranges of events, one for each thread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from isobit.engines.numba import blocks
from isobit.engines.numba.rows import FORMS, OUT, OUT_RAW
from isobit.model.ops import Tensor

__all__ = ["Program"]

#: Blocks for which a thread is worth its start.
_FEW = 4


@dataclass(frozen=True)
class Program:
    """Stages, ready to run; see :class:`isobit.engines.planned.Program`.

    Attributes
    ----------
    inputs, outputs
        Tensors, in the order of the arguments.
    floats
        Whether every input may come as float32 or float64.
    from_floats, from_raw
        Stages, the caller's data being the first, for floats and for integers.
    passes, targets, limits, lsbs, order, constants
        Tables of :func:`isobit.engines.numba.blocks.run`, results as float64.
    sizes
        Numbers of each type in the workspace.
    block
        Events of a block.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    floats: bool
    from_floats: Any
    from_raw: Any
    passes: Any
    targets: Any
    limits: Any
    lsbs: Any
    order: Any
    constants: tuple[Any, ...]
    sizes: tuple[int, ...]
    block: int

    def run(self, given: Sequence[Any], results: Sequence[Any], threads: int) -> bool:
        """Compute; see :class:`isobit.engines.planned.Program`."""
        if not results:  # layers that nobody reads
            return True
        x, out = _joined(given), results[0]
        if len(results) > 1:
            out = np.empty((len(x), sum(result.shape[1] for result in results)), results[0].dtype)
        whole = len(x) // self.block * self.block
        good = self._run(x[:whole], out[:whole], threads) if whole else True
        if whole < len(x):
            # The kernels know whole blocks only. Zero is a number of every format.
            last, end = np.zeros((self.block, x.shape[1]), x.dtype), np.empty((self.block, out.shape[1]), out.dtype)
            last[: len(x) - whole] = x[whole:]
            good &= self._run(last, end, 1)
            out[whole:] = end[: len(x) - whole]
        if len(results) > 1:
            ends = np.cumsum([result.shape[1] for result in results])
            for result, part in zip(results, np.split(out, ends[:-1], axis=1), strict=True):
                result[:] = part
        return good

    def _run(self, x: Any, out: Any, threads: int) -> bool:
        stages = self.from_raw if x.dtype == np.int64 else self.from_floats
        targets = self.targets
        if out.dtype == np.int64:
            targets = targets.copy()
            targets[targets[:, 0] == OUT, 0] = OUT_RAW
        tables = (stages, self.passes.ravel(), targets.ravel(), self.limits, self.lsbs, self.order, self.constants)
        inputs = tuple(_read_only(x if x.dtype == kind else np.empty((0, 0), kind)) for kind in FORMS[1:])
        outputs = tuple(out if out.dtype == kind else np.empty((0, 0), kind) for kind in FORMS[2:])

        def work(first: int, last: int) -> bool:
            space = tuple(np.zeros(size, kind) for size, kind in zip(self.sizes, FORMS, strict=True))
            bad = np.zeros(1, np.int64)
            blocks.run(*tables, space, inputs, outputs, bad, np.array([first, last, self.block]))
            return not bad[0]

        ranges = self._ranges(len(x), threads)
        if len(ranges) == 1:
            return work(*ranges[0])
        with ThreadPoolExecutor(max_workers=len(ranges)) as pool:
            return all(list(pool.map(lambda ends: work(*ends), ranges)))

    def _ranges(self, events: int, threads: int) -> list[tuple[int, int]]:
        """Whole blocks for each thread."""
        count = events // self.block
        parts = max(1, min(threads, count // _FEW))
        ends = [self.block * (count * part // parts) for part in range(parts + 1)]
        return list(pairwise(ends))


def _read_only(x: Any) -> Any:
    """As the kernels' signature has it; callers' arrays may be either."""
    view = np.require(x, requirements=["C", "A"]).view()
    view.flags.writeable = False
    return view


def _joined(given: Sequence[Any]) -> Any:
    """All inputs side by side, in the widest of their types."""
    if len(given) == 1:
        return given[0]
    kind = np.result_type(*given)
    return np.concatenate([array.astype(kind, copy=False) for array in given], axis=1)
