"""Exact comparison whose failure says how much, where, by how many LSBs, and in which formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.errors import TypeMismatchError
from isobit.fixed.array import FixedArray

__all__ = ["assert_equal", "difference"]

#: Differing numbers that are shown.
_SHOWN = 5


def assert_equal(found: Any, expected: Any, *, same_type: bool = True, label: str = "") -> None:
    """Assert that two results are the same bits; there is no tolerance.

    Parameters
    ----------
    found, expected
        :class:`isobit.FixedArray`, or a list or dict of them (``predict_raw`` of several outputs, ``trace``).
    same_type
        Also ask for the same formats. Otherwise the values are compared, whatever the formats.
    label
        What is compared, for the message.

    Raises
    ------
    AssertionError
        With the number of differences, the first five with their place, both formats and the distance in LSBs.
    TypeMismatchError
        If an argument is something else.
    """
    if text := difference(found, expected, same_type=same_type, label=label):
        raise AssertionError(text)


def difference(found: Any, expected: Any, *, same_type: bool = True, label: str = "") -> str:
    """Say how two results differ, or the empty string; parameters as for :func:`assert_equal`."""
    start = f"{label}: " if label else ""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        if found.keys() != expected.keys():
            return f"{start}keys {sorted(found)} against {sorted(expected)}"
        pairs = [(f"{label}.{key}" if label else str(key), found[key], expected[key]) for key in expected]
    elif isinstance(found, Sequence) and isinstance(expected, Sequence):
        if len(found) != len(expected):
            return f"{start}{len(found)} arrays against {len(expected)}"
        both = zip(found, expected, strict=True)
        pairs = [(f"{label}[{index}]", first, second) for index, (first, second) in enumerate(both)]
    elif isinstance(found, FixedArray) and isinstance(expected, FixedArray):
        return start + text if (text := _arrays(found, expected, same_type)) else ""
    else:
        raise TypeMismatchError(
            f"{start}expected two FixedArrays, or two lists or dicts of them; got {type(found).__name__} and "
            f"{type(expected).__name__} (quantise floats with FixedArray.from_float)"
        )
    texts = [difference(first, second, same_type=same_type, label=name) for name, first, second in pairs]
    return "\n".join(text for text in texts if text)


def _arrays(found: FixedArray, expected: FixedArray, same_type: bool) -> str:
    formats = f"found {found.type}, expected {expected.type}"
    if found.shape != expected.shape:
        return f"shapes differ: {found.shape} against {expected.shape} ({formats})"
    wrong = found != expected
    if not wrong.any():
        return f"formats differ: {formats}" if same_type and found.type != expected.type else ""
    lsb = min(found.type.lsb, expected.type.lsb)
    lines = [f"{np.count_nonzero(wrong)} of {found.size} numbers differ ({formats}; LSB 2**{_exponent(lsb)})"]
    places = np.argwhere(wrong)
    gaps = (found - expected).raw[wrong]
    for place, gap in list(zip(places, gaps, strict=True))[:_SHOWN]:
        index = tuple(int(i) for i in place)
        lines.append(
            f"  [{', '.join(map(str, index))}]: {_shown(found[index])} instead of {_shown(expected[index])}: "
            f"{int(gap):+d} LSB"
        )
    if len(places) > _SHOWN:
        lines.append(
            f"  and {len(places) - _SHOWN} more; the largest difference is {max(abs(int(g)) for g in gaps)} LSB"
        )
    return "\n".join(lines)


def _shown(number: FixedArray) -> str:
    return f"{number} (raw {number.raw.item()})" if "raw" not in str(number) else str(number)


def _exponent(lsb: Fraction) -> int:
    return lsb.numerator.bit_length() - lsb.denominator.bit_length()
