"""What a reference gives for a layer, checked: a user's reference may give anything."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

import numpy as np

from isobit.engines.reference.array_law import truncated
from isobit.engines.reference.kernels import Inputs, supported
from isobit.engines.reference.numbers import Numbers
from isobit.errors import RangeError, ShapeError, TypeMismatchError
from isobit.model.ops import Op, Tensors

__all__ = ["result_of"]


def result_of(op: Op, tensors: Tensors, inputs: Inputs) -> Numbers:
    """Compute a layer by its reference.

    Parameters
    ----------
    op, tensors
        The layer and its input tensors.
    inputs
        Numbers of every input, shape (size, events).

    Returns
    -------
    Raw integers of the result's format, shape (size, events).

    Raises
    ------
    UnsupportedError
        If the layer has no reference.
    TypeMismatchError, ShapeError, RangeError
        If the reference gives no :class:`Numbers`, another shape, or numbers that the result's format does not have.
    """
    kernel = supported(op)
    try:
        found = kernel(op, tensors, tuple(_unwritable(numbers) for numbers in inputs))
    except Exception as error:
        if sys.version_info >= (3, 11):
            error.add_note(f"in the reference of layer {op.name!r} ({op.tag})")
        raise
    return _checked(op, found, inputs[0].shape[1])


def _unwritable(numbers: Numbers) -> Numbers:
    """The same numbers, which are also the events of the caller's: whoever writes into them gets an error."""
    raw = numbers.raw.view()
    raw.flags.writeable = False
    return Numbers(raw, numbers.fraction, numbers.bits)


def _checked(op: Op, found: Any, events: int) -> Numbers:
    who, kind = f"the reference of layer {op.name!r} ({op.tag})", op.output.type
    if not isinstance(found, Numbers) or not _are_integers(found.raw):
        what = f"Numbers of {found.raw.dtype}" if isinstance(found, Numbers) else type(found).__name__
        raise TypeMismatchError(f"{who} gives {what}; expected Numbers of integers, as isobit.layers.assign gives them")
    if found.shape != (op.output.size, events):
        raise ShapeError(
            f"{who} gives numbers of shape {found.shape}; expected {(op.output.size, events)}: the size of the result, "
            "and the events"
        )
    cut = truncated(found, kind.fraction)
    wrong = np.asarray((cut.raw < kind.raw_min) | (cut.raw > kind.raw_max), dtype=bool)
    if found.fraction > kind.fraction:
        wrong |= ~cut.equals(found)
    if wrong.any():
        element, event = (int(i) for i in np.argwhere(wrong)[0])
        value = int(found.raw[element, event]) * Fraction(2) ** -found.fraction
        raise RangeError(
            f"{who} gives {float(value):.17g} (element {element}, event {event}), no number of {kind}, the result's "
            f"format: those are the multiples of {float(kind.lsb):.17g} from {float(kind.raw_min * kind.lsb):.17g} to "
            f"{float(kind.max):.17g}; isobit.layers.assign writes numbers into a format"
        )
    return Numbers.of(cut.raw, kind)


def _are_integers(raw: Any) -> bool:
    if not isinstance(raw, np.ndarray):
        return False
    return raw.dtype == np.int64 or (raw.dtype == object and all(type(number) is int for number in raw.flat))
