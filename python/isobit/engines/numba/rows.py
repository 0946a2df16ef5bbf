"""Rows in Numba: from the caller's events into rows, from one type into another, and back to the caller."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from isobit.engines.numba.vectors import VECTOR_BYTES, Vectors, nothing, pointer

__all__ = ["F32", "F64", "FORMS", "I32", "I64", "OUT", "OUT_RAW", "PADDING", "convert", "gather", "lay"]

#: Types of rows, as the tables number them; OUT and OUT_RAW are the caller's arrays, float64 and int64.
I32, F32, F64, I64, OUT, OUT_RAW = range(6)
FORMS: tuple[Any, ...] = (np.int32, np.float32, np.float64, np.int64)


def _pair(builder: Any, source: Any, target: Any) -> tuple[Vectors, Vectors]:
    """Vectors of two types with as many lanes."""
    sizes = [4 if str(p.type.pointee) in ("float", "i32") else 8 for p in (source, target)]
    lanes = VECTOR_BYTES // max(sizes)
    return Vectors(builder, source.type.pointee, lanes), Vectors(builder, target.type.pointee, lanes)


def _arrays(context: Any, builder: Any, signature: Any, args: Any) -> list[Any]:
    """Addresses of all array arguments."""
    return [
        context.make_array(kind)(context, builder, value).data
        for kind, value in zip(signature.args, args, strict=True)
        if isinstance(kind, types.Array)
    ]


@intrinsic
def convert(  # type: ignore[no-untyped-def]
    typingctx, source, source_at, source_stride, target, target_at, target_stride, count, events, left, right, mask
):
    """Copy rows into another type; integers as ``((v << left) >> right) & mask``."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, to = (pointer(context, builder, signature, args, place) for place in (0, 3))
        stride, target_pitch, number, width = args[2], args[5], args[6], args[7]
        v, w = _pair(builder, x, to)
        if not v.floating:
            up, down, keep = (v.splat(builder.trunc(s, v.element) if v.size == 4 else s) for s in args[8:])
        with cgutils.for_range(builder, number) as outer, v.events(width, v.index(0)) as event:
            value = v.load(x, builder.add(builder.mul(outer.index, stride), event))
            if not v.floating:
                value = builder.and_(builder.ashr(builder.shl(value, up), down), keep)
            w.store(v.convert(value, w), to, builder.add(builder.mul(outer.index, target_pitch), event))
        return context.get_dummy_value()

    kinds = (source, source_at, source_stride, target, target_at, target_stride, count, events, left, right, mask)
    return nothing(kinds), code


@intrinsic
def gather(typingctx, source, start, features, column, count, events, limits, limit, rows, bad):  # type: ignore[no-untyped-def]
    """Columns of an array (events, features) as rows, and in ``bad[0]`` a 1 if a number is not within the limit.

    The limit is one of ``limits``; integers are not compared with it.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, ends, to, flag = _arrays(context, builder, signature, args)
        first, pitch, skip, number, width = args[1:6]
        v, w = _pair(builder, x, to)
        base = v.at(x, builder.add(builder.mul(first, pitch), skip))
        truths = ir.VectorType(ir.IntType(1), v.lanes)
        outside = cgutils.alloca_once_value(builder, ir.Constant(truths, [0] * v.lanes))
        limit = w.repeat(ends, args[7]) if w.floating else None
        with cgutils.for_range(builder, number) as outer, v.events(width, v.index(0)) as event:
            place = builder.add(builder.mul(event, pitch), outer.index)
            value: Any = ir.Constant(v.type, ir.Undefined)
            for lane in range(v.lanes):
                one = builder.load(v.at(base, place))
                value = builder.insert_element(value, one, ir.Constant(ir.IntType(32), lane))
                place = builder.add(place, pitch)
            value = v.convert(value, w)
            if w.floating:
                inside = builder.fcmp_ordered("<", w.call("fabs", value), limit)  # false for NaN
                builder.store(builder.or_(builder.load(outside), builder.not_(inside)), outside)
            w.store(value, to, builder.add(builder.mul(outer.index, width), event))
        bits = ir.IntType(v.lanes)
        some = builder.icmp_unsigned("!=", builder.bitcast(builder.load(outside), bits), ir.Constant(bits, 0))
        with builder.if_then(some):
            builder.store(v.index(1), flag)
        return context.get_dummy_value()

    return nothing((source, start, features, column, count, events, limits, limit, rows, bad)), code


@intrinsic
def lay(  # type: ignore[no-untyped-def]
    typingctx,
    rows,
    first,
    count,
    events,
    targets,
    begin,
    end,
    ints,
    floats,
    doubles,
    longs,
    out,
    raw,
    start,
    features,
    lsbs,
):
    """Lay rows down in every form that somebody reads.

    ``targets`` holds triples: the form, where it begins (the caller's arrays: its first column), and the place of its
    LSB in ``lsbs``. Rows are the features ``first`` and on.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, table, *spaces, units = _arrays(context, builder, signature, args)
        offset, number, width = args[1:4]
        from_target, to_target, event_0, pitch = args[5], args[6], args[13], args[14]
        index = Vectors.index

        def into(space: Any, at: Any, padding: int) -> None:
            v, w = _pair(builder, x, space)
            stride = builder.add(width, index(padding))
            base = builder.add(at, builder.mul(offset, stride))
            with cgutils.for_range(builder, number) as outer, v.events(width, index(0)) as event:
                value = v.convert(v.load(x, builder.add(builder.mul(outer.index, width), event)), w)
                w.store(value, space, builder.add(base, builder.add(builder.mul(outer.index, stride), event)))

        def leave(to: Any, column: Any, unit: Any) -> None:
            v, w = _pair(builder, x, to)
            lsb = w.repeat(units, unit) if w.floating else None
            base = builder.add(builder.mul(event_0, pitch), builder.add(column, offset))
            with cgutils.for_range(builder, number) as outer, v.events(width, index(0)) as event:
                value = v.convert(v.load(x, builder.add(builder.mul(outer.index, width), event)), w)
                if w.floating:  # + 0.0: no negative zero
                    value = w.add(w.multiply(value, lsb), w.number(0))
                place = builder.add(builder.add(base, outer.index), builder.mul(event, pitch))
                for lane in range(w.lanes):
                    builder.store(builder.extract_element(value, ir.Constant(ir.IntType(32), lane)), w.at(to, place))
                    place = builder.add(place, pitch)

        with cgutils.for_range_slice(builder, from_target, to_target, index(1)) as (place, _):
            triple = builder.mul(place, index(3))
            form, at, unit = (
                builder.load(builder.gep(table, [builder.add(triple, index(k))], inbounds=True)) for k in range(3)
            )
            cases: dict[int, Any] = {}
            for kind, space in enumerate(spaces):
                if kind < OUT:
                    cases[kind] = lambda kind=kind, space=space: into(space, at, PADDING[kind])
                else:
                    cases[kind] = lambda space=space: leave(space, at, unit)
            Vectors(builder, x.type.pointee).switch(form, cases)
        return context.get_dummy_value()

    kinds = (
        rows,
        first,
        count,
        events,
        targets,
        begin,
        end,
        ints,
        floats,
        doubles,
        longs,
        out,
        raw,
        start,
        features,
        lsbs,
    )
    return nothing(kinds), code


#: Numbers between rows: a cache line, so that the rows of one event do not all fall into the same sets of the cache.
PADDING = (16, 16, 8, 8)
