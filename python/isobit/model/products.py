"""The products of hls4ml's kernels: plain, and those of binary, ternary and power-of-two numbers."""

from __future__ import annotations

from enum import Enum

from isobit.fixed.types import FixedType
from isobit.model.tensor import Tensor
from isobit.model.weights import Encoding, Weight

__all__ = ["Product"]


class Product(str, Enum):
    """How hls4ml multiplies data and weight (nnet_mult.h), chosen by ``FPGABackend.product_type``."""

    MULT = "mult"
    WEIGHT_BINARY = "weight_binary"
    DATA_BINARY = "data_binary"
    BOTH_BINARY = "both_binary"
    WEIGHT_TERNARY = "weight_ternary"
    WEIGHT_EXPONENTIAL = "weight_exponential"

    @classmethod
    def of(cls, data: Tensor, weight: Weight) -> Product:
        """The kernel that hls4ml takes for this data and weight."""
        if weight.encoding is Encoding.EXPONENT:
            return cls.WEIGHT_EXPONENTIAL
        if weight.encoding is Encoding.XNOR:
            return cls.BOTH_BINARY if data.xnor else cls.WEIGHT_BINARY
        if data.xnor:
            return cls.DATA_BINARY
        if weight.type.is_int and weight.type.signed and weight.type.width == 2:
            return cls.WEIGHT_TERNARY
        return cls.MULT

    def exact_type(self, data: FixedType, weight: FixedType) -> FixedType:
        """Format of the exact product, before it is cast to the accumulator."""
        if self is Product.BOTH_BINARY:
            return FixedType.int_type(1, signed=False)
        if self in (Product.WEIGHT_BINARY, Product.WEIGHT_TERNARY):
            return FixedType(data.width + 1, data.integer + 1)
        if self is Product.DATA_BINARY:
            return FixedType(weight.width + 1, weight.integer + 1)
        if self is Product.WEIGHT_EXPONENTIAL:
            half = data.width + weight.width
            return FixedType(2 * half, half)
        return data.product_with(weight)
