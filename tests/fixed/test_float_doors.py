"""Into and out of fixed point: exact or refused, whatever stands beside a value."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from quantising import quantised

from isobit import FixedArray, FixedType
from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed import quantise

# -- out ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ap_fixed<8,1100>", "ap_fixed<80,1100>", "ap_ufixed<8,1025>", "ap_fixed<63,1026>"])
def test_values_beyond_float64_are_refused(kind: str) -> None:
    top = FixedType.parse(kind).raw_max
    with pytest.raises(RangeError, match=rf"raw {top} at index \(1,\).*beyond the range of float64"):
        FixedArray.from_raw([0, top], kind).to_float()
    assert FixedArray.from_raw([0], kind).to_float().tolist() == [0.0]
    with pytest.raises(RangeError, match="beyond the range of float64"):
        FixedArray.from_raw(top, kind).to_float()


@given(st.integers(1, 63), st.integers(-1110, 1040), st.data())
@example(63, -1010, None)  # subnormal: rounded once, not to 53 bits first
def test_floats_are_the_nearest(width: int, integer: int, data: Any) -> None:
    kind = FixedType(width, integer)
    raw = 2**61 + 2**8 + 1 if data is None else data.draw(st.integers(kind.raw_min, kind.raw_max))
    array = FixedArray.from_raw([raw], kind)
    try:
        expected = float(raw * kind.lsb)
    except OverflowError:
        with pytest.raises(RangeError):
            array.to_float()
        return
    assert array.to_float().tolist() == [expected]


@pytest.mark.parametrize("kind", ["ap_fixed<8,4>", "ap_fixed<80,4>"])
def test_a_single_number_gives_an_array(kind: str) -> None:
    found = FixedArray.from_raw(3, kind).to_float()
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == ((), np.float64)


# -- in ----------------------------------------------------------------------------------------------------------------


def test_integers_beside_floats_keep_their_bits() -> None:
    values = [0.5, 2**53 + 1, -(2**64) - 3]
    found = FixedArray.from_float(values, "ap_fixed<80,70>")
    assert found.raw.tolist() == [int(Fraction(value) * 1024) for value in values]
    nested = FixedArray.from_float([[0.5, np.int64(2**53 + 1)], [1, Fraction(1, 4)]], "ap_fixed<80,70>")
    assert nested.raw.tolist() == [[512, (2**53 + 1) * 1024], [1024, 256]]


@pytest.mark.parametrize("values", [[0.5, 2**2000], [[0.5], [-(2**2000)]], [Fraction(1, 3), 2**2000]])
def test_integers_beyond_every_float(values: Any) -> None:
    found = FixedArray.from_float(values, "ap_fixed<80,40,RND,SAT>").raw
    assert abs(int(found.reshape(-1)[1])) in (2**79, 2**79 - 1)
    huge = [2**2000, -(2**2000) - 1]
    for whole in (huge, huge[0], np.array(huge, dtype=object)):
        assert FixedArray.from_float(whole, "ap_fixed<3000,3000>").raw.reshape(-1).tolist() == huge[: np.size(whole)]
    assert FixedArray.from_raw(huge, "ap_fixed<3000,4>").raw.tolist() == huge


REALS = st.integers(-(2**70), 2**70) | st.floats(-1e22, 1e22) | st.fractions() | st.floats(-4, 4)
MODES = ["TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV"]


@given(
    st.lists(REALS, min_size=1, max_size=6),
    st.sampled_from(MODES),
    st.sampled_from(["WRAP", "SAT", "WRAP_SM"]),
    st.sampled_from(["8,4", "61,30", "80,40", "9,-2", "4,9"]),
)
def test_fractions_are_quantised_by_the_definition(values: list[Any], mode: str, fold: str, size: str) -> None:
    kind = FixedType.parse(f"ap_fixed<{size},{mode},{fold}>")
    expected = [quantised(value, kind) for value in values]
    assert FixedArray.from_float(values, kind).raw.tolist() == expected
    assert FixedArray.from_float(np.array(values, dtype=object), kind).raw.tolist() == expected


def test_fractions_by_hand() -> None:
    assert FixedArray.from_float(Fraction(1, 2), "ap_fixed<8,4>").raw.item() == 8
    assert FixedArray.from_float([Fraction(1, 3), Fraction(-1, 3)], "ap_fixed<8,4,RND>").raw.tolist() == [5, -5]
    tie = Fraction(1, 2) + Fraction(1, 10**40)  # just above a tie, which no float64 says
    assert FixedArray.from_float([tie, Fraction(1, 2)], "ap_fixed<8,8,RND_ZERO>").raw.tolist() == [1, 0]
    assert FixedArray.from_float([Fraction(-1, 4), -0.25], "ap_int<4>").raw.tolist() == [1, 1]  # B15


@pytest.mark.parametrize("values", [[True, 0.5], [0.5, None], [Fraction(1, 2), "1"], [1, 1j], [np.longdouble(1), 1]])
def test_what_is_not_real_is_refused_beside_numbers(values: Any) -> None:
    with pytest.raises(TypeMismatchError, match="real numbers"):
        FixedArray.from_float(values, "ap_fixed<8,4>")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_beside_a_fraction_is_refused(bad: float) -> None:
    with pytest.raises(RangeError, match=rf"{bad} at index \(1,\)"):
        FixedArray.from_float([Fraction(1, 2), bad], "ap_fixed<8,4>")


@pytest.mark.parametrize("door", [FixedArray.from_float, FixedArray.from_raw])
def test_shapes_that_are_none(door: Any) -> None:
    with pytest.raises(ShapeError, match="rows of one length"):
        door([[1], [1, 2]], "ap_fixed<8,4>")
    with pytest.raises(TypeMismatchError, match=r"masked array.*filled"):
        door(np.ma.array([1, 2], mask=[0, 1]), "ap_fixed<8,8>")
    with pytest.warns(PendingDeprecationWarning):
        given = np.matrix([[1, 2], [3, 4]])
    matrix = door(given, "ap_fixed<8,8>")
    assert type(matrix.raw) is np.ndarray
    assert matrix[0].shape == (2,)


@given(st.lists(st.floats(-4, 4) | st.sampled_from([1e-40, 1e20, -1e300, 5e-324, 0.0]), min_size=1, max_size=8))
def test_near_and_far_values_side_by_side(values: list[float]) -> None:
    for text in ("ap_fixed<16,6,RND,WRAP>", "ap_int<12>", "ap_fixed<20,910,RND_INF>", "ap_fixed<20,-880,RND_INF,SAT>"):
        kind = FixedType.parse(text)
        expected = [quantised(value, kind) for value in values]
        assert FixedArray.from_float(values, kind).raw.tolist() == expected


def test_only_values_out_of_reach_go_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[int] = []
    doubles = quantise._quantise_doubles
    monkeypatch.setattr(quantise, "_quantise_doubles", lambda x, target: slow.append(x.size) or doubles(x, target))
    values = np.linspace(-8, 8, 1000)
    values[[7, 500]] = 1e-40, 1e20
    array = FixedArray.from_float(values, "ap_fixed<16,6,RND,SAT>")
    assert slow == [2]
    assert array.raw[7] == 0 and array.raw[500] == 32767
