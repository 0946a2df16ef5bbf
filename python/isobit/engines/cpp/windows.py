"""Maps of windows: rows are read where they lie, and padding is not read at all.

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
        self.known: dict[tuple[int, bytes], Packing] = {}

    def at(self, window: int) -> tuple[Any, int]:
        """The ``BatchMap`` of a window, and how many numbers it multiplies."""
        assert self.lane.stage.view is not None
        view, group = self.lane.stage.view[window], window % len(self.maps)
        sums = self.maps[group]
        in_order = isinstance(sums, Sequential) and self.lane.multiply not in ("floor32", "mulhi16")
        if in_order:  # padding counts as a term: a row times zero
            used, rows = np.where(view < 0, -1, np.arange(len(view))), np.maximum(view, 0)
        elif self.lane.multiply == "dot16":
            used, rows = _paired(view)
        else:
            used = np.flatnonzero(view >= 0)
            used, rows = (used, view[used]) if len(used) else (np.array([-1]), np.array([0]))
        made = self._packing(group, used)
        order = rows[sums.order] if in_order and isinstance(sums, Sequential) else rows
        return made.build(made.weights, np.ascontiguousarray(order, dtype=np.int32)), len(used)

    def _packing(self, group: int, used: IntArray) -> Packing:
        """The map with the weights of some of a window's numbers, or zeros, in order."""
        key = group, used.tobytes()
        if key not in self.known:
            sums = self.maps[group]
            weights = np.where(used[:, None] < 0, 0, sums.weights[used])
            stage = replace(self.lane.stage, map=replace(sums, weights=weights), positions=1, view=None)
            self.known[key] = packing_of(replace(self.lane, stage=stage), lambda rows: rows)
        return self.known[key]


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
