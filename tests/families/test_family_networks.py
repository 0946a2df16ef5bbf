"""Networks of moved, merged, rectified and recurrent numbers: every road gives the bits of hls4ml's C-simulation.

Some of those that tools/families_run.py took once (runs/), others in each run, and a fresh one.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from comparison import compare_roads
from family_networks import Rejected, build

pytestmark = [pytest.mark.hls4ml, pytest.mark.csim]

FRESH = int(os.environ["ISOBIT_FRESH_SEED"])
RUNS = Path(__file__).parent / "runs"
#: Draws of a fresh network until one is not rejected: two of three are, in the worst family.
TRIES = 40
NUMBERS = [*range(6), pytest.param(None, id=f"fresh-{FRESH}")]


def recorded(family: str) -> list[int]:
    """Seeds of the networks that tools/families_run.py compared; each run of the tests begins with others."""
    path = RUNS / f"{family}.json"
    run = json.loads(path.read_text()) if path.exists() else {"seeds": [0, -1], "rejected": []}  # of a new family
    first, last = run["seeds"]
    seeds = sorted({*range(first, last + 1)} - {one["seed"] for one in run["rejected"]})
    return random.Random(f"{FRESH} {family}").sample(seeds, len(seeds))


def a_network(family: str, first: int) -> tuple[str, Any, Any]:
    """The first network from this seed on that is not rejected; each that is takes tenths of a second."""
    for seed in range(first, first + TRIES * 1_000_000, 1_000_000):
        try:
            return build(family, seed)
        except Rejected as reason:
            print(f"{family} {seed}: {reason}")
    raise AssertionError(f"{TRIES} networks of the family {family} were rejected, from seed {first} on")


def check(family: str, number: int | None) -> None:
    what, subject, data = a_network(family, FRESH if number is None else [*recorded(family), *range(6)][number])
    result = compare_roads(subject, data)
    assert not result.differences, "\n".join([what, *result.differences])
    assert result.values > 0
    print(f"{what}: {result.values} values in {result.layers} layers compared, 0 differ")


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_moved_numbers(number: int | None) -> None:
    check("shape", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_merged_numbers(number: int | None) -> None:
    check("merge", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_rectified_numbers(number: int | None) -> None:
    check("elementwise", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_scalar_products(number: int | None) -> None:
    check("dot", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_recurrent_numbers(number: int | None) -> None:
    check("recurrent", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_rows_by_index(number: int | None) -> None:
    check("embedding", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_normalised_numbers(number: int | None) -> None:
    check("layernorm", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_tables_of_every_number(number: int | None) -> None:
    check("unary_lut", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_steps_of_sequences(number: int | None) -> None:
    check("time_distributed", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_sets_of_vertices(number: int | None) -> None:
    check("garnet", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_branches_that_meet(number: int | None) -> None:
    check("mixed", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_convolutions(number: int | None) -> None:
    check("convolution", number)


@pytest.mark.oracle(sample=1, ci=3)
@pytest.mark.parametrize("number", NUMBERS)
def test_adder_trees(number: int | None) -> None:
    check("distributed", number)
