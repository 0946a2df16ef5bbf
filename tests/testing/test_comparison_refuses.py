"""assert_equal refuses what it cannot compare, and a comparison of nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isobit import FixedArray
from isobit.errors import ShapeError, TypeMismatchError
from isobit.testing import assert_equal, difference

NUMBERS = FixedArray.from_float([0.5, 1], "ap_fixed<8,4>")
NOTHING = NUMBERS[:0]


@pytest.mark.parametrize(
    "found, expected", [("a", "a"), ("", ""), (b"a", b"a"), (["a"], ["a"]), ({"y": "a"}, {"y": "a"})]
)
def test_text_is_not_compared(found: Any, expected: Any) -> None:
    for function in (difference, assert_equal):
        with pytest.raises(TypeMismatchError, match=r"got (str|bytes) and"):
            function(found, expected)


@pytest.mark.parametrize("nothing", [[], {}, (), NOTHING, [NUMBERS, NOTHING], {"y": []}, {"y": np.zeros((0, 2))}])
def test_a_comparison_of_nothing_is_refused(nothing: Any) -> None:
    for function in (difference, assert_equal):
        with pytest.raises(ShapeError, match=r"nothing to compare.*allow_empty=True"):
            function(nothing, nothing)
    assert_equal(nothing, nothing, allow_empty=True)


def test_nothing_against_something_is_a_difference() -> None:
    assert "shapes differ" in difference(NOTHING, NUMBERS)
    assert difference([], [NUMBERS]) == "0 arrays against 1"
    assert "keys []" in difference({}, {"y": NUMBERS})


def test_floats_of_a_trace_are_compared_bit_for_bit() -> None:
    floats = np.array([[0.5, -0.0], [np.nan, 1e-320]])
    trace = {"fc1": NUMBERS, "softmax": floats}
    assert_equal(trace, {"fc1": NUMBERS, "softmax": floats.copy(order="F")})
    other = floats.copy()
    other[0, 1] = 0.0
    other[1, 1] = np.nextafter(other[1, 1], 1)
    text = difference(trace, {"fc1": NUMBERS, "softmax": other})
    assert text.splitlines() == [
        "softmax: 2 of 4 float64 values differ",
        "  [0, 1]: -0.0 instead of 0.0",
        "  [1, 1]: 1e-320 instead of 1.0005e-320",
    ]
    assert difference([floats], [floats[0]]) == "[0]: shapes differ: (2, 2) against (2,) (float64)"
    many = difference([np.arange(8.0)], [np.arange(8.0) + 1])
    assert many.splitlines()[0] == "[0]: 8 of 8 float64 values differ"
    assert many.splitlines()[-1] == "  and 3 more"
    with pytest.raises(TypeMismatchError, match="got FixedArray and ndarray"):
        difference({"y": NUMBERS}, {"y": NUMBERS.to_float()})
    with pytest.raises(TypeMismatchError, match="dtype float32"):
        difference([floats.astype(np.float32)], [floats.astype(np.float32)])
    with pytest.raises(TypeMismatchError, match="quantise floats"):
        difference(floats, floats)
