"""Bounds of the sums of a layer with compressed weights: per turn from zero, then into the accumulator."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.bounds.ranges import BoolArray, Range, fold, folded_zeros
from isobit.fixed import law
from isobit.model.accumulation import turns_of
from isobit.model.dot import Dot

__all__ = ["turn_sums"]


def turn_sums(op: Dot, start: Range, terms: Range, *, folds: bool = True) -> tuple[Range, Range, BoolArray]:
    """Bounds of every sum that the kernel casts to the accumulator's format.

    Parameters
    ----------
    op
        The layer, in turns.
    start
        The bias in the accumulator, shape (n_out,).
    terms
        Products cast to the accumulator's format, shape (n_in, n_out).
    folds
        Whether what leaves the format is folded back into it, as the kernel does; else sums go on as they are.

    Returns
    -------
    Hull of all sums before overflow, the last one after it, and where one may overflow, each of shape (n_out,).
    """
    turns = turns_of(op)
    count = int(np.count_nonzero(turns >= 0))
    wide = max(terms.bits, start.bits, op.accum.width) + count.bit_length() + 1 > law.INT64_BITS
    kind: Any = object if wide else np.int64
    term_low, term_high = terms.low.astype(kind), terms.high.astype(kind)
    low, high = start.low.astype(kind), start.high.astype(kind)
    least, most = low.copy(), high.copy()
    overflow: BoolArray = np.zeros(low.shape, dtype=bool)

    def cast(bottom: Any, top: Any, where: Any) -> tuple[Any, Any]:
        """Sums of the neurons at ``where``, seen and folded."""
        least[where], most[where] = np.minimum(least[where], bottom), np.maximum(most[where], top)
        *folded, outside = fold(bottom, top, op.accum)
        overflow[where] |= outside
        return (folded[0], folded[1]) if folds else (bottom, top)

    every = np.arange(len(low))
    for turn in range(op.reuse_factor):
        inputs, neurons = np.nonzero(turns == turn)
        if turn and not len(inputs):  # adds zeros to what was cast
            continue
        part_low, part_high = np.zeros_like(low), np.zeros_like(high)
        # Inputs in ascending order: the first of every neuron, then the second, ...
        while len(inputs):
            _, first = np.unique(neurons, return_index=True)
            i, j = inputs[first], neurons[first]
            part_low[j], part_high[j] = cast(part_low[j] + term_low[i, j], part_high[j] + term_high[i, j], j)
            inputs, neurons = np.delete(inputs, first), np.delete(neurons, first)
        low, high = cast(low + part_low, high + part_high, every)
    stored = turns >= 0
    zeros = np.minimum(np.where(stored, terms.zeros, law.INT64_BITS).min(axis=0), start.zeros)
    zeros = np.where(overflow & folds, np.minimum(zeros, folded_zeros(zeros, op.accum)), zeros)
    return Range(least, most, start.fraction, zeros), Range(low, high, start.fraction, zeros), overflow
