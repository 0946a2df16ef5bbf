"""Constants that their own format changed: wrapped, saturated, zeroed or clipped, not only rounded.

The front end keeps three values of every constant: the trained one, the one that hls4ml writes into the project, and
the raw integer that the firmware holds. Rounding moves a constant by about one LSB at most; a constant that moved
further has left its format.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from isobit.bounds.constant_change import ConstantChange, as_float
from isobit.errors import PrecisionWarning
from isobit.model.graph import Graph
from isobit.model.ops import Op
from isobit.model.weights import Encoding, Weight

__all__ = [
    "constant_changes",
    "firmware_values",
    "op_changes",
    "op_constants",
    "warn_of_changes",
    "weight_changes",
]

#: No rounding moves a constant further, in LSB: less than one by the cast, and 0.1 by hls4ml's decimals.
_ROUNDING = 1.25
#: Rounding to a power of two moves a constant by less than this factor.
_POWER = 1.5
#: Sum of magnitudes, relative to the mean of the outputs, below which an output was as good as zero before.
_FAINT = 0.01


def constant_changes(graph: Graph) -> tuple[ConstantChange, ...]:
    """Every slot whose constants changed by more than rounding, in the order of the layers."""
    found = (change for op in graph.ops for change in op_changes(op))
    return tuple(change for change in found if change.harmful)


def op_changes(op: Op) -> Iterator[ConstantChange]:
    """What the formats of one layer did to its constants, rounding included."""
    for weight in op_constants(op):
        change = weight_changes(op.name, weight, own_scale=op.keeps_units)
        if change is not None:
            yield change


def warn_of_changes(before: Graph, after: Graph) -> None:
    """Warn the caller's caller of constants that other formats change by more than rounding, as far as that is new."""
    for old, new in zip(before.ops, after.ops, strict=True):
        if new.types() == old.types():
            continue
        known = {change for change in op_changes(old) if change.harmful}
        for change in op_changes(new):
            if change.harmful and change not in known:
                warnings.warn(str(change), PrecisionWarning, stacklevel=3)


def op_constants(op: Op) -> list[Weight]:
    """The constants of a layer."""
    values = (getattr(op, field.name) for field in fields(op))
    return [value for value in values if isinstance(value, Weight)]


def firmware_values(weight: Weight) -> npt.NDArray[np.float64]:
    """What the firmware computes with, as float64: numbers, powers of two, or plus and minus one."""
    if weight.encoding is Encoding.EXPONENT:
        assert weight.signs is not None
        return np.asarray(np.where(weight.signs == 1, 1.0, -1.0) * 2.0 ** weight.raw.astype(np.float64))
    if weight.encoding is Encoding.XNOR:
        return np.asarray(weight.raw * 2.0 - 1.0)
    if weight.raw.dtype != object:
        return np.asarray(weight.raw * as_float(weight.type.lsb))
    exact = [as_float(int(raw) * weight.type.lsb) for raw in weight.raw.ravel()]
    return np.array(exact, dtype=np.float64).reshape(weight.shape)


def weight_changes(layer: str, weight: Weight, *, own_scale: bool = False) -> ConstantChange | None:
    """What a format did to one slot; None if every constant is exact.

    Parameters
    ----------
    layer
        Layer name.
    weight
        The constants.
    own_scale
        Whether the trained values are in the units of the written ones, as those of a scale are: weights that hls4ml
        divided by an alpha of the quantiser are not.
    """
    if weight.encoding is Encoding.XNOR:
        return None
    got, written = firmware_values(weight), weight.written
    asked = weight.unquantised if own_scale and weight.encoding is not Encoding.TABLE else written
    table = weight.encoding is Encoding.TABLE
    finite = np.isfinite(asked)
    if np.array_equal(got, asked):
        return None
    # Poles of a table (1 / 0) have no value to keep; a format that saturates gives its bound, which is meant.
    gap = np.where(finite, np.abs(got - np.where(finite, asked, 0.0)), 0.0)
    allowed = _allowed(weight, written)
    left = np.where(finite, np.abs(got - np.where(finite, written, 0.0)), 0.0) > allowed
    if not weight.type.overflow.name.startswith("SAT") or weight.type.is_int:
        left |= ~np.isfinite(written)
        wrapped, saturated = int(np.count_nonzero(left)), 0
    else:
        wrapped, saturated = 0, int(np.count_nonzero(left))
    clipped = ~left & _clipped(weight, own_scale)
    nonzero = (asked != 0) & finite
    zeroed = nonzero & (got == 0) & ~left & ~clipped
    if table and not (got == 0).all():
        zeroed = np.zeros_like(zeroed)  # a table of exponentials ends in zeros
    serious = left | clipped
    ranked = np.where(serious, gap, -1.0) if serious.any() else np.where(zeroed, gap, -1.0) if zeroed.any() else gap
    worst = np.unravel_index(int(np.argmax(ranked)), ranked.shape)
    inexact = (got != asked) & ~left & ~clipped & ~zeroed & finite
    return ConstantChange(
        layer,
        weight.name,
        weight.type,
        weight.encoding,
        int(got.size),
        int(np.count_nonzero(nonzero)),
        wrapped,
        saturated,
        int(np.count_nonzero(zeroed)),
        float(gap[zeroed].sum() / np.abs(asked[finite]).sum()) if zeroed.any() else 0.0,
        _lost(np.where(finite, np.abs(asked), 0.0), zeroed),
        int(np.count_nonzero(clipped)),
        not own_scale,
        int(np.count_nonzero(inexact)),
        float(gap[inexact].sum() / np.abs(asked[finite]).sum()) if inexact.any() and asked.ndim > 1 else 0.0,
        tuple(int(i) for i in worst),
        float(asked[worst]),
        float(got[worst]),
    )


def _allowed(weight: Weight, written: npt.NDArray[np.float64]) -> Any:
    """How far rounding may move each constant."""
    if weight.encoding is Encoding.EXPONENT:
        return np.abs(written) / 2  # hls4ml cuts log2; written values are powers of two already
    return _ROUNDING * as_float(weight.type.lsb)


def _clipped(weight: Weight, own_scale: bool) -> Any:
    """Constants that hls4ml's quantiser clipped before they were written.

    Trained and written values can only be compared where they are in the same units: where all constants agree up to
    rounding except those that were written as the largest or smallest one.
    """
    trained, written = weight.unquantised, weight.written
    none = np.zeros(written.shape, dtype=bool)
    if weight.encoding is Encoding.EXPONENT:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.abs(trained / written)
        return ((ratio > _POWER) | (ratio < 1 / _POWER)) & (trained != 0) if own_scale else none
    if weight.encoding is not Encoding.PLAIN:
        return none
    far = np.abs(trained) - np.abs(written) > _ROUNDING * as_float(weight.type.lsb)
    if not far.any():
        return none
    if (np.abs(trained - written)[~far] > _ROUNDING * as_float(weight.type.lsb)).any():
        return none
    # Written as the largest or smallest one that there is, with their own sign.
    ends = np.isin(written[far], (written.min(), written.max())) & (np.sign(written[far]) == np.sign(trained[far]))
    return far if ends.all() else none


def _lost(magnitudes: npt.NDArray[np.float64], zeroed: Any) -> int:
    """Outputs (last axis) that have nothing left and had something before."""
    if magnitudes.ndim < 2:
        return 0
    sums = magnitudes.reshape(-1, magnitudes.shape[-1])
    left = np.where(zeroed.reshape(sums.shape), 0.0, sums).sum(axis=0)
    before = sums.sum(axis=0)
    return int(np.count_nonzero((left == 0) & (before > _FAINT * before.mean())))
