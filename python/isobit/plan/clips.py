"""Formats whose purpose is to clip: the clip of a quantised activation does not count as an overflow."""

from __future__ import annotations

from isobit.fixed.modes import Overflow, Rounding
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Activation, Op

__all__ = ["clips"]

#: Functions that QKeras quantisers have and hls4ml takes from a table (``quantized_sigmoid(use_real_sigmoid=True)``),
#: with whether they have negative values. Their formats reach one; a narrower one loses more than the end.
_BY_TABLE = {"sigmoid": False, "tanh": True}


def clips(op: Op, slot: str) -> bool:
    """Whether a slot is the result of an activation with its own quantiser, whose function includes the clip.

    hls4ml gives the result of a QKeras activation (``quantized_relu``, ``quantized_sigmoid``, ...) the quantiser's
    format, rounded by AP_RND_CONV and saturated by AP_SAT or AP_SAT_SYM.
    """
    kind = op.output.type
    return (
        slot == "result"
        and (isinstance(op, Activation) or (isinstance(op, TableActivation) and _is_quantised(op)))
        and kind.rounding is Rounding.RND_CONV
        and kind.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    )


def _is_quantised(op: TableActivation) -> bool:
    kind, negative = op.output.type, _BY_TABLE.get(op.function)
    return negative is not None and kind.max + kind.lsb >= 1 and (kind.signed or not negative)
