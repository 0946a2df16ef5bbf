"""Does a proof notice a mutant of the law? The value that refutes it is tried on the mutant itself."""

from __future__ import annotations

import shutil
import tempfile
import types
from collections.abc import Sequence
from pathlib import Path

from definition import Target
from law_cpp import INCLUDE, CppTerms
from mutants import Mutant
from proofs import Case, Refutation, Refuted, prove_cpp, prove_python

from isobit.fixed import law
from isobit.fixed.modes import Overflow

__all__ = ["CASES", "NotReproduced", "refute"]

Cases = Sequence[tuple[int, int]]
#: Small, and enough: every N of four bits, the one-bit formats of B4, shifts both ways and none.
CASES: Cases = [(width, shift) for width in (4, 1) for shift in (2, 0, -2, 1)]


class NotReproduced(Exception):
    """A refutation whose value, computed by the mutant, is the law's result after all."""


def _expected(found: Refutation) -> int:
    """What the law gives for the value of a refutation (law.py, on Python's integers)."""
    v, shift, t = found.values["v"], found.case.shift, found.target
    if t is None:
        return int(law.round_shift(v, shift, int(found.rounding)))
    return int(law.cast(v, shift, t.width, t.signed, int(found.rounding), int(t.overflow), t.n))


def _refute_python(mutant: Mutant, cases: Cases) -> str | None:
    module = types.ModuleType("mutant")
    exec(compile(mutant.source, mutant.name, "exec"), module.__dict__)
    for width, shift in cases:
        try:
            prove_python(Case(8, width, shift), module, stop_at_first=True)
        except Refuted as refuted:
            found: Refutation = refuted.args[0]
            v, t = found.values["v"], found.target
            if t is None:
                computed = int(module.round_shift(v, shift, int(found.rounding)))
            else:
                computed = int(module.cast(v, shift, t.width, t.signed, int(found.rounding), int(t.overflow), t.n))
            if computed == _expected(found):
                raise NotReproduced(f"{mutant.name}: {found}") from None
            return f"{found} gives {computed}, not {_expected(found)}"
        except (TypeError, ValueError, IndexError, NameError) as error:
            return f"raises {type(error).__name__}: {error}"
    return None


def _refute_cpp(mutant: Mutant, cases: Cases) -> str | None:
    with tempfile.TemporaryDirectory() as scratch:
        include = Path(scratch) / "include"
        shutil.copytree(INCLUDE, include)
        (include / "isobit" / "law.hpp").write_text(mutant.source)
        try:
            cpp = CppTerms(Path(scratch), include)
        except RuntimeError:
            return "does not compile"
        for width, shift in cases:
            try:
                prove_cpp(Case(64, width, shift), cpp, stop_at_first=True)
            except Refuted as refuted:
                found: Refutation = refuted.args[0]
                if found.claim.endswith("is defined"):
                    return f"undefined behaviour: {found}"
                t = found.target or _any_target(width)
                computed = cpp.value(shift, found.rounding, t, found.values["v"])[found.target is not None]
                if computed == _expected(found):
                    raise NotReproduced(f"{mutant.name}: {found}") from None
                return f"{found} gives {computed}, not {_expected(found)}"
    return None


def _any_target(width: int) -> Target:
    return Target(width, True, Overflow.WRAP)


def refute(mutant: Mutant, cases: Cases = CASES) -> str | None:
    """Prove a mutant for some (target width, shift): how the proof fails, or None if it holds in all cases."""
    return _refute_cpp(mutant, cases) if mutant.law == "law.hpp" else _refute_python(mutant, cases)
