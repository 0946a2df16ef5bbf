"""Layers that are known by their code alone: the code is run, if its owner was asked."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.kernels import Inputs, register_kernel
from isobit.engines.reference.numbers import Numbers
from isobit.errors import UnsupportedError
from isobit.model.layers.foreign import RUNNERS, ForeignLayer
from isobit.model.ops import Tensors

__all__ = ["foreign"]


@register_kernel(ForeignLayer)
def foreign(op: ForeignLayer, tensors: Tensors, inputs: Inputs) -> Numbers:
    """The function itself, compiled and run in worker processes."""
    del tensors
    run = RUNNERS.get(op.key)
    if run is None:
        raise UnsupportedError(
            f"layer {op.name!r} is computed by code that is not hls4ml's ({op.reason}), which is not run unless "
            "you ask for it: isobit.load(folder, run_code=True), or isobit check --run-code"
        )
    return Numbers.of(np.ascontiguousarray(run([numbers.raw.T for numbers in inputs]).T), op.output.type)
