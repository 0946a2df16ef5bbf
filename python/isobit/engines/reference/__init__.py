"""The engine ``reference``: hls4ml's layers by mathematical definition, on exact numbers. Slow and obviously right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isobit.engines.reference import (
    activation,
    convolution,
    dense,
    distributed,
    einsum,
    embedding,
    foreign,
    garnet,
    layernorm,
    merge,
    norm,
    pooling,
    quantizer,
    recurrent,
    shape,
    softmax,
    table,
    time_distributed,
    unary_lut,
)
from isobit.engines.reference.kernels import register_kernel, supported
from isobit.engines.reference.numbers import Numbers
from isobit.engines.reference.results import result_of
from isobit.engines.registry import Values
from isobit.fixed.array import FixedArray
from isobit.model.graph import Graph

__all__ = ["ENGINE", "KERNEL_MODULES", "ReferenceEngine", "register_kernel"]

#: The kernels; importing them registers them.
KERNEL_MODULES = (
    convolution,
    dense,
    distributed,
    einsum,
    activation,
    embedding,
    foreign,
    garnet,
    layernorm,
    merge,
    quantizer,
    recurrent,
    norm,
    pooling,
    shape,
    softmax,
    table,
    time_distributed,
    unary_lut,
)

#: Events at a time: the numbers of one layer stay in the cache.
_BLOCK = 512


class ReferenceEngine:
    """One operation after the other, for a block of events, one thread, as many bits as it takes."""

    def run(self, graph: Graph, inputs: Mapping[str, FixedArray], threads: int) -> Values:
        """Compute every tensor; see :class:`isobit.engines.registry.Engine`. ``threads`` is not used."""
        del threads
        for op in graph.ops:
            supported(op)  # or refused before anything is computed
        steps = [(op, graph.inputs_of(op)) for op in graph.ops]
        events = len(next(iter(inputs.values())))
        outputs: dict[str, Any] = {
            op.output.name: np.zeros((events, op.output.size), np.int64 if op.output.type.fits_int64 else object)
            for op in graph.ops
        }
        for first in range(0, events, _BLOCK):
            block = slice(first, first + _BLOCK)
            values = {name: Numbers.of(array.raw[block].T, array.type) for name, array in inputs.items()}
            for op, tensors in steps:
                result = result_of(op, tensors, tuple(values[name] for name in op.inputs))
                values[op.output.name] = result
                outputs[op.output.name][block] = result.raw.T
        return {op.output.name: FixedArray(outputs[op.output.name], op.output.type) for op in graph.ops}


ENGINE = ReferenceEngine()
