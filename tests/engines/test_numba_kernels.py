"""Numba's parts alone, one by one, against NumPy: passes, tiles, and rows on their way from one type into another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from isobit.engines.numba import passes as kinds
from isobit.engines.numba.gathered import combine_tile
from isobit.engines.numba.rows import PADDING, convert, gather, lay
from isobit.engines.numba.steps import INTEGER_ROUNDING, Pass
from isobit.engines.numba.tiles import HEAD, ROWS, clamp_tile, general_tile, linear_tile, round_tile, tile_constants
from isobit.fixed import Rounding
from isobit.fixed.law import round_shift

#: Numbers of a row: whole vectors of every type.
EVENTS = 32
FLOATS, INTS = np.dtype(np.float64), np.dtype(np.int64)

# -- passes ------------------------------------------------------------------------------------------------------------


@njit
def _finish(rows: Any, constants: Any, passes: Any, first: Any, count: Any, events: Any) -> None:
    kinds.finish(rows, constants, passes, 0, len(passes), first, count, events)


A, B = np.array([2, -3, 1, 4]), np.array([1, 5, -2, -3])
#: Of float ROUND: the rest above which a number leaves zero, and whether it does at half an LSB, above and below zero.
ROUNDED = {"up": (0.5, 1, 0), "away": (0.5, 1, 1), "toward": (0.5, 0, 0), "down": (0.5, 0, 1), "cut": (2.0, 0, 0)}


def _rounded(way: str, x: Any) -> Any:
    whole, rest = np.trunc(x), np.abs(x - np.trunc(x))
    tie = {"up": x > 0, "away": x == x, "toward": x != x, "down": x < 0, "cut": x != x}[way]
    return whole + np.sign(x) * np.where(rest == 0.5, tie, (rest > 0.5) & (way != "cut"))


def _passes(dtype: Any) -> list[tuple[Pass, Any]]:
    """Passes, and what they make of x with the constants a and b of its row."""
    none = np.zeros(4, dtype=np.int64)
    found: list[tuple[Pass, Any]] = [
        (Pass(kinds.LINE, A, B), lambda x, a, b: x * a + b),
        (Pass(kinds.LINE, A, B, low=-7, high=9), lambda x, a, b: np.clip(x * a + b, -7, 9)),
        (Pass(kinds.ZERO, none, none, (-3, 5)), lambda x, a, b: np.where((x >= -3) & (x <= 5), x, 0)),
        (Pass(kinds.SLOPES, B, A, (3,)), lambda x, a, b: np.where(x > a, x * 3, x * b)),
        (Pass(kinds.AT_LEAST, B, none, (6, -1)), lambda x, a, b: np.where(x >= a, 6, -1)),
        (Pass(kinds.BETWEEN, B + 3, B, (6, 2, -1)), lambda x, a, b: np.where(x > a, 6, np.where(x > b, 2, -1))),
    ]
    if dtype.kind == "f":
        found += [
            (Pass(kinds.FLOOR, A / 4, B / 4, low=-3, high=4), lambda x, a, b: np.clip(np.floor(x * a + b), -3, 4)),
            (Pass(kinds.NEAR, A / 4, B / 4, low=-3), lambda x, a, b: np.maximum(np.rint(x * a + b), -3)),
            (Pass(kinds.WRAP, none, none, (-4.0, 0.125, 8.0)), lambda x, a, b: (x + 4) % 8 - 4),
            *(
                (Pass(kinds.ROUND, none, none, head, high=5), lambda x, a, b, w=way: np.minimum(_rounded(w, x), 5))
                for way, head in ROUNDED.items()
            ),
        ]
        return found
    entries = np.array([9, 7, -4, 3])
    return [
        *found,
        (Pass(kinds.FLOOR, A, B, (2,), low=-3), lambda x, a, b: np.maximum((x * a + b) >> 2, -3)),
        (Pass(kinds.WRAP, none, none, (61, -1)), lambda x, a, b: (x + 4) % 8 - 4),
        (Pass(kinds.WRAP, none, none, (0, 7)), lambda x, a, b: x % 8),
        (
            Pass(kinds.LOOK_UP, none, none, (), -2, 1, entries),
            lambda x, a, b: entries[np.clip(x, -2, 1) + 2],
        ),
        *(
            (
                Pass(kinds.ROUND, none, none, (2, *INTEGER_ROUNDING[mode])),
                lambda x, a, b, mode=mode: round_shift(x, 2, int(mode)),
            )
            for mode in Rounding
        ),
    ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_passes(dtype: Any) -> None:
    kind = np.dtype(dtype)
    x = np.arange(-EVENTS // 2, EVENTS // 2, dtype=dtype)
    x = x / 4 if kind.kind == "f" else x
    for number, (one, of) in enumerate(_passes(kind)):
        for table in ((one, None), (Pass(kinds.LINE, A * 0 + 1, A * 0), one)):
            if table[1] is None and number % 2:
                continue  # behind another pass alone
            places, parts = [], []
            for each in table:
                if each is not None:
                    places.append((each.kind, sum(map(len, parts)) + 3))
                    parts.append(each.constants(kind))
            rows = np.concatenate([np.tile(x, 3), x])
            constants = np.concatenate([np.full(3, 77, dtype=dtype), *parts])
            _finish(rows, constants, np.array(places, dtype=np.int64), 1, 3, EVENTS)
            for row in range(3):
                wanted = of(x, one.a[row + 1], one.b[row + 1])
                np.testing.assert_array_equal(rows[row * EVENTS :][:EVENTS], wanted, err_msg=f"{one} {row}")
            np.testing.assert_array_equal(rows[3 * EVENTS :], x)


# -- tiles -------------------------------------------------------------------------------------------------------------


def _of(tile: Any) -> Any:
    """A function of one tile, compiled for the type of its data."""

    @njit
    def run(data: Any, constants: Any, order: Any, out: Any, n_in: Any, stride: Any, events: Any) -> None:
        tile(data, 5, constants, 2, order, 1, out, n_in, stride, events)

    return run


#: Half, mask or LSB, low, high, shift, truths and zero: what tiles take of it their own words say.
def _tiles() -> list[tuple[str, Any, Any, tuple[float, ...], Any, Any]]:
    low, high = -20, 25

    def clamped(v: Any) -> Any:
        return np.clip(v, low, high)

    def vanishing(v: Any) -> Any:
        return np.where((v < low) | (v > high), 0, v)

    def exact(p: Any) -> Any:
        return p

    def halves(p: Any) -> Any:
        return np.floor(p + 0.5)

    def whole(p: Any) -> Any:
        return (p + 2) & -4

    found: list[tuple[str, Any, Any, tuple[float, ...], Any, Any]] = [
        ("linear", linear_tile, np.float32, (0, -1), exact, exact),
        ("round", round_tile, np.float64, (0.5, 0, 0, 0), halves, exact),
        ("round", round_tile, np.int32, (2, -4, 0, 0), whole, exact),
        ("round", round_tile, np.int32, (), exact, exact),  # what the constants' own head makes of it: plain sums
        ("clamp", clamp_tile, np.float64, (0.5, 0, low, high), lambda p: clamped(halves(p)), clamped),
        ("clamp", clamp_tile, np.int64, (2, -4, low, high), lambda p: clamped(whole(p)), clamped),
    ]
    for mode, zero in ((Rounding.RND_CONV, 0), (Rounding.TRN_ZERO, -1), (Rounding.RND_INF, -1)):
        fold = vanishing if zero else clamped
        head = (0, -1, low, high, 2, *INTEGER_ROUNDING[mode], zero)
        found.append(
            ("general", general_tile, np.int64, head, lambda p, m=mode, f=fold: f(round_shift(p, 2, int(m))), fold)
        )
    return found


def test_tiles() -> None:
    rng = np.random.default_rng(3)
    compiled: dict[tuple[str, Any], Any] = {}
    for name, tile, dtype, head, of_product, of_sum in _tiles():
        run = compiled.setdefault((name, dtype), _of(tile))
        n_in, stride, order = 6, EVENTS + 8, rng.permutation(6)
        weights, start = rng.integers(-5, 6, (n_in, 3)), np.array([3, -2, 7])
        weights = weights / 4 if name != "linear" and np.dtype(dtype).kind == "f" else weights
        weights = weights * 3 if name == "general" else weights  # products beyond low .. high, and between integers
        data = np.zeros(5 + n_in * stride, dtype=dtype)
        x = rng.integers(-6, 7, (n_in, EVENTS)).astype(dtype)
        data[5:].reshape(n_in, stride)[:, :EVENTS] = x
        made = tile_constants(weights, start, dtype, *([head] if head else []))
        constants = np.concatenate([np.full(2, 99), made]).astype(dtype)
        assert len(constants) == 2 + HEAD + ROWS * (1 + n_in)
        out = np.full(ROWS * EVENTS, -1, dtype=dtype)
        run(data, constants, np.array([7, *order]), out, n_in, stride, EVENTS)
        total = np.repeat(start[:, None].astype(dtype), EVENTS, axis=1)
        for turn, row in enumerate(order):
            total = of_sum(total + of_product(x[row][None] * weights[turn][:, None].astype(dtype)))
        np.testing.assert_array_equal(out[: 3 * EVENTS].reshape(3, -1), total, err_msg=f"{name} {dtype} {head}")


# -- rows --------------------------------------------------------------------------------------------------------------


@njit
def _convert(source: Any, target: Any, left: Any, right: Any, mask: Any) -> None:
    convert(source, 3, 40, target, 5, 36, 3, 32, left, right, mask)


@pytest.mark.parametrize(
    ("given", "wanted"), [("i4", "f4"), ("i4", "i8"), ("i8", "f8"), ("f4", "f8"), ("f8", "i4"), ("f4", "f4")]
)
def test_conversion(given: str, wanted: str) -> None:
    source = np.arange(-60, 63).astype(given)
    for left, right, mask in ((0, 0, -1), (28, 29, -1), (28, 28, 15)):
        target = np.zeros(120, dtype=wanted)
        _convert(source, target, left, right, mask)
        for row in range(3):
            values = source[3 + 40 * row :][:EVENTS]
            if values.dtype.kind == "i":
                values = ((values << left) >> right) & np.array(mask, dtype=given)
            np.testing.assert_array_equal(target[5 + 36 * row :][:EVENTS], values.astype(wanted))
        assert not target[:5].any()
        assert not target[5 + 32 : 5 + 36].any()


@njit
def _gather(source: Any, limits: Any, rows: Any, bad: Any) -> None:
    gather(source, 2, 5, 1, 3, 32, limits, 1, rows, bad)


@pytest.mark.parametrize("given", [np.float32, np.float64, np.int64])
def test_entering(given: Any) -> None:
    rng = np.random.default_rng(7)
    array = rng.integers(-40, 40, (36, 5)).astype(given)
    rows, bad = np.zeros(3 * EVENTS, dtype=np.int64 if given is np.int64 else np.float64), np.zeros(1, dtype=np.int64)
    _gather(array, np.array([1.0, 50.0]), rows, bad)
    np.testing.assert_array_equal(rows.reshape(3, EVENTS), array[2:34, 1:4].T)
    assert bad[0] == 0
    if given is np.int64:
        return
    for value, found in ((49.5, 0), (50.0, 1), (-50.0, 1), (np.nan, 1), (np.inf, 1)):
        bad[:] = 0
        array[20, 2] = value
        _gather(array, np.array([1.0, 50.0]), rows, bad)
        assert bad[0] == found, value
    array[20, 2], array[20, 4] = 0.0, np.nan  # a column that is not read
    bad[:] = 0
    _gather(array, np.array([1.0, 50.0]), rows, bad)
    assert bad[0] == 0


@njit
def _lay(
    rows: Any, targets: Any, ints: Any, floats: Any, doubles: Any, longs: Any, out: Any, raw: Any, lsbs: Any
) -> None:
    lay(rows, 1, 2, 32, targets, 1, len(targets), ints, floats, doubles, longs, out, raw, 3, 4, lsbs)


@pytest.mark.parametrize("given", [np.float32, np.int64])
def test_laying_down(given: Any) -> None:
    """Rows 1 and 2 of a tensor in every form; in the caller's arrays as columns, from event 3 on."""
    x = np.arange(-EVENTS, EVENTS).astype(given)
    forms = [np.zeros(400, dtype=dtype) for dtype in (np.int32, np.float32, np.float64, np.int64)]
    out, raw = np.full((40, 4), -5.0), np.full((40, 4), -5, dtype=np.int64)
    targets = np.array([(2, 350, 0), (0, 10, 0), (1, 20, 0), (2, 30, 0), (3, 40, 0), (4, 1, 1), (5, 0, 0)])
    _lay(x, targets, *forms, out, raw, np.array([8.0, 0.25]))
    for form, (array, padding) in enumerate(zip(forms, PADDING, strict=True)):
        stride = EVENTS + padding
        wanted = np.zeros(400)
        for row in range(2):
            wanted[10 * (form + 1) + (1 + row) * stride :][:EVENTS] = x[row * EVENTS :][:EVENTS]
        np.testing.assert_array_equal(array, wanted)
    columns = x.reshape(2, EVENTS).T
    expected = np.full((40, 4), -5.0)
    expected[3:35, 2:4] = columns * 0.25
    np.testing.assert_array_equal(out, expected)
    assert not np.signbit(out[3:35, 2:4][columns == 0]).any()
    whole = np.full((40, 4), -5)
    whole[3:35, 1:3] = columns
    np.testing.assert_array_equal(raw, whole)


@njit
def _combine(rows: Any, constants: Any, order: Any, out: Any, how: Any) -> None:
    combine_tile(rows, constants, 1, order, 2, out, 1, 2, 3, 4, how, 32)


def test_gathered_rows() -> None:
    """Three turns, of which the outputs 1 and 2 of four are computed; sums vanish beyond -9 .. 9, or are clamped."""
    rng = np.random.default_rng(11)
    x, fill = rng.integers(-8, 9, (5, EVENTS)), -2
    index = np.array([[0, 1, 2, 3], [4, -1, 0, 1], [2, 3, -1, 0]])
    factors = rng.integers(-2, 3, index.shape)
    order = np.concatenate([[0, 0], np.where(index < 0, -1, index * EVENTS).ravel()])
    for left in (0, 1):

        def fold(v: Any, left: int = left) -> Any:
            return np.where((v < -9) | (v > 9), left * np.clip(v, -9, 9), v)

        constants = np.concatenate([[0], [-9, 9, left, fill], factors.ravel()])
        joins = (lambda a, b: fold(a + b), np.multiply, np.minimum, np.maximum)
        for how, join in enumerate(joins):
            out = np.zeros(2 * EVENTS, dtype=np.int64)
            _combine(x.ravel(), constants, order, out, how)
            for column in (1, 2):
                turns = [
                    fill + x[0] * 0 if i < 0 else x[i] * f
                    for i, f in zip(index[:, column], factors[:, column], strict=True)
                ]
                total = turns[0] if how else fold(turns[0])
                for one in turns[1:]:
                    total = join(total, one)
                np.testing.assert_array_equal(out[(column - 1) * EVENTS :][:EVENTS], total, err_msg=f"{how} {column}")
