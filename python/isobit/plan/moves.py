"""Stages that only move or multiply numbers, folded into those that read them: none is stored before it is needed.

Upsampling, padding, cropping, a transposition: where its result keeps every number, a sum over windows may as well take
the numbers where they come from. Such a stage is left out if everything that reads it can do so. Exact products that
only one sum reads become part of it: it takes both numbers of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from isobit.bounds.ranges import IntArray, one_after_another
from isobit.plan.maps import Gather, Linear, Sequential
from isobit.plan.stages import Stage
from isobit.plan.windows import pairs_in, view_of

__all__ = ["folded"]


def folded(stages: Sequence[Stage], kept: Collection[str]) -> list[Stage]:
    """The stages, without those that only move or multiply numbers where all readers can do that as they read.

    Parameters
    ----------
    stages
        In order of computation.
    kept
        Tensors that must exist at the end.
    """
    found = list(stages)
    for move in stages:  # a later one may read an earlier one: then it has been replaced by now
        move = next(stage for stage in found if stage.target == move.target)
        if move.target in kept or not _only_moves(move):
            continue
        reading = [place for place, stage in enumerate(found) if move.target in stage.sources]
        through = [_reading_through(found[place], move) for place in reading]
        if not reading or any(stage is None for stage in through):
            continue
        for place, stage in zip(reading, through, strict=True):
            if stage is not None:
                found[place] = stage
        found.remove(move)
    return _with_dots(found, kept)


def _with_dots(stages: Sequence[Stage], kept: Collection[str]) -> list[Stage]:
    """Sums whose numbers are all exact products that nobody else reads, as sums of products."""
    readers = Counter(source for stage in stages for source in stage.sources)
    products = {
        stage.target: stage
        for stage in stages
        if stage.target not in kept and readers[stage.target] == 1 and _is_plain(stage, "product") and not stage.steps
    }
    found: list[Stage] = []
    gone: set[str] = set()
    for stage in stages:
        if _is_plain(stage, "sum") and all(source in products for source in stage.sources):
            found.append(_dot(stage, [products[source] for source in stage.sources]))
            gone.update(stage.sources)
        else:
            found.append(stage)
    return [stage for stage in found if stage.target not in gone]


def _is_plain(stage: Stage, combine: str) -> bool:
    """Whether a stage combines numbers so, as they are, and casts no partial sum."""
    gather = stage.map
    return (
        isinstance(gather, Gather)
        and (gather.combine, gather.sum, gather.fill) == (combine, (), 0)
        and bool((gather.factors == 1).all())
        and bool((gather.index >= 0).all())
        and (combine == "sum" or len(gather.index) == 2)
    )


def _dot(stage: Stage, products: Sequence[Stage]) -> Stage:
    """The sum of products; each two turns are one turn of the sum."""
    total = stage.map
    assert isinstance(total, Gather)
    pairs, first, bits = [], 0, total.bits
    for product in products:
        assert isinstance(product.map, Gather)
        pairs.append(product.map.index + first)
        first += product.data.low.size
        bits = max(bits, product.map.bits)
    index = np.concatenate(pairs, axis=1)[:, total.index].swapaxes(0, 1).reshape(-1, total.index.shape[1])
    return replace(
        stage,
        ops=(*(op for product in products for op in product.ops), *stage.ops),
        sources=tuple(source for product in products for source in product.sources),
        data=one_after_another([product.data for product in products]),
        map=replace(total, combine="dot", index=np.ascontiguousarray(index), bits=bits),
    )


def _only_moves(stage: Stage) -> bool:
    """Whether every output is a number of the only source, as it is, or zero; and no reader needs a wider lane."""
    gather = stage.map
    if not isinstance(gather, Gather) or stage.steps or len(stage.sources) > 1:
        return False
    alone = len(gather.index) == 1 and not gather.sum and gather.fill == 0 and bool((gather.factors == 1).all())
    return alone and gather.combine in ("sum", "maximum", "minimum") and stage.data.bits <= stage.result.bits


def _reading_through(stage: Stage, move: Stage) -> Stage | None:
    """A stage that reads what is moved where it comes from, or None."""
    assert isinstance(move.map, Gather)
    if stage.refusal is not None or len(stage.sources) > 1:
        return None
    index = move.map.index[0]
    here = replace(stage, ops=(*move.ops, *stage.ops), sources=move.sources, data=move.data)
    if isinstance(stage.map, Gather):
        if stage.map.fill != 0 and (index < 0).any():
            return None
        return replace(here, map=replace(stage.map, index=_through(index, stage.map.index)))
    if not isinstance(stage.map, (Linear, Sequential)):
        return None
    view = view_of(stage)
    through = _through(index, view)
    return replace(here, view=through) if pairs_in(through) <= pairs_in(view) else None


def _through(index: IntArray, view: IntArray) -> IntArray:
    """Where the numbers of a view of what is moved come from; -1 is zero."""
    return np.where(view < 0, -1, index[np.maximum(view, 0)])
