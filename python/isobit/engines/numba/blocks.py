"""The loop over blocks of events, in Numba: one function for every network.

Formats, weights and shapes are tables (see :mod:`isobit.engines.numba.tables`), so that nothing is recompiled when
they change; the machine code is cached on disk. The function holds no GIL and starts no thread.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from numba import njit, types

from isobit.engines.numba.gathered import combine_tile
from isobit.engines.numba.passes import finish
from isobit.engines.numba.rows import F32, F64, I32, PADDING, convert, gather, lay
from isobit.engines.numba.tiles import HEAD, ROWS, clamp_tile, general_tile, linear_tile, round_tile
from isobit.private import not_private, unsafe_above

__all__ = ["COPY", "ENTER", "GATHER", "GENERAL", "LINEAR", "ROUNDED", "STRICT", "run"]

#: Maps: the caller's data, rows as they are, the tiles, and gathered rows.
ENTER, COPY, LINEAR, ROUNDED, STRICT, GENERAL, GATHER = range(7)


def _stamp() -> int:
    """Hash of the source: Numba's cache looks at the file of the cached function alone, this takes in the others."""
    names = ("vectors.py", "tiles.py", "gathered.py", "passes.py", "rows.py", "blocks.py")
    files = [Path(__file__).parent / name for name in names]
    return int.from_bytes(hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()[:7], "big") + 1


def _signature() -> Any:
    """Types of :func:`run`'s arguments, stated so that there is one compiled function, whatever is handed in."""
    longs, pairs = types.int64[::1], types.int64[:, ::1]
    numbers = [types.int32, types.float32, types.float64, types.int64]
    tables = [pairs, longs, longs, types.float64[::1], types.float64[::1], longs]
    each = types.Tuple([number[::1] for number in numbers])
    inputs = types.Tuple([types.Array(number, 2, "C", readonly=True) for number in numbers[1:]])
    outputs = types.Tuple([number[:, ::1] for number in numbers[2:]])
    return types.none(*tables, each, each, inputs, outputs, longs, longs)


def _may_cache() -> bool:
    """Whether what Numba keeps on disk is the user's own: it is unpickled when it is found."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    return not named or (unsafe_above(Path(named)) or not_private(Path(named))) is None


def _build(stamp: int) -> Any:
    narrow_padding, wide_padding = PADDING[F32], PADDING[F64]
    tile, head = ROWS, HEAD

    @njit(_signature(), nogil=True, cache=_may_cache(), error_model="numpy")
    def run(  # type: ignore[no-untyped-def]
        stages, passes, targets, limits, lsbs, order, constants, space, inputs, outputs, bad, span
    ):
        """Compute the events ``span[0] .. span[1]``, whole blocks of ``span[2]``.

        Parameters
        ----------
        stages, passes, targets, limits, lsbs, order, constants
            The tables. ``constants`` are arrays of int32, float32, float64 and int64.
        space
            Workspace, arrays of the same types; rows of a tile first.
        inputs
            The caller's data as float32, float64 or int64, shape (events, features); the others are empty.
        outputs
            Results as float64 or int64, shape (events, features); the other is empty.
        bad
            Becomes 1 if a number is not finite or not within its limit.
        """
        k_ints, k_floats, k_doubles, k_longs = constants
        ints, floats, doubles, longs = space
        single, double, whole = inputs
        out, raw = outputs
        block = span[2]
        narrow, wide = block + narrow_padding, block + wide_padding
        width, features = max(single.shape[1], double.shape[1], whole.shape[1]), max(out.shape[1], raw.shape[1])
        bad[0] = min(stamp, 0)  # 0; what is in the closure is part of the cache's key
        for start in range(span[0], span[1], block):
            for s in range(stages.shape[0]):
                kind, form, n_in, size, source, weights, at, compute, left, right, mask, p0, p1, t0, t1 = stages[s]
                for j in range(0, size, tile):
                    rows = min(tile, size - j)
                    c = weights + (j // tile) * (head + tile * (n_in + 1))
                    if form == I32:
                        if kind == STRICT:
                            clamp_tile(ints, source, k_ints, c, order, at, ints, n_in, narrow, block)
                        elif kind == GENERAL:
                            general_tile(ints, source, k_ints, c, order, at, ints, n_in, narrow, block)
                        else:
                            round_tile(ints, source, k_ints, c, order, at, ints, n_in, narrow, block)
                    elif form == F32:
                        if kind == COPY:
                            convert(floats, source + j * narrow, narrow, floats, 0, block, rows, block, 0, 0, -1)
                        elif kind == GATHER:
                            combine_tile(floats, k_floats, weights, order, at, floats, j, rows, n_in, size, left, block)
                        else:
                            linear_tile(floats, source, k_floats, c, order, at, floats, n_in, narrow, block)
                    elif form == F64:
                        if kind == ENTER and single.size > 0:
                            gather(single, start, width, source + j, rows, block, limits, at, doubles, bad)
                        elif kind == ENTER:
                            gather(double, start, width, source + j, rows, block, limits, at, doubles, bad)
                        elif kind == COPY:
                            convert(doubles, source + j * wide, wide, doubles, 0, block, rows, block, 0, 0, -1)
                        elif kind == GATHER:
                            # fmt: off
                            combine_tile(doubles, k_doubles, weights, order, at, doubles, j, rows, n_in, size, left,
                                         block)
                            # fmt: on
                        elif kind == LINEAR:
                            linear_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                        elif kind == ROUNDED:
                            round_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                        else:
                            clamp_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                    elif kind == ENTER:
                        gather(whole, start, width, source + j, rows, block, limits, at, longs, bad)
                    elif kind == COPY:
                        convert(longs, source + j * wide, wide, longs, 0, block, rows, block, 0, 0, -1)
                    elif kind == GATHER:
                        combine_tile(longs, k_longs, weights, order, at, longs, j, rows, n_in, size, left, block)
                    elif kind == GENERAL:
                        general_tile(longs, source, k_longs, c, order, at, longs, n_in, wide, block)
                    elif kind == STRICT:
                        clamp_tile(longs, source, k_longs, c, order, at, longs, n_in, wide, block)
                    else:
                        round_tile(longs, source, k_longs, c, order, at, longs, n_in, wide, block)
                    if compute == F32:
                        if form == I32:
                            convert(ints, 0, block, floats, 0, block, rows, block, left, right, mask)
                        finish(floats, k_floats, passes, p0, p1, j, rows, block)
                        # fmt: off
                        lay(floats, j, rows, block, targets, t0, t1, ints, floats, doubles, longs, out, raw, start,
                            features, lsbs)
                        # fmt: on
                    elif compute == F64:
                        if form == I32:
                            convert(ints, 0, block, doubles, 0, block, rows, block, left, right, mask)
                        elif form == F32:
                            convert(floats, 0, block, doubles, 0, block, rows, block, 0, 0, -1)
                        finish(doubles, k_doubles, passes, p0, p1, j, rows, block)
                        # fmt: off
                        lay(doubles, j, rows, block, targets, t0, t1, ints, floats, doubles, longs, out, raw, start,
                            features, lsbs)
                        # fmt: on
                    else:
                        if form == I32:
                            convert(ints, 0, block, longs, 0, block, rows, block, left, right, mask)
                        elif right > 0:
                            convert(longs, 0, block, longs, 0, block, rows, block, left, right, mask)
                        finish(longs, k_longs, passes, p0, p1, j, rows, block)
                        # fmt: off
                        lay(longs, j, rows, block, targets, t0, t1, ints, floats, doubles, longs, out, raw, start,
                            features, lsbs)
                        # fmt: on

    return run


#: See :func:`_build`.
run = _build(_stamp())
