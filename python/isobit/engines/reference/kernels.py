"""hls4ml's layers by definition, on exact numbers, for many events at once.

Every kernel mirrors a loop nest of hls4ml's ``nnet_utils`` literally, index arithmetic included; ``assign`` is the
only place where a number changes. Nothing is shared with the other engines.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.engines.reference import array_law
from isobit.engines.reference.numbers import Numbers, where
from isobit.errors import RegistrationError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensors
from isobit.model.products import Product
from isobit.model.weights import Weight

__all__ = ["KERNELS", "Inputs", "assign", "product", "register_kernel", "signs_of", "supported", "values_of"]

#: The numbers of every input, in order, shape (size, events): ``data[i]`` is element i in every event.
Inputs = tuple[Numbers, ...]
Kernel = Callable[[Any, Tensors, Inputs], Numbers]
KERNELS: dict[type[Op], Kernel] = {}


def register_kernel(op: type[Op]) -> Callable[[Kernel], Kernel]:
    """Register how the reference computes an op (decorator): a function (op, input tensors, numbers) -> numbers.

    Raises
    ------
    RegistrationError
        If it has a reference already.
    """

    def register(kernel: Kernel) -> Kernel:
        if op in KERNELS:
            raise RegistrationError(
                f"op {op.tag!r} has a reference already, {KERNELS[op].__qualname__}; allowed is one "
                "(isobit.layers.forget takes back those of your layers)"
            )
        KERNELS[op] = kernel
        return kernel

    return register


def assign(values: Numbers | int, target: FixedType, source: FixedType | None = None) -> Numbers:
    """Assign values to variables; between variables of the same type it copies the bits."""
    if not isinstance(values, Numbers):
        values = Numbers.exactly(values)
    return array_law.quantise(values, target) if source is None else array_law.converted(values, source, target)


def values_of(weight: Weight) -> Numbers:
    """The numbers that the raw weights stand for, in C order, shape (n, 1); exponents are the bare exponents."""
    return Numbers.of(weight.raw.reshape(-1, 1), weight.type)


def signs_of(weight: Weight) -> Any:
    """1 where a power-of-two weight is positive, else 0; of other weights 1: shape (n, 1)."""
    return np.ones((weight.raw.size, 1), dtype=np.int64) if weight.signs is None else weight.signs.reshape(-1, 1)


def _power_of_two(exponents: Numbers) -> Numbers:
    """Two to the power of whole numbers."""
    powers = [Fraction(2) ** int(exponent) for exponent in exponents.finer(0).ravel()]
    fraction = max(power.denominator for power in powers).bit_length() - 1
    raw = np.array([int(power * 2**fraction) for power in powers], dtype=object)
    return Numbers(raw.reshape(exponents.shape), fraction, max(raw).bit_length())


def product(
    kind: Product, data: Numbers, weight: Numbers, sign: Any, data_type: FixedType, weight_type: FixedType
) -> Numbers:
    """Multiplications of nnet_mult.h, exact except for ``weight_exponential``, which works in its own format."""
    if kind is Product.MULT:
        return data * weight
    if kind is Product.BOTH_BINARY:
        return Numbers(data.equals(weight).astype(np.int64), 0, 1)
    if kind is Product.WEIGHT_BINARY:
        return where(weight.equals(0), -data, data)
    if kind is Product.DATA_BINARY:
        return where(data.equals(0), -weight, weight)
    if kind is Product.WEIGHT_TERNARY:
        return where(weight.equals(0), Numbers.exactly(0), where(weight.equals(-1), -data, data))
    half = data_type.width + weight_type.width
    register = FixedType(2 * half, half)
    shifted = assign(data, register)
    # A shift keeps the register's type: bits that leave it at either end are lost.
    shifted = assign(shifted * _power_of_two(weight), register)
    return where(sign == 1, shifted, assign(-shifted, register))


def supported(op: Op) -> Kernel:
    """The kernel of an op, or an error by name."""
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(
            f"layer {op.name!r} cannot be computed by its reference: op {op.tag!r} has no reference; "
            "isobit.layers.register_reference gives it one"
        )
    return kernel
