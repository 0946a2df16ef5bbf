"""What is said about the numbers of one op, and where a new op says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from isobit.analysis.ranges import BoolArray, IntArray, Range
from isobit.errors import UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Opaque

__all__ = ["KERNELS", "DenseBounds", "InnerBounds", "OpBounds", "Ranges", "op_bounds", "register_bounds"]

#: Bounds of all inputs of an op, in its order, each of shape (size,) and at its tensor's fraction.
Ranges = tuple[Range, ...]


@dataclass(frozen=True, eq=False)
class InnerBounds:
    """Bounds of a cast inside an op; ranges of the shape (output size,).

    Attributes
    ----------
    type
        The format that is written into.
    rounded
        Every number that it takes, rounded, before overflow.
    overflow
        Where a number may leave its range.
    """

    type: FixedType
    rounded: Range
    overflow: BoolArray


@dataclass(frozen=True, eq=False)
class OpBounds:
    """Bounds of one op; every range but those of :class:`DenseBounds` has the shape (output size,).

    Attributes
    ----------
    op
        The op.
    source
        The exact values that the cast into the result takes. For the functions with few values (binary and ternary
        tanh, thresholds) those values, before they are written in the result's format.
    rounded
        They, rounded to the result's LSB, before overflow.
    result
        What the op gives.
    result_overflow
        Where a value may leave the range of the result's format, as :meth:`isobit.Model.profile` counts it (which
        knows no overflow of the constants of the functions with few values).
    inner
        Casts on the way, by slot, of ops that have some (those of a Dense layer's accumulator aside).
    known
        False for a layer of which nothing is said but its format: it may overflow.
    """

    op: Op
    source: Range
    rounded: Range
    result: Range
    result_overflow: BoolArray
    inner: Mapping[str, InnerBounds] = field(default_factory=dict, kw_only=True)
    known: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, eq=False)
class DenseBounds(OpBounds):
    """Bounds of a Dense layer. All but the products are at the accumulator's fraction.

    Attributes
    ----------
    products
        Exact products, shape (n_in, n_out), at the fraction of ``Product.exact_type``.
    terms
        Products rounded to the accumulator's LSB, before overflow, shape (n_in, n_out).
    terms_exact
        Where that rounding drops no set bit because of the weight alone, whatever the data (``products.zeros`` knows of
        zeros in the data, too).
    term_overflow
        Where a term may leave the accumulator's range.
    start
        The bias in the accumulator: one value per neuron, shape (n_out,).
    partial
        Hull of the start and every sum in the kernel's order, each before overflow, shape (n_out,). Where an earlier
        one may overflow, the next ones go on from what the overflow mode can make of it.
    accum_overflow
        Where a term, the bias or a sum may leave the accumulator's range, shape (n_out,).
    free_sum
        Start plus the terms before overflow, nothing wrapped nor clamped, shape (n_out,).
    free_magnitude
        abs(start) + sum of max(abs(term)), shape (n_out,): bounds each partial sum in any order.
    accum
        The final accumulator, shape (n_out,).
    """

    products: Range
    terms: Range
    terms_exact: BoolArray
    term_overflow: BoolArray
    start: Range
    partial: Range
    accum_overflow: BoolArray
    free_sum: Range
    free_magnitude: IntArray
    accum: Range


#: (op, input tensors, their bounds) -> bounds of the op.
Kernel = Callable[[Any, Tensors, Ranges], OpBounds]
KernelT = TypeVar("KernelT", bound=Kernel)
KERNELS: dict[type[Op], Kernel] = {}


def register_bounds(op: type[Op]) -> Callable[[KernelT], KernelT]:
    """Say how an op's bounds follow from those of its inputs (decorator); a new op needs one to be planned."""

    def register(kernel: KernelT) -> KernelT:
        KERNELS[op] = kernel
        return kernel

    return register


def _unknown(op: Opaque) -> OpBounds:
    """A layer that says nothing of itself: any number of its format, and any overflow on the way."""
    everything = Range.of_type(op.output.type, op.output.size)
    return OpBounds(op, everything, everything, everything, np.ones(op.output.size, dtype=bool), known=False)


def op_bounds(op: Op, tensors: Tensors, ranges: Ranges) -> OpBounds:
    """Bounds of one op.

    Parameters
    ----------
    op, tensors
        The op and its input tensors.
    ranges
        Bounds of each input, shape (size,), at the tensor's fraction.

    Raises
    ------
    UnsupportedError
        If nobody has said how, see :func:`register_bounds`.
    """
    if isinstance(op, Opaque):
        kernel = KERNELS.get(type(op.layer))
        return _unknown(op) if kernel is None else replace(kernel(op.layer, tensors, ranges), op=op)
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(
            f"no bounds are known for op {op.tag!r} (layer {op.name!r}); known: "
            f"{', '.join(sorted(known.tag for known in KERNELS))}; register_bounds adds one"
        )
    return kernel(op, tensors, ranges)
