"""Values of a kernel's arguments: arrays, and structs as dictionaries of arrays by the names of their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isobit.csim.words import to_words
from isobit.errors import ShapeError, TypeMismatchError
from isobit.fixed.array import FixedArray, finite
from isobit.fixed.quantise import refuse_masked
from isobit.ports import Port, doubles

__all__ = ["Field", "columns", "fields_of", "joined", "separated"]

_PART = re.compile(r"\[(\d+)\]|\.(\w+)(?:~(\w+))?")


@dataclass(frozen=True)
class Field:
    """What is passed as one port: a whole argument, or a field of its struct.

    Attributes
    ----------
    argument
        The argument's name.
    path
        Names of the field and of the structs around it; () for an argument that is not a struct.
    port
        Its port; the shape is the argument's, followed by that of the arrays inside the struct.
    default
        Its value if the caller leaves it out, for side channels of a packet: ``ones``, ``zero``, ``last``; else empty.
    """

    argument: str
    path: tuple[str, ...]
    port: Port
    default: str = ""


def fields_of(ports: Iterable[Port], shapes: Mapping[str, tuple[int, ...]]) -> tuple[Field, ...]:
    """The fields that the bridge's ports stand for; the port's name gives the path: ``arg0.jets[2].pt``.

    Parameters
    ----------
    ports
        As the bridge describes them.
    shapes
        Declared shape of every argument by name.
    """
    found = []
    for port in ports:
        argument = re.split(r"[.\[]", port.name, maxsplit=1)[0]
        parts = _PART.findall(port.name[len(argument) :])
        path = tuple(name for _, name, _ in parts if name)
        shape = (*shapes.get(argument, ()), *(int(extent) for extent, _, _ in parts if extent))
        default = next((mark for _, _, mark in parts if mark), "")
        named = replace(port.reshaped(shape), name=".".join((argument, *path)))
        found.append(Field(argument, path, named, default))
    return tuple(found)


def separated(fields: Sequence[Field], given: Mapping[str, Any]) -> list[Any]:
    """Each field's values, from those of the arguments; None where a side channel has its default.

    Raises
    ------
    TypeMismatchError
        If a field is missing or unknown: with the fields that there are.
    """
    found: list[Any] = []
    for name, value in given.items():
        mine = [field for field in fields if field.argument == name]
        needed = [field for field in mine if not field.default]
        if _names(value) is None and len(needed) == 1:  # an array, or a packet's data alone
            found += [None if field.default else value for field in mine]
            continue
        _check(name, value, mine)
        found += [_at(value, field) for field in mine]
    return found


def _names(value: Any) -> list[str] | None:
    """Names of the fields in a value, None for plain numbers."""
    if isinstance(value, Mapping):
        return list(value)
    names = getattr(getattr(value, "dtype", None), "names", None)
    return None if names is None else list(names)


def _check(what: str, value: Any, fields: Sequence[Field], depth: int = 0) -> None:
    """Refuse a struct's value that lacks a field, or has one that is unknown."""
    wanted = dict.fromkeys(field.path[depth] for field in fields if len(field.path) > depth)
    names = _names(value)
    if not wanted and names is None:
        return
    if not wanted or names is None:
        expected = f"a dict of its fields ({', '.join(wanted)})" if wanted else "numbers"
        raise TypeMismatchError(f"{what!r} must be {expected}, got {type(value).__name__}")
    by_default = {field.path[depth] for field in fields if len(field.path) == depth + 1 and field.default}
    unknown = [name for name in names if name not in wanted]
    missing = [name for name in wanted if name not in names and name not in by_default]
    if unknown or missing:
        said = [f"unknown: {', '.join(map(str, unknown))}"] * bool(unknown)
        said += [f"missing: {', '.join(missing)}"] * bool(missing)
        raise TypeMismatchError(f"{what!r} has the fields {', '.join(wanted)}; {'; '.join(said)}")
    for name in names:
        below = [field for field in fields if field.path[depth] == name]
        _check(f"{what}.{name}", value[name], below, depth + 1)


def _at(value: Any, field: Field) -> Any:
    for name in field.path:
        if name not in (_names(value) or ()):
            return None
        value = value[name]
    return value


def columns(fields: Sequence[Field], values: Sequence[Any]) -> tuple[list[Any], int, bool]:
    """Words of each field, the number of events, and whether it is a single one without its axis.

    Raises
    ------
    ShapeError, TypeMismatchError, RangeError
        For values that do not fit.
    """
    arrays = [None if value is None else _real(value, field.port) for field, value in zip(fields, values, strict=True)]
    leading = set()
    for field, array in zip(fields, arrays, strict=True):
        if array is None:
            continue
        shape, wanted = tuple(array.shape), field.port.shape
        if shape != wanted and shape[1:] != wanted:
            raise ShapeError(f"{field.port.name!r} has shape {shape}; expected {wanted} or (events, *{wanted})")
        leading.add(None if shape == wanted else shape[0])
    if len(leading) > 1:
        raise ShapeError(
            "the inputs must all be single events or have the same number of events, got shapes "
            + ", ".join(str(tuple(array.shape)) for array in arrays if array is not None)
        )
    count = leading.pop() if leading else None
    events = 1 if count is None else count
    words = []
    for field, array in zip(fields, arrays, strict=True):
        port = field.port
        if array is None:
            words.append(np.repeat(to_words(_default(field), port, True), events, axis=0))
        elif port.type is None:
            words.append(to_words(doubles(array, port).reshape(events, port.size), port, False))
        else:
            fixed = array if isinstance(array, FixedArray) else FixedArray.from_float(array, port.type)
            words.append(to_words(fixed.cast(port.type).reshape(events, port.size), port, True))
    return words, events, count is None


def _default(field: Field) -> FixedArray:
    """A side channel that the caller leaves out: every byte kept, ``last`` on the last packet, the others zero."""
    kind = field.port.type
    assert kind is not None  # side channels are ap_uint
    raw = np.full(field.port.size, kind.raw_max if field.default == "ones" else 0, dtype=object)
    if field.default == "last":
        raw[-1] = 1
    return FixedArray.from_raw(raw.reshape(1, -1), kind)


def _real(value: Any, port: Port) -> Any:
    """A fixed array, or an array of numbers whose NaN and infinities are refused by the port's name."""
    if isinstance(value, FixedArray):
        return value
    refuse_masked(value, f"argument {port.name!r}")
    try:
        array = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ShapeError(f"input {port.name!r} is not an array: {error}") from None
    if array.dtype.kind not in "fiuO" or (array.dtype.kind == "f" and array.dtype.itemsize > 8):
        raise TypeMismatchError(f"input {port.name!r} must hold real numbers, got dtype {array.dtype}")
    return finite(array, port.name) if array.dtype.kind == "f" else array


def joined(fields: Sequence[Field], arrays: Sequence[Any]) -> list[Any]:
    """Each argument's value, from the fields' arrays: an array, or dictionaries by the names of the fields."""
    found: dict[str, Any] = {}
    for field, array in zip(fields, arrays, strict=True):
        place, name = found, field.argument
        for inner in field.path:
            place, name = place.setdefault(name, {}), inner
        place[name] = array
    return list(found.values())
