"""The reference road: hls4ml's layers by mathematical definition, on exact fractions. Slow and obviously right."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from isobit.engines.reference import set_kernels, tables
from isobit.engines.reference.kernels import register_kernel, supported
from isobit.engines.registry import Values
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["ENGINE", "KERNEL_MODULES", "ReferenceEngine", "register_kernel"]

#: Kernels beside those of ``kernels.py``; importing them registers them.
KERNEL_MODULES = (set_kernels, tables)


class ReferenceEngine:
    """One event after the other, one thread, unbounded integers."""

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`. ``threads`` is not used."""
        del threads
        steps = [(op, supported(op), graph.tensors[op.inputs[0]]) for op in graph.ops]
        events = len(next(iter(inputs.values())))
        collected: dict[str, list[list[int]]] = {op.output.name: [] for op in graph.ops}
        for event in range(events):
            values: dict[str, list[Fraction]] = {
                name: [int(raw) * array.type.lsb for raw in array.raw[event]] for name, array in inputs.items()
            }
            for op, kernel, tensor in steps:
                result = kernel(op, tensor, values[op.inputs[0]])
                values[op.output.name] = result
                collected[op.output.name].append([int(value / op.output.type.lsb) for value in result])
        outputs: Values = {}
        for op in graph.ops:
            dtype = np.int64 if op.output.type.fits_int64 else object
            raw = np.array(collected[op.output.name], dtype=dtype).reshape(events, op.output.size)
            outputs[op.output.name] = FixedArray(raw, op.output.type)
        return outputs


ENGINE = ReferenceEngine()
