"""Entries of a wrapper's description that are types, names, indices and constants."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from isobit.errors import FormatError
from isobit.fixed.types import FixedType
from isobit.frontends.descriptions import Entries

__all__ = ["indices_of", "name_of", "names_of", "numbers_of", "range_of", "shape_of", "type_of", "whole_numbers_of"]

_NAME = re.compile(r"[A-Za-z_]\w*")
_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?(?::(-?\d+))?")
#: Most numbers of a list, and of a tensor.
_MOST = 1 << 20


def name_of(entries: Entries, key: str = "name") -> str:
    """An entry that is a name as in C++."""
    name = entries.text(key)
    if not _NAME.fullmatch(name):
        raise entries.wrong(f"{key} is {name!r}; expected letters, digits and underscores, such as 'scaled'")
    return name


def names_of(entries: Entries, key: str) -> list[str]:
    """An entry that is a name or a list of names."""
    value = entries.values[key]
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise entries.wrong(f"{key} is {value!r:.80}; expected a name, or a list of names")
    return names


def type_of(entries: Entries, key: str = "type") -> FixedType:
    """An entry that is a number type."""
    try:
        return FixedType.parse(entries.text(key))
    except FormatError as error:
        raise entries.wrong(f"{key}: {error}") from None


def shape_of(entries: Entries) -> tuple[int, ...]:
    """The entry ``size``, a whole number, or ``shape``, a list of them; one number if there is neither."""
    if entries.has("size") and entries.has("shape"):
        raise entries.wrong("has size and shape; expected one of them")
    if not entries.has("shape"):
        return (entries.whole("size", 1, least=1, most=_MOST),)
    shape = whole_numbers_of(entries, "shape")
    if not isinstance(entries.values["shape"], list) or min(shape) < 1 or math.prod(shape) > _MOST:
        raise entries.wrong(f"shape is {entries.values['shape']!r:.80}; expected extents of at least 1, such as [7, 3]")
    return tuple(shape)


def range_of(entries: Entries) -> tuple[float, float] | None:
    """The entry ``range``: the smallest and the largest number; None if it is missing."""
    if not entries.has("range"):
        return None
    ends = numbers_of(entries, "range")
    if len(ends) != 2 or ends[0] > ends[1]:
        raise entries.wrong(f"range is {entries.values['range']!r:.80}; expected [smallest, largest]")
    return ends[0], ends[1]


def whole_numbers_of(entries: Entries, key: str) -> list[int]:
    """An entry that is a whole number or a list of them."""
    value = _listed(entries, key)
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in value):
        raise entries.wrong(f"{key} is {entries.values[key]!r:.80}; expected a whole number, or a list of them")
    return value


def numbers_of(entries: Entries, key: str) -> list[float]:
    """An entry that is a finite number or a list of them."""
    value = _listed(entries, key)
    for number, one in enumerate(value):
        if isinstance(one, bool) or not isinstance(one, (int, float)) or not math.isfinite(one):
            raise entries.wrong(f"number {number} of {key} is {one!r:.80}; expected a finite number")
        if isinstance(one, int) and int(float(one)) != one:
            raise entries.wrong(f"number {number} of {key} is {one}, which no double equals")
    return [float(one) for one in value]


def _listed(entries: Entries, key: str) -> list[Any]:
    if not entries.has(key):
        raise entries.wrong(f"the entry {key!r} is missing")
    value = entries.values[key]
    listed = value if isinstance(value, list) else [value]
    if not 1 <= len(listed) <= _MOST:
        raise entries.wrong(f"{key} has {len(listed)} entries; allowed are 1 to {_MOST}")
    return listed


def indices_of(entries: Entries, key: str, sizes: list[int]) -> list[int]:
    """An entry that says which numbers are taken of some tensors, one after the other.

    Whole numbers and slices as Python writes them (``"0:30:3"``), or ``interleaved``: the first number of each tensor,
    the second of each, and so on.
    """
    total = sum(sizes)
    if entries.values[key] == "interleaved":
        if len(set(sizes)) != 1:
            raise entries.wrong(f"interleaved tensors have {sizes} numbers; expected the same number of each")
        return [int(place) for place in np.arange(total).reshape(len(sizes), -1).T.ravel()]
    found: list[int] = []
    for one in _listed(entries, key):
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < total:
            found.append(one)
        elif isinstance(one, str) and (cut := _SLICE.fullmatch(one.strip())) and cut[3] != "0":
            found += range(total)[slice(*(None if part is None else int(part) for part in cut.groups()))]
        else:
            raise entries.wrong(
                f"{key} has {one!r:.80}; expected whole numbers from 0 to {total - 1}, slices such as '0:30:3', or "
                "the word interleaved"
            )
    if not found:
        raise entries.wrong(f"{key} takes no number")
    return found
