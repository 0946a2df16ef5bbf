"""Lookup tables as the firmware holds them: entries computed by the C library, rounded once.

hls4ml's kernels fill their tables at start-up (``init_*_table`` in nnet_activation.h), mostly in float. The entries
are computed here by the same functions at the same precision (``isobit/host/table_values.hpp``), rounded into the
table's format, and kept as raw integers: a saved model holds the bits whatever the C library of the next machine says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.errors import ShapeError, UnsupportedError
from isobit.fixed.types import FixedType
from isobit.model.weights import Encoding, Weight, quantise_entries

__all__ = [
    "MAX_ENTRIES",
    "check_table",
    "exponential_table",
    "function_table",
    "index_bits",
    "inverse_root_table",
    "inverse_table",
]

#: Largest table: hls4ml's float arithmetic on indices is exact up to here.
MAX_ENTRIES = 1 << 24


def _table(name: str, values: Any, type: FixedType) -> Weight:
    return Weight(name, quantise_entries(values, type, name), type, values, values, Encoding.TABLE)


def check_table(weight: Weight, name: str, where: str) -> None:
    """Check that a weight is a table of one axis, of this name."""
    if weight.encoding is not Encoding.TABLE or len(weight.shape) != 1 or not weight.raw.size or weight.name != name:
        raise ShapeError(
            f"{where}: {name} must be a table of shape (entries,), got {weight.name!r} of shape {weight.shape}"
        )


def function_table(name: str, function: str, entries: int, type: FixedType) -> Weight:
    """Table of a function of the index alone.

    Parameters
    ----------
    name
        Slot of the layer.
    function
        ``sigmoid``, ``tanh``, ``softplus``, ``softsign``, ``elu``, ``selu``, ``legacy_exponential``,
        ``legacy_inverse``.
    entries
        Size of the table.
    type
        Format of an entry.

    Raises
    ------
    UnsupportedError
        For a size that is not in 1 to 2**24.
    """
    from isobit import _core

    if not 1 <= entries <= MAX_ENTRIES:
        raise UnsupportedError(f"{name} has {entries} entries; supported: 1 to {MAX_ENTRIES}")
    return _table(name, _core.table_values(function, entries), type)


def inverse_root_table(name: str, entries: int, epsilon_power: int, range_power: int, type: FixedType) -> Weight:
    """Table of 1 / sqrt(x) from ``10**-epsilon_power`` on, a step of ``2**-range_power / entries`` after the other.

    ``init_invert_sqr_table`` in nnet_layernorm.h, whose float operations are exactly rounded everywhere; parameters
    and errors as for :func:`function_table`.
    """
    if not 1 <= entries <= MAX_ENTRIES:
        raise UnsupportedError(f"{name} has {entries} entries; supported: 1 to {MAX_ENTRIES}")
    first, step = np.float32(10.0**-epsilon_power), np.float32(2.0**-range_power) / np.float32(entries)
    with np.errstate(divide="ignore"):
        values = 1.0 / np.sqrt(first + step * np.arange(entries, dtype=np.float32)).astype(np.float64)
    return _table(name, values, type)


def index_bits(name: str, entries: int, address: FixedType) -> int:
    """Bits of the index into a softmax's table: the top bits of a number.

    Parameters
    ----------
    name
        Slot of the table, for errors.
    entries
        Size of the table.
    address
        Format of the numbers that address it.

    Raises
    ------
    UnsupportedError
        For a size that is not a power of two, or one that needs more bits than the number has: hls4ml's firmware would
        then read beyond the table, or slice bits that do not exist.
    """
    bits = max(1, (entries - 1).bit_length())
    if entries != 1 << bits or bits > address.width or entries > MAX_ENTRIES:
        raise UnsupportedError(
            f"{name} has {entries} entries, addressed by the top bits of {address}; supported: powers of two from 2 to "
            f"2**{min(address.width, 24)} (hls4ml reads outside of other tables)"
        )
    if not bits - 120 <= address.integer <= 120:
        raise UnsupportedError(
            f"{name} is addressed by numbers of {address}, beyond what a float holds; supported: {bits - 120} to 120 "
            "integer bits"
        )
    return bits


def exponential_table(
    name: str, entries: int, address: FixedType, scale: float, distances: bool, type: FixedType
) -> Weight:
    """Table of exponentials for the top bits of numbers (``init_exp_table``).

    Parameters
    ----------
    name, entries, type
        As for :func:`function_table`.
    address
        Format of the numbers.
    scale
        Factor of the exponent.
    distances
        Whether the numbers are distances from the largest one, whose negative is the exponent.
    """
    from isobit import _core

    bits = index_bits(name, entries, address)
    return _table(name, _core.softmax_exponentials(address.integer, address.signed, bits, scale, distances), type)


def inverse_table(name: str, entries: int, address: FixedType, type: FixedType) -> Weight:
    """Table of 1 / x for the top bits of numbers (``init_invert_table``); parameters as above."""
    from isobit import _core

    bits = index_bits(name, entries, address)
    return _table(name, _core.softmax_inverses(address.integer, address.signed, bits), type)
