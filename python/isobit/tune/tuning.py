"""The cheapest formats that keep a metric: ranges by proof, fractions by a model of rounding noise, all verified."""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isobit.bounds.constants import op_constants
from isobit.bounds.intervals import measured
from isobit.errors import FormatError, RangeError
from isobit.explain.explaining import Metric, columns_of, error_in, outputs_of, reference_of
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.weights import Encoding
from isobit.network import Network
from isobit.suggest import did_you_mean
from isobit.sweep.evaluation import COSTS
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
        types = {key: _with_fraction(own[key], bits) for key, bits in fractions.items()}
        for key in types:
            if key in self._constants:
                types[key] = _holding(types[key], self._constants[key])
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
                    types[key] = _sized(types[key], width)
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
        return {f"{name}.result" for op in self.graph.ops if _is_addressed(op) for name in op.inputs}

    def evaluate(self, types: Mapping[str, FixedType]) -> float:
        """The metric on all events."""
        graph = _retyped(self.graph, types)
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
        right = outputs_of(Network(_retyped(self.graph, types)), part)
        found: dict[str, dict[int, float]] = {}
        for key, had in fractions.items():
            known: dict[int, float] = {}
            for fewer in _PROBES:
                bits = had - fewer
                if bits < least[key]:
                    break
                got = outputs_of(Network(_retyped(self.graph, {**types, key: _with_fraction(types[key], bits)})), part)
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
    data: Any,
    *,
    limit: float,
    reference: Any = None,
    metric: str | Metric = "rms",
    slots: Collection[str] = ("*",),
    may_overflow: Collection[str] = (),
    every_input: bool = False,
) -> Tuned:
    """Find the cheapest formats with which a metric stays within a limit, and prove that nothing overflows.

    Parameters
    ----------
    model
        The network, as :func:`isobit.load` gives it.
    data
        Events, as for :meth:`isobit.Model.predict`.
    limit
        The largest error that is allowed, in the metric.
    reference
        What the outputs should be: a Keras model, another network, or arrays. None takes the network as it is.
    metric
        As for :func:`isobit.explain`.
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
        If the limit is negative, or cannot be kept even with more bits everywhere.
    FormatError
        For a pattern that no format matches.

    Notes
    -----
    Integer bits are the fewest that the plan proves to be enough. Fraction bits follow from the noise that each slot
    adds to the outputs by itself, measured on a part of the events for some numbers of bits: for every worth of noise
    in bits the cheapest formats are then known at once (a bit of a slot costs its numbers). The worth that the limit
    allows is found by halving, each time with the true metric on all events; then single bits go.
    """
    if not limit >= 0:
        raise RangeError(f"the limit must be at least 0, got {limit}")
    x = columns_of(model, data)
    right = outputs_of(model, x) if reference is None else reference_of(model, reference, x, len(x[0]))
    name, measure = error_in(metric, right)

    def error(got: list[Any]) -> float:
        return float(np.sqrt(measure(got))) if metric == "rms" else measure(got)

    inputs = None if every_input else model.quantise(x[0] if len(x) == 1 else x)[0]
    free = _free(model.graph, slots)
    work = _Tuning(model.graph, x, error, inputs, tuple(free), tuple(may_overflow))
    before = work.evaluate({})
    own = {key: free[key].fraction for key in free}
    price = _prices(model.graph, free)
    noise = work.noise(own, {key: _least(kind) for key, kind in free.items()})

    def at(worth: float) -> dict[str, FixedType]:
        """The formats that are cheapest if noise costs so many bits."""
        cheapest = {}
        for key, of in noise.items():
            costs = {bits: price[key] * bits + worth * square for bits, square in of.items()}
            cheapest[key] = min(costs, key=costs.__getitem__)
        return work.with_ranges(cheapest)

    unit = sum(price.values()) / max(limit**2, 1e-300)
    low, high = unit * _CHEAP, unit / _CHEAP
    best = at(high)
    if work.evaluate(best) > limit:
        raise RangeError(
            f"{name} is {work.curve[-1][1]:.6g} even with {_MORE} more fraction bits everywhere; the limit {limit:.6g} "
            "cannot be kept by precision"
        )
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        types = at(middle)
        if work.evaluate(types) <= limit:
            high, best = middle, types
        else:
            low = middle
    best = _single_bits(work, best, limit, price, noise)
    graph = _retyped(model.graph, best)
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
    )


def _single_bits(
    work: _Tuning,
    types: dict[str, FixedType],
    limit: float,
    price: Mapping[str, float],
    noise: Mapping[str, Mapping[int, float]],
) -> dict[str, FixedType]:
    """Take single fraction bits from the slots that save most for the noise they add, as long as the limit holds."""
    own = {key: kind.fraction for key, kind in types.items()}

    def added(key: str) -> float:
        return (noise[key][own[key] - 1] - noise[key][own[key]]) / price[key]

    for key in sorted((key for key in own if own[key] - 1 in noise[key]), key=added)[:_SINGLE]:
        fewer = work.with_ranges({**own, key: own[key] - 1})
        if work.evaluate(fewer) <= limit:
            own[key], types = own[key] - 1, fewer
    return types


def _free(graph: Graph, slots: Collection[str]) -> dict[str, FixedType]:
    """Formats that tuning may change."""
    bound = {f"{tensor.name}.result" for tensor in graph.inputs}
    bound |= {f"{op.name}.result" for op in graph.ops if op.follows or op.output.xnor}
    for op in graph.ops:
        bound |= {f"{op.name}.{w.name}" for w in op_constants(op) if w.encoding is not Encoding.PLAIN}
        if _is_addressed(op):
            bound |= {f"{op.name}.{slot}" for slot in op.types() if slot != "result"}
    known = {key: kind for key, kind in graph.types().items() if key not in bound and not kind.is_int}
    chosen: dict[str, FixedType] = {}
    for pattern in slots:
        matching = fnmatch.filter(known, pattern)
        if not matching:
            raise FormatError(f"no format that can be tuned matches {pattern!r}{did_you_mean(pattern, known)}")
        chosen |= {key: known[key] for key in matching}
    return {key: kind for key, kind in known.items() if key in chosen}


def _is_addressed(op: Op) -> bool:
    """Whether top bits of a format address a table of the layer."""
    return any(address is not None for _, address in op.resizable.values())


def _prices(graph: Graph, free: Mapping[str, FixedType]) -> dict[str, float]:
    """Numbers that a bit of each slot costs: weights, results, and one for each sum of an accumulator."""
    found = {}
    for op in graph.ops:
        sizes = {weight.name: float(weight.raw.size) for weight in op_constants(op)}
        for slot in op.types():
            if f"{op.name}.{slot}" in free:
                found[f"{op.name}.{slot}"] = sizes.get(slot, float(op.output.size))
    return found


def _least(kind: FixedType) -> int:
    """Fewest fraction bits: the format keeps a bit beside its sign."""
    return 1 - kind.integer + kind.signed if kind.integer < 1 else 0


def _with_fraction(kind: FixedType, bits: int) -> FixedType:
    return replace(kind, width=max(1, kind.integer + bits))


def _sized(kind: FixedType, width: int) -> FixedType:
    """Other integer bits, so that the width is this; one that wraps or saturates never does."""
    integer = kind.integer + width - kind.width
    if kind.overflow is Overflow.SAT_SYM or kind.saturation_bits:
        return kind if width <= kind.width else replace(kind, width=width, integer=integer)
    return replace(kind, width=width, integer=integer)


def _holding(kind: FixedType, ends: tuple[float, float]) -> FixedType:
    """The fewest integer bits for constants between two ends, the fraction kept."""
    low, high = ends
    for integer in range(-kind.fraction + 1 + kind.signed, 64):
        wide = replace(kind, width=integer + kind.fraction, integer=integer)
        if wide.raw_min * wide.lsb <= low and high < (wide.raw_max + 1) * wide.lsb:
            return wide
    return kind


def _retyped(graph: Graph, types: Mapping[str, FixedType]) -> Graph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return graph.with_types(types)
