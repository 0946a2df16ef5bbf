"""Lists of steps: those of a cast, the same function in fewer steps, bounds through all of them, and their words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray, Range, add, compact, lowest, magnitude_bits, multiply
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.plan.fit import Fit
from isobit.plan.steps import (
    Affine,
    AtLeast,
    Between,
    Clamp,
    Law,
    LookUp,
    Mark,
    Observe,
    Round,
    ScaleFloor,
    Slopes,
    Step,
    Wrap,
    Zero,
)

__all__ = ["cast_steps", "describe", "normalised", "propagate"]


def cast_steps(
    source: FixedType | None, fraction: int, target: FixedType, overflows: bool, size: int, watch: str | None = None
) -> list[Step]:
    """The steps of a cast.

    Parameters
    ----------
    source
        Format of the variable; the same as the target is a copy. None for a number that has just been computed.
    fraction
        Fraction bits of the number.
    target
        Format of the result.
    overflows
        Whether it may leave the format (else overflow is left out).
    size
        Number of outputs.
    watch
        Layer whose result cast it is, see :class:`Step`.
    """
    if source == target:
        return []
    kind = target if source is None else target.as_assigned(source)
    shift = fraction - kind.fraction
    steps: list[Step] = []
    if shift < 0:
        steps.append(Affine(compact(np.full(size, 1 << -shift, dtype=object)), np.zeros(size, dtype=np.int64)))
    rounding = [Round(shift, kind.rounding, watch=watch)] if shift > 0 else []
    if not overflows:
        return [*steps, *rounding]
    if kind.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return [*steps, *rounding, Clamp(lowest(kind), kind.raw_max, watch=watch)]
    if kind.overflow is Overflow.SAT_ZERO:
        return [*steps, *rounding, Zero(kind, watch=watch)]
    if kind.overflow is Overflow.WRAP and not kind.saturation_bits:
        return [*steps, *rounding, Wrap(kind, watch=watch)]
    return [*steps, Law(kind, max(0, shift), watch=watch)]


def normalised(steps: Iterable[Step]) -> list[Step]:
    """The same function in fewer steps: neighbouring clamps and scalings joined, clamps after roundings.

    Rounding is monotone, so that clamping before it and clamping after it, to the rounded bounds, are the same.
    """
    result: list[Step] = []
    for step in steps:
        _push(result, step)
    return [_offset_by_half(result, place) for place in range(len(result))]


#: Rounding down and then from half up is rounding from half up at once: the half is a whole number of the first LSB.
_DOWN_THEN_HALF = (Rounding.TRN, Rounding.RND)


def _push(steps: list[Step], step: Step) -> None:
    last = steps.pop() if steps else None
    if isinstance(step, Affine) and isinstance(last, Affine):
        steps.append(Affine(multiply(last.a, step.a), add(multiply(last.b, step.a), step.b)))
    elif isinstance(step, Clamp) and isinstance(last, Clamp) and (joined := _joined(last, step)) is not None:
        steps.append(joined)
    elif isinstance(step, Round) and isinstance(last, Clamp):
        _push(steps, step)
        steps.append(Clamp(*(None if end is None else _rounded(step, end) for end in (last.low, last.high))))
    elif isinstance(step, Round) and isinstance(last, Round) and last.rounding is step.rounding is Rounding.TRN:
        steps.append(Round(last.shift + step.shift, Rounding.TRN))
    elif isinstance(step, Round) and isinstance(last, Round) and (last.rounding, step.rounding) == _DOWN_THEN_HALF:
        steps.append(Round(last.shift + step.shift, Rounding.RND))
    else:
        steps.extend([step] if last is None else [last, step])


def _rounded(step: Round, value: int) -> int:
    return int(step.of(np.array([value], dtype=object))[0])


def _joined(first: Clamp, second: Clamp) -> Clamp | None:
    lows = [end for end in (first.low, second.low) if end is not None]
    highs = [end for end in (first.high, second.high) if end is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    return None if low is not None and high is not None and low > high else Clamp(low, high)


def _offset_by_half(steps: list[Step], place: int) -> Step:
    """Rounding up from half is rounding down with half added before, where a summand is at hand anyway."""
    step = steps[place]
    after = steps[place + 1] if place + 1 < len(steps) else None
    if isinstance(step, Affine) and isinstance(after, Round) and after.rounding is Rounding.RND:
        return replace(step, b=add(step.b, compact(np.array(1 << (after.shift - 1), dtype=object))))
    before = steps[place - 1] if place else None
    if isinstance(step, Round) and isinstance(before, Affine) and step.rounding is Rounding.RND:
        return replace(step, rounding=Rounding.TRN)
    return step


def propagate(steps: Iterable[Step], values: Range | tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray, int]:
    """Bounds after all steps, and the magnitude bits that all of them need."""
    low, high = (values.low, values.high) if isinstance(values, Range) else values
    bits = magnitude_bits(low, high)
    for step in steps:
        bits = max(bits, step.bits(low, high))
        low, high = step.bounds(low, high)
    return low, high, bits


def describe(step: Step) -> str:
    """A step in a few words."""
    words: dict[type[Step], Any] = {
        Affine: lambda s: "scale and add",
        ScaleFloor: lambda s: f"scale, drop {s.shift} bits (TRN) and add",
        Round: lambda s: f"drop {s.shift} bits ({s.rounding.name})",
        Clamp: lambda s: f"clamp to {'' if s.low is None else s.low}..{'' if s.high is None else s.high}",
        Wrap: lambda s: f"wrap to {s.type.width} bits",
        Zero: lambda s: f"zero beyond {s.type.width} bits",
        Law: lambda s: f"cast into {s.type}",
        Slopes: lambda s: "two slopes" if s.bound.any() else "leaky slope",
        LookUp: lambda s: f"look up {len(s.entries)} entries",
        AtLeast: lambda s: "threshold",
        Between: lambda s: "two thresholds",
        Observe: lambda s: "observe",
        Fit: lambda s: f"fit elements into {s.type.width} bits",
        Mark: lambda s: f"end of {s.watch}",
    }
    return str(words[type(step)](step))
