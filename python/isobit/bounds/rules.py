"""Bounds of the numbers of one op, and the registry of the functions that compute them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from isobit.bounds.ranges import BoolArray, IntArray, Range, cast_range
from isobit.errors import RangeError, RegistrationError, ShapeError, TypeMismatchError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Opaque

__all__ = [
    "KERNELS",
    "DotBounds",
    "InnerBounds",
    "OpBounds",
    "Ranges",
    "SumBounds",
    "bounds_of",
    "op_bounds",
    "register_bounds",
]

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
    """Bounds of one op; every range has the shape (output size,).

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
        Casts on the way, by slot, of ops that have some (an accumulator's aside, see :class:`DotBounds`).
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
class SumBounds:
    """Bounds of the sums of one position. All but the products are at the accumulator's fraction.

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


@dataclass(frozen=True, eq=False)
class DotBounds(OpBounds):
    """Bounds of sums over windows.

    Attributes
    ----------
    values
        The input, shape (input size,).
    hull
        Bounds at a position whose windows hold what those of any position hold.
    partial, accum_overflow, free_sum, accum
        As in :class:`SumBounds`, of every output: shape (output size,).
    """

    values: Range
    hull: SumBounds
    partial: Range
    accum_overflow: BoolArray
    free_sum: Range
    accum: Range


#: (op, input tensors, their bounds) -> bounds of the op.
Kernel = Callable[[Any, Tensors, Ranges], OpBounds]
KernelT = TypeVar("KernelT", bound=Kernel)
KERNELS: dict[type[Op], Kernel] = {}


def register_bounds(op: type[Op]) -> Callable[[KernelT], KernelT]:
    """Register how an op's bounds follow from its inputs' (decorator): (op, input tensors, their bounds) -> bounds.

    Raises
    ------
    RegistrationError
        If it has bounds already.
    """

    def register(kernel: KernelT) -> KernelT:
        if op in KERNELS:
            raise RegistrationError(
                f"op {op.tag!r} has bounds already, {KERNELS[op].__qualname__}; allowed is one function "
                "(isobit.layers.forget takes back those of your layers)"
            )
        KERNELS[op] = kernel
        return kernel

    return register


def _unknown(op: Opaque) -> OpBounds:
    """A layer that says nothing of itself: any number of its format, and any overflow on the way."""
    everything = Range.of_type(op.output.type, op.output.size)
    return OpBounds(op, everything, everything, everything, np.ones(op.output.size, dtype=bool), known=False)


def _checked(op: Opaque, found: Any) -> OpBounds:
    """What a layer says of itself, if it is what the stages after it can rely on."""
    who, kind, shape = f"the bounds of layer {op.name!r} ({op.layer.tag})", op.output.type, (op.output.size,)
    if not isinstance(found, OpBounds):
        raise TypeMismatchError(
            f"{who} are a {type(found).__name__}; expected OpBounds, as isobit.layers.bounds_of gives"
        )
    shapes = {found.source.shape, found.rounded.shape, found.result.shape, found.result_overflow.shape}
    if shapes != {shape}:
        raise ShapeError(f"{who} have the shapes {sorted(shapes)}; expected {shape}, the size of the result")
    low, high = int(found.result.low.min()), int(found.result.high.max())
    if found.result.fraction != kind.fraction or low < kind.raw_min or high > kind.raw_max:
        raise RangeError(
            f"{who} let its result have raw integers from {low} to {high} at {found.result.fraction} fraction bits; "
            f"{kind} has {kind.raw_min} to {kind.raw_max} at {kind.fraction}"
        )
    return replace(found, op=op)


def bounds_of(op: Op, exact: Range, form: FixedType | None = None) -> OpBounds:
    """Bounds of an op that casts exact numbers into its result, and does nothing else.

    Parameters
    ----------
    op
        The op.
    exact
        Bounds of the numbers before the cast, shape (output size,).
    form
        The format that AMD's arithmetic gives them, if it could be that of the result, which is then copied, not cast.
    """
    cast = cast_range(exact, form, op.output.type)
    return OpBounds(op, exact, cast.rounded, cast.result, cast.overflow)


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
        If no function is registered for it, see :func:`register_bounds`.
    """
    if isinstance(op, Opaque):
        kernel = KERNELS.get(type(op.layer))
        return _unknown(op) if kernel is None else _checked(op, kernel(op.layer, tensors, ranges))
    kernel = KERNELS.get(type(op))
    if kernel is None:
        raise UnsupportedError(
            f"no bounds are known for op {op.tag!r} (layer {op.name!r}); known: "
            f"{', '.join(sorted(known.tag for known in KERNELS))}; register_bounds adds one"
        )
    return kernel(op, tensors, ranges)
