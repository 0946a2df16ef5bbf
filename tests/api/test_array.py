"""FixedArray: the one door for floats, raw integers of any width, and what comes back."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_types import formats

from isobit import FixedArray, FixedType, IsobitError
from isobit.engines.reference import law
from isobit.errors import RangeError, TypeMismatchError

DOUBLES = st.floats(allow_nan=False, allow_infinity=False)  # subnormals and 1.8e308 included


def near(kind: FixedType) -> st.SearchStrategy[float]:
    """Doubles around a format's LSB and bounds: ties, neighbours of ties, and values just beyond."""
    quarters = st.integers(-10, 10) | st.integers(-(1 << 50), 1 << 50)
    exact = quarters.map(lambda quarter: math.ldexp(quarter, -2 - kind.fraction))
    bounds = st.sampled_from([kind.raw_min, kind.raw_max, 2 * kind.raw_min, 2 * kind.raw_max]).map(
        lambda raw: math.ldexp(float(raw), -kind.fraction)
    )
    middle = exact | bounds
    return middle | middle.map(lambda x: math.nextafter(x, math.inf)) | middle.map(lambda x: math.nextafter(x, -1e308))


@st.composite
def cases(draw: st.DrawFn) -> tuple[FixedType, list[float]]:
    kind = draw(formats())
    return kind, draw(st.lists(near(kind) | DOUBLES, min_size=1, max_size=12))


@given(cases())
@example((FixedType.parse("ap_fixed<8,4,AP_RND_CONV,AP_SAT>"), [5e-324, -5e-324, 1.7976931348623157e308, -0.0]))
@example((FixedType.parse("ap_fixed<62,31,AP_RND>"), [2.0**29, 2.0**-33, -(2.0**-32)]))
@example((FixedType.parse("ap_fixed<20,-1060,AP_RND_ZERO>"), [5e-324, -5e-324, 2.0**-1073]))
@settings(max_examples=400)
def test_doubles_are_quantised_by_the_definition(case: tuple[FixedType, list[float]]) -> None:
    kind, values = case
    found = FixedArray.from_float(values, kind)
    expected = [law.quantise(Fraction(value), kind) for value in values]
    assert [int(raw) for raw in found.raw] == expected
    # One huge value must not change how its neighbours are computed.
    assert [int(FixedArray.from_float([value], kind).raw[0]) for value in values] == expected


@given(formats(), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8))
@example(FixedType.parse("ap_fixed<64,64>"), [2**53 + 1, -(2**53) - 1, 2**63 - 1])
def test_integers_keep_every_bit(kind: FixedType, values: list[int]) -> None:
    found = FixedArray.from_float(np.array(values, dtype=np.int64), kind)
    assert [int(raw) for raw in found.raw] == [law.quantise(Fraction(value), kind) for value in values]


def test_unsigned_64_bit_integers() -> None:
    values = np.array([2**64 - 1, 2**53 + 1], dtype=np.uint64)
    assert FixedArray.from_float(values, "ap_ufixed<70,65>").raw.tolist() == [(2**64 - 1) << 5, (2**53 + 1) << 5]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint16, np.int32])
def test_dtypes_give_the_same_integers(dtype: Any) -> None:
    assert FixedArray.from_float(np.array([3, 1, 7], dtype=dtype), "ap_fixed<8,4>").raw.tolist() == [48, 16, 112]


def test_ties_by_hand() -> None:
    halves = [0.5, 1.5, -0.5, -1.5, 2.5, -2.5]
    for mode, expected in {
        "RND": [1, 2, 0, -1, 3, -2],
        "RND_ZERO": [0, 1, 0, -1, 2, -2],
        "RND_MIN_INF": [0, 1, -1, -2, 2, -3],
        "RND_INF": [1, 2, -1, -2, 3, -3],
        "RND_CONV": [0, 2, 0, -2, 2, -2],
        "TRN": [0, 1, -1, -2, 2, -3],
        "TRN_ZERO": [0, 1, 0, -1, 2, -2],
    }.items():
        assert FixedArray.from_float(halves, f"ap_fixed<8,8,AP_{mode}>").raw.tolist() == expected, mode


@given(formats(), st.data())
def test_raw_round_trip(kind: FixedType, data: st.DataObject) -> None:
    raw = data.draw(st.lists(st.integers(kind.raw_min, kind.raw_max), max_size=8))
    array = FixedArray.from_raw(raw, kind)
    assert [int(r) for r in array.raw] == raw
    assert array.raw.dtype == (np.int64 if kind.fits_int64 else object)
    assert all(type(r) is int for r in array.raw.tolist())
    assert array.to_float().tolist() == [float(r * kind.lsb) for r in raw]
    if kind.width <= 53 and not (kind.overflow.name == "SAT_SYM" and kind.raw_min in raw):
        assert FixedArray.from_float(array.to_float(), kind).raw.tolist() == array.raw.tolist()


@given(formats(), formats(), st.data())
def test_cast_is_the_definition(source: FixedType, target: FixedType, data: st.DataObject) -> None:
    raw = data.draw(st.lists(st.integers(source.raw_min, source.raw_max), min_size=1, max_size=6))
    found = FixedArray.from_raw(raw, source).cast(target)
    assert found.type == target
    assert [int(r) for r in found.raw] == [law.cast(r, source, target) for r in raw]


def test_cast_to_the_same_format_is_a_copy_of_the_bits() -> None:
    symmetric = FixedType.parse("ap_fixed<4,4,AP_TRN,AP_SAT_SYM>")
    assert FixedArray.from_raw([-8], symmetric).cast(str(symmetric)).raw.tolist() == [-8]
    assert FixedArray.from_raw([-8], "ap_fixed<4,4>").cast(symmetric).raw.tolist() == [-7]


def test_beyond_63_bits() -> None:
    kind = FixedType.parse("ap_fixed<100,50>")
    array = FixedArray.from_raw([2**99 - 1, -(2**99), 0], kind)
    assert array.raw.dtype == object
    assert array.raw.tolist() == [2**99 - 1, -(2**99), 0]
    assert array.to_float().tolist() == [2.0**49, -(2.0**49), 0.0]
    assert array.to_float().dtype == np.float64
    assert array[1].raw.item() == -(2**99)
    assert array.cast("ap_fixed<10,50,AP_TRN,AP_SAT>").raw.tolist() == [511, -512, 0]
    assert FixedArray.from_raw(np.array([5], dtype=np.int8), kind).raw.tolist() == [5]
    assert FixedArray.from_float([2.0**48 + 2.0**-4], kind).raw.tolist() == [2**98 + 2**46]
    assert FixedArray.from_raw([], kind).shape == (0,)


@pytest.mark.parametrize("kind", ["ap_fixed<60,30>", "ap_fixed<100,50>", "ap_ufixed<64,32,AP_RND,AP_SAT>"])
def test_single_numbers_of_any_width(kind: str) -> None:
    number = FixedArray.from_float(2.5, kind)
    assert number.shape == ()
    assert number.to_float().item() == 2.5
    assert FixedArray.from_float(3, kind).to_float().item() == 3.0
    assert FixedArray.from_raw(7, kind).raw.item() == 7
    assert FixedArray.from_float([1.0, 2.5], "ap_fixed<90,40>")[1].cast(kind).to_float().item() == 2.5


def test_shape_index_reshape_iterate() -> None:
    array = FixedArray.from_raw(np.arange(12).reshape(3, 4), "ap_fixed<8,6>")
    assert (array.shape, array.ndim, array.size, len(array)) == ((3, 4), 2, 12, 3)
    assert array[1].raw.tolist() == [4, 5, 6, 7]
    assert array[1, 2].raw.item() == 6
    assert array[:, -1].raw.tolist() == [3, 7, 11]
    assert array[np.array([True, False, True])].raw.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert array[1].type == array.type
    assert array.reshape(2, 6).raw.tolist() == np.arange(12).reshape(2, 6).tolist()
    assert array.reshape(-1).shape == (12,)
    assert [row.raw.tolist() for row in array] == array.raw.tolist()
    with pytest.raises(IndexError):
        array[3]
    assert array.to_float().tolist() == (np.arange(12).reshape(3, 4) / 4).tolist()


def test_repr_shows_values_and_format() -> None:
    assert repr(FixedArray.from_float([0.5, -1.25], "ap_fixed<8,4>")) == "FixedArray([ 0.5 , -1.25], 'ap_fixed<8,4>')"
    assert len(repr(FixedArray.from_raw(np.zeros(10**5, dtype=int), "ap_fixed<8,4>"))) < 200


@pytest.mark.parametrize("kind", ["ap_fixed<8,4>", "ap_fixed<80,4>"])
def test_raw_is_read_only_and_a_copy(kind: str) -> None:
    given_array = np.array([1, 2, 3])
    array = FixedArray.from_raw(given_array, kind)
    given_array[0] = 99
    assert array.raw.tolist() == [1, 2, 3]
    for view in (array, array[:2], array.reshape(3, 1), array.cast("ap_fixed<9,4>")):
        with pytest.raises(ValueError, match="read-only"):
            view.raw[0] = 7
    assert array.raw.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "kind, bad, bounds",
    [
        ("ap_fixed<8,4>", 128, "-128..127"),
        ("ap_fixed<8,4>", -129, "-128..127"),
        ("ap_ufixed<8,4>", -1, "0..255"),
        ("ap_fixed<70,4>", 2**69, f"{2**69 - 1}"),
        ("ap_ufixed<64,4>", 2**64, f"{2**64 - 1}"),
    ],
)
def test_raw_out_of_range_is_named(kind: str, bad: int, bounds: str) -> None:
    with pytest.raises(RangeError, match=rf"{bad} does not fit .*{bounds}"):
        FixedArray.from_raw([0, bad, 1], kind)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_are_refused_with_their_place(value: float, dtype: Any) -> None:
    data = np.zeros((3, 4), dtype=dtype)
    data[1, 2] = value
    with pytest.raises(RangeError, match=rf"{value} at index \(1, 2\)") as caught:
        FixedArray.from_float(data, "ap_fixed<8,4>")
    assert isinstance(caught.value, IsobitError)


@pytest.mark.parametrize(
    "values", [["a"], [1j], [True], [None], [object()], np.array([1], dtype="M8[s]"), np.zeros(1, dtype=np.longdouble)]
)
def test_what_is_not_real_is_refused(values: Any) -> None:
    with pytest.raises(TypeMismatchError, match="real numbers"):
        FixedArray.from_float(values, "ap_fixed<8,4>")


@pytest.mark.parametrize("values", [[1.0], ["1"], [True], [None], [1, 2.0], np.array([1, True], dtype=object)])
def test_raw_values_must_be_integers(values: Any) -> None:
    with pytest.raises(TypeMismatchError, match="raw values must be integers"):
        FixedArray.from_raw(values, "ap_fixed<8,4>")
