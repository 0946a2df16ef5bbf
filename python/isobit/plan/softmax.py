"""Softmax as stages: the largest of each group, exponentials, the inverse of their sum, and the product of both."""

from __future__ import annotations

import numpy as np

import isobit._core as _core
from isobit.bounds.intervals import Bounds
from isobit.bounds.ranges import IntArray, Range, compact, magnitude_bits, one_after_another
from isobit.bounds.tables import distances_of
from isobit.fixed import growth
from isobit.fixed.assign import assign
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType
from isobit.model.ops import Tensor
from isobit.model.primitives import identity_view
from isobit.model.softmax import Softmax
from isobit.model.weights import Weight
from isobit.plan.maps import Gather
from isobit.plan.stages import Stage, Unfit, into_result
from isobit.plan.step_lists import cast_steps, propagate
from isobit.plan.steps import LookUp, Round, Step, Wrap

__all__ = ["softmax_stages"]

_ONE = np.ones((1, 1), dtype=np.int64)


def softmax_stages(op: Softmax, tensor: Tensor, source: str, bounds: Bounds) -> list[Stage]:
    """The stages of a softmax whose tables the top bits of numbers address (``latency`` and ``stable``).

    Sums whose accumulator wraps, or holds them all, may be added in any order, not in hls4ml's balanced tree alone.

    Raises
    ------
    Unfit
        For other implementations, sums that saturate, and tables of too many entries.
    """
    if op.exp_table is None or op.inv_table is None or op.accum is None or op.inv_inp is None or not op.exp_address:
        raise Unfit(f"the implementation {op.implementation!r} of softmax")
    made, found = _Stages(op), bounds.ops[op.name]
    of_group = np.empty(op.output.size, dtype=np.int64)
    of_group[op.groups] = np.arange(len(op.groups))[:, None]
    every, groups = identity_view(op.output.size), len(op.groups)
    data, address, steps = bounds.tensors[source], tensor.type, list[Step]()
    given: Gather | None = None
    sources: tuple[str, ...] = (source,)
    if op.inp_norm is not None:
        address = op.inp_norm
        least, most = (end[op.groups].max(axis=1) for end in (data.low, data.high))
        bits = magnitude_bits(data.low, data.high)
        largest = made.add("largest", (source,), data, Gather("maximum", op.groups.T, _ONE, least, most, bits), [])
        distances = distances_of(data, op.groups)
        index, factors = np.stack([of_group, groups + every]), np.array([[1], [-1]])
        ends = compact(distances.low), compact(distances.high)
        given = Gather("sum", index, factors, *ends, bits + 1)
        sources, data = (largest.target, source), one_after_another([largest.result, data])
        difference = growth.difference(tensor.type, tensor.type)
        overflows = bool(found.inner["inp_norm"].overflow.any())
        steps = cast_steps(difference, difference.fraction, address, overflows, op.output.size)
    terms = assign(op.exp_table.raw.ravel().astype(object), op.exp_table.type, op.accum)
    exps = made.add("exponentials", sources, data, given, [*steps, *_entry(op.exp_table, terms, address)])
    low, high = (end[op.groups].sum(axis=1) for end in (exps.result.low, exps.result.high))
    overflows, steps = bool(found.inner["accum"].overflow.any()), []
    if overflows:
        if op.accum.overflow is not Overflow.WRAP or op.accum.saturation_bits:
            raise Unfit("a softmax whose sums may saturate")
        steps = [Wrap(op.accum)]
    total = Gather("sum", op.groups.T, _ONE, low, high, magnitude_bits(low, high))
    overflows = bool(found.inner["inv_inp"].overflow.any())
    steps += cast_steps(op.accum, op.accum.fraction, op.inv_inp, overflows, groups)
    steps += _entry(op.inv_table, op.inv_table.raw.ravel().astype(object), op.inv_inp)
    inverses = made.add("inverses", (exps.target,), exps.result, total, steps)
    both = one_after_another([exps.result, inverses.result])
    exact = op.accum.product_with(op.inv_table.type)
    ends = found.source.low, found.source.high
    product = Gather("product", np.stack([every, every.size + of_group]), _ONE, *ends, magnitude_bits(*ends, both.high))
    cast = into_result(op, exact, exact.fraction, bounds)
    made.add("", (exps.target, inverses.target), both, product, cast, bounds.tensors[op.output.name])
    return made.found


def _entry(table: Weight, entries: IntArray, address: FixedType) -> list[Step]:
    """The entry that a number's top bits address: negative ones come last in the table."""
    size, half = entries.size, entries.size // 2
    if size > int(getattr(_core, "BATCH_ENTRIES", 0)):
        raise Unfit(f"a table of {size} entries")
    apart = address.width - max(1, (table.raw.size - 1).bit_length())
    steps: list[Step] = [Round(apart, Rounding.TRN)] if apart else []
    return [*steps, LookUp(-half, compact(np.roll(entries, half))) if address.signed else LookUp(0, compact(entries))]


class _Stages:
    """The stages so far, each of the op."""

    def __init__(self, op: Softmax) -> None:
        self.op, self.found = op, list[Stage]()

    def add(
        self,
        name: str,
        sources: tuple[str, ...],
        data: Range,
        given: Gather | None,
        steps: list[Step],
        result: Range | None = None,
    ) -> Stage:
        """A stage that gives a tensor of the op's own, or its result."""
        low, high = (data.low, data.high) if given is None else (given.low, given.high)
        if result is None:
            result = Range(*propagate(steps, (low, high))[:2], 0)
        target = f"{self.op.output.name}/{name}" if name else self.op.output.name
        self.found.append(Stage((self.op,), sources, target, given, tuple(steps), data, result))
        return self.found[-1]
