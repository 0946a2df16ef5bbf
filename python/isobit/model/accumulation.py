"""The order in which hls4ml's kernels add."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.model.ops import Dense

__all__ = ["accumulation_order"]


def accumulation_order(op: Dense) -> Any:
    """In which order hls4ml's kernel adds the products of each output.

    Returns
    -------
    int64 array of shape (n_out, n_in): input indices, first added first. See the loops of nnet_dense_latency.h and
    nnet_dense_resource.h.
    """
    n_in, n_out = op.weight.shape
    if op.kernel == "latency" or op.reuse_factor == 1:
        return np.tile(np.arange(n_in), (n_out, 1))
    reuse = op.reuse_factor
    if reuse <= n_in:  # step r takes the inputs r, r + RF, ... of every output
        row = np.concatenate([np.arange(step, n_in, reuse) for step in range(reuse)])
        return np.tile(row, (n_out, 1))
    return np.tile(np.arange(n_in), (n_out, 1))  # step r takes input r % n_in of the outputs r // n_in + k RF / n_in
