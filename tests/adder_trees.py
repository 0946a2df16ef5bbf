"""da4ml's solver of adder trees as the tests use it: not compiled, and with its innermost loop over set bits alone.

Numba takes two minutes to compile the solver, the tests' small matrices tenths of a second to solve without. Solutions
are da4ml's own, adder by adder: families/test_distributed_layers.py compares them.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import Any

import numpy as np

#: da4ml's functions that are replaced.
REPLACED: dict[str, Any] = {}


def solve_in_python() -> None:
    """Import da4ml, if it is there, such that its solver runs in Python."""
    if importlib.util.find_spec("da4ml") is None:
        return
    import numba.typed  # compiled, whoever uses it

    was, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    try:
        importlib.import_module("da4ml.trace.fixed_variable_array").NumbaList = list
    finally:
        numba.config.DISABLE_JIT = was
    if importlib.util.find_spec("da4ml.cmvm.core") is None:  # with HGQ2: a release whose solver is C++
        return
    core, scores = (importlib.import_module(f"da4ml.cmvm.core.{name}") for name in ("state_opr", "indexers"))
    REPLACED.update(update_stats=core.update_stats, overlap_and_accum=scores.overlap_and_accum)
    core.update_stats = functools.partial(count_pairs, core.Pair)
    scores.overlap_and_accum = functools.cache(scores.overlap_and_accum)


def count_pairs(pair_of: Any, state: Any, made: Any) -> Any:
    """Bring the numbers of two-term pairs up to date after ``made`` became the last row; the state is changed.

    In da4ml's order, which decides between pairs that are equally frequent.
    """
    changed = {made.id0, made.id1}
    counts = {pair: n for pair, n in state.freq_stat.items() if changed.isdisjoint((pair.id0, pair.id1))}
    last = len(state.expr) - 1
    rows = [last, made.id0, *({made.id1} - {made.id0})]
    bits: list[list[list[tuple[int, int]]]] = [[[] for _ in range(state.kernel.shape[1])] for _ in state.expr]
    stacked = np.array(state.expr)
    places = np.nonzero(stacked)
    for row, output, place, bit in zip(*(axis.tolist() for axis in places), stacked[places].tolist(), strict=True):
        bits[row][output].append((place, bit))
    for output in range(state.kernel.shape[1]):
        for row in rows:
            for other in range(last + 1):
                if other in rows and row > other:
                    continue
                low, high = min(row, other), max(row, other)
                for place, bit in bits[low][output]:
                    for where, second in bits[high][output]:
                        if low != high or place > where:
                            pair = (low, high, bit != second, where - place)
                            counts[pair] = counts.get(pair, 0) + 1
    state.freq_stat.clear()
    state.freq_stat.update((pair_of(*pair), n) for pair, n in counts.items() if n > 1)
    return state
