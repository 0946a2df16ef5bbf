"""Rules about ranges: what overflows, what is clipped, which bits are never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isobit.bounds.ranges import lowest
from isobit.fixed.array import FixedArray
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.lint.rules import Context, Finding, rule
from isobit.model.ops import Op, Tensor

if TYPE_CHECKING:
    from isobit.plan.verdicts import Verdict

__all__: list[str] = []

#: Formats that are tried for one that cannot overflow.
_TRIALS = 4


@rule("IB101", "accumulator-overflow", "warning")
def accumulators(context: Context) -> Iterator[Finding]:
    """An accumulator may overflow.

    The bounds of products and partial sums leave the accumulator's format. A sum that wraps changes its sign, one that
    saturates depends on the order in which the firmware adds. With events, those in which it happens are counted:
    then this is a warning. Without events, but with ranges of the inputs (``input_ranges``, or saved with the model),
    it is a warning, since some input within them is not proven harmless; for inputs of which nothing but the format is
    known it is a note.

    The format in the fix is proven: with it no input can make this accumulator overflow.
    """
    yield from _overflows(context, "IB101", accum=True)


@rule("IB102", "result-overflow", "warning")
def results(context: Context) -> Iterator[Finding]:
    """The cast into a result, or into a number inside a layer, may overflow.

    As for accumulators. Activations that clip by design (a quantised ReLU) are not reported.
    """
    yield from _overflows(context, "IB102", accum=False)


@rule("IB106", "bounds-unknown", "note")
def unknown(context: Context) -> Iterator[Finding]:
    """A layer of your own says nothing of its bounds.

    Nothing can then be said of its overflows, and layers after it are planned for every number of its result's format.
    Give the layer a ``lower`` or bounds (``isobit.layers.register_bounds``; docs/layers.md).
    """
    for layer in dict.fromkeys(verdict.layer for verdict in context.plan.verdicts if not verdict.known):
        kind = context.graph.by_name[layer].output.type
        words = f"the layer gives no bounds: any number of {kind} is taken for possible, and overflows are not known"
        fix = "lower the layer to isobit's, or register its bounds"
        yield Finding("IB106", "note", layer, "", words, {"type": str(kind)}, fix=fix)


def _overflows(context: Context, id: str, accum: bool) -> Iterator[Finding]:
    counted = {} if context.profile is None else {(c.layer, c.slot): c for c in context.profile.overflows}
    for verdict in context.plan.verdicts:
        if verdict.slot.startswith("accum") is not accum or verdict.clips or verdict.safe or not verdict.known:
            continue
        count = counted.get((verdict.layer, verdict.slot))
        seen = context.plan.limited if context.profile is None else count is not None
        verb = "saturate" if verdict.type.overflow.name.startswith("SAT") else "wrap"
        needed, neurons = max(verdict.bits), sum(verdict.overflows)
        evidence: dict[str, Any] = {"bits": needed, "width": verdict.type.width, "neurons": neurons}
        words = f"{verdict.type} may {verb} in {neurons} of {len(verdict.bits)} neurons: {needed} bits are needed"
        if count is not None:
            worst = int(count.events.max())
            evidence |= {"events": worst, "of": context.profile.events if context.profile is not None else 0}
            words = f"{verdict.type} does {verb} in up to {worst} of {evidence['of']} events; {needed} bits are needed"
        if verdict.witnesses:
            found = max(verdict.witnesses, key=lambda witness: witness.bits_needed)
            inputs = {name: array.to_float().ravel().tolist() for name, array in found.inputs.items()}
            evidence["witness"] = {"neuron": found.neuron, "bits": found.bits_needed, "inputs": inputs}
            words += f"; an input was found for which neuron {found.neuron} needs {found.bits_needed}"
        types, fix = _wider(context, verdict)
        yield Finding(id, "warning" if seen else "note", verdict.layer, verdict.slot, words, evidence, types, fix)


def _wider(context: Context, verdict: Verdict) -> tuple[dict[str, str], str]:
    """The format with as many integer bits as are proven to be enough, and a sign if negative numbers come."""
    from isobit.plan.plan import make_plan

    key = f"{verdict.layer}.{verdict.slot}"
    if key not in context.model.types:
        return {}, "widen the format inside the layer, or narrow the range of its inputs"
    # A sign, the number that a symmetric format lacks, or a bias that wrapped before may take more than the bits said.
    kind, needed = verdict.type, max(verdict.bits)
    for _ in range(_TRIALS):
        more = max(0, needed - kind.width)
        kind = replace(kind, width=kind.width + more, integer=kind.integer + more)
        graph = context.changed({key: kind})
        if graph is None:
            return {}, "another layer ties this format to its own: convert again with a wider one"
        found = make_plan(graph)[key]
        if found.safe:
            return {key: str(kind)}, f"{kind} cannot overflow"
        needed = max(*found.bits, kind.width + 1)
        kind = replace(kind, signed=True) if not kind.signed and kind.overflow is not Overflow.WRAP_SM else kind
    return {}, "widen the format, or narrow the range of the layer's inputs"


@rule("IB103", "input-clipped", "warning")
def inputs(context: Context) -> Iterator[Finding]:
    """The format of an input does not hold the data.

    Values of the events (or ends of the ranges given) lie outside the input's format, and reach the network wrapped or
    saturated. Needs events or ranges.
    """
    for tensor in context.graph.inputs:
        numbers, kind = context.values.get(tensor.name, np.zeros(0)), tensor.type
        if not numbers.size or tensor.xnor:
            continue
        low, high = float(kind.raw_min * kind.lsb), float(kind.raw_max * kind.lsb)
        # By the law: rounded as the input's format does, into one that holds everything.
        roomy = replace(_holding(kind, *(2 * float(end) for end in (numbers.min(), numbers.max()))), saturation_bits=0)
        roomy = replace(roomy, width=roomy.width + 1, integer=roomy.integer + 1, signed=True, overflow=Overflow.WRAP)
        raw = FixedArray.from_float(numbers, roomy).raw
        outside = int(np.count_nonzero((raw < lowest(kind)) | (raw > kind.raw_max)))
        if not outside:
            continue
        least, most = float(numbers.min()), float(numbers.max())
        wide = _holding(kind, least, most)
        saturates = kind.overflow.name.startswith("SAT")
        yield Finding(
            "IB103",
            "warning",
            tensor.name,
            "result",
            f"{kind} holds {low:g} to {high:g}, the data goes from {least:g} to {most:g}: {outside} of {numbers.size} "
            f"values {'saturate' if saturates else 'wrap'}",
            {"low": least, "high": most, "outside": outside, "values": int(numbers.size)},
            {f"{tensor.name}.result": str(wide)},
            f"{wide} holds them",
        )


def _holding(kind: FixedType, low: float, high: float) -> FixedType:
    """The format with the integer bits, and the sign, that a range needs."""
    signed = kind.signed or low < 0
    integer, width = kind.integer + (signed and not kind.signed), kind.width + (signed and not kind.signed)
    while True:
        wide = replace(kind, width=width, integer=integer, signed=signed)
        if wide.raw_min * wide.lsb <= low and high < (wide.raw_max + 1) * wide.lsb:
            return wide
        integer, width = integer + 1, width + 1


@rule("IB104", "unused-bits", "note")
def unused(context: Context) -> Iterator[Finding]:
    """Integer bits of a format can never be used.

    For every input that the formats allow, the upper bits are copies of the sign (or zero). Without them the firmware
    computes the same numbers, and every multiplier and register behind them is narrower. Results whose top bits address
    a table (a softmax's inputs) are left out: with fewer bits the table would be another one.
    """
    by_top_bits = (op for op in context.graph.ops if any(kind is not None for _, kind in op.resizable.values()))
    addressed = {tensor.name for op in by_top_bits for tensor in _sources(context, op)}
    for verdict in context.plan.verdicts:
        needed = max(verdict.bits, default=0)
        saved = verdict.type.width - needed
        key = f"{verdict.layer}.{verdict.slot}"
        if not verdict.safe or not verdict.known or saved < 1 or key not in context.model.types:
            continue
        if verdict.slot == "result" and verdict.layer in addressed | context.followers:
            continue
        if not _is_simple(verdict.type):
            continue
        narrow = replace(verdict.type, width=needed, integer=verdict.type.integer - saved)
        if not context.keeps_constants({key: narrow}):
            continue
        yield Finding(
            "IB104",
            "note",
            verdict.layer,
            verdict.slot,
            f"{verdict.type} uses {needed} of its {verdict.type.width} bits",
            {"bits": needed, "width": verdict.type.width},
            {key: str(narrow)},
            f"{narrow} holds the same numbers",
        )


def _is_simple(kind: FixedType) -> bool:
    """Whether a narrower format of the same modes holds the same numbers: it has no mode that counts bits."""
    simple = kind.overflow in (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO)
    return simple and not kind.is_int and not kind.saturation_bits


def _sources(context: Context, op: Op) -> Iterator[Tensor]:
    """Inputs of a layer, and what they rename."""
    for tensor in context.graph.inputs_of(op):
        yield tensor
        before = context.graph.by_name.get(tensor.name)
        if before is not None and before.renames:
            yield from _sources(context, before)


@rule("IB105", "sign", "warning")
def signs(context: Context) -> Iterator[Finding]:
    """A format has no sign and gets negative numbers, or has one and gets none.

    Negative numbers that are cast into an unsigned format that wraps become large positive ones. That is a warning if
    it happens in the events or within the ranges given, else a note. A sign that is always zero costs a bit: a note.
    """
    clips = {op.name for op in context.graph.ops if op.clips}
    counted = set() if context.profile is None else {f"{c.layer}.{c.slot}" for c in context.profile.overflows}
    types = context.model.types
    for layer, found in context.ranges():
        kind = context.graph.by_name[layer].output.type if layer in context.graph.by_name else None
        key = f"{layer}.result"
        if kind is None or key not in types or kind.is_int or layer in clips:
            continue
        low, high = int(np.min(found.low)), int(np.max(found.high))
        if not kind.signed and low < 0 and not kind.overflow.name.startswith("SAT"):
            least = float(low * kind.lsb)
            signed = replace(kind, width=kind.width + 1, integer=kind.integer + 1, signed=True)
            words = f"{kind} has no sign and may get numbers down to {least:g}, which wrap"
            seen = key in counted or context.plan.limited
            severity = "warning" if seen else "note"
            fix = f"{signed} has a sign"
            yield Finding("IB105", severity, layer, "result", words, {"low": least}, {key: str(signed)}, fix)
        elif kind.signed and low >= 0 and high <= kind.raw_max and kind.width > 1 and _is_simple(kind):
            unsigned = replace(kind, width=kind.width - 1, integer=kind.integer - 1, signed=False)
            if not context.keeps_constants({key: unsigned}):
                continue
            words = f"{kind} is never negative: its sign is always zero"
            yield Finding(
                "IB105", "note", layer, "result", words, {"low": float(low * kind.lsb)}, {key: str(unsigned)},
                f"{unsigned} holds the same numbers",
            )  # fmt: skip
