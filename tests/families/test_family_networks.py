"""Networks of moved, merged, rectified and recurrent numbers: every road gives the bits of hls4ml's C-simulation.

tools/families_run.py takes many more (runs/).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from comparison import compare_roads
from family_networks import Rejected, build

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

FRESH = int(os.environ["ISOBIT_FRESH_SEED"])
#: Draws until one is not rejected: at most two of three are.
TRIES = 40
SEEDS = [*range(6), pytest.param(FRESH, id=f"fresh-{FRESH}")]


def built(family: str, seed: int) -> tuple[str, Any, Any]:
    """The first network from this seed on that is not rejected; each that is takes tenths of a second."""
    for other in range(seed, seed + TRIES * 1_000_000, 1_000_000):
        try:
            return build(family, other)
        except Rejected as reason:
            print(f"{family} {other}: {reason}")
    raise AssertionError(f"{TRIES} networks of the family {family} were rejected, from seed {seed} on")


def check(family: str, seed: int) -> None:
    what, subject, data = built(family, seed)
    result = compare_roads(subject, data)
    assert not result.differences, "\n".join([what, *result.differences])
    assert result.values > 0
    print(f"{what}: {result.values} values in {result.layers} layers compared, 0 differ")


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_moved_numbers(seed: int) -> None:
    check("shape", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_merged_numbers(seed: int) -> None:
    check("merge", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_rectified_numbers(seed: int) -> None:
    check("elementwise", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_scalar_products(seed: int) -> None:
    check("dot", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_recurrent_numbers(seed: int) -> None:
    check("recurrent", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_by_index(seed: int) -> None:
    check("embedding", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_normalised_numbers(seed: int) -> None:
    check("layernorm", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_tables_of_every_number(seed: int) -> None:
    check("unary_lut", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_steps_of_sequences(seed: int) -> None:
    check("time_distributed", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_sets_of_vertices(seed: int) -> None:
    check("garnet", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_branches_that_meet(seed: int) -> None:
    check("mixed", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_convolutions(seed: int) -> None:
    check("convolution", seed)


@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize("seed", SEEDS)
def test_adder_trees(seed: int) -> None:
    check("distributed", seed)
