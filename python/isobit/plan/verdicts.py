"""What the bounds say about every cast of a network, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.bounds.alike import chained
from isobit.bounds.dot import at_position, distinct, dot_bounds, free_partial_sums
from isobit.bounds.ranges import IntArray, Range, cast_range
from isobit.bounds.reduce import ReduceBounds
from isobit.bounds.rules import DotBounds, OpBounds, SumBounds
from isobit.bounds.turns import turn_sums
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.ops import Op, Tensor, Tensors
from isobit.model.primitives import Opaque, is_alias
from isobit.model.reduce import Reduce
from isobit.model.tensor import reported
from isobit.plan.witnesses import Witness, Witnesses

__all__ = ["Verdict", "in_one", "verdicts_of"]

#: Numbers of a witness that are printed.
_SHOWN = 16


@dataclass(frozen=True)
class Verdict:
    """What the bounds say about one format of one layer.

    Attributes
    ----------
    layer, slot
        Where: ``accum`` is about products, bias and partial sums, ``result`` about the last cast; a softmax has others.
    type
        The format.
    bits
        Total bits that each neuron needs so that nothing overflows (in the format's own signedness), shape (n_out,).
    overflows
        Which neurons may leave the format, shape (n_out,).
    witnesses
        Inputs that make it happen, one for each neuron for which a search found one; None: there was no search.
    clips
        Whether it is the clip of a quantised activation, which is no overflow (:attr:`isobit.model.Op.clips`).
    known
        False for a layer of the user's that gives no bounds: nothing can be said.
    """

    layer: str
    slot: str
    type: FixedType
    bits: tuple[int, ...]
    overflows: tuple[bool, ...]
    witnesses: tuple[Witness, ...] | None = None
    clips: bool = False
    known: bool = True

    @property
    def safe(self) -> bool:
        """Whether no input can make it overflow."""
        return not any(self.overflows)

    def __str__(self) -> str:
        if not self.known:
            return f"{self.slot} {self.type}: not known whether it overflows, since the layer gives no bounds"
        if self.safe:
            return f"{self.slot} {self.type}: cannot overflow ({max(self.bits)} of {self.type.width} bits)"
        worst = int(np.argmax(np.where(self.overflows, self.bits, 0)))
        verb = "saturate" if self.type.overflow.name.startswith("SAT") else "wrap"
        may = (
            f"{self.slot} {self.type}: may {'clip, as it is made to' if self.clips else verb}: "
            f"{sum(self.overflows)} of {len(self.overflows)} neurons, neuron {worst} needs {self.bits[worst]} bits, "
            f"not {self.type.width}"
        )
        return may if self.witnesses is None else may + self._witnessed(verb)

    def _witnessed(self, verb: str) -> str:
        assert self.witnesses is not None
        if not self.witnesses:
            return f"; no input that makes it {verb} was found"
        shown = max(self.witnesses, key=lambda witness: witness.bits_needed)
        inputs = ", ".join(f"{name} = {_numbers(array)}" for name, array in shown.inputs.items())
        return (
            f"; inputs were found for {len(self.witnesses)} of them: neuron {shown.neuron} needs {shown.bits_needed} "
            f"bits for {inputs}"
        )


def _numbers(array: FixedArray) -> str:
    """The numbers of one event; the first of many."""
    values = array.to_float().ravel()
    shown = ", ".join(f"{value:.12g}" for value in values[:_SHOWN])
    return f"[{shown}{', ...' if len(values) > _SHOWN else ''}]"


def verdicts_of(
    op: Op, tensors: Tensors, found: OpBounds, witnesses: Witnesses | None, *, clips: bool = False
) -> list[Verdict]:
    """The verdicts on a primitive's casts.

    Parameters
    ----------
    op, tensors
        The primitive and its input tensors.
    found
        Its bounds.
    witnesses
        Inputs that overflow; None: there was no search.
    clips
        Whether the result is that of a layer whose function includes the clip (:attr:`isobit.model.Op.clips`).
    """
    verdicts = []
    if isinstance(op, Dot) and isinstance(found, DotBounds):
        (tensor,) = tensors
        needs = _unfolded(op, tensor, found).widths(op.accum.signed)
        verdicts.append(_verdict(op, "accum", op.accum, needs, found.accum_overflow, witnesses))
    if isinstance(op, Reduce) and isinstance(found, ReduceBounds) and found.needed is not None:
        needs = found.needed.widths(op.accum.signed)
        verdicts.append(_verdict(op, "accum", op.accum, needs, found.accum_overflow, witnesses))
    for slot, inside in found.inner.items():
        needs = inside.rounded.widths(inside.type.signed)
        verdicts.append(_verdict(op, slot, inside.type, needs, inside.overflow, None))
    if not is_alias(op, tensors):
        needs = found.rounded.widths(op.output.type.signed)
        searched = None if isinstance(op, Opaque) else witnesses
        verdict = _verdict(op, "result", op.output.type, needs, found.result_overflow, searched)
        verdicts.append(replace(verdict, clips=clips, known=found.known))
    return verdicts


def in_one(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Verdicts of a layer's steps on one slot as one, and of inner primitives only what may overflow."""
    found: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        key = verdict.layer, verdict.slot
        if (known := found.get(key)) is not None:
            bits, overflows = known.bits + verdict.bits, known.overflows + verdict.overflows
            verdict = replace(known, bits=bits, overflows=overflows)
        found[key] = verdict
    return [verdict for verdict in found.values() if "/" not in verdict.slot or not verdict.safe]


def _unfolded(op: Dot, tensor: Tensor, found: DotBounds) -> Range:
    """What accumulators would have to hold so that nothing overflows: bias, terms and sums before overflow."""
    first, which = distinct(op, found.values)
    sums = [found.hull]
    if len(first) > 1:
        parts = [at_position(op, found.values, position) for position in first.tolist()]
        sums = [dot_bounds(op.alone, (op.window(tensor),), (part,)).hull for part in parts]
    ends = [_ends(op, of) for of in sums]
    lows, highs = (chained(side, which) for side in zip(*ends, strict=True))
    # Where nothing overflows the bounds of the sums are those, or tighter.
    safe, partial = ~found.accum_overflow, found.partial
    return Range(np.where(safe, partial.low, lows), np.where(safe, partial.high, highs), partial.fraction)


def _ends(op: Dot, sums: SumBounds) -> tuple[IntArray, IntArray]:
    """The least and the greatest that one position's accumulators would have to hold."""
    terms, start = sums.terms, sums.start
    if op.in_turns:
        every = turn_sums(op, start, terms, folds=False)[0]
        low, high = every.low, every.high
    else:
        lows, highs = free_partial_sums(op, start, terms)
        low, high = lows.min(axis=0), highs.max(axis=0)
    # The bias, too, is cast into the accumulator.
    bias = cast_range(Range.constant(op.bias.raw.ravel(), op.bias.type.fraction), op.bias.type, op.accum).rounded
    low = np.minimum(np.minimum(low, terms.low.min(axis=0)), bias.low)
    return low, np.maximum(np.maximum(high, terms.high.max(axis=0)), bias.high)


def _verdict(op: Op, slot: str, type: FixedType, bits: Any, overflows: Any, witnesses: Witnesses | None) -> Verdict:
    layer, slot = reported(op.name, slot, op.output)
    mine = None if witnesses is None else tuple(w for w in witnesses if (w.layer, w.slot) == (layer, slot))
    return Verdict(layer, slot, type, tuple(bits.tolist()), tuple(overflows.tolist()), mine)
