"""The int64 lane: hls4ml's layers as Numba kernels over blocks of events. Imported at first use (Numba is slow to).

Formats, modes and shapes are run-time arguments, so nothing is recompiled when they change, and the machine code is
cached on disk. The kernels release the GIL; the engine runs them in its own threads, never in Numba's (whose threads
do not survive a fork).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from isobit.fixed import law
from isobit.fixed.assign import assign
from isobit.fixed.modes import Overflow
from isobit.fixed.types import FixedType
from isobit.model.accumulation import accumulation_order
from isobit.model.ops import Activation, BatchNorm, Dense, Product, Tensor, Threshold
from isobit.model.weights import Encoding

__all__ = ["LANES"]

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True}
_round_shift = njit(**_OPTIONS)(law.round_shift)
_overflow = njit(**_OPTIONS)(law.overflow)

# A cast as the kernels take it: an int64 array with these fields. LOW and HIGH are the range within which a rounded
# value is its own result, whatever the overflow mode.
_SHIFT, _WIDTH, _SIGNED, _ROUNDING, _OVERFLOW, _BITS, _COPY, _LOW, _HIGH = range(9)
_PRODUCTS = tuple(Product)
_MULT, _WEIGHT_BINARY, _DATA_BINARY, _BOTH_BINARY, _WEIGHT_TERNARY, _EXPONENTIAL = range(6)
_LINEAR, _RELU, _LEAKY_RELU, _BINARY_TANH, _TERNARY_TANH, _HARD_SIGMOID, _HARD_TANH = range(7)


def cast_spec(source: FixedType, target: FixedType) -> Any:
    """Describe the cast of one format into another."""
    copy, target = source == target, target.as_assigned(source)
    symmetric = target.overflow is Overflow.SAT_SYM and target.signed and target.width > 1
    inside = target.width <= law.INT64_BITS
    return np.array(
        [
            law.int64_shift(source.fraction - target.fraction),
            target.width,
            target.signed,
            target.rounding,
            target.overflow,
            target.saturation_bits,
            copy,
            (-target.raw_max if symmetric else target.raw_min) if inside else 0,
            target.raw_max if inside else 0,
        ],
        dtype=np.int64,
    )


@njit(**_OPTIONS)
def _assign(value, spec):  # type: ignore[no-untyped-def]
    if spec[_COPY] != 0:
        return value
    shift = spec[_SHIFT]
    rounded = _round_shift(value, shift, spec[_ROUNDING])
    if spec[_LOW] <= rounded <= spec[_HIGH]:
        return rounded
    floor = value >> shift if shift > 0 else rounded
    return _overflow(rounded, floor, spec[_WIDTH], spec[_SIGNED], spec[_OVERFLOW], spec[_BITS])


@njit(**_OPTIONS)
def _product(kind, data, weight, sign, register, align):  # type: ignore[no-untyped-def]
    """Multiply as nnet_mult.h; ``register`` and ``align`` describe the register of weight_exponential."""
    if kind == _MULT:
        return data * weight
    if kind == _WEIGHT_BINARY:
        return -data if weight == 0 else data
    if kind == _DATA_BINARY:
        return -weight if data == 0 else weight
    if kind == _BOTH_BINARY:
        return np.int64(data == weight)
    if kind == _WEIGHT_TERNARY:
        return data * np.int64(0) if weight == 0 else (-data if weight == -1 else data)
    value = _assign(data, align)
    value = _round_shift(value, -weight, register[_ROUNDING])
    value = _overflow(value, value, register[_WIDTH], register[_SIGNED], register[_OVERFLOW], register[_BITS])
    if sign == 0:
        value = _assign(-value, register)
    return value


@njit(**_OPTIONS)
def _dense(x, weights, signs, start, order, kind, register, align, term, add, scaling, narrow, result, out):  # type: ignore[no-untyped-def]
    n_out, n_in = order.shape
    for event in range(x.shape[0]):
        for j in range(n_out):
            total = start[j]
            for position in range(n_in):
                i = order[j, position]
                k = i * n_out + j
                exact = _product(kind, x[event, i], weights[k], signs[k], register, align)
                total = _assign(total + _assign(exact, term), add)
            if scaling.shape[0] > 0:  # nnet_mult.h: matches to sum of signs, in an ap_int just wide enough
                total = _assign(((2 * total) << scaling[0]) - scaling[1], narrow)
            out[event, j] = _assign(total, result)


@njit(**_OPTIONS)
def _normalize(x, scales, signs, biases, kind, register, align, up, result, out):  # type: ignore[no-untyped-def]
    for event in range(x.shape[0]):
        for i in range(x.shape[1]):
            k = i % scales.shape[0]
            exact = _product(kind, x[event, i], scales[k], signs[k], register, align)
            out[event, i] = _assign((exact << up) + biases[k], result)


@njit(**_OPTIONS)
def _elementwise(function, x, plain, special, doubling, constants, out):  # type: ignore[no-untyped-def]
    for event in range(x.shape[0]):
        for i in range(x.shape[1]):
            value = x[event, i]
            if function == _LINEAR:
                out[event, i] = _assign(value, plain)
            elif function == _RELU:
                out[event, i] = _assign(value, plain) if value > 0 else 0
            elif function == _LEAKY_RELU:
                out[event, i] = _assign(value, plain) if value > 0 else _assign(value * constants[0], special)
            elif function == _BINARY_TANH:
                out[event, i] = constants[1] if value >= 0 else constants[0]
            elif function == _TERNARY_TANH:
                doubled = _assign(2 * value, doubling) << constants[4]
                if doubled > constants[3]:
                    out[event, i] = constants[2]
                elif doubled > -constants[3]:
                    out[event, i] = constants[1]
                else:
                    out[event, i] = constants[0]
            else:
                line = ((value * constants[0]) << constants[1]) + constants[2]
                line = min(max(line, 0), constants[3])
                if function == _HARD_TANH:
                    line = 2 * line - constants[3]
                out[event, i] = _assign(line, special)


@njit(**_OPTIONS)
def _threshold(x, high, low, ternary, up, out):  # type: ignore[no-untyped-def]
    for event in range(x.shape[0]):
        for i in range(x.shape[1]):
            k = i % high.shape[0]
            value = x[event, i] << up
            if not ternary:
                out[event, i] = 1 if value >= high[k] else 0
            elif value > high[k]:
                out[event, i] = 1
            else:
                out[event, i] = -1 if value <= low[k] else 0


def _ints(weight: Any) -> tuple[Any, Any]:
    raw = np.ascontiguousarray(weight.raw.ravel().astype(np.int64))
    if weight.encoding is Encoding.EXPONENT:
        raw = np.maximum(raw, -63)  # a right shift by more gives the same, and int64 has no other
    signs = np.ones_like(raw) if weight.signs is None else np.ascontiguousarray(weight.signs.ravel().astype(np.int64))
    return raw, signs


def _product_specs(kind: Product, tensor: Tensor, weight: Any) -> tuple[int, Any, Any]:
    form = kind.exact_type(tensor.type, weight.type)
    return _PRODUCTS.index(kind), cast_spec(form.sum_with(form), form), cast_spec(tensor.type, form)


def dense(op: Dense, tensor: Tensor) -> Any:
    """Bind a Dense op: a function (x, out) over a block of events."""
    kind = Product.of(tensor, op.weight)
    form = kind.exact_type(tensor.type, op.weight.type)
    weights, signs = _ints(op.weight)
    number, register, align = _product_specs(kind, tensor, op.weight)
    biases = op.bias.raw.astype(np.int64)
    start = assign(biases, op.bias.type, op.accum)
    order = np.ascontiguousarray(accumulation_order(op))
    term = cast_spec(form, op.accum)
    add = cast_spec(op.accum.sum_with(op.accum), op.accum)
    source, scaling, narrow = op.accum, np.empty(0, dtype=np.int64), add
    if tensor.type == op.weight.type == FixedType.int_type(1, signed=False):
        n_in = op.weight.shape[0]
        source = FixedType.int_type((n_in - 1).bit_length() + 2)
        fraction = max(0, op.accum.fraction)
        scaling = np.array([max(0, -op.accum.fraction), n_in << fraction], dtype=np.int64)
        narrow = cast_spec(FixedType.from_bits(op.accum.width + 64, fraction=fraction), source)
    result = cast_spec(source, op.output.type)
    return lambda x, out: _dense(
        x, weights, signs, start, order, number, register, align, term, add, scaling, narrow, result, out
    )


def batchnorm(op: BatchNorm, tensor: Tensor) -> Any:
    """Bind a BatchNorm op."""
    kind = Product.of(tensor, op.scale)
    form = kind.exact_type(tensor.type, op.scale.type)
    scales, signs = _ints(op.scale)
    number, register, align = _product_specs(kind, tensor, op.scale)
    total = form.sum_with(op.bias.type)
    biases = op.bias.raw.ravel().astype(np.int64) << (total.fraction - op.bias.type.fraction)
    up = total.fraction - form.fraction
    result = cast_spec(total, op.output.type)
    return lambda x, out: _normalize(x, scales, signs, biases, number, register, align, up, result, out)


def activation(op: Activation, tensor: Tensor) -> Any:
    """Bind an Activation op."""
    source, target = tensor.type, op.output.type
    number = Activation.FUNCTIONS.index(op.function)
    plain = cast_spec(source, target)
    special, doubling = plain, cast_spec(source.sum_with(source), source)
    constants = [0]
    if op.function == "leaky_relu":
        assert op.param is not None
        constants = [int(op.param.raw.ravel()[0])]
        special = cast_spec(source.product_with(op.param.type), target)
    elif op.function == "binary_tanh":
        one_bit = target == FixedType.int_type(1, signed=False)
        constants = [0, 1] if one_bit else [_whole(-1, target), _whole(1, target)]
    elif op.function == "ternary_tanh":
        constants = [_whole(value, target) for value in (-1, 0, 1)]
        constants += [1 << max(0, source.fraction), max(0, -source.fraction)]
    elif op.function in ("hard_sigmoid", "hard_tanh"):
        assert op.slope is not None
        assert op.shift is not None
        fraction = max(source.fraction + op.slope.type.fraction, op.shift.type.fraction, 0)
        constants = [
            int(op.slope.raw[0]),
            fraction - source.fraction - op.slope.type.fraction,
            int(op.shift.raw[0]) << (fraction - op.shift.type.fraction),
            1 << fraction,
        ]
        special = cast_spec(FixedType.from_bits(fraction + 2, fraction=fraction), target)
    values = np.array(constants, dtype=np.int64)
    return lambda x, out: _elementwise(number, x, plain, special, doubling, values, out)


def _whole(value: int, target: FixedType) -> int:
    return int(assign(np.array([value], dtype=np.int64), FixedType.int_type(32), target)[0])


def threshold(op: Threshold, tensor: Tensor) -> Any:
    """Bind a Threshold op."""
    shift = tensor.type.fraction - op.high.type.fraction
    high = _ints(op.high)[0] << max(0, shift)
    low = high if op.low is None else _ints(op.low)[0] << max(0, shift)
    ternary, up = op.low is not None, max(0, -shift)
    return lambda x, out: _threshold(x, high, low, ternary, up, out)


#: How each op is bound to its kernel.
LANES: dict[type, Any] = {Dense: dense, BatchNorm: batchnorm, Activation: activation, Threshold: threshold}
