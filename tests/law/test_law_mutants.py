"""The comparison bites: a seeded sample of mutants of each law is noticed (all of them: tools/mutate_laws.py)."""

from __future__ import annotations

import random

import judging
import mutants
import pytest

#: How many mutants of each law are the sample.
SAMPLE = {"law.py": 5, "reference": 5, "law.hpp": 2}


@pytest.mark.parametrize("law", mutants.LAWS)
def test_there_are_enough(law: str) -> None:
    every = mutants.mutants(law)
    equivalent = mutants.equivalents().get(law, {})
    names = {m.name for m in every}
    assert len(names) == len(every)
    assert len(names - set(equivalent)) >= 150
    assert not set(equivalent) - names, "explained mutants that no longer exist: run tools/mutate_laws.py"


@pytest.mark.turn(2)
@pytest.mark.parametrize("law", mutants.LAWS)
def test_the_law_itself_passes(law: str) -> None:
    assert judging.judge(mutants.Mutant(law, "none", 0, mutants.LAWS[law].read_text())) is None


@pytest.mark.csim
@pytest.mark.oracle(sample=3)
@pytest.mark.parametrize(("law", "number"), [(law, number) for law, count in SAMPLE.items() for number in range(count)])
def test_mutant_is_noticed(law: str, number: int) -> None:
    mutant = random.Random(20260101).sample(mutants.mutants(law), SAMPLE[law])[number]
    noticed = judging.judge(mutant)
    reason = mutants.equivalents().get(mutant.law, {}).get(mutant.name)
    assert noticed or reason, f"survived: {law}, line {mutant.line}, {mutant.name}"
