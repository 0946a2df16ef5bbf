"""Which lanes the Numba kernels have, and which of them are exact for a stage.

A lane has a type for the linear map and one for the steps after it. int32 and int64 hold sums modulo 2^32 and 2^64,
which is as good as the sum where the accumulator wraps at no more bits. ``rounded`` maps round every product down by
itself: in integers by dropping the product's low bits (data and weights keep their LSB, so the sum is shifted just
once), in float64 by rounding down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from isobit.bounds.ranges import IntArray, magnitude_bits
from isobit.fixed.modes import Rounding
from isobit.plan.lanes import BITS, Lane, variants
from isobit.plan.maps import Counting, Gather
from isobit.plan.stages import Linear, Sequential, Stage
from isobit.plan.step_lists import propagate
from isobit.plan.steps import Clamp, Law, Round, Step, Wrap, Zero

__all__ = ["candidates", "is_general", "product_shift", "wrapped_by_type"]

#: Cycles of one multiplication with its addition on a machine with 256-bit vectors, as measured on Zen 3; only their
#: proportions matter.
_MACS: Final[dict[str, float]] = {
    "float32": 0.07,
    "float64": 0.15,
    "int32": 0.17,
    "int64": 0.8,
    "rounded int32": 0.17,
    "rounded float64": 0.29,
    "rounded int64": 0.8,
    "sequential int32": 0.34,
    "sequential float64": 0.8,
    "sequential int64": 1.6,
    "general int32": 0.7,
    "general int64": 5.0,
}
_STEP: Final[dict[str, float]] = {"float32": 0.15, "float64": 0.3, "int64": 1.2}
#: Magnitude bits that a type's sums may have; a float's whole significand, as no half is added to them.
_SUM_BITS: Final[dict[str, int]] = {"float32": 24, "float64": 53, "int32": 31, "int64": 63}
#: What the steps may start from.
_STEPS_AFTER: Final[dict[str, tuple[str, ...]]] = {
    "float32": ("float32", "float64"),
    "float64": ("float64",),
    "int32": ("float32", "float64", "int64"),
    "int64": ("int64",),
}


def candidates(stage: Stage) -> list[Lane]:
    """Every exact lane of a stage, the cheapest first; none if the stage is refused or too wide."""
    if stage.refusal is not None or any(isinstance(step, Law) for step in stage.steps):
        return []
    found = [lane for variant in variants(stage) for lane in _lanes(variant.stage)]
    return sorted(found, key=lambda lane: lane.cost)


def product_shift(sums: Sequential) -> int:
    """Bits by which every product is rounded."""
    first = sums.term[0] if sums.term else None
    return first.shift if isinstance(first, Round) else 0


def wrapped_by_type(steps: Sequence[Step], width: int, shift: int) -> Wrap | None:
    """The first step, if it is a wrap of no more bits than integers of ``width`` have, ``shift`` bits too large."""
    first = steps[0] if steps else None
    if isinstance(first, Wrap) and first.type.width + shift + (not first.type.signed) <= width:
        return first
    return None


def is_general(sums: Sequential) -> bool:
    """Whether a sum needs the general tile: all but products rounded down (or up from half) and clamped sums."""
    term = list(sums.term)
    if term and isinstance(first := term[0], Round):
        if first.rounding not in (Rounding.TRN, Rounding.RND):
            return True
        term = term[1:]
    if not sums.sum:
        return bool(term)
    clamp = sums.sum[0]
    if len(sums.sum) > 1 or not isinstance(clamp, Clamp) or clamp.low is None or clamp.high is None:
        return True
    # The tile also clamps products, since a product beyond the ends could not be told from one at the ends otherwise.
    return bool(term) and not (len(term) == 1 and isinstance(last := term[0], Clamp) and _same(last, clamp))


def _same(a: Clamp, b: Clamp) -> bool:
    return (a.low, a.high) == (b.low, b.high)


def _lanes(stage: Stage) -> Iterator[Lane]:
    if stage.map is None or isinstance(stage.map, Gather):
        if isinstance(stage.map, Gather) and not _has_sums(stage.map):
            return
        needed = max(stage.step_bits, stage.data.bits, stage.result.bits, 0 if stage.map is None else stage.map.bits)
        for compute in ("float32", "float64", "int64"):
            if needed <= BITS[compute]:
                yield _lane(stage, compute, compute, needed)
        return
    for multiply in _SUM_BITS:
        if multiply == "float32" and isinstance(stage.map, Sequential):
            continue
        if stage.data.bits > _SUM_BITS[multiply] or magnitude_bits(stage.map.weights) > _SUM_BITS[multiply]:
            continue
        if isinstance(stage.map, Linear):
            yield from _linear(stage, stage.map, multiply)
        elif isinstance(stage.map, Counting):
            return
        elif is_general(stage.map):
            if multiply in ("int32", "int64") and stage.map.bits <= BITS[multiply] and _has_tile(stage.map):
                why = f"products and partial sums are cast one by one, in {stage.map.bits} of {BITS[multiply]} bits"
                yield from _after(stage, multiply, "", why)
        elif stage.map.sum:
            yield from _strict(stage, stage.map, multiply)
        else:
            yield from _rounded(stage, stage.map, multiply)


def _linear(stage: Stage, linear: Linear, multiply: str) -> Iterator[Lane]:
    bits = magnitude_bits(linear.magnitude)
    if multiply.startswith("float"):
        if bits <= _SUM_BITS[multiply]:
            why = f"every partial sum, in any order, has at most {bits} of {multiply}'s {_SUM_BITS[multiply]} bits"
            yield from _after(stage, multiply, "", why)
    elif _within(linear.start, multiply):
        yield from _modular(stage, multiply, "", 0, "the sum")


def _rounded(stage: Stage, sums: Sequential, multiply: str) -> Iterator[Lane]:
    shift = product_shift(sums)
    if multiply == "float64":
        if sums.bits <= BITS["float64"]:
            why = f"each product is rounded by itself, by float64's floor: {sums.bits} of {BITS['float64']} bits"
            yield from _after(stage, multiply, "rounded ", why)
    elif shift < int(multiply[3:]) and _within(sums.start, multiply, shift):
        yield from _modular(stage, multiply, "rounded ", shift, f"each product loses its low {shift} bits, the sum")


def _strict(stage: Stage, sums: Sequential, multiply: str) -> Iterator[Lane]:
    shift, clamp = product_shift(sums), sums.sum[0]
    assert isinstance(clamp, Clamp)
    words = "partial sums may saturate: the kernel's order is kept, products and sums are clamped one by one, "
    if multiply == "float64":
        if sums.bits <= BITS["float64"]:
            yield from _after(stage, multiply, "", words + f"in {sums.bits} of float64's {BITS['float64']} bits")
        return
    ends = magnitude_bits(np.array([clamp.low, clamp.high], dtype=object), sums.start)
    # One product above the ends of the accumulator, at the product's LSB; sums.bits counts the products themselves.
    needed = max(sums.bits, shift + 1 + max(ends, magnitude_bits(sums.term_low, sums.term_high)))
    if needed <= _SUM_BITS[multiply] - 1:
        yield from _after(stage, multiply, "", words + f"in {needed} of {multiply}'s {_SUM_BITS[multiply]} bits")


def _modular(stage: Stage, multiply: str, kind: str, shift: int, what: str) -> Iterator[Lane]:
    """Sums modulo 2**width: they must fit, or wrap at no more bits."""
    assert isinstance(stage.map, (Linear, Sequential))
    width = int(multiply[3:])
    if (wrap := wrapped_by_type(stage.steps, width, shift)) is not None:
        why = f"{what} is taken modulo 2^{width}; the accumulator wraps at {wrap.type.width + shift} bits anyway"
        yield from _after(stage, multiply, kind, why, wraps=True)
    elif _within(stage.map.low, multiply, shift) and _within(stage.map.high, multiply, shift):
        bits = magnitude_bits(stage.map.low, stage.map.high) + shift
        yield from _after(stage, multiply, kind, f"{what} has {bits} of {multiply}'s {_SUM_BITS[multiply]} bits")


def _after(stage: Stage, multiply: str, kind: str, why: str, wraps: bool = False) -> Iterator[Lane]:
    """Lanes of the steps after a map."""
    low, high = stage.start_bounds
    steps = stage.steps
    if wraps:
        low, high = steps[0].bounds(low, high)
        steps = steps[1:]
    needed = max(propagate(steps, (low, high))[2], stage.result.bits)
    for compute in _STEPS_AFTER[multiply]:
        if needed <= BITS[compute]:
            yield replace(_lane(stage, kind + multiply, compute, needed), why=why)


def _has_sums(found: Gather) -> bool:
    """Whether the tile knows the combination, and what happens to partial sums: nothing, a clamp, or zero beyond."""
    folds = not found.sum or (len(found.sum) == 1 and isinstance(found.sum[0], (Clamp, Zero)))
    return folds and found.combine != "dot"


def _has_tile(sums: Sequential) -> bool:
    """Whether the general tile knows every step: not the rare modes of overflow."""
    return not any(isinstance(step, Law) for step in (*sums.term, *sums.sum))


def _within(values: IntArray, multiply: str, shift: int = 0) -> bool:
    return magnitude_bits(values) + shift <= _SUM_BITS[multiply]


def _lane(stage: Stage, multiply: str, compute: str, bits: int) -> Lane:
    outputs = stage.result.low.size
    cost = (len(stage.steps) + 2) * outputs * _STEP[compute]
    if isinstance(stage.map, Gather):
        cost += 2 * stage.map.index.size * _STEP[compute]
    elif stage.map is not None:
        kind = multiply
        if isinstance(stage.map, Sequential):
            if is_general(stage.map):
                kind = f"general {multiply}"
            elif stage.map.sum:
                kind = f"sequential {multiply}"
        cost += stage.map.weights.size * stage.positions * _MACS[kind]
    return Lane(stage, multiply, compute, 0, bits, cost)
