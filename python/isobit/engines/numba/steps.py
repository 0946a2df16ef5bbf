"""Steps as passes over rows: neighbouring steps in one pass where a pass can do them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds.ranges import lowest
from isobit.engines.numba.passes import AT_LEAST, BETWEEN, FLOOR, HEAD, LINE, LOOK_UP, NEAR, ROUND, SLOPES, WRAP, ZERO
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.plan.steps import Affine, AtLeast, Between, Clamp, LookUp, Round, Slopes, Step, Wrap, Zero

__all__ = ["INTEGER_ROUNDING", "Pass", "entering", "float_passes", "integer_passes"]

#: For the pass ROUND on floats: size of the rest above which a number goes away from zero, and whether it does at half
#: an LSB, if positive and if negative.
_FLOAT_ROUNDING = {
    Rounding.TRN_ZERO: (2.0, 0, 0),
    Rounding.RND: (0.5, 1, 0),
    Rounding.RND_ZERO: (0.5, 0, 0),
    Rounding.RND_MIN_INF: (0.5, 0, 1),
    Rounding.RND_INF: (0.5, 1, 1),
}
#: On integers: truths (-1 or 0) of the pass ROUND, head[3] and on.
INTEGER_ROUNDING = {
    Rounding.TRN: (0, 0, 0, 0, 0),
    Rounding.TRN_ZERO: (0, 0, 0, 0, -1),
    Rounding.RND: (-1, -1, -1, 0, 0),
    Rounding.RND_ZERO: (-1, -1, 0, 0, 0),
    Rounding.RND_MIN_INF: (-1, 0, 0, 0, 0),
    Rounding.RND_INF: (-1, 0, -1, 0, 0),
    Rounding.RND_CONV: (-1, 0, 0, -1, 0),
}


@dataclass
class Pass:
    """One pass; see :mod:`isobit.engines.numba.passes` for the kinds.

    Attributes
    ----------
    a, b
        Constants of every output, shape (n_out,).
    head
        Constants from the third on.
    low, high
        Bounds of the result, or of what looks an entry up; None: none.
    entries
        Of the table, that of ``low`` first.
    """

    kind: int
    a: Any
    b: Any
    head: Sequence[Any] = ()
    low: int | None = None
    high: int | None = None
    entries: Any = ()

    def part(self, first: int, count: int) -> Pass:
        """The same of some neighbouring outputs."""
        return replace(self, a=self.a[first : first + count], b=self.b[first : first + count])

    def constants(self, dtype: Any) -> Any:
        """As the kernels take them."""
        floating = np.dtype(dtype).kind == "f"
        ends: tuple[Any, Any] = (-np.inf, np.inf)
        if not floating:
            ends = (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        # Beyond the lane's own ends nothing can lie.
        pairs = np.stack([np.asarray(self.a), np.asarray(self.b)], axis=1).astype(dtype)
        if len(self.entries) and self.low is not None:
            self.head = (HEAD + pairs.size - self.low,)
        bounds = [ends[0] if self.low is None else self.low, ends[1] if self.high is None else self.high, *self.head]
        head = np.zeros(HEAD, dtype=dtype)
        head[: len(bounds)] = [min(max(bound, ends[0]), ends[1]) for bound in bounds]
        return np.concatenate([head, pairs.ravel(), np.asarray(self.entries).astype(dtype)])


def entering(type: FixedType, size: int) -> list[Pass]:
    """From real numbers to raw integers, as float64: any significand, so that half may not just be added."""
    scale, none = np.full(size, 2.0**type.fraction), np.zeros(size)
    kinds = {Rounding.TRN: FLOOR, Rounding.RND_CONV: NEAR}
    passes = [Pass(kinds.get(type.rounding, LINE), scale, none)]
    if passes[0].kind == LINE:
        passes.append(Pass(ROUND, none, none, _FLOAT_ROUNDING[type.rounding]))
    if type.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        passes[-1].low, passes[-1].high = lowest(type), type.raw_max
    elif type.overflow is Overflow.SAT_ZERO:
        passes.append(Pass(ZERO, none, none, (lowest(type), type.raw_max)))
    else:
        passes.append(Pass(WRAP, none, none, _turns(type)))
    return passes


def _turns(type: FixedType) -> tuple[float, float, float]:
    return float(type.raw_min), 2.0**-type.width, 2.0**type.width


def float_passes(steps: Iterable[Step], size: int) -> list[Pass]:
    """Steps on float32 or float64; a rounding's division goes into what is before it, a power of two loses nothing."""
    one, none = np.ones(size), np.zeros(size)
    passes: list[Pass] = []
    open_line = False  # whether the last pass is a line that a rounding may join
    for step in steps:
        if isinstance(step, Affine):
            passes.append(Pass(LINE, step.a.astype(np.float64), step.b.astype(np.float64)))
            open_line = True
            continue
        if isinstance(step, Clamp):
            _clamp(passes, step, one, none)
        elif isinstance(step, Round):
            if not open_line:
                passes.append(Pass(LINE, one, none))
            factor = 2.0**-step.shift
            last = passes[-1]
            last.a, last.b = last.a * factor, last.b * factor
            if step.rounding is Rounding.RND:
                last.b = last.b + 0.5
            if step.rounding is Rounding.RND_CONV:
                last.kind = NEAR
            elif step.rounding in (Rounding.TRN, Rounding.RND):
                last.kind = FLOOR
            else:
                passes.append(Pass(ROUND, none, none, _FLOAT_ROUNDING[step.rounding]))
        elif isinstance(step, Wrap):
            passes.append(Pass(WRAP, none, none, _turns(step.type)))
        else:
            passes.append(_common(step, size))
        open_line = False
    return passes


def integer_passes(steps: Iterable[Step], size: int) -> list[Pass]:
    """Steps on int64."""
    one, none = np.ones(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    passes: list[Pass] = []
    for step in steps:
        if isinstance(step, Affine):
            passes.append(Pass(LINE, step.a, step.b))
        elif isinstance(step, Clamp):
            _clamp(passes, step, one, none)
        elif isinstance(step, Round):
            last = passes[-1] if passes else None
            if (
                step.rounding is Rounding.TRN
                and last is not None
                and last.kind == LINE
                and last.low is last.high is None
            ):
                last.kind, last.head = FLOOR, (step.shift,)
            else:
                passes.append(Pass(ROUND, none, none, (step.shift, *INTEGER_ROUNDING[step.rounding])))
        elif isinstance(step, Wrap):
            width = step.type.width
            unused = 64 - width if step.type.signed else 0
            passes.append(Pass(WRAP, none, none, (unused, -1 if step.type.signed else (1 << width) - 1)))
        else:
            passes.append(_common(step, size))
    return passes


def _clamp(passes: list[Pass], step: Clamp, one: Any, none: Any) -> None:
    """Into the pass before, if that can."""
    last = passes[-1] if passes else None
    if last is None or last.kind > WRAP or not (last.low is last.high is None):
        passes.append(last := Pass(LINE, one, none))
    last.low, last.high = step.low, step.high


def _common(step: Step, size: int) -> Pass:
    none = np.zeros(size, dtype=np.int64)
    if isinstance(step, Zero):
        return Pass(ZERO, none, none, (lowest(step.type), step.type.raw_max))
    if isinstance(step, Slopes):
        return Pass(SLOPES, step.bound, step.below, (step.above,))
    if isinstance(step, AtLeast):
        return Pass(AT_LEAST, step.bound, none, (step.above, step.below))
    if isinstance(step, LookUp):
        return Pass(LOOK_UP, none, none, (), step.first, step.last, step.entries)
    assert isinstance(step, Between)
    return Pass(BETWEEN, step.upper, step.lower, (step.above, step.middle, step.below))
