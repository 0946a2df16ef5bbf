"""The numbers that the windows of a stage multiply: no padding, no constants, none whose weights are all zero."""

from __future__ import annotations

import numpy as np

from isobit.bounds.ranges import BoolArray, IntArray, multiply
from isobit.plan.maps import Linear, Sequential
from isobit.plan.stages import Stage
from isobit.plan.step_lists import propagate

__all__ = ["constant_sums", "pairs_in", "taken_by", "view_of"]


def view_of(stage: Stage) -> IntArray:
    """The view of a stage that multiplies, also where its windows are neighbours; shape (windows, n_in)."""
    assert isinstance(stage.map, (Linear, Sequential))
    n_in = len(stage.map.weights)
    return np.arange(stage.positions * n_in).reshape(-1, n_in) if stage.view is None else stage.view


def taken_by(stage: Stage) -> BoolArray:
    """Which numbers each window has to multiply, shape (windows, n_in).

    All if each partial sum is cast. Else those that are no padding, may change, and have a weight other than zero.
    """
    view = view_of(stage)
    if isinstance(stage.map, Sequential) and stage.map.sum:
        return np.ones(view.shape, dtype=bool)
    weighted = np.stack([part.weights.any(axis=1) for part in stage.group_maps]).astype(bool)
    found: BoolArray = (view >= 0) & _varies(stage)[view] & np.tile(weighted, (stage.positions, 1))
    return found


def constant_sums(stage: Stage) -> IntArray:
    """What the numbers that never change add to the sums of each window, shape (windows, outputs of a window).

    Zero if each partial sum is cast; then :func:`taken_by` has all numbers.
    """
    view, maps = view_of(stage), stage.group_maps
    sums = np.zeros((len(view), maps[0].start.size), dtype=np.int64)
    fixed = (view >= 0) & ~_varies(stage)[view] & (stage.data.low[view] != 0)
    if isinstance(stage.map, Sequential) and stage.map.sum:
        return sums
    for window in np.flatnonzero(fixed.any(axis=1)).tolist():
        numbers, part = np.flatnonzero(fixed[window]), maps[window % len(maps)]
        products = multiply(stage.data.low[view[window, numbers], None], part.weights[numbers])
        if isinstance(part, Sequential):
            products, _, _ = propagate(part.term, (products, products))
        sums[window] = products.sum(axis=0)
    return sums


def _varies(stage: Stage) -> BoolArray:
    """Which numbers of the data are not the same for every event."""
    return np.asarray(stage.data.low != stage.data.high, dtype=bool)


def pairs_in(view: IntArray) -> int:
    """Pairs of int16 that all windows take: numbers share one where the even number comes right before the odd one."""
    together = (view[:, 1:] % 2 == 1) & (view[:, 1:] > 0) & (view[:, :-1] == view[:, 1:] - 1)
    return int(np.count_nonzero(view >= 0)) - int(np.count_nonzero(together))
