"""Maps of windows: rows are read where they lie; padding, and numbers that never change, are not read at all.

A stage of the C++ kernels for every window, with the list of its rows. Windows whose numbers are used alike share their
weights: in most convolutions those that touch the same borders.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isobit.bounds.alike import alike
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
        group = np.arange(len(self.view)) % len(self.maps)
        self.first, self.kind = alike(np.concatenate([group[:, None], self._marks(), self.constants], axis=1))
        self.made = [self._of_kind(window) for window in self.first.tolist()]
        self.rows, self.place = self._rows_by_kind()

    @property
    def reads(self) -> IntArray:
        """The numbers of the source that some window reads: the first one stands for padding, and for no number."""
        used = np.where(self.taken, np.maximum(self.view, 0), -1)
        used[~self.taken.any(axis=1), 0] = 0
        found: IntArray = np.unique(used[used >= 0])
        return found

    def at(self, window: int) -> tuple[Any, int]:
        """The ``BatchMap`` of a window, and how many numbers it multiplies."""
        kind = self.kind[window]
        used, _, made = self.made[kind]
        return made.build(made.weights, self.rows[kind][self.place[window]]), len(used)

    @property
    def _in_order(self) -> bool:
        """Whether each partial sum is cast."""
        return isinstance(self.maps[0], Sequential) and bool(self.maps[0].sum)

    def _marks(self) -> IntArray:
        """Of every number what decides how it is used, shape (windows, n_in): windows with the same marks are alike."""
        if self._in_order:
            return np.asarray(self.view < 0, dtype=np.int64)
        marks = self.taken.astype(np.int64)
        if self.lane.multiply == "dot16":  # numbers lie in pairs: the lower half of one, the upper one, or both
            marks += 2 * (self.taken & (self.view % 2 == 1))
            marks[:, 1:] += 4 * (self.taken[:, 1:] & (self.view[:, 1:] == self.view[:, :-1] + 1))
        return marks

    def _of_kind(self, window: int) -> tuple[IntArray, IntArray, Packing]:
        """How a window and those like it are computed.

        Returns
        -------
        Which number of the window each weight is of, -1 for none; the numbers whose rows are read, in order; the map.
        """
        view, taken, group = self.view[window], self.taken[window], window % len(self.maps)
        sums = self.maps[group]
        if isinstance(sums, Sequential) and sums.sum:  # padding counts as a term: a row times zero
            used, read = np.where(view < 0, -1, np.arange(len(view)))[sums.order], sums.order
        elif self.lane.multiply == "dot16":
            used = _paired(np.where(taken, view, -1))
            read = used.reshape(-1, 2).max(axis=1)
        else:
            used = np.flatnonzero(taken) if taken.any() else np.array([-1])
            read = used
        return used, read, self._packing(group, used, self.constants[window])

    def _rows_by_kind(self) -> tuple[list[Any], IntArray]:
        """Rows that the windows of every kind read, int32, shape (windows, rows); the place of every window there."""
        found, place = [], np.zeros(len(self.view), dtype=np.int64)
        order = np.argsort(self.kind, kind="stable")
        ends = np.cumsum(np.bincount(self.kind))[:-1]
        for windows, (_, read, _) in zip(np.split(order, ends), self.made, strict=True):
            place[windows] = np.arange(len(windows))
            rows = np.where(read < 0, 0, np.maximum(self.view[windows[:, None], read], 0))
            paired = self.lane.multiply == "dot16" and not self._in_order
            found.append(np.ascontiguousarray(rows // 2 if paired else rows, dtype=np.int32))
        return found, place

    def _packing(self, group: int, used: IntArray, constants: IntArray) -> Packing:
        """The map with the weights of some of a window's numbers, or zeros, in order; and what constants add."""
        sums = self.maps[group]
        weights = np.where(used[:, None] < 0, 0, sums.weights[used])
        start = _modulo(sums.start + constants, self.lane)
        if isinstance(sums, Sequential):
            sums = replace(sums, order=np.arange(len(used)))
        stage = replace(self.lane.stage, map=replace(sums, weights=weights, start=start), positions=1, view=None)
        return packing_of(replace(self.lane, stage=stage), lambda rows: rows)


def _modulo(start: IntArray, lane: Lane) -> IntArray:
    """The same numbers as integers of the lane hold them: sums may wrap if the accumulator does."""
    width = {"mulhi16": 16, "dot16": 32, "floor32": 32, "int32": 32}.get(lane.multiply)
    return start if width is None else (start + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))


def _paired(view: IntArray) -> IntArray:
    """Which number of a window each half of each pair is multiplied for, the even one first: shape (2 * pairs,).

    -1 for none.
    """
    used: list[tuple[int, int]] = []
    numbers = view.tolist()
    for place, (before, index) in enumerate(zip([-1, *numbers], numbers, strict=False)):
        if index % 2 and before == index - 1 >= 0:
            used[-1] = (place - 1, place)
        elif index >= 0:
            used.append((-1, place) if index % 2 else (place, -1))
    return np.array(used or [(-1, -1)]).ravel()
