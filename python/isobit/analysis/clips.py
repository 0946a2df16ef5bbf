"""Formats that are made to be left: the clip of a quantised activation is no overflow."""

from __future__ import annotations

from isobit.fixed.modes import Overflow, Rounding
from isobit.model.ops import Activation, Op

__all__ = ["clips"]


def clips(op: Op, slot: str) -> bool:
    """Whether a slot is the result of an activation with a quantiser of its own, which clips as its function says.

    hls4ml gives the result of a QKeras activation (``quantized_relu``, ``quantized_bits``, ...) the quantiser's format,
    rounded by AP_RND_CONV and saturated by AP_SAT or AP_SAT_SYM.
    """
    kind = op.output.type
    return (
        slot == "result"
        and isinstance(op, Activation)
        and kind.rounding is Rounding.RND_CONV
        and kind.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    )
