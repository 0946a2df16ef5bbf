"""law.py is the definition: its very functions, run on symbolic integers, for all values of the source.

Sources of up to 32 bits of both signs; target widths, shifts (also beyond every width) as listed. A larger grid was
proven once: report.md, made by tools/prove_law.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proofs import Case, Tally, prove_int64, prove_python

WIDTHS = (1, 2, 3, 8, 18, 32)
SHIFTS = (-33, -1, 0, 1, 2, 5, 16, 32, 33, 34, 70)


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=4)
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_law_py_is_the_definition(width: int, shift: int, hold: Callable[[str, Tally], None]) -> None:
    hold("law.py", prove_python(Case(32, width, shift)))


@pytest.mark.turn(2)
@pytest.mark.parametrize(("width", "shift"), [(61, -60), (61, 0), (18, 1), (61, 5), (32, 61), (61, 64), (8, 1000)])
def test_within_its_domain_nothing_leaves_int64(width: int, shift: int, hold: Callable[[str, Tally], None]) -> None:
    """So the same functions on int64 (NumPy, Numba) compute what they compute on Python's integers."""
    hold("law.py on int64", prove_int64(Case(61, width, shift)))
