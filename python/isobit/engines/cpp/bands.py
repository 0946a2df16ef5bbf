"""Bands: large tensors that only a few stages in a row need are computed part by part, and stay in the cache.

A softmax over the rows of a large matrix, say: a row's exponentials are divided before the next row's are computed, in
the memory of the row before. The stages are those of gathered or single numbers, whose parts need no number of another
part's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import isobit._core as _core
from isobit.bounds.ranges import IntArray
from isobit.engines.cpp.workspace import SIZES
from isobit.plan.lanes import Lane
from isobit.plan.maps import Gather

__all__ = ["Band", "bands_of"]

#: Bytes of a block's numbers that a band is worth for, and that the tensors inside of a part should not exceed.
_LARGE, _PART = 1 << 17, 7 << 13


@dataclass(frozen=True, eq=False)
class Band:
    """Neighbouring stages that are computed part by part.

    Attributes
    ----------
    first, last
        Places of the stages, both included.
    ends
        By target: where its parts begin, and the end of the last one.
    inside
        Tensors that exist only part by part.
    """

    first: int
    last: int
    ends: Mapping[str, IntArray]
    inside: frozenset[str]

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return len(next(iter(self.ends.values()))) - 1

    def held(self, target: str) -> int:
        """The most numbers of a tensor that exist at a time."""
        ends = self.ends[target]
        return int(np.diff(ends).max()) if target in self.inside else int(ends[-1])


def bands_of(lanes: Sequence[Lane], sizes: Mapping[str, int], kept: Collection[str]) -> list[Band]:
    """The bands of a program's stages, in order.

    Parameters
    ----------
    lanes
        How every stage is computed, in order.
    sizes
        Numbers of every tensor.
    kept
        Tensors that must exist at the end.
    """
    found: list[Band] = []
    place = len(lanes) - 1
    while place > 0:
        band = _ending_at(place, lanes, sizes, kept)
        if band is not None:
            found.insert(0, band)
        place = place - 1 if band is None else band.first - 1
    return found


def _ending_at(last: int, lanes: Sequence[Lane], sizes: Mapping[str, int], kept: Collection[str]) -> Band | None:
    """The longest band that ends with a stage."""
    best: Band | None = None
    for first in range(last - 1, -1, -1):
        lane = lanes[first]
        target = lane.stage.target
        readers = [place for place, one in enumerate(lanes) if target in one.stage.sources]
        if any(one.split for one in lanes if lanes[last].stage.target in one.stage.sources):
            return None  # numbers that are laid down in two parts
        alone = target not in kept and bool(readers) and max(readers) <= last
        if not alone or not _divisible(lane) or not _divisible(lanes[last]):
            break
        best = _band(first, last, lanes, sizes) or best
    return best


def _divisible(lane: Lane) -> bool:
    gathers = lane.stage.map is None or isinstance(lane.stage.map, Gather)
    return gathers and lane.stage.windows == 1 and len(set(lane.stage.sources)) == len(lane.stage.sources)


def _band(first: int, last: int, lanes: Sequence[Lane], sizes: Mapping[str, int]) -> Band | None:
    """A band of these stages with parts of a useful size, if they have any and are large enough."""
    inner = lanes[first:last]
    row = int(_core.BATCH_BLOCK)
    bytes_inside = sum(sizes[lane.stage.target] * SIZES["i32"] * row for lane in inner)
    if bytes_inside < _LARGE:
        return None
    outputs = sizes[lanes[last].stage.target]
    most = min(outputs, 1024)
    counts = [count for count in range(most, 1, -1) if outputs % count == 0 and bytes_inside >= _PART * count // 4]
    for count in counts:
        ends = _ends(lanes[first : last + 1], sizes, count)
        if ends is None:
            continue
        join = max((n for n in range(1, count) if count % n == 0 and bytes_inside // count * n <= _PART), default=1)
        if (ends[lanes[last].stage.target][::join] % 2).any():  # of numbers in pairs, a part has whole ones
            continue
        inside = frozenset(lane.stage.target for lane in inner)
        return Band(first, last, {name: end[::join] for name, end in ends.items()}, inside)
    return None


def _ends(lanes: Sequence[Lane], sizes: Mapping[str, int], count: int) -> dict[str, IntArray] | None:
    """Where the parts of every target begin and end, if each is a range of its own."""
    owner: dict[str, IntArray] = {}
    result = lanes[-1].stage.target
    owner[result] = np.arange(sizes[result]) * count // sizes[result]
    ends: dict[str, IntArray] = {}
    for place in range(len(lanes) - 1, -1, -1):
        target = lanes[place].stage.target
        if place < len(lanes) - 1:
            least, most = np.full(sizes[target], count), np.full(sizes[target], -1)
            for lane in lanes[place + 1 :]:
                if target in lane.stage.sources:
                    index, owners = _read(lane, target, sizes, owner[lane.stage.target])
                    np.minimum.at(least, index, owners)
                    np.maximum.at(most, index, owners)
            if (least != most).any() or (np.diff(most) < 0).any():
                return None
            owner[target] = most
        ends[target] = np.searchsorted(owner[target], np.arange(count + 1))
    return ends


def _read(lane: Lane, source: str, sizes: Mapping[str, int], owner: IntArray) -> tuple[IntArray, IntArray]:
    """Numbers of a source that a stage reads, and whose part reads each."""
    gather = lane.stage.map
    if not isinstance(gather, Gather):
        return np.arange(owner.size), owner
    begin = sum(sizes[name] for name in lane.stage.sources[: lane.stage.sources.index(source)])
    index = gather.index - begin
    owners = np.broadcast_to(owner, index.shape)
    here = (gather.index >= 0) & (index >= 0) & (index < sizes[source])
    return index[here], owners[here]
