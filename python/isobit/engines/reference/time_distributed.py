"""Layers in every step of a sequence by definition: hls4ml's loop, one step after the other."""

from __future__ import annotations

from isobit.engines.reference.kernels import Inputs, register_kernel, supported
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.every_step import of_one_step
from isobit.model.layers.time_distributed import EveryStep
from isobit.model.ops import Tensors

__all__ = ["every_step"]


@register_kernel(EveryStep)
def every_step(op: EveryStep, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``for (ts = 0; ts < n_time_steps; ts++)``, around ``read_time_step``, the layer and ``write_time_step``."""
    n_time_steps, kernel = op.output.shape[0], supported(op.layer)
    sizes = [len(data) // n_time_steps for data in inputs]
    res = []
    for ts in range(n_time_steps):
        data_in = tuple(data[ts * size : (ts + 1) * size] for data, size in zip(inputs, sizes, strict=True))
        res.append(kernel(op.layer, tuple(map(of_one_step, tensors)), data_in))
    return joined(res)
