"""Gathered rows in Numba: few numbers of any rows for each output, combined in registers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from isobit.bounds.ranges import lowest
from isobit.engines.numba.vectors import Vectors, nothing
from isobit.plan.maps import COMBINATIONS, Gather
from isobit.plan.steps import Clamp, Zero

__all__ = ["combine_tile", "combining", "gather_constants"]

#: Constants before the factors: low, high, what is left of a number beyond them, the fill.
_HEAD = 4


def combining(found: Gather) -> int:
    """The tile's number of a combination."""
    return COMBINATIONS.index(found.combine)


def gather_constants(found: Gather, dtype: Any) -> Any:
    """Constants of the tile: the head, and the factors of every turn."""
    ends: Any = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    low, high, left = ends.min, ends.max, 1
    fold = found.sum[0] if found.sum else None
    if isinstance(fold, Clamp):
        low, high = (low if fold.low is None else fold.low), (high if fold.high is None else fold.high)
    elif isinstance(fold, Zero):
        low, high, left = lowest(fold.type), fold.type.raw_max, 0
    head = np.array([low, high, left, found.fill], dtype=dtype)
    return np.concatenate([head, np.broadcast_to(found.factors, found.index.shape).astype(dtype).ravel()])


def _sum(v: Vectors, a: Any, b: Any) -> Any:
    return v.add(a, b)


def _product(v: Vectors, a: Any, b: Any) -> Any:
    return v.multiply(a, b)


def _minimum(v: Vectors, a: Any, b: Any) -> Any:
    return v.builder.select(v.compare("<", b, a), b, a)


def _maximum(v: Vectors, a: Any, b: Any) -> Any:
    return v.builder.select(v.compare(">", b, a), b, a)


_JOIN = {"sum": _sum, "product": _product, "minimum": _minimum, "maximum": _maximum}


@intrinsic
def combine_tile(  # type: ignore[no-untyped-def]
    typingctx, rows, constants, constants_at, order, order_at, out, first, count, turns, outputs, how, events
):
    """Outputs ``first`` and on, ``count`` of them, as the first rows of ``out``.

    ``order`` has for every turn and output where its row begins in ``rows``, or -1 for the fill; ``how`` is a place in
    :data:`isobit.plan.maps.COMBINATIONS`, not that of ``dot``.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def address(place: int) -> Any:
            return context.make_array(signature.args[place])(context, builder, args[place]).data

        x, to = address(0), address(5)
        v = Vectors(builder, x.type.pointee)
        c, table = v.at(address(1), args[2]), v.at(address(3), args[4])
        start, number, depth, size, combination, width = args[6:]
        low, high, left, fill = (v.repeat(c, place) for place in range(_HEAD))
        factors = v.at(c, _HEAD)
        total = cgutils.alloca_once(builder, v.type)

        def taken(turn: Any, output: Any, event: Any) -> Any:
            place = builder.add(builder.mul(turn, size), output)
            row = builder.load(v.at(table, place))
            nothing_there = builder.icmp_signed("<", row, v.index(0))
            numbers = v.load(x, builder.add(builder.select(nothing_there, v.index(0), row), event))
            scaled = v.multiply(numbers, v.repeat(factors, place))
            # A condition of as many lanes: one condition for a whole vector is not selected everywhere.
            truth = builder.insert_element(
                ir.Constant(ir.VectorType(ir.IntType(1), v.lanes), ir.Undefined),
                nothing_there,
                ir.Constant(ir.IntType(32), 0),
            )
            mask = ir.Constant(ir.VectorType(ir.IntType(32), v.lanes), [0] * v.lanes)
            return builder.select(builder.shuffle_vector(truth, truth, mask), fill, scaled)

        def folded(value: Any) -> Any:
            inside = v.clamp(value, low, high)
            return builder.select(v.compare("==", inside, value), value, v.multiply(inside, left))

        def every(name: str) -> None:
            join, fold = _JOIN[name], folded if name == "sum" else (lambda value: value)
            with cgutils.for_range(builder, number) as outer, v.events(width, v.index(0)) as event:
                output = builder.add(start, outer.index)
                builder.store(fold(taken(v.index(0), output, event)), total)
                with cgutils.for_range_slice(builder, v.index(1), depth, v.index(1)) as (turn, _):
                    builder.store(fold(join(v, builder.load(total), taken(turn, output, event))), total)
                v.store(builder.load(total), to, builder.add(builder.mul(outer.index, width), event))

        v.switch(combination, {k: partial(every, name) for k, name in enumerate(_JOIN)})
        return context.get_dummy_value()

    kinds = (rows, constants, constants_at, order, order_at, out, first, count, turns, outputs, how, events)
    return nothing(kinds), code
