"""One product of nnet_mult.h on a column of events, and the bits that it needs on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed import law
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.products import Product
from isobit.model.weights import Weight

__all__ = ["product", "product_bits"]

Column = Any


def product(
    kind: Product, data: Column, weight: int, sign: int, data_type: FixedType, weight_type: FixedType
) -> Column:
    """One multiplication of nnet_mult.h by a constant weight, at the fraction of ``kind.exact_type``."""
    if kind is Product.MULT:
        return data * weight
    if kind is Product.BOTH_BINARY:
        return (data == weight) * (data - data + 1)
    if kind is Product.WEIGHT_BINARY:
        return -data if weight == 0 else data
    if kind is Product.DATA_BINARY:
        return weight * (2 * data - 1)
    if kind is Product.WEIGHT_TERNARY:
        return data * 0 if weight == 0 else -data if weight == -1 else data
    register = kind.exact_type(data_type, weight_type)
    shifted = assign(data, data_type, register)
    # A shift keeps the register's type: bits that leave it at either end are lost.
    shift = law.int64_shift(-weight) if data.dtype == np.int64 else -weight
    shifted = law.cast(shifted, shift, register.width, register.signed, law.TRN, law.WRAP, 0)
    return shifted if sign == 1 else assign(-shifted, register.sum_with(register), register)


def _bits(raw: Any) -> int:
    """Magnitude bits of the largest raw integer."""
    return max((abs(int(v)).bit_length() for v in raw.ravel()), default=0)


def product_bits(kind: Product, data: FixedType, weight: Weight) -> int:
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
