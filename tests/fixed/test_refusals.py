"""What a FixedArray refuses, it refuses itself: by one of isobit's errors, which names what was given."""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from isobit import FixedArray
from isobit.errors import RangeError, ShapeError, TypeMismatchError

a = FixedArray.from_float([[0.5, 1.5], [2.5, -1]], "ap_fixed<8,4>")


# -- axes and shapes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [np.int64(0), np.int8(-2), 0, (np.int64(0),)])
def test_axes_are_any_integer(axis: Any) -> None:
    assert a.sum(axis).to_float().tolist() == [3, 0.5]


@pytest.mark.parametrize(
    "axis, error, text",
    [
        ((0, 0), ShapeError, r"axis \(0, 0\) names an axis twice"),
        ((0, -2), ShapeError, r"axis \(0, -2\) names an axis twice"),
        (True, TypeMismatchError, "axis must be an integer.*True"),
        ((0, False), TypeMismatchError, "axis must be an integer.*False"),
        (1.0, TypeMismatchError, r"axis must be an integer.*1\.0"),
        ("x", TypeMismatchError, "axis must be an integer.*'x'"),
        (2, ShapeError, "axis 2 does not exist"),
        ((0, -3), ShapeError, r"axis \(0, -3\) does not exist"),
    ],
)
def test_axes_that_are_none(axis: Any, error: type[Exception], text: str) -> None:
    for call in (lambda: a.sum(axis), lambda: np.sum(a, axis=axis)):
        with pytest.raises(error, match=text):
            call()


def test_shapes_that_do_not_fit() -> None:
    for call in (
        lambda: a.transpose(0),
        lambda: a[0].transpose(0, 1),
        lambda: np.transpose(a, (0, 0)),
        lambda: a.reshape(3),
        lambda: FixedArray.concatenate([a, a], axis=5),
        lambda: FixedArray.stack([a, a[0]]),
        lambda: a == np.array([1.5, 2.5, 3]),
        lambda: np.array([1.5, 2.5, 3]) < a,
        lambda: a != np.array([1, 2, 3]),
        lambda: a << np.array([1, 2, 3]),
        lambda: a.sum(axis=7),
    ):
        with pytest.raises(ShapeError):
            call()
    for call in (
        lambda: a.transpose("x"),
        lambda: a.reshape(1.5),
        lambda: a.reshape("x"),
        lambda: FixedArray.concatenate([a, a], axis="x"),  # type: ignore[arg-type]
        lambda: FixedArray.stack([a, a], axis=None),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeMismatchError):
            call()
    assert a.transpose(0, 1).raw.tolist() == a.raw.tolist()
    assert a.transpose((1, 0)).raw.tolist() == a.transpose(None).raw.tolist() == a.raw.T.tolist()


@pytest.mark.parametrize("function", [operator.iadd, operator.isub, operator.imul, operator.iand, operator.itruediv])
def test_assignment_keeps_the_shape(function: Any) -> None:
    row, number = a[0], a[0, 0]
    with pytest.raises(ShapeError, match=r"shape \(2, 2\).*does not fit.*shape \(2,\)"):
        function(row, a)
    with pytest.raises(ShapeError, match=r"shape \(1,\).*does not fit.*shape \(\)"):
        function(number, a[0, :1])
    assert function(a, row).shape == (2, 2)


# -- NumPy's options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, option",
    [
        (lambda: np.sum(a, dtype=np.float64), "dtype"),
        (lambda: np.sum(a, where=a.raw > 0), "where"),
        (lambda: np.reshape(a, (4,), order="F"), "order"),
        (lambda: np.reshape(a, (4,), "F"), "too many"),
        (lambda: np.concatenate([a, a], dtype=np.float64), "dtype"),
        (lambda: np.stack([a, a], casting="no"), "casting"),
        (lambda: np.copy(a, order="F"), "order"),
        (lambda: np.array_equal(a, a, equal_nan=True), "equal_nan"),
    ],
)
def test_options_that_mean_nothing_here(call: Any, option: str) -> None:
    with pytest.raises(TypeMismatchError, match=rf"numpy\.\w+ of FixedArray.*{option}"):
        call()


def test_masked_arrays_and_matrices() -> None:
    masked = np.ma.array([1, 2], mask=[False, True])
    for function in (operator.add, operator.mul, operator.eq, operator.lt, operator.lshift, operator.iadd):
        with pytest.raises(TypeMismatchError, match="masked array"):
            function(a, masked)
    with pytest.raises(TypeMismatchError, match="masked array"):
        operator.eq(a, np.ma.array([0.5, 1.5], mask=[False, True]))
    with pytest.raises(TypeMismatchError):
        masked + a
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1, 2], [3, 4]])
    assert type((a + matrix).raw) is np.ndarray
    assert type(a == matrix) is np.ndarray
    assert (a * matrix).to_float().tolist() == [[0.5, 3], [7.5, -4]]


# -- comparison --------------------------------------------------------------------------------------------------------


def test_comparison_with_decimals_is_exact() -> None:
    assert (a == Decimal("1.5")).tolist() == [[False, True], [False, False]]
    assert (Decimal("0.5") >= a).tolist() == [[True, False], [False, True]]
    wide = FixedArray.from_raw([2**70 + 1], "ap_fixed<80,80>")
    assert (wide == Decimal(2**70 + 1)).all()
    assert (wide > Decimal(2**70)).all()
    assert not (a[0, :1] == Decimal("0.50000000000000000000000000000001")).any()
    assert (a == Fraction(3, 2)).any()
    for far in (Decimal("1e999999999"), Decimal("1e-999999999")):
        assert (a < far).tolist() == ([[True] * 2] * 2 if far > 1 else [[False, False], [False, True]])
        assert (a > far.copy_negate()).tolist() == ([[True] * 2] * 2 if far > 1 else [[True, True], [True, False]])
        assert not (a == far).any()
    with pytest.raises(RangeError, match="NaN"):
        operator.eq(a, Decimal("NaN"))


@pytest.mark.parametrize("text", ["1.5", b"1", np.str_("1.5"), np.array(["1.5", "2"])])
def test_text_is_no_number(text: Any) -> None:
    for function in (operator.eq, operator.ne, operator.lt, operator.add):
        with pytest.raises(TypeMismatchError, match=r"1|<U3"):
            function(a, text)


# -- immutability and appearance ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ap_fixed<8,4>", "ap_fixed<80,4>"])
def test_raw_cannot_be_made_writeable(kind: str) -> None:
    a = FixedArray.from_raw([[1, 2], [3, 4]], kind)
    given = np.array([1, 2])
    arrays = [a, a[0], a[:, 0], a[0, 0], a.T, a.reshape(4), a.copy(), a + a, -a, a << 1, a.cast("ap_fixed<9,5>")]
    arrays += [a.cast(kind), a.sum(0), a @ a, FixedArray.from_float([0.5], kind), FixedArray.stack([a, a])]
    arrays += [a[np.array([True, False])], FixedArray(given, a.type), FixedArray(given[:1], a.type)]
    for one in arrays:
        with pytest.raises(ValueError, match="WRITEABLE"):
            one.raw.flags.writeable = True
    given[0] = 7  # the caller's own stays his
    assert arrays[-1].raw.tolist() == arrays[-2].raw.tolist()[:1] == [1]


def test_repr_of_empty_arrays_shows_the_shape() -> None:
    empty = FixedArray.from_raw(np.zeros((0, 3), dtype=int), "ap_fixed<8,4>")
    assert repr(empty) == "FixedArray([], 'ap_fixed<8,4>', shape=(0, 3))"
    assert repr(empty[:, 0]) == "FixedArray([], 'ap_fixed<8,4>', shape=(0,))"


def test_shifting_in_place_keeps_the_shape() -> None:
    row = a[0]
    for function in (operator.ilshift, operator.irshift):
        with pytest.raises(ShapeError, match="does not fit"):
            function(row, np.array([[1], [2]]))
    assert operator.ilshift(row, np.array([1, 0])).raw.tolist() == [16, 24]
