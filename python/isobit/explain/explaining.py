"""Which quantisers make the outputs differ, and the smallest change of precision that mends it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import comb, inf, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.data import in_order
from isobit.errors import RangeError, ShapeError, UnsupportedError
from isobit.explain.lifting import FINER, FINER_TABLE, Lifter, Quantiser
from isobit.explain.report import Cause, Explanation, Parting
from isobit.fixed.array import FixedArray
from isobit.frontends.keras import is_keras_model
from isobit.network import Network
from isobit.suggest import did_you_mean

__all__ = ["METRICS", "Metric", "columns_of", "error_in", "explain", "outputs_of", "reference_of"]

Floats = npt.NDArray[np.float64]
#: What a metric takes and gives: the outputs, each of shape (events, ...), to one number.
Metric = Callable[[list[Floats]], float]


def _rms(got: list[Floats], wanted: list[Floats]) -> float:
    """Mean square; shares of independent roundings add up in it."""
    return float(np.mean([np.mean((a - b) ** 2) for a, b in zip(got, wanted, strict=True)]))


def _max(got: list[Floats], wanted: list[Floats]) -> float:
    return float(max(np.max(np.abs(a - b), initial=0.0) for a, b in zip(got, wanted, strict=True)))


def _flips(got: list[Floats], wanted: list[Floats]) -> float:
    pairs = [(a.reshape(len(a), -1), b.reshape(len(b), -1)) for a, b in zip(got, wanted, strict=True)]
    return float(np.mean([np.mean(a.argmax(axis=1) != b.argmax(axis=1)) for a, b in pairs]))


#: Metrics by name: the root mean square and the largest difference, and the share of events whose largest output is
#: another one.
METRICS: dict[str, Callable[[list[Floats], list[Floats]], float]] = {"rms": _rms, "max": _max, "flips": _flips}

#: Quantisers whose interactions and Shapley values are computed.
_TOP = 5
#: Error of the exact network, relative to the network's, up to which it says what each quantiser does alone.
_NEAR = 0.5
#: How far shares may be from adding up before that is done.
_ADD_UP = 0.1
#: Share of the error that may be left by a fix.
_LEFT = 0.01
#: Most quantisers that a fix changes.
_CHANGED = 6
#: A layer has parted from the exact one if it is off by more LSBs of its own.
_PARTED = 8.0


@dataclass
class _Errors:
    """Errors of networks on some events, each network run once."""

    lifter: Lifter
    x: Any
    measure: Callable[[list[Floats]], float]
    known: dict[Any, float] = field(default_factory=dict)

    def floor(self, every: list[Quantiser]) -> float:
        """What is left at best: of the exact network, or of the network with one quantiser exact."""
        return min([self.of(every), *(self.of((one,)) for one in every)])

    def of(self, lifted: Collection[Quantiser], bits: Mapping[Quantiser, int] | None = None) -> float:
        key = frozenset(lifted), tuple(sorted((bits or {}).items()))
        if key not in self.known:
            try:
                network = self.lifter.lifted(sorted(lifted), bits)
            except UnsupportedError:  # formats that do not go together, such as those of a maximum's inputs
                self.known[key] = inf
            else:
                self.known[key] = self.measure(outputs_of(network, self.x))
        return self.known[key]


def explain(
    model: Network,
    data: Any,
    reference: Any = None,
    *,
    metric: str | Metric = "rms",
    ranked_on: int = 4096,
) -> Explanation:
    """Say which quantisers of a network make its outputs differ, and which bits would mend it.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    data
        Events, as for :meth:`isobit.Model.predict`.
    reference
        What the outputs should be: a Keras model, another network, or arrays. None takes the network itself with every
        quantiser made exact.
    metric
        ``rms``, ``max`` or ``flips`` (events whose largest output is another one) of the difference; or a function of
        the list of outputs, whose value for the reference is the right one.
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
    wanted = None if reference is None else reference_of(model, reference, x, events)
    got = outputs_of(model, x)
    if ranked_on < 1:
        raise RangeError(f"ranked_on must be at least 1, got {ranked_on}")
    lifter = Lifter(model, model.quantise(x[0] if len(x) == 1 else x)[0])
    ranges = {t.name: (float(a.min()), float(a.max())) for t, a in zip(model.graph.inputs, x, strict=True)}
    every = lifter.quantisers(ranges)
    exact = outputs_of(lifter.lifted(every), x)
    wanted = exact if wanted is None else wanted
    name, measure = error_in(metric, wanted)

    chosen = _telling(got, wanted, min(ranked_on, events))
    part = [array[chosen] for array in x]
    _, measure_part = error_in(metric, [array[chosen] for array in wanted])
    errors = _Errors(lifter, part, measure_part)
    causes, interactions = _ranked(every, errors)
    fix = _smallest(causes, every, errors)
    types, entries = lifter.fix(fix)
    mended = outputs_of(lifter.lifted(sorted(fix), fix), x) if fix else got
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
        first=_parting(model, reference if isinstance(reference, Network) else lifter.lifted(every), part, chosen),
        types=types,
        entries=entries,
        fixed_error=float(shown(measure(mended))),
        runs=len(errors.known) + 4,
    )


# -- events and outputs ------------------------------------------------------------------------------------------------


def columns_of(model: Network, data: Any) -> list[Floats]:
    """Inputs in order, each of shape (events, ...)."""
    tensors = model.graph.inputs
    given = in_order(tensors, data)
    arrays = [a.to_float() if isinstance(a, FixedArray) else np.asarray(a, dtype=np.float64) for a in given]
    if len(arrays) != len(tensors):
        raise ShapeError(f"{len(arrays)} arrays of events were given for {len(tensors)} inputs")
    arrays = [a[None] if a.shape == t.shape else a for a, t in zip(arrays, tensors, strict=True)]
    if not len(arrays[0]):
        raise ShapeError("there is no event to explain")
    return arrays


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def outputs_of(network: Network, x: list[Floats]) -> list[Floats]:
    """Outputs in order, each of shape (events, ...)."""
    return [np.asarray(y, dtype=np.float64) for y in _listed(network.predict(x[0] if len(x) == 1 else x))]


def reference_of(model: Network, reference: Any, x: list[Floats], events: int) -> list[Floats]:
    """Outputs of the reference for these inputs."""
    plain = x[0] if len(x) == 1 else x
    if is_keras_model(reference):
        given = reference.predict(plain, batch_size=8192, verbose=0)
    else:
        given = reference.predict(plain) if isinstance(reference, Network) else reference
    arrays = [np.asarray(array, dtype=np.float64) for array in _listed(given)]
    shapes = [(events, *tensor.shape) for tensor in model.graph.output_tensors]
    if len(arrays) != len(shapes) or any(a.size != int(np.prod(s)) for a, s in zip(arrays, shapes, strict=True)):
        raise ShapeError(f"the reference has outputs of shape {[a.shape for a in arrays]}, expected {shapes}")
    if not all(np.isfinite(array).all() for array in arrays):
        raise RangeError("the reference has outputs that are not finite")
    return [array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]


def error_in(metric: str | Metric, wanted: list[Floats]) -> tuple[str, Callable[[list[Floats]], float]]:
    """Name of a metric, and the error of outputs in it."""
    if callable(metric):
        right = float(metric(wanted))
        if not isfinite(right):
            raise RangeError(f"the metric gives {right} for the reference")
        return getattr(metric, "__name__", "metric"), lambda got: abs(float(metric(got)) - right)
    if metric not in METRICS:
        raise UnsupportedError(
            f"no metric {metric!r}{did_you_mean(metric, METRICS)}; known: {', '.join(METRICS)}, or a function"
        )
    if metric == "flips" and any(array[0].size < 2 for array in wanted):
        raise UnsupportedError("'flips' needs outputs of two or more numbers; use 'rms', 'max' or a function")
    return metric, lambda got: METRICS[metric](got, wanted)


def _telling(got: list[Floats], wanted: list[Floats], count: int) -> npt.NDArray[np.int64]:
    """Events that differ most, and as many spread over all."""
    off = np.max([np.abs(a - b).reshape(len(a), -1).max(axis=1) for a, b in zip(got, wanted, strict=True)], axis=0)
    most = np.argsort(-off, kind="stable")[: count // 2]
    spread = np.linspace(0, len(off) - 1, count - len(most)).astype(np.int64)
    return np.asarray(np.unique(np.concatenate([most, spread])), dtype=np.int64)


# -- shares ------------------------------------------------------------------------------------------------------------


def _ranked(every: list[Quantiser], errors: _Errors) -> tuple[list[Cause], dict[tuple[Quantiser, Quantiser], float]]:
    """Causes by their share, and interactions of the first."""
    whole, exact, floor = errors.of(()), errors.of(every), errors.floor(every)
    gap = whole - floor
    if gap <= 0:
        return [], {}
    # A reference that is quantised itself is not what an exact network gives: then only what goes tells anything.
    near = exact <= _NEAR * whole
    causes = []
    for one in every:
        lifted = (whole - errors.of((one,))) / gap
        alone = (errors.of([other for other in every if other != one]) - exact) / (whole - exact) if near else 0.0
        causes.append(Cause(one, lifted, alone, (lifted + alone) / 2 if near else lifted))
    causes.sort(key=lambda cause: -cause.share)
    if not near or abs(sum(cause.share for cause in causes) - 1) <= _ADD_UP:
        return causes, {}
    top = [cause.quantiser for cause in causes[:_TOP]]
    gains = {
        lifted: (whole - errors.of(lifted)) / gap for size in range(_TOP + 1) for lifted in combinations(top, size)
    }
    pairs = {
        pair: gains[pair] - gains[pair[:1]] - gains[pair[1:]]
        for pair in combinations(top, 2)
        if abs(gains[pair] - gains[pair[:1]] - gains[pair[1:]]) > _LEFT
    }
    values = [Cause(c.quantiser, c.lifted, c.alone, _shapley(c.quantiser, top, gains)) for c in causes[:_TOP]]
    ranked = sorted(values, key=lambda cause: -cause.share) + causes[_TOP:]
    return ranked, dict(sorted(pairs.items(), key=lambda item: -abs(item[1])))


def _shapley(one: Quantiser, top: list[Quantiser], gains: Mapping[tuple[Quantiser, ...], float]) -> float:
    """Mean of what lifting it adds, over every order in which the quantisers may be lifted."""
    others, value = [other for other in top if other != one], 0.0
    for size in range(len(others) + 1):
        for lifted in combinations(others, size):
            both = tuple(q for q in top if q in lifted or q == one)
            value += (gains[both] - gains[lifted]) / (len(top) * comb(len(others), size))
    return value


# -- the fix -----------------------------------------------------------------------------------------------------------


def _smallest(causes: list[Cause], every: list[Quantiser], errors: _Errors) -> dict[Quantiser, int]:
    """Quantisers to change, and the fewest bits more for each that leave nothing of the error."""
    if not causes:
        return {}
    whole, floor = errors.of(()), errors.floor(every)
    allowed = floor + _LEFT * (whole - floor)
    chosen: list[Quantiser] = []
    candidates = [cause.quantiser for cause in causes if cause.share > _LEFT / 2][: 4 * _TOP]
    while errors.of(chosen) > allowed and len(chosen) < _CHANGED:
        left = errors.of(chosen)
        best = _best(chosen, candidates, errors)
        if not best or (chosen and errors.of([*chosen, *best]) > left / 2):  # hidden behind those that are chosen
            best = _best(chosen, [one for one in every if one not in chosen], errors)
        if errors.of([*chosen, *best]) >= left:  # each alone changes nothing: two at once
            pairs = list(combinations(candidates[:_TOP], 2))
            better = min(pairs, key=lambda step: errors.of([*chosen, *step]), default=None)
            if better is None or errors.of([*chosen, *better]) >= left:
                break
            best = better
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
        tried = {count: errors.of(chosen, {**bits, one: count}) for count in range(1, bits[one] + 1)}
        least = min(tried.values())
        bits[one] = min(count for count, left in tried.items() if left <= max(allowed, least + _LEFT * (whole - least)))
    return bits


def _best(chosen: list[Quantiser], candidates: list[Quantiser], errors: _Errors) -> tuple[Quantiser, ...]:
    """The quantiser that leaves least if it is exact as well."""
    return min(((one,) for one in candidates), key=lambda step: errors.of([*chosen, *step]), default=())


def _full(one: Quantiser, lifter: Lifter) -> int:
    """Bits more that make a quantiser exact."""
    if one.cause == "rounding":
        return FINER
    return FINER_TABLE.bit_length() - 1 if one.cause == "resolution" else lifter.room(one.key)


def _parting(model: Network, exact: Network, x: list[Floats], chosen: npt.NDArray[np.int64]) -> Parting | None:
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
