"""hls4ml's layers by definition, one event at a time, on exact fractions.

Every kernel mirrors a loop nest of hls4ml's ``nnet_utils`` literally, index arithmetic included; ``assign`` is the
only place where a number changes. Nothing is shared with the other engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from isobit.engines.reference import law
from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Activation, BatchNorm, Dense, Op, Product, Reshape, Tensor, Threshold
from isobit.model.weights import Weight

__all__ = ["KERNELS", "assign", "register_kernel", "supported", "values_of"]

#: Exact values of one event, in units of one.
Vector = Sequence[Fraction]
Kernel = Callable[..., list[Fraction]]
KERNELS: dict[type[Op], Kernel] = {}


def register_kernel(op: type[Op]) -> Callable[[Kernel], Kernel]:
    """Say how the reference computes an op (decorator): a function (op, input tensor, values) -> values."""

    def register(kernel: Kernel) -> Kernel:
        KERNELS[op] = kernel
        return kernel

    return register


def assign(value: Fraction, target: FixedType, source: FixedType | None = None) -> Fraction:
    """Assign a value to a variable; from a variable of the very same type it is a copy of the bits."""
    if source is None:
        return law.quantise(value, target) * target.lsb
    return law.converted(value, source, target) * target.lsb


def values_of(weight: Weight) -> list[Fraction]:
    """The numbers that the raw weights stand for, in C order; exponents are the bare exponents."""
    return [int(raw) * weight.type.lsb for raw in weight.raw.ravel()]


def product(
    kind: Product, data: Fraction, weight: Fraction, sign: int, data_type: FixedType, weight_type: FixedType
) -> Fraction:
    """One multiplication of nnet_mult.h, exact but for ``weight_exponential``, which works in a format of its own."""
    if kind is Product.MULT:
        return data * weight
    if kind is Product.BOTH_BINARY:
        return Fraction(data == weight)
    if kind is Product.WEIGHT_BINARY:
        return -data if weight == 0 else data
    if kind is Product.DATA_BINARY:
        return -weight if data == 0 else weight
    if kind is Product.WEIGHT_TERNARY:
        if weight == 0:
            return Fraction(0)
        return -data if weight == -1 else data
    half = data_type.width + weight_type.width
    register = FixedType(2 * half, half)
    shifted = assign(data, register)
    # A shift keeps the register's type: bits that leave it at either end are lost.
    shifted = assign(shifted * Fraction(2) ** int(weight), register)
    return shifted if sign == 1 else assign(-shifted, register)


def _ceil_log2(n: int) -> int:
    bits = 0
    while 2**bits < n:
        bits += 1
    return bits


def _stored(op: Dense) -> list[tuple[int, int]]:
    """(neuron, input) of the weights that CompressedWeightVariable stores, in its order.

    It walks over the weights row by row, keeps those that are not zero and the first zeros, as many as make the number
    a multiple of the reuse factor, and sorts.
    """
    n_in, n_out = op.weight.shape
    values = op.weight.written
    extra = -sum(1 for value in values.ravel() if value != 0) % op.reuse_factor
    stored = []
    for i in range(n_in):
        for j in range(n_out):
            if values[i, j] == 0:
                if extra == 0:
                    continue
                extra -= 1
            stored.append((j, i))
    return sorted(stored)


@register_kernel(Dense)
def dense(op: Dense, tensor: Tensor, data: Vector) -> list[Fraction]:
    """nnet_dense_latency.h, nnet_dense_resource.h, unrolled_codegen.py and nnet_dense_compressed.h."""
    n_in, n_out = op.weight.shape
    kind = Product.of(tensor, op.weight)
    weights = values_of(op.weight)
    signs = [1] * len(weights) if op.weight.signs is None else [int(s) for s in op.weight.signs.ravel()]
    accumulators = [assign(bias, op.accum, op.bias.type) for bias in values_of(op.bias)]

    def multiply(i: int, j: int) -> Fraction:
        """Product of input i and the weight to output j, cast to the accumulator's type."""
        k = i * n_out + j
        exact = product(kind, data[i], weights[k], signs[k], tensor.type, op.weight.type)
        return assign(exact, op.accum, kind.exact_type(tensor.type, op.weight.type))

    def add(j: int, term: Fraction) -> None:
        accumulators[j] = assign(accumulators[j] + term, op.accum)

    if op.kernel == "latency":
        for i in range(n_in):
            for j in range(n_out):
                add(j, multiply(i, j))
    elif op.kernel == "resource_unrolled":
        for step in range(op.reuse_factor):
            for position in range(step, n_in * n_out, op.reuse_factor):  # of the transposed weights
                j, i = divmod(position, n_in)
                if op.weight.written[i, j] != 0:
                    add(j, multiply(i, j))
    elif op.kernel == "compressed":
        stored = _stored(op)
        for step in range(op.reuse_factor):
            turn = [Fraction(0)] * n_out
            for j, i in stored[step :: op.reuse_factor]:
                turn[j] = assign(turn[j] + multiply(i, j), op.accum)
            for j in range(n_out):
                add(j, turn[j])
    elif op.kernel == "resource_rf_leq_nin":
        reuse = op.reuse_factor
        block = -(-n_in * n_out // reuse)
        scale = -(-n_in * n_out // min(n_in, reuse)) // n_out
        for step in range(reuse):
            i, j, in_output = step, 0, 0
            for _ in range(block):
                add(j, multiply(i, j))
                i += reuse
                if i >= n_in:
                    i = step
                if in_output + 1 >= scale:
                    in_output = 0
                    j += 1
                else:
                    in_output += 1
    else:
        reuse = min(op.reuse_factor, n_in * n_out)
        block = -(-n_in * n_out // op.reuse_factor)
        for step in range(reuse):
            i, j = step % n_in, step // n_in
            position = step
            for _ in range(block):
                add(j, multiply(i, j))
                position += reuse
                if position >= n_in * n_out:
                    break
                j += reuse // n_in

    result = []
    one_bit = FixedType.int_type(1, signed=False)
    for value in accumulators:
        if tensor.type == one_bit and op.weight.type == one_bit:
            # nnet_mult.h: the sum of matches becomes a sum of signs, in an ap_int just wide enough.
            narrow = FixedType.int_type(_ceil_log2(n_in) + 2)
            result.append(assign(assign(2 * value - n_in, narrow), op.output.type, narrow))
        else:
            result.append(assign(value, op.output.type, op.accum))
    return result


@register_kernel(BatchNorm)
def batchnorm(op: BatchNorm, tensor: Tensor, data: Vector) -> list[Fraction]:
    """``nnet::normalize`` of nnet_batchnorm.h."""
    kind = Product.of(tensor, op.scale)
    scales, biases = values_of(op.scale), values_of(op.bias)
    signs = [1] * len(scales) if op.scale.signs is None else [int(s) for s in op.scale.signs.ravel()]
    total = kind.exact_type(tensor.type, op.scale.type).sum_with(op.bias.type)
    result = []
    for index, value in enumerate(data):
        k = index % len(scales)
        exact = product(kind, value, scales[k], signs[k], tensor.type, op.scale.type)
        result.append(assign(exact + biases[k], op.output.type, total))
    return result


@register_kernel(Activation)
def activation(op: Activation, tensor: Tensor, data: Vector) -> list[Fraction]:
    """The functions of nnet_activation.h that need no table."""
    return [_FUNCTIONS[op.function](op, tensor, value) for value in data]


def _linear(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    return assign(value, op.output.type, tensor.type)


def _relu(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    return assign(value, op.output.type, tensor.type) if value > 0 else assign(Fraction(0), op.output.type)


def _leaky_relu(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    if value > 0:
        return assign(value, op.output.type, tensor.type)
    assert op.param is not None
    return assign(values_of(op.param)[0] * value, op.output.type, tensor.type.product_with(op.param.type))


def _binary_tanh(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    sign = Fraction(1 if value >= 0 else -1)
    if op.output.type == FixedType.int_type(1, signed=False):
        return Fraction(sign > 0)
    return assign(sign, op.output.type, FixedType.int_type(2))


def _ternary_tanh(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    doubled = assign(2 * value, tensor.type)
    if doubled > 1:
        return assign(Fraction(1), op.output.type)
    return assign(Fraction(0 if doubled > -1 else -1), op.output.type)


def _hard(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    assert op.slope is not None
    assert op.shift is not None
    line = values_of(op.slope)[0] * value + values_of(op.shift)[0]
    # The register of the line has the exact sum's LSB; where that is coarser than 1, the 1 written into it is cut to 0.
    finest = max(tensor.type.fraction + op.slope.type.fraction, op.shift.type.fraction)
    one = Fraction(1 if finest >= 0 else 0)
    return one if line > 1 else max(line, Fraction(0))


def _hard_sigmoid(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    return assign(_hard(op, tensor, value), op.output.type)


def _hard_tanh(op: Activation, tensor: Tensor, value: Fraction) -> Fraction:
    return assign(2 * _hard(op, tensor, value) - 1, op.output.type)


_FUNCTIONS: dict[str, Callable[[Activation, Tensor, Fraction], Fraction]] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}


@register_kernel(Threshold)
def threshold(op: Threshold, tensor: Tensor, data: Vector) -> list[Fraction]:
    """``normalize_binary_tanh`` and ``normalize_ternary_tanh`` of nnet_batchnorm.h."""
    high = values_of(op.high)
    if op.low is None:
        return [Fraction(value >= high[i % len(high)]) for i, value in enumerate(data)]
    low = values_of(op.low)
    result = []
    for i, value in enumerate(data):
        k = i % len(high)
        result.append(Fraction(1 if value > high[k] else -1 if value <= low[k] else 0))
    return result


@register_kernel(Reshape)
def reshape(op: Reshape, tensor: Tensor, data: Vector) -> list[Fraction]:
    """The same numbers."""
    return list(data)


def supported(op: Op) -> Kernel:
    """The kernel of an op, or an error by name."""
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(f"the reference engine has no kernel for op {op.tag!r} (layer {op.name!r})")
    return kernel
