"""hls4ml's layers on whole columns of events, with NumPy: int64 or Python integers, any width.

This computes what no lane does, at any width, and counts overflows (``tally``). All arithmetic goes through
``isobit.fixed.law``.

Arrays are event-last inside (``columns[i]`` holds input ``i`` of every event) so that one operation serves a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isobit.engines import domain
from isobit.engines.exact import tables as vector_tables
from isobit.engines.exact.dot import constants, dot
from isobit.engines.exact.formulas import formula, select
from isobit.engines.exact.opaque import opaque
from isobit.engines.exact.reduce import reduced
from isobit.engines.exact.tallies import Tally, ignore, of_index
from isobit.errors import UnsupportedError
from isobit.fixed.assign import assign
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.layers.elementwise import Threshold
from isobit.model.lookup import Lookup
from isobit.model.ops import Activation, Op, Tensor, Tensors
from isobit.model.primitives import Formula, Opaque, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

__all__ = ["Tally", "compute"]

#: Proofs for int64 of the layers that are primitives; importing the module registers them.
RULES = (domain,)

Column = Any
#: Of every input of an op, in order.
Columns = tuple[Column, ...]


def _activation(op: Activation, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    (tensor,), (data,) = tensors, inputs
    function = _FUNCTIONS[op.function]
    return np.stack([function(op, tensor, column, of_index(tally, "result", i)) for i, column in enumerate(data)])


def _linear(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    return assign(x, tensor.type, op.output.type, count)


def _relu(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    return _linear(op, tensor, x * (x > 0), count)


def _leaky_relu(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    assert op.param is not None
    slope = int(op.param.raw.ravel()[0])
    exact = tensor.type.product_with(op.param.type)
    negative = assign(x * slope * (x <= 0), exact, op.output.type, count)
    return np.where(x > 0, _relu(op, tensor, x, count), negative)


def _constant(value: int, like: Column, target: FixedType) -> Column:
    return assign(np.full(like.shape, value, dtype=like.dtype), FixedType.int_type(32), target)


def _binary_tanh(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    if op.output.type == FixedType.int_type(1, signed=False):
        return (x >= 0) * (x - x + 1)
    return np.where(x >= 0, _constant(1, x, op.output.type), _constant(-1, x, op.output.type))


def _ternary_tanh(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    doubled = assign(2 * x, tensor.type.sum_with(tensor.type), tensor.type)
    # Compared with 1 at a fraction that both have.
    extra = max(0, -tensor.type.fraction)
    doubled, one = doubled << extra, 1 << max(0, tensor.type.fraction)
    low = np.where(doubled > -one, _constant(0, x, op.output.type), _constant(-1, x, op.output.type))
    return np.where(doubled > one, _constant(1, x, op.output.type), low)


def _hard(op: Activation, tensor: Tensor, x: Column) -> tuple[Column, FixedType]:
    assert op.slope is not None
    assert op.shift is not None
    finest = max(tensor.type.fraction + op.slope.type.fraction, op.shift.type.fraction)
    fraction = max(finest, 0)
    line = (x * int(op.slope.raw[0])) << (fraction - tensor.type.fraction - op.slope.type.fraction)
    line = line + (int(op.shift.raw[0]) << (fraction - op.shift.type.fraction))
    one = 1 << fraction
    # A register whose LSB is coarser than 1 cuts the 1 that is written into it to 0.
    top = one if finest >= 0 else 0
    return np.where(line > one, top, np.where(line < 0, 0, line)).astype(x.dtype), FixedType.from_bits(
        fraction + 2, fraction=fraction
    )


def _hard_sigmoid(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    value, exact = _hard(op, tensor, x)
    return assign(value, exact, op.output.type, count)


def _hard_tanh(op: Activation, tensor: Tensor, x: Column, count: Any) -> Column:
    value, exact = _hard(op, tensor, x)
    return assign(2 * value - (1 << exact.fraction), exact, op.output.type, count)


_FUNCTIONS: dict[str, Callable[[Activation, Tensor, Column, Any], Column]] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}


def _threshold(op: Threshold, tensors: Tensors, inputs: Columns, tally: Tally) -> Column:
    (tensor,), (data,) = tensors, inputs
    high, _ = constants(op.high)
    shift = tensor.type.fraction - op.high.type.fraction
    columns = []
    for i, x in enumerate(data):
        k = i % len(high)
        value, bound = x << max(0, -shift), high[k] << max(0, shift)
        if op.low is None:
            columns.append((value >= bound) * (x - x + 1))
        else:
            low = int(op.low.raw.ravel()[k]) << max(0, shift)
            columns.append((value > bound) * (x - x + 1) - ((value <= low) & (value <= bound)))
    return np.stack(columns)


#: (op, input tensors, columns of each, tally) -> columns of the output.
Kernel = Callable[[Any, Tensors, Columns, Tally], Column]
KERNELS: dict[type[Op], Kernel] = {
    Dot: dot,
    Activation: _activation,
    Threshold: _threshold,
    Select: select,
    Formula: formula,
    Opaque: opaque,
    Reduce: reduced,
    Lookup: vector_tables.lookup,
    Softmax: vector_tables.softmax,
}


def compute(op: Op, tensors: Tensors, raws: Sequence[Any], tally: Tally | None = None) -> Any:
    """Compute one op on raw integers.

    Parameters
    ----------
    op, tensors
        The op and its input tensors.
    raws
        Of each input, shape (events, size); all int64 where the caller knows that every intermediate fits, otherwise
        all Python integers (:func:`isobit.engines.exact.int64.in_lane`).
    tally
        Called for every cast into the accumulator and into the result; None counts nothing.

    Returns
    -------
    Raw integers of the output, shape (events, output size), same dtype.
    """
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(f"the emulator has no kernel for op {op.tag!r} (layer {op.name!r})")
    columns = tuple(np.ascontiguousarray(raw.T) for raw in raws)
    return np.ascontiguousarray(kernel(op, tensors, columns, ignore if tally is None else tally).T)
