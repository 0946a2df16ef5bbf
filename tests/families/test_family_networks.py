"""Networks of moved, merged and rectified numbers: every road gives the bits of hls4ml's C-simulation."""

from __future__ import annotations

import os

import pytest
from comparison import compare_roads
from family_networks import FAMILIES, build

FRESH = int(os.environ["ISOBIT_FRESH_SEED"])


@pytest.mark.hls4ml
@pytest.mark.csim
@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", [*range(1, 5), pytest.param(FRESH, id=f"fresh-{FRESH}")])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_road_gives_the_bits_of_csim(family: str, seed: int) -> None:
    """tools/families_run.py takes many more (families_run.json)."""
    what, subject, data = build(family, seed)
    result = compare_roads(subject, data)
    assert not result.differences, "\n".join([what, *result.differences])
    assert result.values > 0
    print(f"{what}: {result.values} values in {result.layers} layers compared, 0 differ")
