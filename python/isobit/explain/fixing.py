"""The fewest bits more that leave nothing of an error, and where the roads part."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt

from isobit.explain.counterfactuals import Counterfactuals
from isobit.explain.lifting import FINER, FINER_TABLE, Lifter, Quantiser
from isobit.explain.outputs import Floats
from isobit.explain.report import Cause, Parting
from isobit.network import Network

__all__ = ["LEFT", "TOP", "on_all", "parting", "smallest"]

#: Quantisers whose interactions and Shapley values are computed.
TOP = 5
#: Share of the error that may be left by a fix.
LEFT = 0.01
#: Most quantisers that a fix changes.
_CHANGED = 6
#: Part of the error that one step has to remove, if the exact network removes all of it.
_WORTH = 8
#: Bits that a fix is given beyond those that the ranked events need.
_FURTHER = 3
#: A layer has parted from the exact one if it is off by more LSBs of its own.
_PARTED = 8.0


def smallest(causes: list[Cause], every: list[Quantiser], errors: Counterfactuals) -> dict[Quantiser, int]:
    """Quantisers to change, and the fewest bits more for each that leave nothing of the error."""
    if not causes:
        return {}
    whole, floor = errors.of(()), errors.floor(every)
    allowed = floor + LEFT * (whole - floor)
    chosen: list[Quantiser] = []
    candidates = [cause.quantiser for cause in causes if cause.share > LEFT / 2][: 4 * TOP]
    while errors.of(chosen) > allowed and len(chosen) < _CHANGED:
        left = errors.of(chosen)
        best = _best(chosen, candidates, errors)
        if not best or (chosen and errors.of([*chosen, *best]) > left / 2):  # hidden behind those that are chosen
            best = _best(chosen, [one for one in every if one not in chosen], errors)
        if errors.of([*chosen, *best]) > left / 2:  # each alone changes little: two at once
            pairs = list(combinations(candidates[:TOP], 2))
            better = min(pairs, key=lambda step: errors.of([*chosen, *step]), default=best)
            best = min(best, better, key=lambda step: errors.of([*chosen, *step]))
        gone = left - errors.of([*chosen, *best])
        if gone <= 0 or (gone < left / _WORTH and errors.of(every) <= allowed):  # from the other end, then
            break
        chosen += best
        candidates = [one for one in candidates if one not in chosen]
    if errors.of(chosen) > allowed >= errors.of(every):  # stalled: drop what is needless from the exact network
        chosen = [cause.quantiser for cause in causes]
        for one in reversed(chosen[:]):
            fewer = [other for other in chosen if other != one]
            if errors.of(fewer) <= allowed:
                chosen = fewer
    if not chosen:
        return {}
    for one in reversed(chosen[:]):  # what a later choice made needless
        fewer = [other for other in chosen if other != one]
        if fewer and errors.of(fewer) <= max(allowed, errors.of(chosen)):
            chosen = fewer
    bits = {one: _full(one, errors.lifter) for one in chosen}
    for one in chosen:
        tried: dict[int, float] = {}
        for count in range(1, bits[one] + 1):
            tried[count] = errors.of(chosen, {**bits, one: count})
            if tried[count] <= allowed:
                break
        least = min(tried.values())
        enough = max(allowed, least + LEFT * (whole - least) if least > allowed else 0.0)
        bits[one] = min(count for count, left in tried.items() if left <= enough)
    return bits


def on_all(
    fix: dict[Quantiser, int],
    every: list[Quantiser],
    errors: Counterfactuals,
    whole: float,
    error: Callable[[dict[Quantiser, int]], float],
) -> tuple[dict[Quantiser, int], float]:
    """The fix with what it leaves on all events, and with a few bits more if that takes them.

    Parameters
    ----------
    fix, every, errors
        As :func:`smallest` gives and takes them.
    whole, error
        On all events, the error of the network, and of the network with so many bits more.
    """
    left, before, floor = error(fix), errors.of(()), errors.floor(every)
    allowed = floor + LEFT * (before - floor)
    if errors.of(list(fix), fix) > allowed or before <= 0:
        return fix, left
    more, less = fix, left
    for _ in range(_FURTHER):
        if less <= whole * allowed / before:
            return more, less
        wider = [{**more, one: bits + 1} for one, bits in more.items() if bits < _full(one, errors.lifter)]
        tried = [(error(each), place) for place, each in enumerate(wider)]
        if not tried or min(tried)[0] >= less:
            break
        less, place = min(tried)
        more = wider[place]
    return fix, left


def _best(chosen: list[Quantiser], candidates: list[Quantiser], errors: Counterfactuals) -> tuple[Quantiser, ...]:
    """The quantiser that leaves least if it is exact as well."""
    return min(((one,) for one in candidates), key=lambda step: errors.of([*chosen, *step]), default=())


def _full(one: Quantiser, lifter: Lifter) -> int:
    """Bits more that make a quantiser exact."""
    if one.cause == "rounding":
        return lifter.finer.get(one, FINER)
    return FINER_TABLE.bit_length() - 1 if one.cause == "resolution" else lifter.room(one.key)


def parting(model: Network, exact: Network, x: list[Floats], chosen: npt.NDArray[np.int64]) -> Parting | None:
    """The first layer that is off by more than a few LSBs of its own; else the one that is off most."""
    data = x[0] if len(x) == 1 else x
    got, wanted = model.trace(data), exact.trace(data)
    worst: tuple[float, Parting] | None = None
    for name, array in got.items():
        if name not in wanted or array.size == 0:
            continue
        here, there = (a.to_float().reshape(len(chosen), -1) for a in (array, wanted[name]))
        off = np.abs(here - there)
        event, neuron = (int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        steps = float(off.max()) / float(model.graph.by_name[name].output.type.lsb)
        parting = Parting(name, neuron, int(chosen[event]), float(here[event, neuron]), float(there[event, neuron]))
        if steps > _PARTED:
            return parting
        if steps > (worst[0] if worst else 0.0):
            worst = steps, parting
    return None if worst is None else worst[1]
