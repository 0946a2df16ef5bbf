"""assert_equal: silent when the bits are the same, else it says how they differ."""

from __future__ import annotations

import numpy as np
import pytest

from isobit import FixedArray
from isobit.errors import TypeMismatchError
from isobit.testing import assert_equal, difference


def fixed(values: object, kind: str = "ap_fixed<8,4>") -> FixedArray:
    return FixedArray.from_float(values, kind)  # type: ignore[arg-type]


def test_equal_is_silent() -> None:
    a = fixed([[0.5, 1], [2, -3]])
    assert_equal(a, a.copy())
    assert_equal({"y": a}, {"y": a})
    assert_equal([a, a], [a, a])
    assert_equal(a, a.cast("ap_fixed<9,5>"), same_type=False)


def test_failure_says_how_many_where_and_how_far() -> None:
    expected = fixed(np.arange(8) / 2)
    found = FixedArray.from_raw(expected.raw + np.array([0, 1, -2, 3, 0, 1, 1, 5]), expected.type)
    with pytest.raises(AssertionError) as caught:
        assert_equal(found, expected, label="dense1")
    assert str(caught.value).splitlines() == [
        "dense1: 6 of 8 numbers differ (found ap_fixed<8,4>, expected ap_fixed<8,4>; LSB 2**-4)",
        "  [1]: 0.5625 (raw 9) instead of 0.5 (raw 8): +1 LSB",
        "  [2]: 0.875 (raw 14) instead of 1. (raw 16): -2 LSB",
        "  [3]: 1.6875 (raw 27) instead of 1.5 (raw 24): +3 LSB",
        "  [5]: 2.5625 (raw 41) instead of 2.5 (raw 40): +1 LSB",
        "  [6]: 3.0625 (raw 49) instead of 3. (raw 48): +1 LSB",
        "  and 1 more; the largest difference is 5 LSB",
    ]


def test_other_failures() -> None:
    a = fixed([0.5, 1])
    assert difference(a, a.cast("ap_fixed<9,5>")) == "formats differ: found ap_fixed<8,4>, expected ap_fixed<9,5>"
    assert "shapes differ: (2,) against (1,)" in difference(a, a[:1])
    assert difference({"y": a}, {"z": a}, label="m") == "m: keys ['y'] against ['z']"
    assert difference([a], [a, a]) == "1 arrays against 2"
    text = difference({"y": [a, a]}, {"y": [a, -a]}, same_type=False)
    assert text.startswith("y[1]: 2 of 2 numbers differ (found ap_fixed<8,4>, expected ap_fixed<9,5>; LSB 2**-4)")
    assert "+16 LSB" in text
    coarse = difference(fixed([8], "ap_fixed<4,6>"), fixed([4], "ap_fixed<4,6>"))
    assert "LSB 2**2" in coarse
    assert "[0]: 8. (raw 2) instead of 4. (raw 1): +1 LSB" in coarse
    wide = difference(FixedArray.from_raw([2**70], "ap_fixed<80,4>"), FixedArray.from_raw([0], "ap_fixed<80,4>"))
    assert f"[0]: raw={2**70} instead of raw=0: +{2**70} LSB" in wide
    with pytest.raises(TypeMismatchError, match="got FixedArray and list"):
        assert_equal(a, [0.5, 1])
    with pytest.raises(TypeMismatchError, match="quantise floats"):
        assert_equal(np.array([0.5]), np.array([0.5]))
