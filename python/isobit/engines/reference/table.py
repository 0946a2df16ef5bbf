"""Table activations by definition: nnet_activation.h and nnet_activation_stream.h, on exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, where
from isobit.fixed.types import FixedType
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Tensors
from isobit.model.weights import Weight

__all__ = ["centred", "entries_of", "steps", "table_activation"]


def _as_int(value: Any) -> Any:
    """What is left of integers in C++ ints."""
    return ((value + 2**31) % 2**32 - 2**31).astype(np.int64)


def steps(values: Numbers, entries: int, span: int, type: FixedType) -> Any:
    """``int(x * entries / span)``: a quotient with the fraction bits of x, cut toward zero, in an int."""
    scaled = values * entries
    assert scaled.fraction == type.fraction
    magnitude = np.abs(scaled.raw) // abs(span)
    quotient = np.where((scaled.raw < 0) != (span < 0), -magnitude, magnitude)
    return _as_int(truncated(Numbers(quotient, scaled.fraction, scaled.bits), 0).raw)


def entries_of(table: Weight, index: Any) -> Numbers:
    """The entries, or the nearest that there are."""
    return Numbers.of(table.raw[np.clip(index, 0, len(table.raw) - 1)], table.type)


def centred(values: Numbers, table: Weight, span: int, type: FixedType) -> Numbers:
    """The entries of numbers of which 0 looks up the middle of the table."""
    return entries_of(table, _as_int(steps(values, len(table.raw), span, type) + len(table.raw) // 2))


@register_kernel(TableActivation)
def table_activation(op: TableActivation, tensors: Tensors, inputs: Inputs) -> Numbers:
    """The functions of nnet_activation.h and nnet_activation_stream.h that have a table."""
    (tensor,), (data,) = tensors, inputs
    table, result = op.table, op.output.type
    if op.function not in ("selu", "elu"):
        return assign(centred(data, table, 8 if op.function == "tanh" else 16, tensor.type), result, table.type)
    entries = entries_of(table, steps(data, len(table.raw), -8, tensor.type))
    if op.function == "selu":
        # With io_stream the constant has the data's type (nnet_activation_stream.h).
        kind = FixedType(16, 1, False) if op.param is None else tensor.type
        factor = assign(Numbers.exactly(Fraction(1.0507009873554805)), kind)
        exact = kind.product_with(tensor.type)
        above, below = assign(data * factor, result, exact), assign(entries, result, table.type)
    else:
        assert op.param is not None
        exact = op.param.type.product_with(table.type)
        above, below = assign(data, result, tensor.type), assign(entries * values_of(op.param), result, exact)
    return where(data >= 0, above, below)
