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
from proofs import Case, Refutation, Refuted, conventions, prove_conventions, prove_cpp, prove_python

from isobit.engines.reference import law as reference
from isobit.fixed import law
from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

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
        return _refute_conventions(cpp)


def _refute_conventions(cpp: CppTerms) -> str | None:
    try:
        prove_conventions(cpp, stop_at_first=True)
    except Refuted as refuted:
        found: Refutation = refuted.args[0]
        raw = found.values["v"]
        low, high = -(2**6), 2**6 - 1  # values of the source formats, which the reference needs
        given = [(s, t, r) for s, t, _ in conventions() for r in (raw, -3, low, high) if s[0].signed or r >= 0]
        for source, target, value in given:
            types = [_type(*source), _type(*target)]
            if types[0].raw_min <= value <= types[0].raw_max:
                computed, expected = cpp.taken(source, target, value), reference.cast(value, *types)
                if computed != expected:
                    return f"{found}; {value} of {types[0]} to {types[1]} gives {computed}, not {expected}"
        raise NotReproduced(str(found)) from None
    return None


def _type(t: Target, mode: Rounding, integer: int, is_int: bool) -> FixedType:
    if is_int:
        return FixedType.int_type(t.width, signed=t.signed)
    return FixedType(t.width, integer, t.signed, mode, t.overflow, t.n)


def _any_target(width: int) -> Target:
    return Target(width, True, Overflow.WRAP)


def refute(mutant: Mutant, cases: Cases = CASES) -> str | None:
    """Prove a mutant for some (target width, shift): how the proof fails, or None if it holds in all cases."""
    return _refute_cpp(mutant, cases) if mutant.law == "law.hpp" else _refute_python(mutant, cases)
