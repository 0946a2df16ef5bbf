"""The cheapest formats that keep a metric: ranges by proof, fractions by a model of rounding noise, all verified."""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from isobit.bounds.constants import op_constants
from isobit.bounds.intervals import measured
from isobit.errors import RangeError
from isobit.explain.outputs import Metric, columns_of, error_in, outputs_of, reference_of
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.requested import linear_layers
from isobit.network import Network
from isobit.sweep.evaluation import COSTS
from isobit.tune.certificate import certificate_of
from isobit.tune.formats import free, holding, is_addressed, least, retyped, sized, with_fraction
from isobit.tune.prices import cost_in, prices
from isobit.tune.report import Step, Tuned

if TYPE_CHECKING:
    from isobit.plan.plan import Plan

__all__ = ["tune"]

#: Bits by which a slot is made coarser to see what its rounding does.
_PROBES = (0, 1, 2, 3, 5, 8)
#: Events on which that is seen.
_PROBED = 2048
#: Halvings of what noise is worth, which may be so small or large against what the limit suggests.
_HALVINGS, _CHEAP = 12, 1e-5
#: Halvings where another cost than bits is made small, which takes two searches.
_FEWER = 8
#: Single bits that are tried afterwards.
_SINGLE = 8
#: Rounds of proofs beyond the number of layers until ranges are settled.
_SETTLING = 4
#: Most and fewest fraction bits beyond those that a slot had.
_MORE = 4


@dataclass
class _Tuning:
    """One network on its events."""

    graph: Graph
    x: Sequence[Any]
    error: Callable[[list[Any]], float]
    inputs: Mapping[str, Any] | None
    slots: tuple[str, ...]
    allowed: tuple[str, ...]
    curve: list[tuple[int, float, dict[str, FixedType]]] = field(default_factory=list)
    probes: int = 0

    def plan(self, graph: Graph) -> Plan:
        from isobit.plan.plan import make_plan

        return make_plan(graph, inputs=None if self.inputs is None else measured(graph, self.inputs))

    def with_ranges(self, fractions: Mapping[str, int]) -> dict[str, FixedType]:
        """Formats with these fraction bits, and the fewest integer bits that are proven to be enough."""
        own = self.graph.types()
        types = {key: with_fraction(own[key], bits) for key, bits in fractions.items()}
        for key in types:
            if key in self._constants:
                types[key] = holding(types[key], self._constants[key])
        rounds = len(self.graph.ops) + _SETTLING  # what a layer gives changes those after it
        for turn in range(2 * rounds):
            found, before = self.plan(self.graph.with_types(types)), dict(types)
            for verdict in found.verdicts:
                key = f"{verdict.layer}.{verdict.slot}"
                fixed = key not in types or verdict.clips or not verdict.known or key in self._addressed
                if fixed or any(fnmatch.fnmatch(key, pattern) for pattern in self.allowed):
                    continue
                width = max(*verdict.bits, 1 + types[key].signed)
                if not verdict.safe:  # the number that a bias was before it wrapped may need more than the bits said
                    width = max(width, types[key].width + 1)
                if turn < rounds or width > types[key].width:  # later only wider, so that it comes to an end
                    types[key] = sized(types[key], width)
            if types == before:
                break
        return types

    @property
    def _constants(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest constant of every slot of weights."""
        found = {}
        for op in self.graph.ops:
            for weight in op_constants(op):
                finite = weight.written[np.isfinite(weight.written)]
                if finite.size:
                    found[f"{op.name}.{weight.name}"] = float(finite.min()), float(finite.max())
        return found

    @property
    def _addressed(self) -> set[str]:
        """Results whose top bits address a table: another width would make another table of it."""
        return {f"{name}.result" for op in self.graph.ops if is_addressed(op) for name in op.inputs}

    def evaluate(self, types: Mapping[str, FixedType]) -> float:
        """The metric on all events."""
        graph = retyped(self.graph, types)
        value = float(self.error(outputs_of(Network(graph), list(self.x))))
        self.curve.append((int(COSTS["bits"](graph)), value, dict(types)))
        return value

    def noise(self, fractions: Mapping[str, int], least: Mapping[str, int]) -> dict[str, dict[int, float]]:
        """Mean square of the outputs' noise for each slot and number of fraction bits, all other slots being fine.

        Measured from the bits that a slot has downwards: constants that were trained for a format lose nothing in it,
        and much with a bit less. With bits more, a quarter remains with each.
        """
        part = [array[:: max(1, len(array) // _PROBED)] for array in self.x]
        types = self.with_ranges({key: bits + _MORE for key, bits in fractions.items()})
        right = outputs_of(Network(retyped(self.graph, types)), part)
        found: dict[str, dict[int, float]] = {}
        for key, had in fractions.items():
            known: dict[int, float] = {}
            for fewer in _PROBES:
                bits = had - fewer
                if bits < least[key]:
                    break
                got = outputs_of(Network(retyped(self.graph, {**types, key: with_fraction(types[key], bits)})), part)
                self.probes += 1
                known[bits] = float(np.mean([np.mean((a - b) ** 2) for a, b in zip(got, right, strict=True)]))
            found[key] = _filled(known, had)
        return found


def _filled(known: Mapping[int, float], had: int) -> dict[int, float]:
    """Noise for every number of bits from the fewest measured one on: between two, in geometric steps."""
    bits, values = sorted(known), [known[count] for count in sorted(known)]
    logs = np.log(np.maximum(values, 1e-300))
    filled = {
        count: float(np.exp(np.interp(count, bits, logs))) if known.get(count) is None else known[count]
        for count in range(bits[0], had + 1)
    }
    return filled | {had + more: filled[had] * 4.0**-more for more in range(1, _MORE + 1)}


def tune(
    model: Network,
    x: Any,
    *,
    tolerance: float,
    reference: Any = None,
    metric: str | Metric = "rms",
    cost: str | Callable[[Any], float] = "bits",
    slots: Collection[str] = ("*",),
    may_overflow: Collection[str] = (),
    every_input: bool = False,
) -> Tuned:
    """Find the cheapest formats with which a metric stays within a limit, and prove that nothing overflows.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    x
        Events, as for :meth:`isobit.Model.predict`.
    tolerance
        The largest error that is allowed, in the metric.
    reference
        What the outputs should be: a Keras model, another network, or arrays. None takes the network as it is.
    metric
        As for :func:`isobit.explain`.
    cost
        What is made small: ``bits`` (of weights and results), ``dsp``, ``lut``, ``bops``, ``ebops`` or another figure
        of :func:`isobit.sweep` that needs no events, or a function of the network.
    slots
        Formats that may change, ``layer.slot`` with ``*`` and ``?``; inputs do not.
    may_overflow
        Formats whose integer bits stay as they are, whatever is proven.
    every_input
        Prove it for every input that the formats allow; otherwise for inputs within the bounds of the events.

    Returns
    -------
    The formats, the metric and the bits before and after, what remains unproven, and the curve of what was tried.

    Raises
    ------
    RangeError
        If the tolerance is negative, or cannot be kept even with more bits everywhere.
    FormatError
        For a pattern that no format matches.

    Notes
    -----
    Integer bits are the fewest that the plan proves to be enough. Fraction bits follow from the noise that each slot
    adds to the outputs by itself, measured on a part of the events for some numbers of bits: for every worth of noise
    in bits the cheapest formats are then known at once (a bit of a slot costs its numbers). The worth that the limit
    allows is found by halving, each time with the true metric on all events; then single bits go.
    """
    limit = tolerance
    if not limit >= 0:
        raise RangeError(f"the tolerance must be at least 0, got {limit}")
    cost_name, cost_of = cost_in(cost)
    x = columns_of(model, x)
    right = outputs_of(model, x) if reference is None else reference_of(model, reference, x, len(x[0]))
    name, measure = error_in(metric, right)

    def error(got: list[Any]) -> float:
        return float(np.sqrt(measure(got))) if metric == "rms" else measure(got)

    inputs = None if every_input else model.quantise(x[0] if len(x) == 1 else x)[0]
    chosen = free(model.graph, slots)
    work = _Tuning(model.graph, x, error, inputs, tuple(chosen), tuple(may_overflow))
    before = work.evaluate({})
    own = {key: chosen[key].fraction for key in chosen}
    noise = work.noise(own, {key: least(kind) for key, kind in chosen.items()})
    price = prices(model.graph, chosen, noise, None)
    best = _cheapest(work, noise, price, limit, name, _HALVINGS if cost == "bits" else _FEWER)
    if cost != "bits":
        other = prices(model.graph, chosen, noise, cost_of)
        second = _cheapest(work, noise, other, limit, name, _FEWER)
        if cost_of(retyped(model.graph, second)) < cost_of(retyped(model.graph, best)):
            best, price = second, other
    best = _single_bits(work, best, limit, price, noise)
    if cost != "bits":  # prices add up only nearly: of what keeps the limit, the cheapest
        within = [types for _, value, types in work.curve if types and value <= limit]
        bits_of = COSTS["bits"]
        best = min(within, key=lambda types: [of(retyped(model.graph, types)) for of in (cost_of, bits_of)])
    graph = retyped(model.graph, best)
    plan = work.plan(graph)
    unproven = tuple(f"{v.layer}.{v.slot}" for v in plan.verdicts if not v.safe and not v.clips)
    value = next(value for _, value, types in reversed(work.curve) if types == best)
    steps = sorted({Step(bits, value, value <= limit) for bits, value, _ in work.curve}, key=lambda step: -step.bits)
    return Tuned(
        network=model.graph.name,
        metric=name,
        limit=limit,
        before=before,
        value=value,
        bits_before=int(COSTS["bits"](model.graph)),
        bits=int(COSTS["bits"](graph)),
        types={key: str(kind) for key, kind in best.items() if kind != model.graph.types()[key]},
        unproven=unproven,
        measured=not every_input,
        curve=tuple(steps),
        evaluations=len(work.curve),
        probes=work.probes,
        cost=cost_name,
        cost_before=cost_of(model.graph),
        cost_after=cost_of(graph),
        certificate=certificate_of(graph, plan),
        model=_tuned(model, best),
        types_before={key: str(own) for key, own in model.graph.types().items() if best.get(key, own) != own},
        linear=linear_layers(model.graph),
        origin=model.origin,
    )


def _cheapest(
    work: _Tuning,
    noise: Mapping[str, Mapping[int, float]],
    price: Mapping[str, Mapping[int, float]],
    limit: float,
    name: str,
    halvings: int,
) -> dict[str, FixedType]:
    """The formats that are cheapest at the noise that the limit allows, as far as noise and prices add up."""

    def at(worth: float) -> dict[str, FixedType]:
        """The formats that are cheapest if noise costs so much."""
        cheapest = {}
        for key, of in noise.items():
            costs = {bits: price[key][bits] + worth * square for bits, square in of.items()}
            cheapest[key] = min(costs, key=costs.__getitem__)
        return work.with_ranges(cheapest)

    unit = sum(_slope(of) for of in price.values()) / max(limit**2, 1e-300)
    low, high = unit * _CHEAP, unit / _CHEAP
    best = at(high)
    if work.evaluate(best) > limit:
        raise RangeError(
            f"{name} is {work.curve[-1][1]:.6g} even with {_MORE} more fraction bits everywhere; the limit {limit:.6g} "
            "cannot be kept by precision"
        )
    for _ in range(halvings):
        middle = (low * high) ** 0.5
        types = at(middle)
        if work.evaluate(types) <= limit:
            high, best = middle, types
        else:
            low = middle
    return best


def _tuned(model: Network, types: Mapping[str, FixedType]) -> Any:
    """The network with these formats, of the class that the user holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.with_types(types) if hasattr(model, "with_types") else Network(retyped(model.graph, types))


def _slope(price: Mapping[int, float]) -> float:
    """What a bit costs on average."""
    return (max(price.values()) - min(price.values())) / max(1, len(price) - 1)


def _single_bits(
    work: _Tuning,
    types: dict[str, FixedType],
    limit: float,
    price: Mapping[str, Mapping[int, float]],
    noise: Mapping[str, Mapping[int, float]],
) -> dict[str, FixedType]:
    """Take single fraction bits from the slots that save most for the noise they add, as long as the limit holds."""
    own = {key: kind.fraction for key, kind in types.items()}

    def added(key: str) -> float:
        saved = price[key][own[key]] - price[key][own[key] - 1]
        return (noise[key][own[key] - 1] - noise[key][own[key]]) / max(saved, 1e-12)

    for key in sorted((key for key in own if own[key] - 1 in noise[key]), key=added)[:_SINGLE]:
        fewer = work.with_ranges({**own, key: own[key] - 1})
        if work.evaluate(fewer) <= limit:
            own[key], types = own[key] - 1, fewer
    return types
