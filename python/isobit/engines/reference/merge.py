"""Merges of two tensors by definition: the loops of nnet_merge.h."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, product, register_kernel
from isobit.engines.reference.numbers import Numbers, where
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.merge import DotProduct, Merge
from isobit.model.ops import Tensors
from isobit.model.products import Product

__all__ = ["dot_product", "merge"]


@register_kernel(Merge)
def merge(op: Merge, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``res[ii] = data1[ii % n_elem1] + data2[ii % n_elem2]``, and so on."""
    ii = np.arange(op.output.size)
    data1, data2 = (data[ii % len(data)] for data in inputs)
    kind1, kind2 = (tensor.type for tensor in tensors)
    res = op.output.type
    match op.function:
        case "add":
            return assign(data1 + data2, res, growth.sum_of(kind1, kind2))
        case "subtract":
            return assign(data1 - data2, res, growth.difference(kind1, kind2))
        case "multiply":
            return assign(data1 * data2, res, growth.product(kind1, kind2))
        case "average":
            half = Numbers(np.ones((1, 1), dtype=np.int64), 1, 0)
            mean = growth.product(growth.sum_of(kind1, kind2), FixedType(1, 0, False))
            return assign((data1 + data2) * half, res, mean)
    taken = data1 > data2 if op.function == "maximum" else data2 > data1
    return where(taken, assign(data1, res, kind1), assign(data2, res, kind2))


@register_kernel(DotProduct)
def dot_product(op: DotProduct, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::dot1d``, whose second input is to its product kernel what weights are."""
    (data1, data2), (kind1, kind2) = inputs, (tensor.type for tensor in tensors)
    kind = Product.WEIGHT_TERNARY if (kind2.is_int, kind2.signed, kind2.width) == (True, True, 2) else Product.MULT
    mult = assign(product(kind, data1, data2, None, kind1, kind2), op.accum, kind.exact_type(kind1, kind2))
    acc = assign(0, op.accum)
    for i_acc in range(len(data1)):
        acc = assign(acc + mult[[i_acc]], op.accum, growth.sum_of(op.accum, op.accum))
    return assign(acc, op.output.type, op.accum)
