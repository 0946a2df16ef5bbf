"""How far the numbers of some events lie outside of a format: what a search for overflows makes larger.

A margin is positive exactly where the cast overflows (in units of 2**-fraction of the format); the search verifies
with the emulator all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds.dot import at_position, dot_bounds, factors
from isobit.bounds.ranges import IntArray, Range, cast_range, compact, lowest, magnitude_bits
from isobit.bounds.rules import DotBounds, OpBounds, SumBounds
from isobit.engines.exact.products import product
from isobit.engines.registry import get_engine
from isobit.fixed import law
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order
from isobit.model.dot import Dot
from isobit.model.graph import MAX_BITS, Graph
from isobit.model.ops import Op, Tensor, Tensors
from isobit.witness.surrogate import real_weights

__all__ = ["AccumMargins", "Chain", "Margins", "ResultMargins", "has_margins", "outside", "parted"]


def parted(raw: IntArray, tensors: Tensors) -> list[IntArray]:
    """Arrays of shape (events, size) of some tensors, which lie one after another in one of shape (events, numbers)."""
    if len(tensors) == 1:
        return [raw]
    return np.split(raw, np.cumsum([tensor.size for tensor in tensors[:-1]]), axis=1)


class Chain:
    """Ops in order, planned once.

    Parameters
    ----------
    tensors
        What they read from outside, some perhaps twice.
    ops
        Primitives.
    """

    def __init__(self, tensors: Tensors, ops: tuple[Op, ...]) -> None:
        self.tensors = tensors
        inputs = tuple({tensor.name: tensor for tensor in tensors}.values())
        self.graph = Graph("part", inputs, ops, (ops[-1].output.name,), primitive=True) if ops else None

    def run(self, raw: IntArray) -> dict[str, IntArray]:
        """Every tensor of a batch, shape (events, size); ``raw`` holds those read, one after another."""
        values = dict(zip((tensor.name for tensor in self.tensors), parted(raw, self.tensors), strict=True))
        if self.graph is not None:
            given = {tensor.name: FixedArray.from_raw(values[tensor.name], tensor.type) for tensor in self.tensors}
            values |= {name: array.raw for name, array in get_engine("auto").run(self.graph, given, 1).items()}
        return values


@dataclass(frozen=True)
class Margins:
    """For every event, of one neuron.

    Attributes
    ----------
    margin
        How far the worst number lies outside of the range, shape (events,); not positive: inside.
    value
        That number, before overflow, at the format's fraction, shape (events,).
    score
        The same before rounding, in bits of the format's width: a finer measure to rank inputs by, shape (events,).
    place
        For an accumulator, how many terms of the kernel's order the number sums, or minus the place of a single term,
        counted from 1; 0 for the bias, and for a result.
    """

    margin: IntArray
    value: IntArray
    score: Any
    place: Any


def outside(numbers: IntArray, kind: FixedType, places: Any, finer: IntArray | None = None, drop: int = 0) -> Margins:
    """The worst of several numbers of each event, shape (events, n); ``finer``: the same, not rounded by ``drop``."""
    top, bottom = kind.raw_max, lowest(kind)
    highest, least = numbers.max(axis=1), numbers.min(axis=1)
    above, below = highest - top, bottom - least
    up = np.asarray(above >= below, dtype=bool)
    where = np.where(up, numbers.argmax(axis=1), numbers.argmin(axis=1))
    margin, value = np.where(up, above, below), np.where(up, highest, least)
    score = np.array([float(m) for m in margin.tolist()]) if margin.dtype == object else margin.astype(np.float64)
    if finer is not None and drop > 0:
        rest = np.take_along_axis(finer, where[:, None], axis=1)[:, 0] - (value << drop)
        score = score + np.where(up, 1, -1) * np.ldexp(rest.astype(np.float64), -drop)
    return Margins(margin, value, np.ldexp(score, -kind.width), places[where])


class AccumMargins:
    """Terms and partial sums of windows. Before the first overflow no sum is wrapped nor clamped.

    A neuron is an output of a position.
    """

    def __init__(self, op: Dot, tensor: Tensor, of: DotBounds) -> None:
        self.op, self.tensor, self.of, self.kind = op, tensor, of, op.accum
        self.product, self.form = op.product, op.form(tensor)
        self.shift = self.form.fraction - op.accum.fraction
        self._factors = factors(self.product, compact(op.weight.raw))
        self.order = accumulation_order(op)
        self.count = op.weight.shape[0]
        bias = cast_range(Range.constant(op.bias.raw.ravel(), op.bias.type.fraction), op.bias.type, op.accum)
        # Where the bias itself does not fit, every input is a witness.
        self.bias = bias.rounded.low if bias.overflow.any() else None
        sizes = (bias.rounded.bits, of.hull.products.bits + max(0, -self.shift), magnitude_bits(of.hull.free_magnitude))
        self._made: dict[int, SumBounds] = {}
        self.wide = max(*sizes, tensor.type.width, op.accum.width) + 1 > law.INT64_BITS

    def _window(self, neuron: int) -> tuple[IntArray, int]:
        """The numbers that a neuron reads, and which output of its position it is."""
        position, output = divmod(neuron, self.op.weight.shape[1])
        group = output * self.op.groups // self.op.weight.shape[1]
        return self.op.view[position * self.op.groups + group], output

    def terms(self, data: IntArray, neuron: int) -> IntArray:
        """Terms before overflow, in the kernel's order, shape (events, n_in)."""
        window, output = self._window(neuron)
        if not self.op.plain(self.tensor):
            data = np.where(window < 0, 0, data[:, window])
        data = data.astype(object if self.wide else np.int64, copy=False)
        order = self.order[output]
        if self._factors is None:
            products = self._exponential(data, output)[:, order]
        else:
            factor, constant = (part[order, output] for part in self._factors)
            products = data[:, order] * factor + constant
        if self.form == self.kind:
            return products
        shift = self.shift if self.wide else law.int64_shift(self.shift)
        rounded: IntArray = law.round_shift(products, shift, int(self.kind.as_assigned(self.form).rounding))
        return rounded

    def _exponential(self, data: IntArray, output: int) -> IntArray:
        weight, signs = self.op.weight.raw[:, output], self.op.weight.signs
        assert signs is not None
        columns = [
            product(self.product, data[:, i], int(w), int(signs[i, output]), self.tensor.type, self.op.weight.type)
            for i, w in enumerate(weight)
        ]
        return np.stack(columns, axis=1)

    def of_events(self, data: IntArray, neuron: int) -> Margins:
        """Margins of one neuron; ``data`` is the input, shape (events, size)."""
        terms, output = self.terms(data, neuron), self._window(neuron)[1]
        numbers = np.cumsum(terms, axis=1) + int(self.of.hull.start.low[output])
        places = np.arange(1, terms.shape[1] + 1)
        if self.bias is not None:
            bias = np.full((len(numbers), 1), self.bias[output], dtype=numbers.dtype)
            numbers, places = np.concatenate([numbers, bias], axis=1), np.append(places, 0)
        if self.form != self.kind:
            numbers, places = np.concatenate([numbers, terms], axis=1), np.concatenate([places, -places])
        return outside(numbers, self.kind, places)

    def aims(self, neuron: int) -> list[int]:
        """Places whose bounds lie farthest outside, above and below: the sums worth aiming at."""
        position, output = divmod(neuron, self.op.weight.shape[1])
        order, terms = self.order[output], self._bounds(position).terms
        start = int(self.of.hull.start.low[output])
        high = np.cumsum(terms.high[order, output].astype(object)) + start
        low = np.cumsum(terms.low[order, output].astype(object)) + start
        return [int(np.argmax(high)) + 1, int(np.argmin(low)) + 1]

    def _bounds(self, position: int) -> SumBounds:
        """Bounds of the sums at a position."""
        if self.op.positions == 1:
            return self.of.hull
        if position not in self._made:
            part = at_position(self.op, self.of.values, position)
            self._made[position] = dot_bounds(self.op.alone, (self.op.window(self.tensor),), (part,)).hull
        return self._made[position]

    def drive(self, neuron: int, place: int, side: int) -> Any:
        """Slope, in the input, of a partial sum or (``place`` < 0) of a term, upwards or downwards."""
        window, output = self._window(neuron)
        order = self.order[output]
        taken = order[:place] if place > 0 else order[-place - 1 : -place]
        slope = np.zeros(self.tensor.size + 1)  # the last: padding
        np.add.at(slope, window[taken], side * real_weights(self.tensor, self.op.weight)[taken, output])
        return slope[:-1]


def has_margins(of: OpBounds) -> bool:
    """Whether a network may have the format that holds what an op's result cast takes, which the search computes."""
    exact = FixedType.from_bits(int(of.source.widths().max()) + 1, fraction=of.source.fraction)
    return max(abs(exact.integer), abs(exact.fraction)) <= MAX_BITS


class ResultMargins:
    """Numbers that the cast into an op's result takes, rounded."""

    def __init__(self, op: Op, tensors: Tensors, of: OpBounds) -> None:
        self.kind = op.output.type
        width = int(of.source.widths().max()) + 1
        # The same op with a result that loses nothing: what it gives is what the cast takes.
        self.exact = FixedType.from_bits(width, fraction=of.source.fraction)
        self.name = op.output.name
        self.chain = Chain(tensors, (replace(op, output=replace(op.output, type=self.exact)),))

    def of_all(self, data: IntArray) -> Callable[[int, Any], Margins]:
        """Margins by neuron and events; ``data`` holds the op's inputs, one after another, shape (events, numbers)."""
        source = self.chain.run(data)[self.name]
        drop = self.exact.fraction - self.kind.fraction
        wide = self.exact.width + max(0, -drop) > law.INT64_BITS or self.kind.width > law.INT64_BITS
        source = source.astype(object) if wide else source
        rounded = law.round_shift(source, drop if wide else law.int64_shift(drop), int(self.kind.rounding))
        shift = min(drop, 63)

        def of_events(neuron: int, rows: Any) -> Margins:
            taken = np.ix_(rows, [neuron])
            return outside(rounded[taken], self.kind, np.zeros(1, dtype=np.int64), source[taken], shift)

        return of_events
