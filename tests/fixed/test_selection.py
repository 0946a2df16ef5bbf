"""min, max, maximum, minimum, where: the values themselves, in a format that holds them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isobit import FixedArray, FixedType, Overflow, Rounding
from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed import growth

WIDTHS = st.integers(1, 9) | st.integers(60, 66) | st.integers(1, 130)


@st.composite
def arrays(draw: st.DrawFn, size: int) -> FixedArray:
    width = draw(WIDTHS)
    kind = FixedType(width, width - draw(st.integers(-30, 70)), draw(st.booleans()), Rounding.RND, Overflow.SAT)
    raws = st.integers(kind.raw_min, kind.raw_max) | st.sampled_from([kind.raw_min, kind.raw_max, 0])
    return FixedArray.from_raw(draw(st.lists(raws, min_size=size, max_size=size)), kind)


def values(array: FixedArray) -> list[Fraction]:
    assert array.raw.dtype == (np.int64 if array.type.fits_int64 else object)
    assert all(array.type.raw_min <= int(raw) <= array.type.raw_max for raw in array.raw.flat)
    return [int(raw) * array.type.lsb for raw in array.raw.flat]


@given(arrays(4), arrays(4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_two_arrays(a: FixedArray, b: FixedArray, condition: list[bool]) -> None:
    kind = a.type if a.type == b.type else growth.aligned(a.type, b.type)
    both = list(zip(values(a), values(b), strict=True))
    expected: list[tuple[Any, list[Fraction]]] = [
        (np.maximum(a, b), [max(pair) for pair in both]),
        (np.minimum(a, b), [min(pair) for pair in both]),
        (np.where(np.array(condition), a, b), [x if c else y for c, (x, y) in zip(condition, both, strict=True)]),
    ]
    for found, numbers in expected:
        assert found.type == kind
        assert values(found) == numbers
    number = np.maximum(a[0], b[0])
    assert (number.shape, values(number)) == ((), [max(both[0])])
    assert values(np.where(condition[0], a[0], b[0])) == [both[0][not condition[0]]]


@given(arrays(6))
def test_one_array(a: FixedArray) -> None:
    grid = a.reshape(2, 3)
    rows = [values(row) for row in grid]
    for found, function in ((a.max(), max), (np.max(a), max), (a.min(), min), (np.min(grid), min)):
        assert (found.type, found.shape) == (a.type, ())
        assert values(found) == [function(values(a))]
    assert values(grid.max(axis=1)) == [max(row) for row in rows]
    assert values(np.min(grid, axis=-1)) == [min(row) for row in rows]
    assert grid.max((0, 1), keepdims=True).shape == (1, 1)


def test_by_hand() -> None:
    a = FixedArray.from_float([[1.5, -2], [0, 3]], "ap_fixed<8,4,AP_RND,AP_SAT>")
    assert np.maximum(a, a).type == a.type
    assert str(np.maximum(a, np.int8(0)).type) == "ap_fixed<12,8>"
    assert (
        np.maximum(np.int8(0), a).to_float().tolist()
        == np.maximum(a, np.int8(0)).to_float().tolist()
        == [[1.5, 0], [0, 3]]
    )
    assert str(np.minimum(a, FixedArray.from_raw([1], "ap_uint<8>")).type) == "ap_fixed<13,9>"
    assert np.where(a > 0, a, a[0]).to_float().tolist() == [[1.5, -2], [1.5, 3]]


def test_refusals() -> None:
    a = FixedArray.from_float([[1.5, -2], [0, 3]], "ap_fixed<8,4>")
    for call in (
        lambda: a[:0].max(),
        lambda: np.min(a[:, :0], axis=1),
        lambda: a.min(2),
        lambda: np.maximum(a, a.reshape(4)[:3]),
        lambda: np.where(np.array([True, False, True]), a, a),
    ):
        with pytest.raises(ShapeError):
            call()
    for other in (
        lambda: np.maximum(a, 0.5),
        lambda: np.where(a.raw, a, a),
        lambda: np.where(a, a, a),
        lambda: np.where(a > 0, a, 0.5),
        lambda: np.where(a),
        lambda: np.max(a, initial=3),
        lambda: np.maximum.reduce(a),
        lambda: a.max("x"),
    ):
        with pytest.raises(TypeMismatchError):
            other()
    assert a[:0].max(axis=1).shape == (0,)
