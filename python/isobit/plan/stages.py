"""A graph as stages: one linear map each, and the steps that follow it.

Elementwise ops join the stage before them: a Dense layer, its BatchNorm and its ReLU are one stage. A stage computes
exactly what its ops compute; ``plan/lanes.py`` decides which machine arithmetic may do it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds.dot import factors
from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import IntArray, Range, add, compact, lowest, magnitude_bits, shift_left
from isobit.bounds.rules import DotBounds, SumBounds
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order, shared_order
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.products import Product
from isobit.model.tensor import layer_of
from isobit.model.weights import Weight
from isobit.plan.maps import Counting, Gather, Linear, Sequential
from isobit.plan.step_lists import cast_steps, normalised, propagate
from isobit.plan.steps import Affine, Clamp, Law, Round, Step, Wrap, Zero

__all__ = [
    "MAPS",
    "Arrange",
    "Linear",
    "MapRule",
    "Sequential",
    "Stage",
    "Unfit",
    "factors_of",
    "folding_of",
    "into_result",
    "joined",
    "scaled",
]


@dataclass(frozen=True, eq=False)
class Stage:
    """Ops that are computed in one pass: one map and the steps that follow it.

    Attributes
    ----------
    ops
        The ops, in order (reshapes left out).
    sources, target
        Names of the tensors that are read, which the map takes one after another as one, and of the one that is given.
    map
        The linear map, or None.
    steps
        What follows it.
    data, result
        Bounds of what is read, each number in units of its own tensor's LSB, and of the tensor that is given.
    refusal
        Why no lane can take the ops as they are (then there is neither a map nor steps), else None.
    positions
        At how many positions the map is applied.
    view
        The windows of each position, see :class:`isobit.model.dot.Dot`: several where neighbouring outputs of the map
        have a window of their own. None: windows are neighbouring parts of what is read, one after another.
    """

    ops: tuple[Op, ...]
    sources: tuple[str, ...]
    target: str
    map: Linear | Sequential | Counting | Gather | None
    steps: tuple[Step, ...]
    data: Range
    result: Range
    refusal: str | None = None
    positions: int = 1
    view: IntArray | None = None

    @property
    def windows(self) -> int:
        """How many windows the map reads, each of which gives as many neighbouring numbers."""
        return self.positions if self.view is None else len(self.view)

    @property
    def group_maps(self) -> list[Linear | Sequential]:
        """The map of each window of a position: some neighbouring outputs of :attr:`map`."""
        assert isinstance(self.map, (Linear, Sequential))
        groups = self.windows // self.positions
        weights, starts = np.split(self.map.weights, groups, axis=1), np.split(self.map.start, groups)
        return [replace(self.map, weights=w, start=start) for w, start in zip(weights, starts, strict=True)]

    @property
    def name(self) -> str:
        """Layer names, joined."""
        return " + ".join(dict.fromkeys(layer_of(op.name) for op in self.ops))

    @property
    def start_bounds(self) -> tuple[IntArray, IntArray]:
        """Bounds of what the steps begin with."""
        if isinstance(self.map, (Linear, Sequential, Gather)):
            return np.tile(self.map.low, self.positions), np.tile(self.map.high, self.positions)
        return self.data.low, self.data.high

    @property
    def step_bits(self) -> int:
        """Magnitude bits that the steps need."""
        return propagate(self.steps, self.start_bounds)[2]


class Unfit(Exception):
    """An op is neither a map nor steps."""


# -- products ----------------------------------------------------------------------------------------------------------


def factors_of(kind: Product, tensor: Tensor, weight: Weight, data: Range) -> tuple[IntArray, IntArray | None]:
    """Factors and summands (or None) such that each product is ``x * factor + summand``, at its format's fraction."""
    raw = compact(weight.raw)
    if (found := factors(kind, raw)) is not None:
        factor, constant = found
        return compact(factor), constant if constant.any() else None
    form = kind.exact_type(tensor.type, weight.type)
    places = raw.astype(object) + (form.fraction - tensor.type.fraction)
    top = int(places.max()) if places.size else 0
    if (places < 0).any() or data.bits + top > form.width - 2:
        raise Unfit(f"power-of-two weights that lose bits in the product's register {form}")
    assert weight.signs is not None
    powers = np.frompyfunc(lambda place: 1 << int(place), 1, 1)(places)
    return compact(np.where(weight.signs == 1, powers, -powers)), None


# -- casts -------------------------------------------------------------------------------------------------------------


def into_result(op: Op, source: FixedType | None, fraction: int, bounds: Bounds) -> list[Step]:
    """The cast into an op's result; see :func:`isobit.plan.step_lists.cast_steps`."""
    overflows = bool(bounds.ops[op.name].result_overflow.any())
    return cast_steps(source, fraction, op.output.type, overflows, op.output.size, op.name)


def scaled(size: int, factor: int, summand: int = 0) -> Affine:
    """One affine step for all outputs."""
    return Affine(compact(np.full(size, factor, dtype=object)), compact(np.full(size, summand, dtype=object)))


# -- sums over windows -------------------------------------------------------------------------------------------------


#: (op, input tensors, bounds) -> the map, the steps that follow, and the positions to which the map is applied.
MapRule = Callable[[Any, Tensors, Bounds], tuple[Linear | Sequential | Gather | None, list[Step], int]]
MAPS: dict[type[Op], MapRule] = {}


def _dot(op: Dot, tensors: Tensors, bounds: Bounds) -> tuple[Linear | Sequential, list[Step], int]:
    """The map of one position, proven for the numbers of all."""
    (tensor,) = tensors
    found = bounds.ops[op.name]
    assert isinstance(found, DotBounds)
    form, accum, sums = op.form(tensor), op.accum, found.hull
    factors, summands = factors_of(op.product, tensor, op.weight, bounds.tensors[tensor.name])
    drop = form.fraction - accum.fraction
    exact = bool(sums.terms_exact.all())
    overflows = bool(sums.accum_overflow.any())
    wraps = accum.overflow is Overflow.WRAP and not accum.saturation_bits
    steps: list[Step] = []
    chosen: Linear | Sequential
    if exact and (wraps or not overflows):
        chosen = _free_sum(sums, factors, summands, drop)
        steps += [Wrap(accum)] if overflows else []
    else:
        if summands is not None:
            raise Unfit("binary data whose products are rounded or saturate")
        chosen = _cast_sum(op, sums, factors, form, overflows, wraps)
        steps += [Wrap(accum)] if overflows and wraps else []
    source = accum
    if op.counts_matches(tensor):
        n_in, size = op.weight.shape[0], op.output.size
        fraction = max(0, accum.fraction)
        source = op.signs
        steps.append(scaled(size, 2 << max(0, -accum.fraction), -n_in << fraction))
        exact_type = FixedType.from_bits(accum.width + 64, fraction=fraction)
        steps += cast_steps(exact_type, fraction, source, True, size)
    return chosen, [*steps, *into_result(op, source, source.fraction, bounds)], op.positions


MAPS[Dot] = _dot


def _free_sum(found: SumBounds, factors: IntArray, summands: IntArray | None, drop: int) -> Linear:
    """Exact products: their sum in any order, at the accumulator's LSB."""
    start = found.start.low
    if drop > 0:  # every product is a multiple of the LSB
        if summands is not None:
            raise Unfit("binary data in an accumulator with fewer fraction bits")
        weights = factors >> drop if factors.dtype == object else factors >> min(drop, 63)
    else:
        weights = shift_left(factors, -drop)
        if summands is not None:
            start = add(start, shift_left(compact(summands.astype(object).sum(axis=0)), -drop))
    magnitude = found.free_magnitude
    if summands is not None:  # |x * factor| is not bounded by |product|
        magnitude = add(magnitude, compact(np.abs(weights.astype(object)).sum(axis=0) * 2))
    return Linear(compact(weights), start, found.free_sum.low, found.free_sum.high, compact(magnitude))


def _cast_sum(
    op: Dot, found: SumBounds, factors: IntArray, form: FixedType, overflows: bool, wraps: bool
) -> Sequential:
    drop = form.fraction - op.accum.fraction
    order = shared_order(op)
    if order is None:
        if overflows and not wraps:
            raise Unfit("partial sums that may overflow, in an order that the neurons do not share")
        order = accumulation_order(op)[0]
    product_low, product_high = found.products.low, found.products.high
    if drop < 0:
        factors = shift_left(factors, -drop)
        product_low, product_high = shift_left(product_low, -drop), shift_left(product_high, -drop)
    assigned = op.accum.as_assigned(form)
    term: list[Step] = [Round(drop, assigned.rounding)] if drop > 0 else []
    sums: list[Step] = []
    if overflows and not wraps:
        folding = folding_of(op.accum)
        sums = [folding]
        if found.term_overflow.any():
            term = [Law(assigned, max(0, drop))] if isinstance(folding, Law) else [*term, folding]
    term_low, term_high, term_bits = propagate(term, (product_low, product_high))
    if sums:
        low, high = found.accum.low, found.accum.high
        bits = max(
            magnitude_bits(found.partial.low, found.partial.high),
            sums[0].bits(found.partial.low, found.partial.high),
        )
    else:
        low, high, bits = found.free_sum.low, found.free_sum.high, magnitude_bits(found.free_magnitude)
    needed = max(term_bits, bits, magnitude_bits(factors))
    return Sequential(factors, found.start.low, order, tuple(term), tuple(sums), low, high, term_low, term_high, needed)


def folding_of(kind: FixedType) -> Step:
    """What overflow makes of a partial sum; not for a plain WRAP, whose order is free."""
    if kind.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return Clamp(lowest(kind), kind.raw_max)
    return Zero(kind) if kind.overflow is Overflow.SAT_ZERO else Law(kind)


#: (op, whether its map begins the stage, steps of the stage so far, steps of the op) -> steps of the stage.
Arrange = Callable[[Op, bool, Sequence[Step], Sequence[Step]], Sequence[Step]]


def joined(op: Op, mapped: bool, before: Sequence[Step], steps: Sequence[Step]) -> list[Step]:
    """Steps of one stage, as few as possible."""
    return normalised([*before, *steps])
