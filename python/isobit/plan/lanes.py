"""Which machine arithmetic computes a stage exactly, and which of those is the cheapest.

A lane is exact for a stage if every number that it holds on the way, in units of its LSB, has no more magnitude bits
than the lane carries: float32 and float64 as long as no partial sum, in whatever order, needs rounding; int32 and int64
as long as nothing wraps. ``dot16`` multiplies pairs of int16 and adds them in int32; ``dot16-split`` takes data of more
bits in two parts, which are summed separately. ``floor32`` and ``mulhi16`` round every product down, as an accumulator
with fewer fraction bits (and TRN) does: the former by a float32 multiply-add that rounds down, summed in int32, the
latter as the upper half of an int16 product, summed in int16. Integer sums may wrap if the accumulator does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from isobit.bounds.ranges import IntArray, add, compact, magnitude_bits, multiply
from isobit.fixed.modes import Rounding
from isobit.plan.costs import lane_cost, term_shift, whole_parts
from isobit.plan.fit import Fit, fitted
from isobit.plan.gathered import summed_pairs, upper_products
from isobit.plan.maps import Gather
from isobit.plan.stages import Linear, Sequential, Stage
from isobit.plan.step_lists import normalised, propagate
from isobit.plan.steps import (
    FACTOR_BITS,
    FLOOR_BITS,
    Affine,
    Clamp,
    LookUp,
    Observe,
    Round,
    ScaleFloor,
    Step,
    Wrap,
    Zero,
)

__all__ = ["BITS", "Lane", "Variant", "candidates", "needed_bits", "unchanged_candidates", "variants"]

#: Magnitude bits that a lane carries exactly. Two fewer than the float's significand, so that rounding by adding a
#: large number also stays exact; one fewer than the integer's, so that half an LSB may be added.
BITS: Final[dict[str, int]] = {"float32": 22, "float64": 51, "int32": 30, "int64": 61}

_INT16 = 1 << 15
_INT32 = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Variant:
    """An equivalent of a stage: the stage itself, or with an affine step folded into the map's weights."""

    stage: Stage
    folded: bool


@dataclass(frozen=True, eq=False)
class Lane:
    """One way to compute a stage.

    Attributes
    ----------
    stage
        The stage as it is computed.
    multiply
        How the map multiplies: ``float32``, ``float64``, ``int32``, ``int64``, ``dot16``, ``dot16-split``, ``floor32``
        or ``mulhi16``.
    compute
        Arithmetic of the steps: one of :data:`BITS`, or ``int16``.
    split
        Low bits of ``dot16-split``, else 0.
    bits
        Magnitude bits that the stage needs of ``compute``.
    cost
        Estimated cycles of one event on 256-bit vectors.
    why
        Why the map is exact, in words, where ``multiply`` does not say it.
    """

    stage: Stage
    multiply: str
    compute: str
    split: int
    bits: int
    cost: float
    why: str = ""


def variants(stage: Stage) -> Iterator[Variant]:
    """The stage, and the same with its first affine step in the weights."""
    stage = _half_in_start(stage)
    yield Variant(stage, False)
    affine = _affine_of_channels(stage)
    if isinstance(stage.map, Linear) and affine is not None:
        linear = stage.map
        low, high = affine.bounds(linear.low, linear.high)
        folded = Linear(
            multiply(linear.weights, affine.a),
            add(multiply(linear.start, affine.a), affine.b),
            low,
            high,
            add(multiply(linear.magnitude, np.abs(affine.a)), np.abs(affine.b)),
        )
        yield Variant(_half_in_start(replace(stage, map=folded, steps=stage.steps[1:])), True)


def _affine_of_channels(stage: Stage) -> Affine | None:
    """The stage's first step, if that is affine and the same at every position: what a map's weights can take in."""
    affine = stage.steps[0] if stage.steps else None
    if not isinstance(affine, Affine):
        return None
    a, b = (part.reshape(stage.positions, -1) for part in (affine.a, affine.b))
    same = np.asarray(a == a[0], dtype=bool).all() and np.asarray(b == b[0], dtype=bool).all()
    return Affine(a[0], b[0], watch=affine.watch) if same else None


def _half_in_start(stage: Stage) -> Stage:
    """Rounding up from half, right after a sum, is rounding down with half in the sum's start."""
    first = stage.steps[0] if stage.steps else None
    if not isinstance(stage.map, Linear) or not isinstance(first, Round) or first.rounding is not Rounding.RND:
        return stage
    half = compact(np.array(1 << (first.shift - 1), dtype=object))
    linear = stage.map
    moved = Linear(
        linear.weights,
        add(linear.start, half),
        add(linear.low, half),
        add(linear.high, half),
        add(linear.magnitude, half),
    )
    return replace(stage, map=moved, steps=(replace(first, rounding=Rounding.TRN), *stage.steps[1:]))


def candidates(stage: Stage) -> list[Lane]:
    """Every exact lane of a stage, the cheapest first; none if the stage is refused or too wide."""
    if stage.refusal is not None:
        return []
    found = [lane for variant in variants(stage) for lane in _lanes(variant.stage)]
    halves = [stage]
    if (steps := fitted(stage.steps)) is not None:
        joined = replace(stage, steps=tuple(normalised(steps)))
        fitting = [lane for variant in variants(joined) for lane in _lanes(variant.stage)]
        found = [*(lane for lane in fitting if lane.compute in ("int16", "int32")), *found]
        halves.append(joined)
    found += [lane for one in halves for lane in _upper_halves(one)]
    return sorted(found, key=lambda lane: lane.cost)


def unchanged_candidates(stage: Stage) -> list[Lane]:
    """As :func:`candidates`, with the steps of the stage unchanged, so that each can be observed."""
    if stage.refusal is not None or any(isinstance(step, LookUp) for step in stage.steps):
        return []  # what a cast into a result loses is not seen in the entries
    return sorted(_lanes(stage), key=lambda lane: lane.cost)


def _lanes(stage: Stage) -> Iterator[Lane]:
    yield from _int16(stage)
    yield from _plain(stage)
    in_one = _in_one(stage)
    for gathering in (stage, in_one):
        if gathering is not None and isinstance(gathering.map, Gather):
            yield from _gathers(gathering)
    yield from _integer(stage)
    if in_one is not None:
        yield from (lane for lane in _integer(in_one) if lane.compute == "int32")
        # Numbers that no map multiplies are read as they are: int32 must hold them, not only what a wrap leaves.
        taken = max(stage.data.bits, 0 if stage.map is None else stage.map.bits)
        plain = in_one.map is None or isinstance(in_one.map, Gather)
        if plain and taken <= BITS["int32"] and (bits := _steps_in(in_one, 32)) is not None:
            yield _lane(in_one, "int32", "int32", max(bits, taken))


def _integer(stage: Stage) -> Iterator[Lane]:
    """Maps on integers, or floats rounded to them."""
    if isinstance(stage.map, Linear):
        yield from _dot16(stage)
    elif isinstance(stage.map, Sequential) and not stage.map.sum:
        yield from _floor32(stage)
        yield from _mulhi16(stage)


def _gathers(stage: Stage) -> Iterator[Lane]:
    """Sums of gathered int16, pair by pair, in int32."""
    if _short(stage) and summed_pairs(stage) and (bits := _steps_in(stage, 32)) is not None:
        yield _lane(stage, "dot16", "int32", bits)


def _upper_halves(stage: Stage) -> Iterator[Lane]:
    """Products of gathered int16, rounded by taking their upper halves."""
    halved = upper_products(stage) if _short(stage) else None
    if halved is not None and (bits := _steps_in(halved, 16)) is not None:
        yield _lane(halved, "mulhi16", "int16", bits)


def _short(stage: Stage) -> bool:
    return _within(stage.data.low, _INT16) and _within(stage.data.high, _INT16)


def _lane(stage: Stage, multiply: str, compute: str, bits: int, split: int = 0) -> Lane:
    return Lane(stage, multiply, compute, split, bits, lane_cost(stage, multiply, compute))


def _in_one(stage: Stage) -> Stage | None:
    """The stage with its affine steps and the roundings after them in one, or None; only int32 has such a step."""
    steps: list[Step] = []
    for step in stage.steps:
        last = steps[-1] if steps else None
        joined = ScaleFloor.of(last, step) if isinstance(last, Affine) and isinstance(step, Round) else None
        steps[len(steps) - (joined is not None) :] = [step if joined is None else joined]
    return replace(stage, steps=tuple(steps)) if len(steps) < len(stage.steps) else None


def _int16(stage: Stage) -> Iterator[Lane]:
    """Numbers that no map multiplies; sums and products may wrap if what follows wraps at no more bits."""
    read = [stage.data.low, stage.data.high]
    if isinstance(stage.map, Gather):
        if stage.map.bits > 15 and (stage.map.sum or stage.map.combine in ("minimum", "maximum")):
            return
        read += [stage.map.factors, np.array(stage.map.fill)]
    elif stage.map is not None:
        return
    if all(_within(values, _INT16) for values in read) and (bits := _steps_in(stage, 16)) is not None:
        yield _lane(stage, "int16", "int16", bits)


def _plain(stage: Stage) -> Iterator[Lane]:
    """One multiplication for each number, and nothing may wrap."""
    everything = max(stage.step_bits, stage.data.bits, stage.result.bits)
    if stage.map is not None:
        everything = max(everything, stage.map.bits)
    for lane, limit in BITS.items():
        if everything <= limit:
            yield _lane(stage, lane, lane, everything)


def _steps_in(stage: Stage, width: int) -> int | None:
    """Bits that the steps need of a sum modulo 2**width, or None if they need more than the lane has.

    A wrap of no more bits than the sum's own may come first: modulo 2**width is then as good as the sum itself.
    """
    low, high = stage.start_bounds
    steps = stage.steps
    if steps and isinstance(wrap := steps[0], Wrap) and wrap.type.width + (not wrap.type.signed) <= width:
        low, high = wrap.bounds(low, high)
        steps = steps[1:]
    elif not _within(low, 1 << (width - 1)) or not _within(high, 1 << (width - 1)):
        return None
    if width == 16:
        return 15 if _steps_within_int16(steps, low, high) else None
    bits = max(propagate(steps, (low, high))[2], stage.result.bits)
    return bits if bits <= BITS["int32"] else None


def _steps_within_int16(steps: Sequence[Step], low: IntArray, high: IntArray) -> bool:
    """Whether steps stay within 16 bits; those that add to the largest number on the way are not for int16."""
    for step in steps:
        easy = isinstance(step, (Clamp, Zero, Observe, LookUp)) or (isinstance(step, Wrap) and step.type.width < 16)
        easy = easy or (isinstance(step, Fit) and step.type.width <= 16)
        easy = easy or (isinstance(step, Affine) and _within(step.a, _INT16) and _within(step.b, _INT16))
        if not easy and not (isinstance(step, Round) and step.shift < 15):
            return False
        ends = [getattr(step, name, None) for name in ("low", "high", "first", "last")]
        ends = [end for end in ends if end is not None]
        low, high = step.bounds(low, high)
        if not all(_within(np.array(values), _INT16) for values in (low, high, ends)):
            return False
    return True


def _dot16(stage: Stage) -> Iterator[Lane]:
    linear = stage.map
    assert isinstance(linear, Linear)
    if not _within(linear.weights, _INT16):
        return
    wide = max(stage.step_bits, magnitude_bits(linear.magnitude), stage.result.bits)
    if _within(stage.data.low, _INT16) and _within(stage.data.high, _INT16):
        if _within(linear.start, 1 << 31) and (bits := _steps_in(stage, 32)) is not None:
            yield _lane(stage, "dot16", "int32", bits)
        if int(linear.magnitude.max(initial=0)) <= _INT32 and wide <= BITS["float64"]:
            yield _lane(stage, "dot16", "float64", wide)
    elif (
        stage.windows == 1
        and stage.view is None
        and (split := _split(stage, linear)) is not None
        and wide <= BITS["float64"]
    ):
        yield _lane(stage, "dot16-split", "float64", wide, split)


def _floor32(stage: Stage) -> Iterator[Lane]:
    """Products of two float32, rounded down by a fused multiply-add, summed modulo 2**32."""
    sums = stage.map
    assert isinstance(sums, Sequential)
    shift = term_shift(sums)
    fits = magnitude_bits(sums.weights) <= FACTOR_BITS and stage.data.bits <= FACTOR_BITS
    if shift is None or shift > 60 or not fits or magnitude_bits(sums.term_low, sums.term_high) > FLOOR_BITS:
        return
    if _within(sums.start, 1 << 31) and (bits := _steps_in(stage, 32)) is not None:
        yield _lane(stage, "floor32", "int32", bits)
    wide = max(stage.step_bits, stage.result.bits)
    if _within(sums.low, 1 << 31) and _within(sums.high, 1 << 31) and wide <= BITS["float64"]:
        yield _lane(stage, "floor32", "float64", wide)


def _mulhi16(stage: Stage) -> Iterator[Lane]:
    """Upper halves of int16 products, summed modulo 2**16."""
    sums = stage.map
    assert isinstance(sums, Sequential)
    shift = term_shift(sums)
    fits = all(_within(values, _INT16) for values in (stage.data.low, stage.data.high, sums.start))
    if shift is None or not 1 <= shift <= 16 or not fits or not _within(whole_parts(sums, shift)[0], _INT16):
        return
    if (bits := _steps_in(stage, 16)) is not None:
        yield _lane(stage, "mulhi16", "int16", bits)


def _within(values: IntArray, limit: int) -> bool:
    return not values.size or (int(values.min()) >= -limit and int(values.max()) < limit)


def _split(stage: Stage, linear: Linear) -> int | None:
    """Low bits with which both partial dot products fit int32, or None."""
    total = int(np.abs(linear.weights.astype(object)).sum(axis=0).max(initial=0))
    start = int(np.abs(linear.start).max(initial=0))
    low, high = int(stage.data.low.min(initial=0)), int(stage.data.high.max(initial=0))
    for split in range(15, 0, -1):
        top = max(abs(low >> split), abs(high >> split))
        if top < _INT16 and total * ((1 << split) - 1) + start <= _INT32 and total * top <= _INT32:
            return split
    return None


def needed_bits(stage: Stage) -> int:
    """Magnitude bits that a stage needs in any lane."""
    _, _, steps = propagate(stage.steps, stage.start_bounds)
    return max(steps, stage.data.bits, stage.map.bits if stage.map is not None else 0)
