"""What AMD's headers gave, as committed: hashes of the exhaustive grid to 8 bits, and casts of wide formats.

Both files are made by tools/law_exhaustive.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import grid
import laws
import numpy as np
import numpy.typing as npt

from isobit.fixed import law
from isobit.fixed.types import FixedType

__all__ = ["HASHES", "WIDE", "WIDTH", "WideCase", "by_law", "expected", "hashes", "wide"]

HERE = Path(__file__).resolve().parent
HASHES = HERE / "exhaustive_8.json"
WIDE = HERE / "golden_wide.json"
WIDTH = 8


@functools.cache
def hashes() -> dict[str, str]:
    """SHA-256 of the vendor's grid per target format."""
    return dict(json.loads(HASHES.read_text())["sha256"])


@functools.cache
def expected(target: FixedType, max_source: int) -> npt.NDArray[np.uint8]:
    """Give the vendor's grid of a target for narrower sources: recomputed by law.py, vouched for by the vendor's hash.

    Raises
    ------
    AssertionError
        If law.py does not give the vendor's hash.
    """
    whole = grid.apply(laws.vectorised, target, WIDTH)
    assert grid.digest(whole) == hashes()[str(target)], f"law.py differs from the headers for {target}"
    return whole[: grid.points(target.width, max_source).raw.size]


@dataclass(frozen=True)
class WideCase:
    """Casts of one wide format into another, by the headers."""

    source: FixedType
    target: FixedType
    values: tuple[int, ...]
    results: tuple[int, ...]

    @property
    def shift(self) -> int:
        """Fraction bits dropped."""
        return self.source.fraction - self.target.fraction

    def fits(self, bits: int) -> bool:
        """Tell whether law.hpp can do it on signed integers of ``bits`` + 1 bits."""
        return self.source.width - self.source.signed <= bits and self.target.width <= bits


@functools.cache
def wide() -> tuple[WideCase, ...]:
    """Give the golden casts of wide formats."""
    rows = json.loads(WIDE.read_text())["casts"]
    parse = FixedType.parse
    return tuple(
        WideCase(parse(r["source"]), parse(r["target"]), tuple(map(int, r["raw"])), tuple(map(int, r["result"])))
        for r in rows
    )


def by_law(
    case: WideCase,
    apply: Callable[[npt.NDArray[Any], int, FixedType], npt.NDArray[Any]] = laws.vectorised,
    module: ModuleType = law,
) -> list[int]:
    """Cast a golden case as FixedArray does: on int64 where the law's module allows it, else on Python integers."""
    narrow = hasattr(module, "int64_domain") and module.int64_domain(case.source.width, case.shift, case.target.width)
    raw = np.array(case.values, dtype=np.int64 if narrow else object)
    return [int(v) for v in apply(raw, case.shift, case.target)]
