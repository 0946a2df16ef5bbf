"""Exact comparison; a failure says how many numbers differ, where, by how many LSBs, and in which formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed.array import FixedArray

__all__ = ["assert_equal", "difference"]

#: Differing numbers that are shown.
_SHOWN = 5


def assert_equal(
    found: Any, expected: Any, *, same_type: bool = True, label: str = "", allow_empty: bool = False
) -> None:
    """Assert that two results are the same bits; there is no tolerance.

    Parameters
    ----------
    found, expected
        :class:`isobit.FixedArray`, or a list or dict of them (``predict_raw`` of several outputs, ``trace``). A trace's
        float64 arrays (layers that have no format) are also compared bit for bit.
    same_type
        Also ask for the same formats. Otherwise the values are compared, whatever the formats.
    label
        What is compared, for the message.
    allow_empty
        Whether two empty results count as equal; a test that compares nothing proves nothing.

    Raises
    ------
    AssertionError
        With the number of differences, the first five with their place, both formats and the distance in LSBs.
    ShapeError
        If a list, dict or array is empty on both sides and ``allow_empty`` is not given.
    TypeMismatchError
        If an argument is something else.
    """
    if text := difference(found, expected, same_type=same_type, label=label, allow_empty=allow_empty):
        raise AssertionError(text)


def difference(found: Any, expected: Any, *, same_type: bool = True, label: str = "", allow_empty: bool = False) -> str:
    """Say how two results differ, or the empty string; parameters and errors as for :func:`assert_equal`."""
    start = f"{label}: " if label else ""
    pairs: list[tuple[str, Any, Any]]
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        if found.keys() != expected.keys():
            return f"{start}keys {sorted(found)} against {sorted(expected)}"
        pairs = [(f"{label}.{key}" if label else str(key), found[key], expected[key]) for key in expected]
    elif _is_list(found) and _is_list(expected):
        if len(found) != len(expected):
            return f"{start}{len(found)} arrays against {len(expected)}"
        both = zip(found, expected, strict=True)
        pairs = [(f"{label}[{index}]", first, second) for index, (first, second) in enumerate(both)]
    elif isinstance(found, FixedArray) and isinstance(expected, FixedArray):
        _refuse_nothing(found.size + expected.size, start, allow_empty)
        return start + text if (text := _arrays(found, expected, same_type)) else ""
    else:
        raise TypeMismatchError(
            f"{start}expected two FixedArrays, or two lists or dicts of them; got {_named(found)} and "
            f"{_named(expected)} (quantise floats with FixedArray.from_float)"
        )
    _refuse_nothing(len(pairs), start, allow_empty)
    texts = []
    for name, first, second in pairs:
        if _is_double(first) and _is_double(second):
            _refuse_nothing(first.size + second.size, f"{name}: ", allow_empty)
            text = _doubles(first, second)
            texts.append(text and f"{name}: {text}")
        else:
            texts.append(difference(first, second, same_type=same_type, label=name, allow_empty=allow_empty))
    return "\n".join(text for text in texts if text)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _is_double(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def _named(value: object) -> str:
    kind = type(value).__name__
    return f"{kind} of dtype {value.dtype}" if isinstance(value, np.ndarray) else kind


def _refuse_nothing(size: int, start: str, allow_empty: bool) -> None:
    if not size and not allow_empty:
        raise ShapeError(f"{start}nothing to compare: both are empty; if that is intended, pass allow_empty=True")


def _doubles(found: Any, expected: Any) -> str:
    if found.shape != expected.shape:
        return f"shapes differ: {found.shape} against {expected.shape} (float64)"
    bits = [np.asarray(values, order="C").reshape(-1).view(np.int64) for values in (found, expected)]
    wrong = (bits[0] != bits[1]).reshape(found.shape)
    if not wrong.any():
        return ""
    lines = [f"{np.count_nonzero(wrong)} of {found.size} float64 values differ"]
    places = np.argwhere(wrong)
    for place in places[:_SHOWN]:
        index = tuple(int(i) for i in place)
        lines.append(f"  [{', '.join(map(str, index))}]: {found[index]} instead of {expected[index]}")
    if len(places) > _SHOWN:
        lines.append(f"  and {len(places) - _SHOWN} more")
    return "\n".join(lines)


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
