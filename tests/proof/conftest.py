"""What the proofs share: law.hpp as terms, mutants of the laws, and how much was proven."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "law"))  # mutants.py

from law_cpp import CppTerms
from proofs import Tally


@pytest.fixture(scope="session")
def cpp_terms(tmp_path_factory: pytest.TempPathFactory) -> CppTerms:
    """law.hpp with a symbolic integer, one program per worker."""
    return CppTerms(tmp_path_factory.mktemp("cpp_terms"))


@pytest.fixture
def hold(record_property: Callable[[str, object], None]) -> Callable[[str, Tally], None]:
    """Demand that a proof succeeded, and report its size (see the summary in tests/conftest.py)."""

    def check(what: str, tally: Tally) -> None:
        assert not tally.refutations, f"{len(tally.refutations)} refuted:\n" + "\n".join(
            f"  {r}" for r in tally.refutations[:5]
        )
        assert tally.proven
        record_property("proven", [what, tally.proven, tally.queries])

    return check
