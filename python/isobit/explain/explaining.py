"""Which quantisers make the outputs differ, and the smallest change of precision that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from isobit.errors import RangeError
from isobit.explain.counterfactuals import Counterfactuals
from isobit.explain.fixing import LEFT, TOP, on_all, parting, smallest
from isobit.explain.lifting import Lifter, Quantiser
from isobit.explain.outputs import Metric, columns_of, error_in, outputs_of, reference_of, telling
from isobit.explain.report import Cause, Explanation
from isobit.model.requested import linear_layers
from isobit.network import Network

__all__ = ["explain"]

#: Error of the exact network, relative to the network's, up to which it says what each quantiser does alone.
_NEAR = 0.5
#: How far shares may be from adding up before that is done.
_ADD_UP = 0.1


def explain(
    model: Network,
    data: Any,
    against: Any = None,
    *,
    metric: str | Metric | None = None,
    ranked_on: int = 4096,
) -> Explanation:
    """Say which quantisers of a network make its outputs differ, and which bits would mend it.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    data
        Events, as for :meth:`isobit.Model.predict`.
    against
        What the outputs should be: a Keras model, another network, or arrays. None takes the network itself with every
        quantiser made exact.
    metric
        ``rms``, ``max`` or ``flips`` (events whose largest output is another one) of the difference; or a function of
        the list of outputs, whose value for the reference is the right one. None takes ``rms``.
    ranked_on
        Events on which causes are ranked: those that differ most, and as many spread over all. The fix is run on all.

    Returns
    -------
    For each quantiser (rounding, range or table resolution of a slot) its share of the error: the mean of what goes if
    it alone is exact, and of what it makes alone in an exact network; Shapley values where these do not add up. Then
    the smallest change of formats that removes the error.

    Raises
    ------
    UnsupportedError
        For a metric that is not known.
    ShapeError, RangeError
        For data or a reference of the wrong shape, without events, or not finite.
    """
    x = columns_of(model, data)
    events = len(x[0])
    metric = "rms" if metric is None else metric
    wanted = None if against is None else reference_of(model, against, x, events)
    got = outputs_of(model, x)
    if ranked_on < 1:
        raise RangeError(f"ranked_on must be at least 1, got {ranked_on}")
    lifter = Lifter(model, model.quantise(x[0] if len(x) == 1 else x)[0])
    ranges = {t.name: (float(a.min()), float(a.max())) for t, a in zip(model.graph.inputs, x, strict=True)}
    every = lifter.quantisers(ranges)
    exact = outputs_of(lifter.lifted(every), x)
    wanted = exact if wanted is None else wanted
    name, measure = error_in(metric, wanted)

    chosen = telling(got, wanted, ranked_on)
    part = [array[chosen] for array in x]
    _, measure_part = error_in(metric, [array[chosen] for array in wanted])
    errors = Counterfactuals(lifter, part, measure_part)
    causes, interactions = _ranked(every, errors)
    fix = smallest(causes, every, errors)
    left = measure(got)
    if fix:
        fix, left = on_all(fix, every, errors, left, lambda bits: measure(outputs_of(lifter.lifted(bits, bits), x)))
    types, entries = lifter.fix(fix)
    shown = np.sqrt if metric == "rms" else float
    return Explanation(
        network=model.graph.name,
        metric=name,
        events=events,
        ranked_on=len(chosen),
        error=float(shown(measure(got))),
        exact_error=float(shown(measure(exact))),
        causes=tuple(causes),
        interactions=interactions,
        first=parting(model, against if isinstance(against, Network) else lifter.lifted(every), part, chosen),
        types=types,
        entries=entries,
        fixed_error=float(shown(left)),
        runs=errors.runs + 4,
        linear=linear_layers(model.graph),
        origin=model.origin,
    )


def _ranked(
    every: list[Quantiser], errors: Counterfactuals
) -> tuple[list[Cause], dict[tuple[Quantiser, Quantiser], float]]:
    """Causes by their share, and interactions of the first."""
    whole, exact, floor = errors.of(()), errors.of(every), errors.floor(every)
    if exact > _NEAR * whole and floor > LEFT * whole:
        errors.match(every)
        floor = errors.floor(every)
    gap = whole - floor
    if gap <= 0:
        return [], {}
    # A reference that is quantised itself is not what an exact network gives: then only what goes tells anything.
    near = exact <= _NEAR * whole
    causes = []
    for one in every:
        lifted = (whole - errors.of((one,))) / gap
        alone = (errors.of([other for other in every if other != one]) - exact) / (whole - exact) if near else 0.0
        share = (lifted + alone) / 2 if near else lifted
        causes.append(Cause(one, lifted, alone, share, errors.events(one)))
    causes.sort(key=lambda cause: -cause.share)
    if not near or abs(sum(cause.share for cause in causes) - 1) <= _ADD_UP:
        return causes, {}
    top = [cause.quantiser for cause in causes[:TOP]]
    gains = {lifted: (whole - errors.of(lifted)) / gap for size in range(TOP + 1) for lifted in combinations(top, size)}
    pairs = {
        pair: gains[pair] - gains[pair[:1]] - gains[pair[1:]]
        for pair in combinations(top, 2)
        if abs(gains[pair] - gains[pair[:1]] - gains[pair[1:]]) > LEFT
    }
    values = [replace(c, share=_shapley(c.quantiser, top, gains)) for c in causes[:TOP]]
    ranked = sorted(values, key=lambda cause: -cause.share) + causes[TOP:]
    return ranked, dict(sorted(pairs.items(), key=lambda item: -abs(item[1])))


def _shapley(one: Quantiser, top: list[Quantiser], gains: Mapping[tuple[Quantiser, ...], float]) -> float:
    """Mean of what lifting it adds, over every order in which the quantisers may be lifted."""
    others, value = [other for other in top if other != one], 0.0
    for size in range(len(others) + 1):
        for lifted in combinations(others, size):
            both = tuple(q for q in top if q in lifted or q == one)
            value += (gains[both] - gains[lifted]) / (len(top) * comb(len(others), size))
    return value
