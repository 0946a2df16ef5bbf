"""Linear maps in Numba: tiles of outputs whose sums stay in registers while the inputs go by.

A tile computes :data:`ROWS` outputs. Its constants, of the tile's type, are laid out as :func:`tile_constants` says.
Data are rows of events, one an input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from isobit.engines.numba.passes import round_integer
from isobit.engines.numba.vectors import Vectors, nothing, pointer

__all__ = ["HEAD", "ROWS", "clamp_tile", "general_tile", "linear_tile", "round_tile", "tile_constants"]

#: Outputs of a tile.
ROWS = 4
HEAD = 12


def tile_constants(weights: Any, start: Any, dtype: Any, head: Sequence[float] = (0, -1)) -> Any:
    """Constants of all tiles of a map.

    Parameters
    ----------
    weights
        Shape (n_in, n_out), in the order in which inputs are added.
    start
        Shape (n_out,): what the sums begin with.
    dtype
        Of the tile.
    head
        At most :data:`HEAD` constants: ``half, mask, low, high, shift, truths (5), zero``, see the tiles.

    Returns
    -------
    Flat array: for every tile the head, the starts, and for every input the weights of its outputs. Missing outputs of
    the last tile have zeros.
    """
    n_in, n_out = weights.shape
    tiles = -(-n_out // ROWS)
    filled = np.zeros((1 + n_in, tiles * ROWS), dtype=dtype)
    filled[0, :n_out] = start
    filled[1:, :n_out] = weights
    parts = filled.reshape(1 + n_in, tiles, ROWS).transpose(1, 0, 2).reshape(tiles, -1)
    heads = np.zeros((tiles, HEAD), dtype=dtype)
    heads[:, : len(head)] = np.array(head, dtype=dtype)
    return np.concatenate([heads, parts], axis=1).ravel()


def _linear(v: Vectors, head: Sequence[Any], total: Any, data: Any, weight: Any) -> Any:
    return v.multiply_add(data, weight, total)


def _rounded(v: Vectors, head: Sequence[Any], data: Any, weight: Any) -> Any:
    """A product rounded down, after half is added: integers keep their LSB and lose the bits below the mask."""
    half, mask = head[:2]
    shifted = v.multiply_add(data, weight, half)
    return v.floor(shifted) if v.floating else v.builder.and_(shifted, mask)


def _round(v: Vectors, head: Sequence[Any], total: Any, data: Any, weight: Any) -> Any:
    return v.add(total, _rounded(v, head, data, weight))


def _clamp(v: Vectors, head: Sequence[Any], total: Any, data: Any, weight: Any) -> Any:
    low, high = head[2:4]
    return v.clamp(v.add(total, v.clamp(_rounded(v, head, data, weight), low, high)), low, high)


def _general(v: Vectors, head: Sequence[Any], total: Any, data: Any, weight: Any) -> Any:
    if v.floating:
        raise TypeError("general tiles are made of integers")
    low, high, shift, zero = *head[2:5], head[10]

    def fold(x: Any) -> Any:
        clamped = v.clamp(x, low, high)
        return v.builder.select(v.compare("==", clamped, x), x, v.builder.and_(clamped, v.builder.not_(zero)))

    term = fold(round_integer(v, shift, head[5:10], v.multiply(data, weight)))
    return fold(v.add(total, term))


def _tile(name: str, step: Any) -> Any:
    """A tile with ``step(vectors, head, sum, data, weight)`` as its loop's body."""

    def build(  # type: ignore[no-untyped-def]
        typingctx, data, data_at, constants, constants_at, order, order_at, out, n_in, stride, events
    ):
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            x, c, rows = (pointer(context, builder, signature, args, place) for place in (0, 2, 4))
            to = context.make_array(signature.args[6])(context, builder, args[6]).data
            count, pitch, width = args[7:]
            v = Vectors(builder, x.type.pointee)
            index = width.type
            head = [v.repeat(c, place) for place in range(HEAD)]
            starts = [v.repeat(c, HEAD + row) for row in range(ROWS)]
            weights = v.at(c, HEAD + ROWS)
            sums = [cgutils.alloca_once(builder, v.type) for _ in range(ROWS)]
            lanes = ir.Constant(index, v.lanes)
            with cgutils.for_range(builder, builder.udiv(width, lanes)) as outer:
                event = builder.mul(outer.index, lanes)
                for start, total in zip(starts, sums, strict=True):
                    builder.store(start, total)
                with cgutils.for_range(builder, count) as inner:
                    source = builder.load(v.at(rows, inner.index))
                    numbers = v.load(x, builder.add(builder.mul(source, pitch), event))
                    here = builder.mul(inner.index, ir.Constant(index, ROWS))
                    for row, total in enumerate(sums):
                        weight = v.repeat(weights, builder.add(here, ir.Constant(index, row)))
                        builder.store(step(v, head, builder.load(total), numbers, weight), total)
                for row, total in enumerate(sums):
                    v.store(builder.load(total), to, builder.add(builder.mul(ir.Constant(index, row), width), event))
            return context.get_dummy_value()

        kinds = (data, data_at, constants, constants_at, order, order_at, out, n_in, stride, events)
        return nothing(kinds), code

    build.__name__ = build.__qualname__ = name
    return intrinsic(build)


#: ``tile(data, data_at, constants, constants_at, order, order_at, out, n_in, stride, events)``: arrays, each with the
#: place where it begins. Data are rows ``stride`` apart, order has the row of every summand; the beginning of out gets
#: ROWS rows of ``events`` numbers (whole vectors).
linear_tile = _tile("linear_tile", _linear)
#: The same, and every product is rounded down by itself, with ``half`` added before. Floats: products have the LSB 1;
#: integers: bits outside of ``mask`` are dropped.
round_tile = _tile("round_tile", _round)
#: The same, and products and partial sums are clamped to ``low .. high``.
clamp_tile = _tile("clamp_tile", _clamp)
#: The same on integers with any rounding (``shift``, ``truths``: :func:`isobit.engines.numba.passes.round_integer`);
#: and where ``zero`` is -1, what is outside of ``low .. high`` becomes 0.
general_tile = _tile("general_tile", _general)
