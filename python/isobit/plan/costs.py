"""What a lane costs: estimated cycles of a stage, by which the cheapest is chosen."""

from __future__ import annotations

from typing import Final

import numpy as np

from isobit.bounds.ranges import IntArray
from isobit.fixed.modes import Rounding
from isobit.plan.maps import Gather
from isobit.plan.stages import Sequential, Stage
from isobit.plan.steps import Round
from isobit.plan.windows import pairs_in, taken_by

__all__ = ["lane_cost", "term_shift", "whole_parts"]

#: Multiplications (with their additions) per cycle, and cycles of one step on one number, where vectors have 256 bits.
#: Measured on Zen 3; only their ratios matter, and these also hold for wider vectors.
_MACS: Final[dict[str, float]] = {
    "float32": 16,
    "float64": 8,
    "int32": 13,
    "int64": 1.5,
    "dot16": 26,
    "dot16-split": 12,
    "floor32": 15,
    "mulhi16": 26,
}
_STEP: Final[dict[str, float]] = {"int16": 0.03, "float32": 0.0625, "float64": 0.125, "int32": 0.0625, "int64": 0.6}
_WIDEN: Final[dict[tuple[str, str], float]] = {
    ("dot16", "float64"): 0.25,
    ("dot16-split", "float64"): 0.6,
    ("floor32", "float64"): 0.25,
}


def lane_cost(stage: Stage, multiply: str, compute: str) -> float:
    """Estimated cycles of one event on 256-bit vectors."""
    outputs = stage.result.low.size
    step = _STEP[compute]
    if compute == "float32" and (stage.map is None or isinstance(stage.map, Gather)):
        step *= 1.05  # a wrap takes more instructions than that of integers
    steps = (len(stage.steps) + 1) * outputs * step
    if stage.map is None:
        return steps
    if isinstance(stage.map, Gather):
        each = _STEP["int16"] if multiply in ("dot16", "mulhi16") else step
        return steps + stage.map.index.size * (1 + len(stage.map.sum)) * each
    macs = stage.map.weights.size * stage.positions
    if stage.view is not None:
        taken = taken_by(stage)
        count = 2 * pairs_in(np.where(taken, stage.view, -1)) if multiply == "dot16" else np.count_nonzero(taken)
        macs = int(count) * stage.map.weights.shape[1] * stage.positions // stage.windows
    if multiply == "mulhi16":
        assert isinstance(stage.map, Sequential)
        shift = term_shift(stage.map) or 1
        macs += 2 * int(np.count_nonzero(whole_parts(stage.map, shift)[0])) * stage.positions
    elif isinstance(stage.map, Sequential) and multiply != "floor32":
        return steps + macs * (3 + 2 * len(stage.map.term) + 2 * len(stage.map.sum)) * _STEP[compute]
    return steps + macs / _MACS[multiply] + _WIDEN.get((multiply, compute), 0.0) * outputs


def term_shift(sequential: Sequential) -> int | None:
    """By how much every product is rounded down, if that is all that happens to it."""
    only = sequential.term[0] if len(sequential.term) == 1 else None
    return only.shift if isinstance(only, Round) and only.rounding is Rounding.TRN else None


def whole_parts(sums: Sequential, shift: int) -> tuple[IntArray, IntArray]:
    """Weights as whole * 2**shift + rest with -2**(shift - 1) <= rest < 2**(shift - 1)."""
    whole = (sums.weights + (1 << (shift - 1))) >> shift
    return whole, sums.weights - (whole << shift)
