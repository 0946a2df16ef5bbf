"""LUT and FF from bits of logic and registers: a factor for each, fitted to published designs (``tools/fit_cost.py``).

``fabric.json`` holds the factors, the designs that they were fitted to, and the errors on designs that they were not
fitted to, which give the ranges.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from isobit.cost.report import Estimate

__all__ = ["FACTORS", "factors", "ff", "lut"]

FACTORS = Path(__file__).with_name("fabric.json")
#: How far bits of adders lie below and above the LUTs of 20 published designs with distributed arithmetic.
ADDER_ERRORS = (-0.12, 0.03)


@cache
def factors() -> dict[str, Any]:
    """What was fitted."""
    found: dict[str, Any] = json.loads(FACTORS.read_text())
    return found


def _estimate(kind: str, bits: float) -> Estimate:
    fitted = factors()[kind]
    value = bits * fitted["factor"]
    return Estimate(round(value / (1 + fitted["error"])), round(value), round(value * (1 + fitted["error"])))


def lut(bits: float, adder_bits: float = 0.0) -> Estimate:
    """LUTs of so many bits of adders, multiplexers, and products in LUTs, and of adders in trees.

    Parameters
    ----------
    bits
        Without those of trees.
    adder_bits
        Of trees of distributed arithmetic: a LUT each.
    """
    rest = _estimate("lut", bits)
    low, high = (adder_bits / (1 + error) for error in reversed(ADDER_ERRORS))
    return Estimate(round(rest.low + low), round(rest.value + adder_bits), round(rest.high + high))


def ff(bits: float) -> Estimate:
    """Flip-flops of so many bits of registers."""
    return _estimate("ff", bits)
