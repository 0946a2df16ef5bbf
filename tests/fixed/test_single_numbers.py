"""Single numbers (no axes) are computed as those of an array, at every width; NumPy turns them into scalars midway."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantising import quantised

from isobit import FixedArray, FixedType, Overflow, Rounding
from isobit.engines.reference import law

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's only sign that int64 has overflowed


@st.composite
def kinds(draw: st.DrawFn) -> FixedType:
    """Formats at the borders of int64, and of its law (61 bits), of every mode."""
    width = draw(st.integers(60, 66) | st.integers(1, 130))
    if draw(st.integers(0, 5)) == 0:
        return FixedType.int_type(width, signed=draw(st.booleans()))
    signed = draw(st.booleans())
    fold = draw(st.sampled_from([mode for mode in Overflow if signed or mode is not Overflow.WRAP_SM]))
    saturated = draw(st.integers(0, min(3, width))) if fold in (Overflow.WRAP, Overflow.WRAP_SM) else 0
    integer = width - draw(st.integers(-70, 70))
    return FixedType(width, integer, signed, draw(st.sampled_from(list(Rounding))), fold, saturated)


def raws(kind: FixedType) -> st.SearchStrategy[int]:
    return st.integers(kind.raw_min, kind.raw_max) | st.sampled_from([kind.raw_min, kind.raw_max, kind.raw_max // 2])


def stored(array: FixedArray) -> int:
    """The raw integer, kept as its format asks."""
    assert array.raw.dtype == (int if array.type.fits_int64 else object)
    raw = array.raw.item()
    assert type(raw) is int
    return raw


@given(kinds(), kinds(), st.data())
@settings(max_examples=400)
def test_casts(source: FixedType, target: FixedType, data: st.DataObject) -> None:
    raw = data.draw(raws(source))
    array = FixedArray.from_raw([raw], source)
    for number in (array[0], FixedArray.from_raw(raw, source), array.reshape(())):
        found = number.cast(target)
        assert found.shape == ()
        assert found.type == target
        assert stored(found) == law.cast(raw, source, target)
    assert array.cast(target).raw.tolist() == [law.cast(raw, source, target)]


@given(
    kinds(), st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1e22, 1e22) | st.integers(-(2**70), 2**70)
)
@settings(max_examples=400)
def test_quantising(target: FixedType, value: float) -> None:
    found = FixedArray.from_float(value, target)
    assert found.shape == ()
    assert stored(found) == quantised(value, target)


@given(kinds(), kinds(), st.data())
def test_operators(first: FixedType, second: FixedType, data: st.DataObject) -> None:
    a, b = (FixedArray.from_raw([data.draw(raws(kind))], kind) for kind in (first, second))
    results = [(a + b, a[0] + b[0]), (a - b, a[0] - b[0]), (a * b, a[0] * b[0]), (a & b, a[0] & b[0])]
    results += [(-a, -a[0]), (~a, ~a[0]), (a << 3, a[0] << 3), (a >> 3, a[0] >> 3), (a.sum(0), a[0].sum())]
    if b.raw.all():
        results.append((a / b, a[0] / b[0]))
    for array, number in results:
        assert number.type == array.type
        assert number.shape == ()
        assert stored(number) == int(array.raw.reshape(-1)[0])


def test_by_hand() -> None:
    one = FixedArray.from_raw(1, "ap_uint<2>")
    assert one.cast("ap_fixed<65,74,AP_TRN_ZERO,AP_SAT>").raw.item() == 0
    assert FixedArray.from_float(100.25, "ap_fixed<64,32>").cast("ap_fixed<63,62,RND_ZERO,SAT>").raw.item() == 200
    wide = FixedArray.from_raw(5, "ap_fixed<80,79>")
    wide += 1
    assert wide.raw.item() == 7
    assert FixedArray.from_float(7, "ap_fixed<65,74,AP_RND,AP_SAT>").raw.item() == 0
