"""Maps of windows: rows are read where they lie; padding, and numbers that never change, are not read at all.

A stage of the C++ kernels for every window, with the list of its rows. Windows whose numbers are used alike share their
weights: in most convolutions those that touch the same borders.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray
from isobit.engines.cpp.maps import Packing, packing_of
from isobit.plan.lanes import Lane
from isobit.plan.maps import Sequential
from isobit.plan.windows import constant_sums, taken_by, view_of

__all__ = ["WindowMaps"]


class WindowMaps:
    """The maps of a stage that reads windows.

    Parameters
    ----------
    lane
        How the stage is computed.
    """

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.maps = lane.stage.group_maps
        self.view, self.taken, self.constants = view_of(lane.stage), taken_by(lane.stage), constant_sums(lane.stage)
        self.known: dict[tuple[int, bytes, bytes], Packing] = {}

    @property
    def reads(self) -> IntArray:
        """The numbers of the source that some window reads: the first one stands for padding, and for no number."""
        used = np.where(self.taken, np.maximum(self.view, 0), -1)
        used[~self.taken.any(axis=1), 0] = 0
        found: IntArray = np.unique(used[used >= 0])
        return found

    def at(self, window: int) -> tuple[Any, int]:
        """The ``BatchMap`` of a window, and how many numbers it multiplies."""
        view, taken, group = self.view[window], self.taken[window], window % len(self.maps)
        sums = self.maps[group]
        if isinstance(sums, Sequential) and sums.sum:  # padding counts as a term: a row times zero
            used, rows = np.where(view < 0, -1, np.arange(len(view)))[sums.order], np.maximum(view, 0)[sums.order]
        elif self.lane.multiply == "dot16":
            used, rows = _paired(np.where(taken, view, -1))
        else:
            used = np.flatnonzero(taken)
            used, rows = (used, view[used]) if len(used) else (np.array([-1]), np.array([0]))
        made = self._packing(group, used, self.constants[window])
        return made.build(made.weights, np.ascontiguousarray(rows, dtype=np.int32)), len(used)

    def _packing(self, group: int, used: IntArray, constants: IntArray) -> Packing:
        """The map with the weights of some of a window's numbers, or zeros, in order; and what constants add."""
        key = group, used.tobytes(), constants.tobytes()
        if key not in self.known:
            sums = self.maps[group]
            weights = np.where(used[:, None] < 0, 0, sums.weights[used])
            start = _modulo(sums.start + constants, self.lane)
            if isinstance(sums, Sequential):
                sums = replace(sums, order=np.arange(len(used)))
            stage = replace(self.lane.stage, map=replace(sums, weights=weights, start=start), positions=1, view=None)
            self.known[key] = packing_of(replace(self.lane, stage=stage), lambda rows: rows)
        return self.known[key]


def _modulo(start: IntArray, lane: Lane) -> IntArray:
    """The same numbers as integers of the lane hold them: sums may wrap if the accumulator does."""
    width = {"mulhi16": 16, "dot16": 32, "floor32": 32, "int32": 32}.get(lane.multiply)
    return start if width is None else (start + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))


def _paired(view: IntArray) -> tuple[IntArray, IntArray]:
    """A window whose numbers lie in pairs, the even one first.

    Returns
    -------
    Which number of the window each half of each pair is multiplied for, -1 for none: shape (2 * pairs,); and the rows
    of the pairs.
    """
    used: list[tuple[int, int]] = []
    rows: list[int] = []
    for place, index in enumerate(view.tolist()):
        if index < 0:
            continue
        row, odd = divmod(index, 2)
        if odd and rows and rows[-1] == row and used[-1] == (place - 1, -1):
            used[-1] = (place - 1, place)
        else:
            used.append((-1, place) if odd else (place, -1))
            rows.append(row)
    if not rows:
        return np.array([-1, -1]), np.array([0])
    return np.array(used).ravel(), np.array(rows)
