"""Multipliers: how many an FPGA has to build, and in how many DSP48E2 slices.

The counts are those of hls4ml's own limits (``multiplier_limit`` of a layer's configuration: ``ceil(n / RF) -
floor(zeros / RF)``), and reproduce the published DSPs of the muon students. A DSP48E2 multiplies 27 x 18 signed bits
(AMD UG579).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isobit.fixed.types import FixedType

__all__ = ["NARROW_BITS", "dsp_slices", "multipliers"]

#: Widths of the two ports of a DSP48E2's multiplier, signed (AMD UG579).
_PORTS = (27, 18)
#: Vitis HLS builds products with an operand of fewer bits in LUTs.
NARROW_BITS = 10


def _signed_bits(kind: FixedType) -> int:
    """Bits as a signed number."""
    return kind.width + (not kind.signed)


def dsp_slices(data: FixedType, weight: FixedType) -> int:
    """DSP48E2 slices of one product; 0 where it is built in LUTs.

    Parameters
    ----------
    data, weight
        Formats of the factors.
    """
    a, b = _signed_bits(data), _signed_bits(weight)
    if min(data.width, weight.width) < NARROW_BITS:
        return 0
    return min(_tiles(a, wide) * _tiles(b, narrow) for wide, narrow in (_PORTS, _PORTS[::-1]))


def _tiles(bits: int, port: int) -> int:
    """Parts of a signed number: every part below the uppermost is unsigned, and leaves the port's sign bit unused."""
    return 1 if bits <= port else 1 + -(-(bits - port) // (port - 1))


def multipliers(raw: Any, reuse_factor: int) -> int:
    """Multipliers of constant weights that are multiplied in ``reuse_factor`` turns.

    Parameters
    ----------
    raw
        Raw integers of the weights. Zeros need no multiplier. Powers of two need none either where each weight has a
        multiplier of its own (reuse factor 1), because its product is then a shift.
    reuse_factor
        Products per multiplier and event.
    """
    magnitudes = [abs(int(value)) for value in np.asarray(raw).ravel()]
    if reuse_factor == 1:
        return sum(value & (value - 1) != 0 for value in magnitudes)
    zeros = magnitudes.count(0)
    return -(-len(magnitudes) // reuse_factor) - zeros // reuse_factor
