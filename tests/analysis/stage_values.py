"""What stages compute, by the definition of their maps and steps, on integers; bounds are checked on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isobit.fixed import FixedArray, FixedType, law
from isobit.plan.maps import Gather, Linear, Sequential
from isobit.plan.steps import Affine, AtLeast, Between, Clamp, Law, LookUp, Round, Slopes, Step, Wrap, Zero

__all__ = ["mapped", "through"]

_COMBINED = {"sum": np.add, "product": np.multiply, "minimum": np.minimum, "maximum": np.maximum}


def _after(step: Step, values: Any) -> Any:
    """What a step makes of integers."""
    if isinstance(step, Affine):
        return values * step.a + step.b
    if isinstance(step, Round):
        return law.round_shift(values, step.shift, int(step.rounding))
    if isinstance(step, Clamp):
        return np.asarray(step.of(values))
    if isinstance(step, Zero):
        return np.where((values >= step.type.raw_min) & (values <= step.type.raw_max), values, 0)
    if isinstance(step, Wrap):
        return (values - step.type.raw_min) % (1 << step.type.width) + step.type.raw_min
    if isinstance(step, Slopes):
        return np.where(values > step.bound, values * step.above, values * step.below)
    if isinstance(step, AtLeast):
        return np.where(values >= step.bound, step.above, step.below)
    if isinstance(step, Between):
        return np.where(values > step.upper, step.above, np.where(values > step.lower, step.middle, step.below))
    if isinstance(step, LookUp):
        return step.entries[np.clip(values - step.first, 0, step.entries.size - 1)]
    assert isinstance(step, Law)
    source = FixedType.from_bits(50, fraction=step.type.fraction + step.shift)
    return FixedArray.from_raw(values, source).cast(step.type).raw


def through(steps: Iterable[Step], values: Any) -> Any:
    """Numbers after all steps, of which none is beyond the bounds that a step gives, or the bits that it needs."""
    low, high = np.asarray(values.min(axis=0)), np.asarray(values.max(axis=0))
    for step in steps:
        least, most = step.bounds(low, high)
        values = _after(step, values)
        assert (values >= least).all(), step
        assert (values <= most).all(), step
        low, high = least, most
    return values


def mapped(made: Any, x: Any) -> Any:
    """A map's results, of which none, nor anything on the way, is beyond the bounds that it gives."""
    if made is None:
        return x
    if isinstance(made, Linear):
        found = made.start + x @ made.weights
        least = np.minimum(0, x[:, :, None] * made.weights).sum(axis=1) + np.minimum(0, made.start)
        most = np.maximum(0, x[:, :, None] * made.weights).sum(axis=1) + np.maximum(0, made.start)
        assert (np.maximum(-least, most) <= made.magnitude).all()
    elif isinstance(made, Gather):
        found = _gathered(made, x)
    else:
        assert isinstance(made, Sequential)
        found = _in_order(made, x)
    assert (found >= made.low).all()
    assert (found <= made.high).all()
    return found


def _in_order(made: Sequential, x: Any) -> Any:
    found, size = made.start + 0 * x[:, :1], 0
    for k in made.order:
        term = through(made.term, x[:, [k]] * made.weights[k])
        assert (term >= made.term_low[k]).all()
        assert (term <= made.term_high[k]).all()
        found = found + term
        size = max(size, int(np.abs(found).max()), int(np.abs(x[:, [k]] * made.weights[k]).max()))
        found = through(made.sum, found)
    assert size.bit_length() <= made.bits
    return found


def _gathered(made: Gather, x: Any) -> Any:
    factors, found, size = np.broadcast_to(made.factors, made.index.shape), None, 0
    for row, factor in zip(made.index, factors, strict=True):
        taken = np.where(row < 0, made.fill, x[:, np.maximum(row, 0)] * factor)
        found = taken if found is None else _COMBINED[made.combine](found, taken)
        size = max(size, int(np.abs(taken).max()), int(np.abs(found).max()))
        found = through(made.sum, found)
    assert size.bit_length() <= made.bits
    return found
