"""Tables of every number of a format by definition: ``nnet::unary_lut`` of nnet_activation.h."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined
from isobit.model.layers.unary_lut import UnaryLUT
from isobit.model.ops import Tensors

__all__ = ["unary_lut"]


@register_kernel(UnaryLUT)
def unary_lut(op: UnaryLUT, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``res[ii] = (res_T)table[index]``, where the index is the number's bits without a sign."""
    (tensor,), (data,), table = tensors, inputs, values_of(op.table)
    res = []
    for ii in range(len(data)):
        index = (data.raw[ii] % (1 << tensor.type.width)).astype(np.int64)
        found = table[index]
        res.append(assign(Numbers(found.raw.T, found.fraction, found.bits), op.output.type, op.table.type))
    return joined(res)
