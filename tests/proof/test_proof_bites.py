"""The proofs fail where they must: mutants of the laws are refuted, by values for which they really differ.

tools/prove_law.py refutes all mutants; here is a seeded sample.
"""

from __future__ import annotations

import random

import mutants
import pytest
import refuting

#: How many mutants of each law are the sample.
SAMPLE = {"law.py": 14, "law.hpp": 4}


def _mutant(law: str, number: int) -> mutants.Mutant:
    """Give one of the sample: mutants of the functions that are proven, none of them known to be equivalent."""
    known = mutants.equivalents().get(law, {})
    proven = [m for m in mutants.mutants(law) if m.name not in known and not m.name.startswith("int64_")]
    return random.Random(20260307).sample(proven, SAMPLE[law])[number]


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("number", range(SAMPLE["law.py"]))
def test_mutant_of_law_py_is_refuted(number: int) -> None:
    mutant = _mutant("law.py", number)
    assert refuting.refute(mutant), f"proven: {mutant.name}"


@pytest.mark.csim
@pytest.mark.oracle(sample=1)
@pytest.mark.parametrize("number", range(SAMPLE["law.hpp"]))
def test_mutant_of_law_hpp_is_refuted(number: int) -> None:
    mutant = _mutant("law.hpp", number)
    assert refuting.refute(mutant), f"proven: {mutant.name}"


@pytest.mark.turn(3)
@pytest.mark.csim
@pytest.mark.parametrize(("law", "cases"), [("law.py", refuting.CASES), ("law.hpp", [(1, 2), (4, -2)])])
def test_the_law_itself_is_not_refuted(law: str, cases: refuting.Cases) -> None:
    assert refuting.refute(mutants.Mutant(law, "none", 0, mutants.LAWS[law].read_text()), cases) is None
