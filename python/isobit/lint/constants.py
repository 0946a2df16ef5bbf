"""Rules about weights, biases, scales and other constants."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isobit.bounds.constants import firmware_values, op_constants
from isobit.fixed.array import quantise_floats
from isobit.lint.rules import Context, Finding, rule
from isobit.model.weights import Encoding

__all__: list[str] = []

#: Relative error of a scale from which it is reported, and from which it is a warning.
_SCALE_NOTE, _SCALE_WARNING = 2.0**-6, 2.0**-3
#: Fraction bits that are proposed at most; a scale that needs more is as good as zero.
_MOST_BITS = 16


@rule("IB201", "constant-changed", "warning")
def changed(context: Context) -> Iterator[Finding]:
    """Constants leave their own format, or vanish in it.

    Weights, biases or table entries wrapped, saturated or became zero when they were written in their format; not what
    rounding does to every constant. Where Keras clips them to the same values, this is a note.
    """
    for change in context.plan.constants:
        if change.slot in ("scale", "table", "exp_table", "inv_table") and not (change.wrapped or change.lost):
            continue
        severity = "note" if change.as_in_keras else "warning"
        words = str(change).removeprefix(f"{change.layer}.{change.slot} ")
        yield Finding("IB201", severity, change.layer, change.slot, words, change.to_dict())


@rule("IB202", "scale-not-representable", "warning")
def scales(context: Context) -> Iterator[Finding]:
    """A BatchNorm's scale or bias cannot be written in its format.

    hls4ml folds a BatchNorm into one scale and one bias per channel and truncates both. A scale that is small against
    the format's LSB loses a large part of its value, and the whole channel with it: above 1/64 of the value this is a
    note, above 1/8, or where a scale becomes zero, a warning. The fix has fraction bits for an error below 1/64.
    """
    for op in context.graph.ops:
        for weight in op_constants(op):
            if weight.name != "scale" or weight.encoding is not Encoding.PLAIN:
                continue
            asked, got = weight.unquantised, firmware_values(weight)
            lsb = float(weight.type.lsb)
            nonzero = (asked != 0) & (np.abs(got - asked) < 2 * lsb)  # others left the format, of which IB201 speaks
            error = np.where(nonzero, np.abs(got - asked) / np.where(nonzero, np.abs(asked), 1.0), 0.0)
            worst = int(np.argmax(error))
            if error.max(initial=0.0) <= _SCALE_NOTE:
                continue
            smallest = float(np.abs(asked[nonzero]).min())
            fraction = max(weight.type.fraction, int(np.ceil(-np.log2(smallest))) + 6)
            fraction = min(fraction, weight.type.fraction + _MOST_BITS)
            more = fraction - weight.type.fraction
            kind = weight.type
            wide = kind.from_bits(
                kind.width + more, fraction=fraction, signed=kind.signed, rounding=kind.rounding, overflow=kind.overflow
            )
            zero = int(np.count_nonzero(nonzero & (got == 0)))
            words = (
                f"{kind} moves the scale of channel {worst} from {float(asked.ravel()[worst]):.6g} to "
                f"{float(got.ravel()[worst]):.6g}, {100 * float(error.max()):.3g} %"
            )
            severity = "warning" if zero or error.max() > _SCALE_WARNING else "note"
            yield Finding(
                "IB202",
                severity,
                op.name,
                weight.name,
                words + (f"; {zero} became 0" if zero else ""),
                {"channel": worst, "relative_error": float(error.max()), "zero": zero},
                {f"{op.name}.{weight.name}": str(wide)},
                f"{wide} has {fraction} fraction bits",
            )


@rule("IB203", "decimal-text", "note")
def decimal(context: Context) -> Iterator[Finding]:
    """Decimal text moves constants.

    hls4ml writes constants as decimal numbers with as many places as the format has fraction bits, and the firmware
    quantises what it reads: -0.0001 in a format with three fraction bits is written as -0.000 and read as 0, where the
    number itself would be truncated to -0.125. Constants that were rounded to the format before, as those of a network
    trained with quantisers are, are written exactly.
    """
    for op in context.graph.ops:
        for weight in op_constants(op):
            if weight.encoding is not Encoding.PLAIN or weight.type.is_int:
                continue
            wanted = quantise_floats(weight.written, weight.type).reshape(weight.shape)
            moved = wanted != weight.raw
            if not moved.any():
                continue
            at = tuple(int(i) for i in np.argwhere(moved)[0])
            yield Finding(
                "IB203",
                "note",
                op.name,
                weight.name,
                f"{weight.type}: {int(np.count_nonzero(moved))} of {moved.size} constants are others by their text; "
                f"the first is {float(weight.written[at]):.12g} at {list(at)}",
                {"constants": int(np.count_nonzero(moved)), "of": int(moved.size), "first": list(at)},
                fix="round the constants to the format before the conversion, or give the format more fraction bits",
            )
