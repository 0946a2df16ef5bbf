"""What follows a linear map, in Numba: passes over the rows of a tile.

A pass has a head of :data:`HEAD` constants of the rows' type, two constants ``a, b`` for every output, and entries of a
table. Results of the passes down to WRAP are clamped to the first two of the head, ``low, high``, and so is a number
that looks an entry up. ``v`` is a number of the row:

======== ======================================================= =====================================================
pass     floats                                                  int64
======== ======================================================= =====================================================
LINE     v a + b                                                 the same
FLOOR    floor(v a + b)                                          (v a + b) >> head[2]
NEAR     v a + b to the nearest, ties to even                    -
ROUND    v rounded; head[2:5]: see :func:`_round_float`          head[2:]: see :func:`round_integer`
WRAP     modulo head[4]; head[2:5]: lowest, 1 / span, span       low bits; head[2:4]: unused bits, mask
ZERO     0 outside of head[2] .. head[3]                         the same
SLOPES   v > a: v head[2], else v b                              the same
AT_LEAST v >= a: head[2], else head[3]                           the same
BETWEEN  v > a: head[2], else v > b: head[3], else head[4]       the same
LOOK_UP  number v + head[2] of the pass's constants              the same
======== ======================================================= =====================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic

from isobit.engines.numba.vectors import Vectors, nothing

__all__ = [
    "AT_LEAST",
    "BETWEEN",
    "FLOOR",
    "HEAD",
    "LINE",
    "LOOK_UP",
    "NEAR",
    "ROUND",
    "SLOPES",
    "WRAP",
    "ZERO",
    "finish",
    "round_integer",
]

LINE, FLOOR, NEAR, ROUND, WRAP, ZERO, SLOPES, AT_LEAST, BETWEEN, LOOK_UP = range(10)
HEAD = 8


def _line(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.clamp(v.multiply_add(x, a, b), head[0], head[1])


def _floor(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    scaled = v.multiply_add(x, a, b)
    return v.clamp(v.floor(scaled) if v.floating else v.builder.ashr(scaled, head[2]), head[0], head[1])


def _near(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
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


def round_integer(v: Vectors, shift: Any, truths: Sequence[Any], x: Any) -> Any:
    """Division by 2**shift, rounded; ``truths`` are -1 or 0.

    Up where the rest is above half (the first), where it is half and x is negative (the second), not negative (the
    third) or the result odd (the fourth), and where there is a rest and x is negative (the fifth).
    """
    b, zero, one = v.builder, v.number(0), v.number(1)

    def truth(condition: Any) -> Any:
        return b.sext(condition, v.type)

    down = b.ashr(x, shift)
    rest = b.sub(x, b.shl(down, shift))
    half = b.lshr(b.shl(one, shift), one)
    negative, odd = truth(v.compare("<", x, zero)), truth(v.compare("==", b.and_(down, one), one))
    tie = b.or_(b.and_(negative, truths[1]), b.or_(b.and_(b.not_(negative), truths[2]), b.and_(odd, truths[3])))
    up = b.and_(b.and_(truth(v.compare("==", rest, half)), truth(v.compare("!=", rest, zero))), tie)
    up = b.or_(up, b.and_(truth(v.compare(">", rest, half)), truths[0]))
    up = b.or_(up, b.and_(b.and_(negative, truth(v.compare("!=", rest, zero))), truths[4]))
    return b.sub(down, up)


def _round(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    rounded = _round_float(v, head, x) if v.floating else round_integer(v, head[2], head[3:], x)
    return v.clamp(rounded, head[0], head[1])


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


def _slopes(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.multiply(x, v.builder.select(v.compare(">", x, a), head[2], b))


def _at_least(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    return v.builder.select(v.compare(">=", x, a), head[2], head[3])


def _between(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any) -> Any:
    lower = v.builder.select(v.compare(">", x, b), head[3], head[4])
    return v.builder.select(v.compare(">", x, a), head[2], lower)


_STEPS = {
    LINE: _line,
    FLOOR: _floor,
    NEAR: _near,
    ROUND: _round,
    WRAP: _wrap,
    ZERO: _zero,
    SLOPES: _slopes,
    AT_LEAST: _at_least,
    BETWEEN: _between,
}


@intrinsic
def finish(typingctx, rows, constants, passes, begin, end, first, count, events):  # type: ignore[no-untyped-def]
    """Take rows through passes: ``count`` rows of ``events`` numbers each, which are the outputs ``first`` and on.

    ``passes`` holds pairs, kind and the place of its constants; those from ``begin`` to ``end`` are computed.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, c, table = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:3], args[:3], strict=True)
        )
        start, stop, offset, number, width = args[3:]
        v = Vectors(builder, x.type.pointee)
        one, two = v.index(1), v.index(2)
        with cgutils.for_range_slice(builder, start, stop, one) as (place, _):
            pair = builder.mul(place, two)
            kind, at = builder.load(v.at(table, pair)), builder.load(v.at(table, builder.add(pair, one)))
            here = v.at(c, at)
            head = [v.repeat(here, k) for k in range(HEAD)]

            def look_up(v: Vectors, head: Sequence[Any], x: Any, a: Any, b: Any, here: Any = here) -> Any:
                return v.taken(here, v.add(v.clamp(x, head[0], head[1]), head[2]))

            def one_pass(step: Any, here: Any = here, head: Any = head) -> None:
                with cgutils.for_range(builder, number) as outer:
                    own = builder.add(builder.mul(builder.add(offset, outer.index), two), v.index(HEAD))
                    a, b = v.repeat(here, own), v.repeat(here, builder.add(own, one))
                    row = builder.mul(outer.index, width)
                    with v.events(width, row) as spot:
                        v.store(step(v, head, v.load(x, spot), a, b), x, spot)

            steps = {**_STEPS, LOOK_UP: look_up}
            cases = {k: (lambda step=step: one_pass(step)) for k, step in steps.items() if v.floating or k != NEAR}
            v.switch(kind, cases)
        return context.get_dummy_value()

    return nothing((rows, constants, passes, begin, end, first, count, events)), code
