"""Stages that observe what they compute, and what their statistics say about every layer.

The smallest and largest value are observed where a sum ends, and after steps that are not monotone; through all others
they follow exactly, since a monotone step moves the ends of a range to the ends of its image.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isobit.bounds.ranges import IntArray, lowest
from isobit.fixed import law
from isobit.fixed.modes import Overflow
from isobit.model.ops import Op
from isobit.plan.steps import (
    Affine,
    Clamp,
    Expect,
    Folding,
    Law,
    Mark,
    Observe,
    Round,
    ScaleFloor,
    Slopes,
    Step,
    Wrap,
)

__all__ = ["Observed", "follow", "left", "trusting", "upgraded", "watched"]


@dataclass(eq=False)
class Observed:
    """What was seen of one layer's result; every array of shape (size,), raw integers in units of the result's LSB.

    Attributes
    ----------
    low, high
        The smallest and largest result.
    held_low, held_high
        The same before overflow: what the result would have to hold.
    lossy
        Events in which rounding into the result dropped set bits.
    outside
        Events in which the result's range was left.
    inner
        By slot, overflows of other formats on the way (a softmax's): (events, times) by element, shape (2, size).
    """

    low: IntArray
    high: IntArray
    held_low: IntArray
    held_high: IntArray
    lossy: IntArray
    outside: IntArray
    inner: dict[str, IntArray] = field(default_factory=dict)


def watched(op: Op, mapped: bool, before: Sequence[Step], steps: Sequence[Step]) -> list[Step]:
    """Steps of a stage such that every layer in it can be told apart; see ``arrange`` of ``stages_of``."""
    found: list[Step] = []
    wrapped = bool(steps) and isinstance(steps[0], Wrap) and steps[0].watch is None
    if mapped and not wrapped:
        found.append(Observe(watch=op.name))
    for step in steps:
        if isinstance(step, Law) and step.shift > 0 and step.type.overflow is Overflow.WRAP_SM:
            step = _Unwatched(step.type, step.shift, watch=step.watch)
        elif isinstance(step, Law) and step.shift > 0:
            found.append(Round(step.shift, step.type.rounding, watch=step.watch))
            step = replace(step, shift=0)
        found.append(step)
        if not _monotone(step):
            found.append(Observe(watch=op.name))
    return [*before, *found, Mark(watch=op.name)]


class _Unwatched(Law):
    """WRAP_SM looks at the bits before rounding, so that the cast cannot be watched in two steps; no lane takes it."""

    def bits(self, low: IntArray, high: IntArray) -> int:
        """More than any lane has."""
        return 1 << 20


def _monotone(step: Step) -> bool:
    if isinstance(step, Slopes):
        return step.monotone
    return isinstance(step, (Affine, Clamp, Round, ScaleFloor))


def trusting(steps: Iterable[Step], loud: Container[str]) -> list[Step]:
    """The same steps for numbers that leave no result's format, except those of the layers in ``loud``."""
    found: list[Step] = []
    quiet: str | None = None
    for step in steps:
        if quiet is not None and type(step) is Observe:
            quiet = None  # what was observed after overflow has been observed before
            continue
        quiet = None
        if isinstance(step, (Clamp, Folding)) and step.watch is not None and step.watch not in loud:
            found.append(_expected(step, step.watch))
            quiet = None if _monotone(step) else step.watch
        else:
            found.append(step)
    return found


def _expected(step: Clamp | Folding, layer: str) -> Expect:
    if isinstance(step, Folding):
        return Expect(lowest(step.type), step.type.raw_max, watch=layer)
    assert step.low is not None
    assert step.high is not None
    return Expect(step.low, step.high, watch=layer)


def follow(
    steps: Iterable[Step],
    start: tuple[IntArray, IntArray] | None,
    statistics: Iterable[Any],
    expected: dict[str, tuple[IntArray, IntArray]] | None = None,
) -> dict[str, Observed]:
    """What the statistics of a stage say about its layers.

    Parameters
    ----------
    steps
        Of the stage, as they were computed.
    start
        Smallest and largest value of what the steps begin with, shape (size,); None after a linear map.
    statistics
        For every watched step, in order: (size, 2) of an observation, (size, 1) of counts.
    expected
        Takes the smallest and largest number at every :class:`Expect`, by layer.

    Returns
    -------
    Layers by name.
    """
    given = iter(statistics)
    low, high = start if start is not None else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    held: tuple[IntArray, IntArray] | None = None
    lossy: Any = None
    outside: Any = None
    found: dict[str, Observed] = {}
    for step in steps:
        if isinstance(step, Expect):
            if expected is not None and step.watch is not None:
                expected[step.watch] = (low, high)
            continue
        if isinstance(step, Mark):
            none = np.zeros(low.shape, dtype=np.int64)
            before = (low, high) if held is None else held
            assert step.watch is not None
            found[step.watch] = Observed(
                low, high, *before, none if lossy is None else lossy, none if outside is None else outside
            )
            held = lossy = outside = None
            continue
        seen = next(given) if step.watch is not None else None
        if isinstance(step, Observe):
            assert seen is not None
            low, high = seen[:, 0], seen[:, 1]
            continue
        if isinstance(step, (Clamp, Folding)) and seen is not None:
            held, outside = (low, high), seen[:, 0]
        elif seen is not None:
            lossy = seen[:, 0]
        if _monotone(step):
            low, high = _moved(step, low, high)
    return found


def _moved(step: Step, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
    """``step.bounds`` without its care for numbers beyond int64, which lanes exclude."""
    if isinstance(step, Clamp):
        return step.of(low), step.of(high)
    if isinstance(step, Slopes):
        ends = [np.where(end > step.bound, end * step.above, end * step.below) for end in (low, high)]
        return ends[0], ends[1]
    if isinstance(step, Round):
        shift = law.int64_shift(step.shift)
        rounded = [law.round_shift(end, shift, int(step.rounding)) for end in (low, high)]
        return rounded[0], rounded[1]
    assert isinstance(step, (Affine, ScaleFloor))
    one: IntArray = low * step.a
    other: IntArray = high * step.a
    if isinstance(step, ScaleFloor):
        one, other = one >> step.shift, other >> step.shift
    one, other = one + step.b, other + step.b
    return np.minimum(one, other), np.maximum(one, other)


def left(steps: Iterable[Step], expected: dict[str, tuple[IntArray, IntArray]]) -> set[str]:
    """Layers whose numbers do not keep to what is expected of them."""
    found = set()
    for step in steps:
        if isinstance(step, Expect) and step.watch is not None:
            low, high = expected[step.watch]
            if (low < step.least).any() or (high > step.most).any():
                found.add(step.watch)
    return found


def upgraded(
    steps: Iterable[Step],
    before: Container[str],
    statistics: Iterable[Any],
    expected: dict[str, tuple[IntArray, IntArray]],
    loud: Container[str],
) -> list[Any]:
    """Statistics of a stage that trusted all layers but those in ``before``, as if it had trusted fewer (``loud``).

    Where numbers kept to a format, overflow has changed none of them.
    """
    given = iter(statistics)
    found: list[Any] = []
    missing: str | None = None
    for step in steps:
        if step.watch is None or isinstance(step, Mark):
            continue
        fold = isinstance(step, (Clamp, Folding))
        observes = missing is not None and type(step) is Observe
        if fold and step.watch not in loud:
            missing = None if _monotone(step) else ""
        elif fold and step.watch not in before:
            found.append(np.zeros((len(expected[step.watch][0]), 1), dtype=np.int64))
            missing = None if _monotone(step) else step.watch
        elif observes:
            if missing:
                found.append(np.stack(expected[missing], axis=1))
            missing = None
        else:
            found.append(next(given))
            missing = None
    return found
