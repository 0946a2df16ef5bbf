"""What follows a linear map, in Numba: passes over the rows of a tile.

A pass has a head of :data:`HEAD` constants of the rows' type, of which the first two are the bounds ``low, high`` that its
results are clamped to, and then two constants ``a, b`` for every output. ``v`` is a number of the row:

======== ======================================================= =====================================================
pass     floats                                                  int64
======== ======================================================= =====================================================
LINE     v a + b                                                 the same
FLOOR    floor(v a + b)                                          (v a + b) >> head[2]
NEAR     v a + b to the nearest, ties to even                    -
ROUND    v rounded; head[2:5]: see :func:`_round_float`          see :func:`_round_integer`
WRAP     modulo head[4]; head[2:5]: lowest, 1 / span, span       low bits; head[2:4]: unused bits, mask
ZERO     0 outside of head[2] .. head[3]                         the same
LEAKY    v > 0: v head[2], else v head[3]                        the same
AT_LEAST v >= a: head[2], else head[3]                           the same
BETWEEN  v > a: head[2], else v > b: head[3], else head[4]       the same
======== ======================================================= =====================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from isobit.engines.emulator.vectors import VECTOR_BYTES, Vectors, nothing, pointer

__all__ = [
    "AT_LEAST",
    "BETWEEN",
    "FLOOR",
    "HEAD",
    "LAW",
    "LEAKY",
    "LINE",
    "NEAR",
    "ROUND",
    "WRAP",
    "ZERO",
    "apply",
    "convert",
]

LINE, FLOOR, NEAR, ROUND, WRAP, ZERO, LEAKY, AT_LEAST, BETWEEN, LAW = range(10)
HEAD = 8


def _line(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.clamp(v.multiply_add(x, a, b), head[0], head[1])


def _floor(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    scaled = v.multiply_add(x, a, b)
    return v.clamp(v.floor(scaled) if v.floating else v.builder.ashr(scaled, head[2]), head[0], head[1])


def _near(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    if not v.floating:
        return x
    return v.clamp(v.call("rint", v.multiply_add(x, a, b)), head[0], head[1])


def _round_float(v: Vectors, head: Sequence[Any], x: Any) -> Any:
    """Any float64: adding half to it could round, but what truncation drops is exact.

    Away from zero where more than head[2] was dropped; where just half was, if head[3] (x > 0) or head[4] (x < 0) is 1.
    """
    b, zero, half = v.builder, v.number(0), v.number(0.5)
    whole = v.call("trunc", x)
    rest = v.call("fabs", v.subtract(x, whole))
    negative = v.compare("<", x, zero)
    away = b.select(negative, v.number(-1), v.number(1))
    tie = b.and_(v.compare("==", rest, half), v.compare("==", b.select(negative, head[4], head[3]), v.number(1)))
    up = b.or_(v.compare(">", rest, head[2]), tie)
    return v.add(whole, b.select(up, away, zero))


def _round_integer(v: Vectors, head: Sequence[Any], x: Any) -> Any:
    """Division by 2**head[2]; up where the rest is above half (head[3]), and, of truths that are -1 or 0, where the rest

    is half and x is negative (head[4]), not negative (head[5]) or the result odd (head[6]), and where there is a rest
    and x is negative (head[7]).
    """
    b, zero, one = v.builder, v.number(0), v.number(1)

    def truth(condition: Any) -> Any:
        return b.sext(condition, v.type)

    down = b.ashr(x, head[2])
    rest = b.sub(x, b.shl(down, head[2]))
    half = b.lshr(b.shl(one, head[2]), one)
    negative, odd = truth(v.compare("<", x, zero)), truth(v.compare("==", b.and_(down, one), one))
    tie = b.or_(b.and_(negative, head[4]), b.or_(b.and_(b.not_(negative), head[5]), b.and_(odd, head[6])))
    up = b.and_(truth(v.compare("==", rest, half)), tie)
    up = b.or_(up, b.and_(truth(v.compare(">", rest, half)), head[3]))
    up = b.or_(up, b.and_(b.and_(negative, truth(v.compare("!=", rest, zero))), head[7]))
    return b.sub(down, up)


def _round(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.clamp((_round_float if v.floating else _round_integer)(v, head, x), head[0], head[1])


def _wrap(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    if v.floating:
        turns = v.floor(v.multiply(v.subtract(x, head[2]), head[3]))
        wrapped = v.subtract(x, v.multiply(turns, head[4]))
    else:
        wrapped = v.builder.and_(v.builder.ashr(v.builder.shl(x, head[2]), head[2]), head[3])
    return v.clamp(wrapped, head[0], head[1])


def _zero(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    inside = v.builder.and_(v.compare(">=", x, head[2]), v.compare("<=", x, head[3]))
    return v.builder.select(inside, x, v.number(0))


def _leaky(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    above = v.compare(">", x, v.number(0))
    return v.multiply(x, v.builder.select(above, head[2], head[3]))


def _at_least(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.builder.select(v.compare(">=", x, a), head[2], head[3])


def _between(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    lower = v.builder.select(v.compare(">", x, b), head[3], head[4])
    return v.builder.select(v.compare(">", x, a), head[2], lower)


def _pass(name: str, step: Any) -> Any:
    """A pass with ``step(vectors, head, x, a, b)`` as its loop's body."""

    def build(typingctx, rows, constants, constants_at, first, count, events):  # type: ignore[no-untyped-def]
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            x = context.make_array(signature.args[0])(context, builder, args[0]).data
            c = pointer(context, builder, signature, args, 1)
            start, number, width = args[3:]
            v = Vectors(builder, x.type.pointee)
            index = width.type
            head = [v.repeat(c, place) for place in range(HEAD)]
            lanes, two = ir.Constant(index, v.lanes), ir.Constant(index, 2)
            with cgutils.for_range(builder, number) as outer:
                pair = builder.add(builder.mul(builder.add(start, outer.index), two), ir.Constant(index, HEAD))
                a, b = v.repeat(c, pair), v.repeat(c, builder.add(pair, ir.Constant(index, 1)))
                row = builder.mul(outer.index, width)
                with cgutils.for_range(builder, builder.udiv(width, lanes)) as inner:
                    place = builder.add(row, builder.mul(inner.index, lanes))
                    v.store(step(v, head, v.load(x, place), a, b), x, place)
            return context.get_dummy_value()

        return nothing((rows, constants, constants_at, first, count, events)), code

    build.__name__ = build.__qualname__ = name
    return intrinsic(build)


_line_pass = _pass("line_pass", _line)
_floor_pass = _pass("floor_pass", _floor)
_near_pass = _pass("near_pass", _near)
_round_pass = _pass("round_pass", _round)
_wrap_pass = _pass("wrap_pass", _wrap)
_zero_pass = _pass("zero_pass", _zero)
_leaky_pass = _pass("leaky_pass", _leaky)
_at_least_pass = _pass("at_least_pass", _at_least)
_between_pass = _pass("between_pass", _between)


@register_jitable
def apply(kind, rows, constants, at, first, count, events):  # type: ignore[no-untyped-def]
    """One pass over the first ``count`` rows of ``events`` numbers, which are the outputs ``first`` and on."""
    if kind == FLOOR:
        _floor_pass(rows, constants, at, first, count, events)
    elif kind == LINE:
        _line_pass(rows, constants, at, first, count, events)
    elif kind == NEAR:
        _near_pass(rows, constants, at, first, count, events)
    elif kind == WRAP:
        _wrap_pass(rows, constants, at, first, count, events)
    elif kind == ROUND:
        _round_pass(rows, constants, at, first, count, events)
    elif kind == ZERO:
        _zero_pass(rows, constants, at, first, count, events)
    elif kind == LEAKY:
        _leaky_pass(rows, constants, at, first, count, events)
    elif kind == AT_LEAST:
        _at_least_pass(rows, constants, at, first, count, events)
    elif kind == BETWEEN:
        _between_pass(rows, constants, at, first, count, events)


@intrinsic
def convert(  # type: ignore[no-untyped-def]
    typingctx, source, source_at, source_stride, target, target_at, target_stride, count, events, left, right, mask
):
    """Copy rows into another type; integers as ``((v << left) >> right) & mask``."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, to = (pointer(context, builder, signature, args, place) for place in (0, 3))
        stride, target_pitch, number, width = args[2], args[5], args[6], args[7]
        sizes = [4 if str(p.type.pointee) in ("float", "i32") else 8 for p in (x, to)]
        lanes = VECTOR_BYTES // max(sizes)
        v, w = Vectors(builder, x.type.pointee, lanes), Vectors(builder, to.type.pointee, lanes)
        index = width.type
        if not v.floating:
            scalars = [builder.trunc(s, v.element) if v.size == 4 else s for s in args[8:]]
            up, down, keep = (v.splat(scalar) for scalar in scalars)
        step = ir.Constant(index, lanes)
        with cgutils.for_range(builder, number) as outer:
            with cgutils.for_range(builder, builder.udiv(width, step)) as inner:
                event = builder.mul(inner.index, step)
                value = v.load(x, builder.add(builder.mul(outer.index, stride), event))
                if not v.floating:
                    value = builder.and_(builder.ashr(builder.shl(value, up), down), keep)
                place = builder.add(builder.mul(outer.index, target_pitch), event)
                w.store(v.convert(value, w), to, place)
        return context.get_dummy_value()

    kinds = (source, source_at, source_stride, target, target_at, target_stride, count, events, left, right, mask)
    return nothing(kinds), code
