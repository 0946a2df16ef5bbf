"""Which ops stay within int64, of those that are layers and primitives at once; see :mod:`.exact.int64`."""

from __future__ import annotations

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.fixed.law import INT64_BITS
from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, Tensors

__all__: list[str] = []


@register_int64(Activation)
def _activation(op: Activation, tensors: Tensors) -> bool:
    (tensor,) = tensors
    bits, fraction = tensor.type.width, tensor.type.fraction
    if op.function in ("hard_sigmoid", "hard_tanh"):
        assert op.slope is not None
        assert op.shift is not None
        top = max(fraction + op.slope.type.fraction, op.shift.type.fraction, 0)
        bits = 2 + max(
            bits + op.slope.type.width + top - fraction - op.slope.type.fraction,
            op.shift.type.width + top - op.shift.type.fraction,
            top,
        )
        fraction = top
    elif op.function == "leaky_relu":
        assert op.param is not None
        bits, fraction = bits + op.param.type.width, fraction + op.param.type.fraction
        if not cast_fits(tensor.type.width, tensor.type.fraction, op.output.type):
            return False
    elif op.function == "ternary_tanh":
        bits += 1 + abs(fraction)
    return (
        bits <= INT64_BITS and cast_fits(bits, fraction, op.output.type) and abs(op.output.type.fraction) < INT64_BITS
    )


@register_int64(Threshold)
def _threshold(op: Threshold, tensors: Tensors) -> bool:
    (tensor,) = tensors
    shift = abs(tensor.type.fraction - op.high.type.fraction)
    return max(tensor.type.width, op.high.type.width) + shift <= INT64_BITS
