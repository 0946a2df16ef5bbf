"""The loop over blocks of events, in Numba: one function for every network.

Formats, weights and shapes are tables (see :mod:`isobit.engines.emulator.tables`), so that nothing is recompiled when they
change; the machine code is cached on disk. The function holds no GIL and starts no thread.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from isobit.engines.emulator.passes import LAW, apply, convert
from isobit.engines.emulator.tiles import ROWS, clamp_tile, linear_tile, round_tile
from isobit.fixed import law

__all__ = ["COPY", "FORMS", "GENERAL", "I32", "I64", "F32", "F64", "LINEAR", "ROUNDED", "STRICT", "run", "strides"]

#: Types of rows, as the tables number them.
I32, F32, F64, I64 = range(4)
FORMS: tuple[Any, ...] = (np.int32, np.float32, np.float64, np.int64)
#: Maps.
COPY, LINEAR, ROUNDED, STRICT, GENERAL = range(5)


def strides(block: int) -> tuple[int, int]:
    """Numbers from one row to the next, of 4 and of 8 bytes: a cache line more than the row, so that the rows of a
    feature's events do not all fall into the same sets of the cache.
    """
    return block + 16, block + 8


def _stamp() -> int:
    """Hash of the source: Numba's cache looks at the file of the cached function alone, this takes in the others."""
    folder = Path(__file__).parent
    files = [folder / name for name in ("vectors.py", "tiles.py", "passes.py", "blocks.py")] + [Path(law.__file__)]
    return int.from_bytes(hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()[:7], "big") + 1


def _build(stamp: int) -> Any:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    inner = njit(**options)
    round_shift, overflow = inner(law.round_shift), inner(law.overflow)

    @inner
    def lay(rows, first, count, block, targets, begin, end, ints, floats, doubles, longs):  # type: ignore[no-untyped-def]
        """Lay the rows of a tile down in every form that somebody reads."""
        narrow, wide = block + 16, block + 8
        for t in range(begin, end):
            form, at = targets[t, 0], targets[t, 1]
            if form == I32:
                convert(rows, 0, block, ints, at + first * narrow, narrow, count, block, 0, 0, -1)
            elif form == F32:
                convert(rows, 0, block, floats, at + first * narrow, narrow, count, block, 0, 0, -1)
            elif form == F64:
                convert(rows, 0, block, doubles, at + first * wide, wide, count, block, 0, 0, -1)
            else:
                convert(rows, 0, block, longs, at + first * wide, wide, count, block, 0, 0, -1)

    @inner
    def gather(x, start, events, column, count, block, rows, limit):  # type: ignore[no-untyped-def]
        """Features of a block's events as rows; whether every number is finite and below the limit."""
        good = True
        for r in range(count):
            row = rows[r * block : (r + 1) * block]
            for e in range(events):
                value = x[start + e, column + r]
                row[e] = value
                good &= abs(value) < limit
            for e in range(events, block):
                row[e] = 0
        return good

    @inner
    def law_pass(rows, constants, at, count, block):  # type: ignore[no-untyped-def]
        """The rare overflow modes, number by number: constants are shift, width, signed, rounding, overflow, bits."""
        shift, width, signed = constants[at], constants[at + 1], constants[at + 2] != 0
        rounding, mode, bits = constants[at + 3], constants[at + 4], constants[at + 5]
        for place in range(count * block):
            value = rows[place]
            rounded = round_shift(value, shift, rounding)
            floor = value >> shift if shift > 0 else rounded
            rows[place] = overflow(rounded, floor, width, signed, mode, bits)

    @inner
    def finish(rows, constants, passes, begin, end, first, count, block):  # type: ignore[no-untyped-def]
        for p in range(begin, end):
            apply(passes[p, 0], rows, constants, passes[p, 1], first, count, block)

    @inner
    def finish_longs(rows, constants, passes, begin, end, first, count, block):  # type: ignore[no-untyped-def]
        for p in range(begin, end):
            if passes[p, 0] == LAW:
                law_pass(rows, constants, passes[p, 1], count, block)
            else:
                apply(passes[p, 0], rows, constants, passes[p, 1], first, count, block)

    @inner
    def general(stage, first, count, block, longs, constants, order, passes):  # type: ignore[no-untyped-def]
        """A sum whose products and partial sums go through any steps: rows of sums, and above them one of products."""
        wide, n_in, source, weights = block + 8, stage[2], stage[4], stage[5]
        term = longs[ROWS * block : (ROWS + 1) * block]
        for r in range(count):
            total = longs[r * block : (r + 1) * block]
            at = weights + (first + r) * (n_in + 1)
            total[:] = constants[at]
            for k in range(n_in):
                begin = source + order[stage[6] + k] * wide
                data, weight = longs[begin : begin + block], constants[at + 1 + k]
                for e in range(block):
                    term[e] = data[e] * weight
                finish_longs(term, constants, passes, stage[15], stage[16], first + r, 1, block)
                for e in range(block):
                    total[e] += term[e]
                finish_longs(total, constants, passes, stage[17], stage[18], first + r, 1, block)

    @njit(cache=True, **options)
    def run(  # type: ignore[no-untyped-def]
        entries, limits, stages, passes, targets, exits, lsbs, order, constants, space, inputs, outputs, kinds, span
    ):
        """Compute the events ``span[0] .. span[1]`` in blocks of ``span[2]``; whether the kernels could take all data.

        Arrays of one shape and several types come as tuples in the order int32, float32, float64, int64 (inputs
        without int32, outputs float64 and int64); ``kinds`` says which of inputs and outputs hold data.
        """
        k_ints, k_floats, k_doubles, k_longs = constants
        ints, floats, doubles, longs = space
        block = span[2]
        narrow, wide = block + 16, block + 8
        good = stamp > 0  # a name in the closure is part of the cache's key
        for start in range(span[0], span[1], block):
            events = min(block, span[1] - start)
            for i in range(entries.shape[0]):
                column, size, p0, p1, t0, t1 = entries[i]
                for j in range(0, size, ROWS):
                    rows = min(ROWS, size - j)
                    if kinds[0] == I64:
                        gather(inputs[2], start, events, column + j, rows, block, longs, np.inf)
                        lay(longs, j, rows, block, targets, t0, t1, ints, floats, doubles, longs)
                        continue
                    if kinds[0] == F32:
                        good &= gather(inputs[0], start, events, column + j, rows, block, doubles, limits[i])
                    else:
                        good &= gather(inputs[1], start, events, column + j, rows, block, doubles, limits[i])
                    finish(doubles, k_doubles, passes, p0, p1, j, rows, block)
                    lay(doubles, j, rows, block, targets, t0, t1, ints, floats, doubles, longs)
            for s in range(stages.shape[0]):
                stage = stages[s]
                kind, form, n_in, size, source, weights = stage[0], stage[1], stage[2], stage[3], stage[4], stage[5]
                at, compute = stage[6], stage[7]
                left, right, mask = stage[8], stage[9], stage[10]
                p0, p1, t0, t1 = stage[11], stage[12], stage[13], stage[14]
                for j in range(0, size, ROWS):
                    rows = min(ROWS, size - j)
                    c = weights + (j // ROWS) * (ROWS + ROWS * (n_in + 1))
                    if form == I32:
                        if kind == STRICT:
                            clamp_tile(ints, source, k_ints, c, order, at, ints, n_in, narrow, block)
                        else:
                            round_tile(ints, source, k_ints, c, order, at, ints, n_in, narrow, block)
                    elif form == F32:
                        if kind == COPY:
                            convert(floats, source + j * narrow, narrow, floats, 0, block, rows, block, 0, 0, -1)
                        else:
                            linear_tile(floats, source, k_floats, c, order, at, floats, n_in, narrow, block)
                    elif form == F64:
                        if kind == COPY:
                            convert(doubles, source + j * wide, wide, doubles, 0, block, rows, block, 0, 0, -1)
                        elif kind == LINEAR:
                            linear_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                        elif kind == ROUNDED:
                            round_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                        else:
                            clamp_tile(doubles, source, k_doubles, c, order, at, doubles, n_in, wide, block)
                    elif kind == COPY:
                        convert(longs, source + j * wide, wide, longs, 0, block, rows, block, 0, 0, -1)
                    elif kind == GENERAL:
                        general(stage, j, rows, block, longs, k_longs, order, passes)
                    elif kind == STRICT:
                        clamp_tile(longs, source, k_longs, c, order, at, longs, n_in, wide, block)
                    else:
                        round_tile(longs, source, k_longs, c, order, at, longs, n_in, wide, block)
                    if compute == F32:
                        if form == I32:
                            convert(ints, 0, block, floats, 0, block, rows, block, left, right, mask)
                        finish(floats, k_floats, passes, p0, p1, j, rows, block)
                        lay(floats, j, rows, block, targets, t0, t1, ints, floats, doubles, longs)
                    elif compute == F64:
                        if form == I32:
                            convert(ints, 0, block, doubles, 0, block, rows, block, left, right, mask)
                        elif form == F32:
                            convert(floats, 0, block, doubles, 0, block, rows, block, 0, 0, -1)
                        finish(doubles, k_doubles, passes, p0, p1, j, rows, block)
                        lay(doubles, j, rows, block, targets, t0, t1, ints, floats, doubles, longs)
                    else:
                        if form == I32:
                            convert(ints, 0, block, longs, 0, block, rows, block, left, right, mask)
                        else:
                            convert(longs, 0, block, longs, 0, block, rows, block, left, right, mask)
                        finish_longs(longs, k_longs, passes, p0, p1, j, rows, block)
                        lay(longs, j, rows, block, targets, t0, t1, ints, floats, doubles, longs)
            for i in range(exits.shape[0]):
                form, at, size, column = exits[i]
                lsb = lsbs[i]
                for j in range(size):
                    if kinds[1] == F64:
                        row = doubles[:block]
                        if form == F32:
                            convert(floats, at + j * narrow, narrow, doubles, 0, block, 1, block, 0, 0, -1)
                        elif form == F64:
                            row = doubles[at + j * wide : at + j * wide + block]
                        else:
                            convert(longs, at + j * wide, wide, doubles, 0, block, 1, block, 0, 0, -1)
                        for e in range(events):  # + 0.0: no negative zero
                            outputs[0][start + e, column + j] = row[e] * lsb + 0.0
                    else:
                        whole = longs[:block]
                        if form == F32:
                            convert(floats, at + j * narrow, narrow, longs, 0, block, 1, block, 0, 0, -1)
                        elif form == F64:
                            convert(doubles, at + j * wide, wide, longs, 0, block, 1, block, 0, 0, -1)
                        else:
                            whole = longs[at + j * wide : at + j * wide + block]
                        for e in range(events):
                            outputs[1][start + e, column + j] = whole[e]
        return good

    return run


#: See :func:`_build`.
run = _build(_stamp())
