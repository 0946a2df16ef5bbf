"""Weight files of a firmware folder: complete, finite, and the same for C-simulation (``.txt``) and synthesis (``.h``).

hls4ml's loaders (``nnet_helpers.h``) read the first line of a text file, leave the weights at zero if it is empty,
take a number that they cannot read for zero, and only print a message if the count is wrong. Synthesis takes another
copy of the same numbers, the initialiser in the header. Nothing else compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isobit.errors import FormatError, ModelFileError
from isobit.fixed.array import FixedArray
from isobit.fixed.types import FixedType

__all__ = ["check_weight_files", "first_line", "read_numbers"]

_LOAD = re.compile(
    r"load_(?:(compressed|exponent)_)?weights_from_txt\s*<\s*([\w:]+)\s*,\s*(\d+)\s*>\s*\(\s*(\w+)\s*,\s*\"([^\"]+)\"\s*\)"
)
#: Numbers in one weight: a compressed one has row, column and value, a power of two has sign and exponent.
_PARTS = {"": 1, "compressed": 3, "exponent": 2}
_TYPEDEF = re.compile(r"typedef\s+([^;{}]+?)\s+(\w+)\s*;")
_STRUCT = re.compile(r"typedef\s+struct\s+\w+\s*\{([^}]*)\}\s*(\w+)\s*;")
_MEMBER = re.compile(r"\s*(.+?)\s+\w+\s*;")


@dataclass(frozen=True)
class _Weights:
    """One array of weights, as the sources declare it."""

    name: str
    path: str
    count: int
    parts: int
    types: tuple[FixedType | None, ...]


def check_weight_files(root: Any, source: str, files: Mapping[str, bytes]) -> None:
    """Check every weight file that a project loads.

    Parameters
    ----------
    root
        The folder, for messages.
    source
        Text of the top function's source, without comments.
    files
        The project's files by path.

    Raises
    ------
    ModelFileError
        For a file that is missing, does not have as many numbers as its array, has text that is not a finite number, or
        numbers that become other values in the array's type than those in the header. The first one is named.
    """
    declared = _declared(files)
    loaded = [_weights(match, declared) for match in _LOAD.finditer(source)]
    for weights in loaded:
        path = f"{root}/{weights.path}"
        if weights.path not in files:
            raise ModelFileError(f"{path} is missing: the firmware reads {weights.count} weights from it")
        text = first_line(path, files[weights.path].decode(errors="replace"))
        values = _numbers(path, text, weights)
        header = weights.path.removesuffix(".txt") + ".h"
        if header not in files:
            continue
        other = _initialiser(f"{root}/{header}", files[header], weights.name)
        if other.strip() != text.strip():
            _compare(path, f"{root}/{header}", weights, values, _numbers(f"{root}/{header}", other, weights))
    _check_headers(root, files, {weights.name for weights in loaded})


def _check_headers(root: Any, files: Mapping[str, bytes], loaded: set[str]) -> None:
    """Check arrays that are compiled in: hls4ml writes no text files if ``WriteWeightsTxt`` is false."""
    for path, content in files.items():
        name = path.rpartition("/")[2].removesuffix(".h")
        if not re.fullmatch(r"firmware/weights/\w+\.h", path) or name in loaded:
            continue
        found = re.search(rf"\b{re.escape(name)}\s*\[\s*(\d+)\s*\]\s*=\s*\{{(.*?)\}}\s*;", _code(content), re.DOTALL)
        if found is None:
            continue
        parts = found[2].count(",") + 1 if "{" not in found[2] else 0
        if parts:  # lists of structs have no count of their own in the sources
            _numbers(f"{root}/{path}", found[2], _Weights(name, path, int(found[1]), 1, (None,)))


def _declared(files: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    """The C++ types of each named type's parts."""
    text = _code(files.get("firmware/defines.h", b""))
    found = {name: (kind,) for kind, name in _TYPEDEF.findall(text)}
    return found | {name: tuple(_MEMBER.findall(body)) for body, name in _STRUCT.findall(text)}


def _weights(match: re.Match[str], declared: Mapping[str, tuple[str, ...]]) -> _Weights:
    kind, type_name, count, name, file = match.groups(default="")
    parts = _PARTS[kind]
    kinds = [_format(text) for text in declared.get(type_name.rpartition("::")[2], ())]
    types = tuple(kinds) if len(kinds) == parts else (None,) * parts
    return _Weights(name, f"firmware/weights/{file}", int(count), parts, types)


def _format(text: str) -> FixedType | None:
    """The format of a C++ type; None for floating point, where the numbers themselves are compared."""
    try:
        return FixedType.parse(text)
    except FormatError:
        return None


def _code(content: bytes) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", content.decode(errors="replace"), flags=re.DOTALL)


def read_numbers(path: str, text: str, name: str, count: int, kinds: tuple[FixedType, ...]) -> Any:
    """Numbers of a list, shape (count, parts).

    Parameters
    ----------
    path, text
        The file, for messages, and the list in it.
    name, count, kinds
        Of the array: its name, its length, and the format of each part of an element.

    Raises
    ------
    ModelFileError
        For another count, and for what is not a finite number.
    """
    return _numbers(path, text, _Weights(name, path, count, len(kinds), kinds))


def first_line(path: str, text: str) -> str:
    """The line that hls4ml's loaders read.

    Raises
    ------
    ModelFileError
        If there is more than one.
    """
    first, _, rest = text.partition("\n")
    if rest.strip():
        raise ModelFileError(
            f"{path} has more than one line; hls4ml's firmware reads only the first one, expected all numbers there"
        )
    return first


def _initialiser(path: str, content: bytes, name: str) -> str:
    """The text between the braces of the array in the header, which synthesis reads."""
    found = re.findall(rf"\b{re.escape(name)}\s*\[[^\]]*\]\s*=?\s*\{{(.*?)\}}\s*;", _code(content), re.DOTALL)
    if len(found) != 1:
        raise ModelFileError(
            f"{path} initialises {name} {len(found)} times; expected once, so that synthesis has the weights of the "
            "C-simulation"
        )
    return str(found[0])


def _numbers(path: str, text: str, weights: _Weights) -> Any:
    """Numbers of a list, shape (count, parts)."""
    if weights.parts > 1:
        tokens = [part for group in re.findall(r"\{([^{}]*)\}", text) for part in _split(group)]
        left = re.sub(r"\{[^{}]*\}", "", text).replace(",", " ").strip()
        if left:
            raise ModelFileError(f"{path} holds {left[:40]!r} outside of its braces; expected {_expected(weights)}")
    else:
        tokens = _split(text)
    try:
        values = np.array(tokens, dtype=np.float64)
    except ValueError:
        values = None
    if values is None or not np.isfinite(values).all() or "_" in text or not text.isascii():
        index, token = next((i, token) for i, token in enumerate(tokens) if not _is_number(token))
        raise ModelFileError(
            f"{path}: value {index // weights.parts} is {token.strip()!r}; expected {_expected(weights)}"
        )
    if len(values) != weights.count * weights.parts:
        held = f"{len(values) / weights.parts:g}"
        raise ModelFileError(f"{path} holds {held} weights; expected {_expected(weights)}")
    table = values.reshape(weights.count, weights.parts)
    for part, kind in enumerate(weights.types):
        column = table[:, part]
        if kind is not None and kind.fraction <= 0 and (column != np.trunc(column)).any():
            index = int(np.flatnonzero(column != np.trunc(column))[0])
            raise ModelFileError(f"{path}: value {index} is {column[index]:g}, and its type {kind} holds integers")
    return table


def _split(text: str) -> list[str]:
    tokens = text.split(",")
    return tokens if tokens[-1].strip() else tokens[:-1]


def _is_number(token: str) -> bool:
    try:
        return bool(np.isfinite(float(token))) and "_" not in token and token.isascii()
    except ValueError:
        return False


def _expected(weights: _Weights) -> str:
    what = {1: "numbers", 2: "pairs {sign, exponent}", 3: "triples {row, column, weight}"}[weights.parts]
    return f"{weights.count} finite {what}, separated by commas"


def _compare(path: str, header: str, weights: _Weights, values: Any, others: Any) -> None:
    """Compare what both lists become in the array's type.

    Raises
    ------
    ModelFileError
        With the first weight that differs.
    """
    unequal = np.zeros(weights.count, dtype=bool)
    for part, kind in enumerate(weights.types):
        left, right = values[:, part], others[:, part]
        if kind is not None:
            left, right = (FixedArray.from_float(column, kind).raw for column in (left, right))
        unequal |= np.asarray(left != right, dtype=bool)
    if not unequal.any():
        return
    index = int(np.flatnonzero(unequal)[0])
    shown = [", ".join(f"{value:.12g}" for value in table[index]) for table in (values, others)]
    kind = weights.types[-1]
    raise ModelFileError(
        f"{path} (C-simulation) and {header} (synthesis) differ in {int(unequal.sum())} of {weights.count} weights"
        f"{'' if kind is None else f' of type {kind}'}; first: weight {index} is {shown[0]} against {shown[1]}. The "
        "firmware would not be what is simulated: write the project again, or make both files hold the same numbers"
    )
