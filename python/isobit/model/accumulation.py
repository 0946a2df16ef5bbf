"""The order in which hls4ml's kernels add, and the weights that they leave out."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed.modes import Overflow
from isobit.model.dot import Dot, Summing

__all__ = ["accumulation_order", "adds_nothing", "kept_weights", "shared_order", "turns_of"]


def kept_weights(op: Summing) -> Any:
    """Which weights the kernel multiplies: bool, shape (n_in, n_out).

    ``resource_unrolled`` leaves out those that are written as zero (unrolled_codegen.py). ``compressed`` stores the
    others, and as many of the zeros, the first in C order, as fill the last turn (``CompressedWeightVariable`` in
    hls4ml/model/types.py).
    """
    kept = np.ones(op.weight.shape, dtype=bool)
    if op.strategy in ("resource_unrolled", "compressed"):
        kept = np.ascontiguousarray(op.weight.written != 0)
    if op.strategy == "compressed":
        filling = -int(np.count_nonzero(kept)) % op.reuse_factor
        kept.ravel()[np.flatnonzero(~kept)[:filling]] = True
    return kept


def turns_of(op: Summing) -> Any:
    """In which turn the compressed kernel multiplies each weight: int64, shape (n_in, n_out); -1: never.

    Weights are stored neuron by neuron, and the one stored w-th belongs to turn w mod RF (nnet_dense_compressed.h).
    """
    kept = kept_weights(op)
    turns = np.full(kept.T.shape, -1, dtype=np.int64)
    turns[kept.T] = np.arange(np.count_nonzero(kept)) % op.reuse_factor
    return np.ascontiguousarray(turns.T)


def accumulation_order(op: Dot) -> Any:
    """In which order hls4ml's kernel adds the products of each output.

    Returns
    -------
    int64 array of shape (n_out, n_in): input indices, first added first. See the loops of nnet_dense_latency.h and
    nnet_dense_resource.h. Weights that are left out are put where adding their zero changes nothing. Where the kernel
    works in turns (:attr:`Dot.in_turns`), sums of turns are added, not these products one by one.
    """
    n_in, n_out = op.weight.shape
    reuse = op.reuse_factor
    row = np.arange(n_in)
    if op.in_turns:
        turns = turns_of(op).T
        return np.argsort(np.where(turns < 0, reuse, turns), axis=1, kind="stable")
    if op.strategy != "latency" and 1 < reuse <= n_in:  # step r takes the inputs r, r + RF, ... of every output
        row = np.concatenate([np.arange(step, n_in, reuse) for step in range(reuse)])
    # Above n_in, step r takes input r % n_in of the outputs r // n_in + k RF / n_in: every output's in order.
    order = np.tile(row, (n_out, 1))
    if _starts_outside(op):  # once a sum was cast, a zero changes nothing
        left_out = ~kept_weights(op).T
        last = np.argsort(np.take_along_axis(left_out, order, axis=1), axis=1, kind="stable")
        order = np.take_along_axis(order, last, axis=1)
    return order


def shared_order(op: Dot) -> Any:
    """One order in which adding every product, zeros of weights left out included, gives each neuron's bits.

    Returns
    -------
    int64 array of shape (n_in,), or None where there is none. If no sum leaves the accumulator's range, or if it wraps
    (N = 0), any order does.
    """
    return None if op.in_turns or _starts_outside(op) else accumulation_order(op)[0]


def adds_nothing(op: Dot) -> Any:
    """Neurons whose accumulator stays what the bias made it, no cast after it: bool, shape (n_out,)."""
    return np.zeros(op.weight.shape[1], dtype=bool) if op.in_turns else ~kept_weights(op).any(axis=0)


def _starts_outside(op: Dot) -> bool:
    """Whether an accumulator begins with SAT_SYM's minimum: a copy holds it, the first addition clamps it."""
    copied = op.strategy == "resource_unrolled" and op.bias.type == op.accum and op.accum.overflow is Overflow.SAT_SYM
    return copied and op.accum.signed and bool((op.bias.raw == op.accum.raw_min).any())
