"""Layer normalisation by definition: the loops of nnet_layernorm.h, variable by variable, on exact numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.layernorm import LayerNorm
from isobit.model.ops import Tensors

__all__ = ["layernorm"]


@register_kernel(LayerNorm)
def layernorm(op: LayerNorm, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::layernormalize``."""
    (tensor,), (data,), dim = tensors, inputs, op.scale.raw.size
    seq_len = len(data) // dim
    return joined([_layernorm_1d(op, data[j * dim : (j + 1) * dim], tensor.type) for j in range(seq_len)])


def _layernorm_1d(op: LayerNorm, data: Numbers, data_t: FixedType) -> Numbers:
    """``nnet::layernorm_1d``."""
    accum_t, table_t, dim = op.accum, op.table.type, len(data)
    both, squared = growth.sum_of(accum_t, accum_t), growth.product(accum_t, accum_t)
    k_inv = assign(Numbers.exactly(Fraction(1.0 / dim)), accum_t)
    sum_cache = sum_cache2 = Numbers.exactly(0)
    for i in range(dim):
        sum_cache = assign(sum_cache + assign(data[[i]], accum_t, data_t), accum_t, both)
    mean = assign(sum_cache * k_inv, accum_t, squared)
    data_diff = []
    for i in range(dim):
        data_diff.append(
            assign(assign(data[[i]], accum_t, data_t) - mean, accum_t, growth.difference(accum_t, accum_t))
        )
        diff = assign(data_diff[i] * data_diff[i], accum_t, squared)
        sum_cache2 = assign(sum_cache2 + diff, accum_t, both)
    var = assign(sum_cache2 * k_inv, accum_t, squared)
    # int index = var * table_size * inv_range_inv: cut toward zero, and the lowest 32 bits of it
    exact = truncated(var * (op.table.raw.size << op.range_power), 0).raw
    index = (exact + (1 << 31)) % (1 << 32) - (1 << 31)
    index = np.clip(index, 0, op.table.raw.size - 1).astype(np.int64)
    invert_sqr_table, scale, bias = (values_of(weight) for weight in (op.table, op.scale, op.bias))
    found = invert_sqr_table[index[0]]
    deno_inver = Numbers(found.raw.T, found.fraction, found.bits)
    form = growth.product(growth.product(accum_t, table_t), op.scale.type)
    total = growth.sum_of(form, op.bias.type)
    return joined(
        [assign(data_diff[i] * deno_inver * scale[[i]] + bias[[i]], op.output.type, total) for i in range(dim)]
    )
