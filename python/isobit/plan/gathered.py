"""Gathered numbers of 16 bits: sums of pairs of them in int32, and the upper halves of their products."""

from __future__ import annotations

from dataclasses import replace

from isobit.bounds.ranges import IntArray
from isobit.fixed.modes import Rounding
from isobit.plan.maps import Gather
from isobit.plan.stages import Stage
from isobit.plan.steps import Round

__all__ = ["summed_pairs", "upper_products"]


def summed_pairs(stage: Stage) -> bool:
    """Whether a stage of numbers that fit int16 is a sum of products, with factors or of numbers, that fits int32."""
    gather = stage.map
    if not isinstance(gather, Gather) or gather.sum or gather.bits > 31:
        return False
    if gather.combine == "dot" or _products(gather):
        return True
    summed = gather.combine == "sum" and len(gather.index) > 1 and gather.fill == 0
    return summed and _in_int16(gather.factors)


def _products(gather: Gather) -> bool:
    """Whether they are products of two numbers as they are."""
    alone = gather.combine == "product" and len(gather.index) == 2 and not gather.sum
    return alone and bool((gather.index >= 0).all() and (gather.factors == 1).all())


def upper_products(stage: Stage) -> Stage | None:
    """A stage of products of two int16 that rounds them, with the rounding of their upper halves in its map; or None.

    A multiplication that gives the upper 16 bits rounds down by 16 bits; factors are multiplied beforehand by
    powers of two that make it the number of bits to be dropped.
    """
    gather, first = stage.map, stage.steps[0] if stage.steps else None
    if not isinstance(gather, Gather) or not isinstance(first, Round) or not _products(gather):
        return None
    if first.rounding not in (Rounding.TRN, Rounding.RND):
        return None
    drop = min(16, first.shift - (first.rounding is Rounding.RND))
    if drop < 1:
        return None
    one, other = (_room(stage, index) for index in gather.index)
    if one + other < 16 - drop:
        return None
    rest = (replace(first, shift=first.shift - drop),) if first.shift > drop else ()
    low, high = (end >> drop for end in (gather.low, gather.high))
    second = min(other, 16 - drop)
    halved = replace(gather, low=low, high=high, drop=drop, raised=(16 - drop - second, second))
    return replace(stage, map=halved, steps=(*rest, *stage.steps[1:]))


def _room(stage: Stage, index: IntArray) -> int:
    """By how many bits numbers may be multiplied within int16."""
    size = max(int(stage.data.high[index].max()), -int(stage.data.low[index].min()) - 1, 0)
    return 15 - size.bit_length()


def _in_int16(values: IntArray) -> bool:
    return not values.size or (int(values.min()) >= -(1 << 15) and int(values.max()) < 1 << 15)
