"""Which ops stay within int64: the cheapest proof that the Numba lane is exact, by formats and weight magnitudes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from isobit.bounds.formula import expression_range, gathered
from isobit.bounds.ranges import Range
from isobit.fixed.law import INT64_BITS, int64_domain
from isobit.fixed.types import FixedType
from isobit.model.expressions import Expression, Result
from isobit.model.layers.elementwise import Threshold
from isobit.model.ops import Activation, BatchNorm, Dense, Op, Tensors
from isobit.model.primitives import Formula, Select
from isobit.model.products import Product
from isobit.model.set_ops import PointwiseConv, Pooling
from isobit.model.table_ops import Softmax, TableActivation
from isobit.model.weights import Weight

__all__ = ["fits_int64", "in_lane"]


def _bits(raw: Any) -> int:
    """Magnitude bits of the largest raw integer."""
    return max((abs(int(v)).bit_length() for v in raw.ravel()), default=0)


def _product_bits(kind: Product, data: FixedType, weight: Weight) -> int:
    """Magnitude bits of the product, at the fraction of its format."""
    if kind is Product.MULT:
        return data.width + _bits(weight.raw)
    form = kind.exact_type(data, weight.type)
    if kind is Product.WEIGHT_EXPONENTIAL:
        # In and out of the wide register: the data after its alignment, then shifted by the largest exponent.
        align = max(0, form.fraction - data.fraction)
        largest = max((int(exponent) for exponent in weight.raw.ravel()), default=0)
        return max(form.width + max(0, largest), data.width + align) + 1
    return form.width


def _cast(bits: int, fraction: int, target: FixedType) -> bool:
    return int64_domain(bits, fraction - target.fraction, target.width)


def _dense(op: Dense, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind = Product.of(tensor, op.weight)
    form = kind.exact_type(tensor.type, op.weight.type)
    one_bit = FixedType.int_type(1, signed=False)
    signs = 0  # bits of the sum of signs that matches of one-bit numbers become
    if tensor.type == op.weight.type == one_bit:
        signs = abs(op.accum.fraction) + op.weight.shape[0].bit_length() + 2
    return (
        _cast(_product_bits(kind, tensor.type, op.weight), form.fraction, op.accum)
        and _cast(op.bias.type.width, op.bias.type.fraction, op.accum)
        and op.accum.width + 1 <= INT64_BITS
        and _cast(op.accum.width, op.accum.fraction, op.output.type)
        and op.accum.width + signs <= INT64_BITS
    )


def _batchnorm(op: BatchNorm, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind = Product.of(tensor, op.scale)
    form = kind.exact_type(tensor.type, op.scale.type)
    fraction = max(form.fraction, op.bias.type.fraction)
    bits = 1 + max(
        _product_bits(kind, tensor.type, op.scale) + fraction - form.fraction,
        op.bias.type.width + fraction - op.bias.type.fraction,
    )
    return bits <= INT64_BITS and _cast(bits, fraction, op.output.type)


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
        if not _cast(tensor.type.width, tensor.type.fraction, op.output.type):
            return isinstance(op, Formula) and _formula(op, tensors)
    elif op.function == "ternary_tanh":
        bits += 1 + abs(fraction)
    return bits <= INT64_BITS and _cast(bits, fraction, op.output.type) and abs(op.output.type.fraction) < INT64_BITS


def _threshold(op: Threshold, tensors: Tensors) -> bool:
    (tensor,) = tensors
    shift = abs(tensor.type.fraction - op.high.type.fraction)
    return max(tensor.type.width, op.high.type.width) + shift <= INT64_BITS


def _pooling(op: Pooling, tensors: Tensors) -> bool:
    (tensor,) = tensors
    exact = op.accum.sum_with(tensor.type if op.order == "parallel" else op.accum)
    return (
        _cast(tensor.type.width, tensor.type.fraction, op.accum)
        and exact.width + 1 <= INT64_BITS
        and _cast(exact.width, exact.fraction, op.accum)
        and _cast(op.accum.width, op.accum.fraction, op.output.type)
    )


def _table(op: TableActivation, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind = tensor.type
    bits = kind.width + op.entries.bit_length() + max(0, -kind.fraction) + 1
    forms = [op.table.type] if op.centred else list(op.forms(kind))
    return bits <= INT64_BITS and all(_cast(form.width, form.fraction, op.output.type) for form in forms)


def _softmax(op: Softmax, tensors: Tensors) -> bool:
    (tensor,) = tensors
    kind, target = tensor.type, op.output.type
    if op.implementation == "argmax":
        return kind.width <= INT64_BITS and _cast(2, 0, target)
    assert op.exp_table is not None
    assert op.inv_table is not None
    exp, inv = op.exp_table.type, op.inv_table.type
    if op.implementation == "legacy":
        bits = kind.width + 2 + op.exp_table.raw.size.bit_length() + max(0, -kind.fraction)
        return max(bits, exp.width + op.inv_table.raw.size.bit_length()) < INT64_BITS and _cast(
            inv.width, inv.fraction, target
        )
    assert op.accum is not None
    assert op.inv_inp is not None
    accum = op.accum
    return (
        (op.inp_norm is None or _cast(kind.width + 2, kind.fraction, op.inp_norm))
        and kind.width <= INT64_BITS
        and _cast(exp.width, exp.fraction, accum)
        and _cast(accum.width + 1, accum.fraction, accum)
        and _cast(accum.width, accum.fraction, op.inv_inp)
        and _cast(accum.width + inv.width, accum.fraction + inv.fraction, target)
    )


def _formula(op: Formula, tensors: Tensors) -> bool:
    """Every part of the expression, for all numbers of the inputs' formats, aligned as sums and comparisons need it."""
    values = [gathered(Range.of_type(t.type, t.size), view) for t, view in zip(tensors, op.views, strict=True)]
    finest = 0

    def parts(expression: Expression) -> Iterator[Range]:
        nonlocal finest
        found = expression_range(expression, values)
        finest = max(finest, found.fraction)
        yield found
        for side in vars(expression).values():
            if not isinstance(side, (int, Weight)):
                yield from parts(side)

    results = [op.outcome] if isinstance(op.outcome, Result) else [op.outcome.over, op.outcome.under]
    sides = [] if isinstance(op.outcome, Result) else [op.outcome.left, op.outcome.right]
    ranges = [part for expression in (*sides, *(result.value for result in results)) for part in parts(expression)]
    if any(part.bits + finest - part.fraction > INT64_BITS for part in ranges):
        return False
    return all(
        _cast(expression_range(result.value, values).bits, result.form.fraction, op.output.type) for result in results
    )


def in_lane(op: Op, tensors: Tensors, raws: Sequence[Any]) -> tuple[Any, ...]:
    """Raw integers of an op's inputs for :mod:`isobit.engines.exact.vector`: int64 if that is exact, else Python's."""
    narrow = all(raw.dtype == np.int64 for raw in raws) and fits_int64(op, tensors)
    return tuple(raws) if narrow else tuple(raw.astype(object) for raw in raws)


def fits_int64(op: Op, tensors: Tensors) -> bool:
    """Tell whether every intermediate of an op provably stays within the law's int64 domain."""
    if isinstance(op, Dense):
        return _dense(op, tensors)
    if isinstance(op, BatchNorm):
        return _batchnorm(op, tensors)
    if isinstance(op, Activation):
        return _activation(op, tensors)
    if isinstance(op, Threshold):
        return _threshold(op, tensors)
    if isinstance(op, PointwiseConv):
        (tensor,) = tensors
        return _dense(op.dense, (op.at_position(tensor),))
    if isinstance(op, Pooling):
        return _pooling(op, tensors)
    if isinstance(op, Select):
        return all(_cast(tensor.type.width, tensor.type.fraction, op.output.type) for tensor in tensors)
    if isinstance(op, TableActivation):
        return _table(op, tensors)
    if isinstance(op, Softmax):
        return _softmax(op, tensors)
    return isinstance(op, Formula) and _formula(op, tensors)
