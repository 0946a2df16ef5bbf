"""Which ops stay within int64, of those that are layers and primitives at once; see :mod:`.exact.int64`."""

from __future__ import annotations

from isobit.engines.exact.int64 import cast_fits, register_int64
from isobit.engines.exact.products import product_bits
from isobit.fixed.law import INT64_BITS
from isobit.fixed.types import FixedType
from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, Dense, Tensors
from isobit.model.products import Product
from isobit.model.set_ops import PointwiseConv

__all__: list[str] = []


@register_int64(Dense)
def _dense(op: Dense, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind = Product.of(tensor, op.weight)
    form = kind.exact_type(tensor.type, op.weight.type)
    one_bit = FixedType.int_type(1, signed=False)
    signs = 0  # bits of the sum of signs that matches of one-bit numbers become
    if tensor.type == op.weight.type == one_bit:
        signs = abs(op.accum.fraction) + op.weight.shape[0].bit_length() + 2
    return (
        cast_fits(product_bits(kind, tensor.type, op.weight), form.fraction, op.accum)
        and cast_fits(op.bias.type.width, op.bias.type.fraction, op.accum)
        and op.accum.width + 1 <= INT64_BITS
        and cast_fits(op.accum.width, op.accum.fraction, op.output.type)
        and op.accum.width + signs <= INT64_BITS
    )


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


@register_int64(PointwiseConv)
def _pointwise(op: PointwiseConv, tensors: Tensors) -> bool:
    (tensor,) = tensors
    return _dense(op.dense, (op.at_position(tensor),))
