"""Every cast that a primitive makes: which format a number has, and into which it is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import NamedTuple

from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.dot import Dot
from isobit.model.expressions import results_of
from isobit.model.lookup import Lookup
from isobit.model.ops import Op, Tensors
from isobit.model.primitives import Formula, Select
from isobit.model.reduce import Reduce
from isobit.model.softmax import Softmax

__all__ = ["Cast", "casts_of", "undefined"]


class Cast(NamedTuple):
    """One cast of an op.

    Attributes
    ----------
    slot
        Slot of the format that is written into: ``accum``, ``result``, ...
    source, target
        Format of the exact number, and the format that it is written into.
    """

    slot: str
    source: FixedType
    target: FixedType


@singledispatch
def _casts(op: Op, tensors: Tensors) -> Iterator[Cast]:
    del op, tensors
    return iter(())


def casts_of(op: Op, tensors: Tensors) -> tuple[Cast, ...]:
    """Every cast of a primitive, in the order of computation; none for those that are not known.

    Parameters
    ----------
    op, tensors
        The primitive and its input tensors.
    """
    return tuple(_casts(op, tensors))


def undefined(cast: Cast) -> bool:
    """Whether AMD's headers leave the result undefined (docs/semantics.md, B9).

    An ``ap_int`` that takes a fixed-point number with negative integer bits is made from memory that was never written
    (``to_ap_int_base`` in ap_fixed_base.h).
    """
    return cast.target.is_int and not cast.source.is_int and cast.source.integer < 0


@_casts.register
def _dot(op: Dot, tensors: Tensors) -> Iterator[Cast]:
    (tensor,) = tensors
    if op.strategy == "distributed_arithmetic":
        yield Cast("result", op.form(tensor), op.output.type)
        return
    yield Cast("accum", op.bias.type, op.accum)
    yield Cast("accum", op.form(tensor), op.accum)
    yield Cast("result", op.signs if op.counts_matches(tensor) else op.accum, op.output.type)


@_casts.register
def _formula(op: Formula, tensors: Tensors) -> Iterator[Cast]:
    del tensors
    for result in results_of(op.outcome):
        yield Cast("result", result.form, op.output.type)


@_casts.register
def _select(op: Select, tensors: Tensors) -> Iterator[Cast]:
    for tensor in tensors:
        yield Cast("result", tensor.type, op.output.type)


@_casts.register
def _reduce(op: Reduce, tensors: Tensors) -> Iterator[Cast]:
    (tensor,) = tensors
    if op.function == "max" or op.cast_first:
        yield Cast("accum", tensor.type, op.accum)
    if op.function == "sum":
        yield Cast("accum", growth.sum_of(op.accum, op.accum if op.cast_first else tensor.type), op.accum)
    yield Cast("result", op.accum, op.output.type)


@_casts.register
def _lookup(op: Lookup, tensors: Tensors) -> Iterator[Cast]:
    (tensor,) = tensors
    entry, other = op.forms(tensor.type)
    yield Cast("result", entry, op.output.type)
    if op.index.sided:
        yield Cast("result", other, op.output.type)


@_casts.register
def _softmax(op: Softmax, tensors: Tensors) -> Iterator[Cast]:
    (tensor,) = tensors
    if op.exp_table is None or op.inv_table is None:
        return
    if op.inp_norm is not None:
        yield Cast("inp_norm", growth.difference(tensor.type, tensor.type), op.inp_norm)
    if op.accum is not None:
        yield Cast("accum", op.exp_table.type, op.accum)
        if op.inv_inp is not None:
            yield Cast("inv_inp", op.accum, op.inv_inp)
    exact = growth.product(op.exp_table.type, op.inv_table.type)
    yield Cast("result", op.inv_table.type if op.implementation == "legacy" else exact, op.output.type)
