"""The Numba road: batches of events on int64, and on Python integers where an op needs more than 61 bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from isobit.engines.emulator import vector
from isobit.engines.emulator.domain import fits_int64
from isobit.engines.registry import Values
from isobit.fixed.array import FixedArray
from isobit.fixed.quantise import owned
from isobit.model.graph import Graph
from isobit.model.ops import Op, Reshape, Tensor

__all__ = ["BLOCK", "ENGINE", "EmulatorEngine"]

#: Events a thread takes at a time.
BLOCK = 8192


class EmulatorEngine:
    """Vectorised over events, threaded over blocks of them."""

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`."""
        values: Values = dict(inputs)
        with ThreadPoolExecutor(max_workers=threads) as pool:
            for op in graph.ops:
                tensor = graph.tensors[op.inputs[0]]
                raw = self._compute(op, tensor, values[op.inputs[0]].raw, pool)
                values[op.output.name] = FixedArray(owned(raw), op.output.type)
        return {op.output.name: values[op.output.name] for op in graph.ops}

    @staticmethod
    def _compute(op: Op, tensor: Tensor, raw: Any, pool: ThreadPoolExecutor) -> Any:
        if isinstance(op, Reshape):
            return raw
        from isobit.engines.emulator.lanes import LANES

        events = len(raw)
        if type(op) not in LANES or not fits_int64(op, tensor):
            wide = vector.compute(op, tensor, raw.astype(object))
            return wide.astype(np.int64) if op.output.type.fits_int64 else wide
        kernel: Callable[[Any, Any], None] = LANES[type(op)](op, tensor)
        x = np.ascontiguousarray(raw)
        out = np.empty((events, op.output.size), dtype=np.int64)
        blocks = [slice(start, start + BLOCK) for start in range(0, events, BLOCK)]
        list(pool.map(lambda block: kernel(x[block], out[block]), blocks))
        return out


ENGINE = EmulatorEngine()
