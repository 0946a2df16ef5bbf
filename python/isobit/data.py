"""Events as users give them (arrays, lists or dicts of arrays), brought into the shapes and formats of the inputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.fixed.array import FixedArray, finite
from isobit.fixed.quantise import refuse_masked
from isobit.model.ops import Tensor
from isobit.ports import Port, doubles

__all__ = [
    "Data",
    "check_names",
    "columns_of",
    "events_of",
    "in_order",
    "map_data",
    "quantised",
    "shaped",
    "within_limits",
]

#: One array, or for several inputs or outputs a list of them, as in Keras; for inputs also a dict by input name.
Data = Any


def map_data(value: Any, function: Any) -> Any:
    """Apply a function to one array or to each of a list."""
    return [function(v) for v in value] if isinstance(value, list) else function(value)


def shaped(array: Any, tensor: Tensor | Port, single: bool) -> Any:
    """An array of shape (events, size) in the tensor's own shape; a single event without the first axis."""
    return array.reshape(*tensor.shape) if single else array.reshape(len(array), *tensor.shape)


def in_order(tensors: Sequence[Tensor | Port], x: Data) -> list[Any]:
    """The data of each input, in the order of the inputs.

    Raises
    ------
    ShapeError
        For a list of another length than there are inputs.
    TypeMismatchError
        For a dict that names other inputs.
    """
    names = [tensor.name for tensor in tensors]
    if isinstance(x, Mapping):
        check_names(names, x)
        return [x[name] for name in names]
    if len(tensors) == 1 and not (isinstance(x, (list, tuple)) and len(x) == 1 and np.ndim(x[0]) > 1):
        return [x]
    if not isinstance(x, (list, tuple)) or len(x) != len(tensors):
        raise ShapeError(
            f"expected a list of {len(tensors)} inputs ({', '.join(names)}) or a dict by their names, "
            f"got {type(x).__name__}"
        )
    return list(x)


def check_names(names: Sequence[str], data: Mapping[str, Any]) -> None:
    """Check that a dict has an entry for each input, and no others.

    Raises
    ------
    TypeMismatchError
        With the name that is unknown or missing.
    """
    known = ", ".join(names)
    if unknown := [key for key in data if key not in names]:
        raise TypeMismatchError(f"no input is called {unknown[0]!r}; the model's inputs: {known}")
    if missing := [name for name in names if name not in data]:
        raise TypeMismatchError(f"no data for input {missing[0]!r}; the model's inputs: {known}")


def events_of(tensor: Tensor | Port, value: Any) -> tuple[Any, bool]:
    """One input as an array of shape (events, size), and whether it was a single event; no number is read.

    Raises
    ------
    ShapeError, TypeMismatchError
        For data of the wrong shape or kind.
    """
    if isinstance(value, (str, os.PathLike)):
        raise TypeMismatchError(f"input {tensor.name!r} is a path, {value}; files are for predict_file and check")
    refuse_masked(value, f"input {tensor.name!r}")
    try:
        array: Any = value if isinstance(value, FixedArray) else np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ShapeError(f"input {tensor.name!r} is not an array: {error}") from None
    if not isinstance(value, FixedArray) and (array.dtype.kind not in "fiu" or array.dtype.itemsize > 8):
        raise TypeMismatchError(
            f"input {tensor.name!r} must hold real numbers (float16, float32, float64 or integers), got dtype "
            f"{array.dtype}"
        )
    shape = tuple(array.shape)
    if shape == tensor.shape:
        return array.reshape(1, tensor.size), True
    if shape and shape[1:] in (tensor.shape, (tensor.size,)):
        return array.reshape(shape[0], tensor.size), False
    expected = ("events", *map(str, tensor.shape)) if tensor.shape else ("events,",)
    raise ShapeError(f"input {tensor.name!r} has shape {shape}; expected ({', '.join(expected)})")


def _flat(tensor: Tensor | Port, value: Any) -> tuple[Any, bool]:
    """The same, with finite numbers only."""
    array, single = events_of(tensor, value)
    if not isinstance(array, FixedArray) and array.dtype.kind == "f":
        finite(np.asarray(value), tensor.name)  # in the user's shape, so that the index is one of the user's
    return array, single


def columns_of(tensors: Sequence[Tensor | Port], x: Data) -> tuple[dict[str, Any], bool, bool]:
    """Every input as (events, size): float64 or, if any is fixed or integers, fixed in the input's format.

    Returns
    -------
    The columns by name, whether it was a single event, and whether they are fixed. Inputs of a C++ floating-point type
    (format None) are float64 in any case.
    """
    pairs = [_flat(tensor, value) for tensor, value in zip(tensors, in_order(tensors, x), strict=True)]
    if len({(len(array), single) for array, single in pairs}) != 1:
        raise ShapeError(f"the inputs have different numbers of events: {[len(array) for array, _ in pairs]}")
    # Integers are quantised here, exactly; float64 could not carry those beyond 53 bits.
    raw = any(isinstance(array, FixedArray) or array.dtype.kind in "iu" for array, _ in pairs)
    columns: dict[str, Any] = {}
    for tensor, (array, _) in zip(tensors, pairs, strict=True):
        kind = tensor.type
        if kind is None:
            columns[tensor.name] = doubles(array, cast(Port, tensor))  # no Tensor is without a format
        elif raw:
            fixed = array if isinstance(array, FixedArray) else FixedArray.from_float(array, kind)
            columns[tensor.name] = fixed.cast(kind)
        else:
            columns[tensor.name] = finite(np.asarray(array, dtype=np.float64), tensor.name)
        if isinstance(tensor, Tensor):
            _check_limits(tensor, columns[tensor.name])
    return columns, pairs[0][1], raw


def within_limits(tensor: Tensor, values: Any) -> bool:
    """Whether real numbers lie within an input's limits already before they are rounded, so that they do afterwards."""
    if tensor.limits is None:
        return True
    low, high = (end * float(tensor.type.lsb) for end in tensor.raw_range)
    return bool(((values >= low) & (values <= high)).all())


def _check_limits(tensor: Tensor, values: Any) -> None:
    """Refuse data outside of the range that the user gave for an input."""
    if tensor.limits is None or (not isinstance(values, FixedArray) and within_limits(tensor, values)):
        return
    fixed = values if isinstance(values, FixedArray) else FixedArray.from_float(values, tensor.type)
    least, most = tensor.raw_range
    outside = np.asarray((fixed.raw < least) | (fixed.raw > most), dtype=bool)
    if outside.any():
        event, element = (int(i) for i in np.argwhere(outside)[0])
        value, (low, high) = float(fixed.raw[event, element] * tensor.type.lsb), tensor.limits
        raise RangeError(
            f"input {tensor.name!r} is {value:g} in event {event}, element {element}; its range is {low:g} to {high:g} "
            f"(input_ranges); {int(outside.any(axis=1).sum()):,} of {len(outside):,} events leave it"
        )


def quantised(tensors: Sequence[Tensor], x: Data) -> tuple[dict[str, FixedArray], bool]:
    """Bring data into the input formats; see :meth:`isobit.Model.quantise`."""
    columns, single, raw = columns_of(tensors, x)
    if raw:
        return columns, single
    return {t.name: FixedArray.from_float(columns[t.name], t.type) for t in tensors}, single
