"""What is proven of each law, case by case: every value at once, by a query that has no answer.

A case is a size of the source, a target's width and a number of dropped fraction bits (negative: gained); it covers
every rounding mode, every overflow mode with its saturation bits, signed and unsigned targets. The source is one
unknown that ranges over all values of every narrower format, signed or unsigned: none is left out.

The proof of a cast has two steps. First, that the law's ``round_shift`` gives the one integer that the definition
admits; then, that its ``cast`` folds that very integer as the definition says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from definition import Target, folds, rounded, rounds
from exact import Integer, Truth, counterexample, observe, variable
from law_cpp import CppTerms, Format, between_line, cast_line, round_line

from isobit.fixed import law
from isobit.fixed.modes import Overflow, Rounding

__all__ = [
    "Case",
    "Refutation",
    "Refuted",
    "Tally",
    "conventions",
    "dropped",
    "prove_conventions",
    "prove_cpp",
    "prove_int64",
    "prove_python",
    "targets",
]


@dataclass(frozen=True)
class Case:
    """Source size (see the provers), width of the target, fraction bits dropped."""

    bits: int
    width: int
    shift: int

    def __str__(self) -> str:
        return f"{self.bits} to {self.width} bits, shift {self.shift}"


@dataclass(frozen=True)
class Refutation:
    """A value for which a law is not as claimed; ``target`` is None where its rounding is wrong already."""

    claim: str
    case: Case
    rounding: Rounding
    target: Target | None
    values: dict[str, int]

    def __str__(self) -> str:
        return f"{self.claim}: {self.case}, {self.rounding.name}, {self.target or 'rounding'}: {self.values}"


class Refuted(Exception):
    """A proof that was to stop at the first refutation; that is its argument."""


@dataclass
class Tally:
    """How much has been proven, by how many runs of the solver: a statement of equal terms is asked once."""

    stop_at_first: bool = False
    proven: int = 0
    queries: int = 0
    paths: int = 0
    refutations: list[Refutation] = field(default_factory=list)
    _asked: dict[tuple[int, int], tuple[Truth, Truth]] = field(default_factory=dict, repr=False)

    def claim(self, what: Refutation, assumed: Truth, claimed: Truth, **show: Integer) -> None:
        """Prove one statement for the case of ``what``, or note the values that refute it."""
        key = (assumed.term.id(), claimed.term.id())
        if key not in self._asked:
            self.queries += 1
            values = counterexample(assumed, claimed, show)
            if values is not None:
                self.refutations.append(Refutation(what.claim, what.case, what.rounding, what.target, values))
                if self.stop_at_first:
                    raise Refuted(self.refutations[-1])
                return
            self._asked[key] = (assumed, claimed)  # kept alive: the numbers of terms are reused
        self.proven += 1

    def __iadd__(self, other: Tally) -> Tally:
        self.proven += other.proven
        self.queries += other.queries
        self.paths += other.paths
        self.refutations += other.refutations
        return self

    def forget(self) -> None:
        """Drop the terms: only the figures can go to another process."""
        self._asked.clear()

    def summary(self) -> str:
        paths = f", {self.paths} paths of the C++ source" if self.paths else ""
        return f"{self.proven} statements proven for all values by {self.queries} queries{paths}"


def targets(width: int) -> Iterator[Target]:
    """Every target of a width: both signs, all overflow modes, N in {0, 1, 2, 3, W} where there is an N."""
    for signed in (True, False):
        for mode in Overflow:
            if mode is Overflow.WRAP_SM and not signed:
                continue  # does not exist
            counts = sorted({n for n in (0, 1, 2, 3, width) if n <= width})
            for n in counts if mode in (Overflow.WRAP, Overflow.WRAP_SM) else [0]:
                yield Target(width, signed, mode, n)


def prove_python(case: Case, module: ModuleType = law, stop_at_first: bool = False) -> Tally:
    """Prove law.py (or a mutant) on unbounded integers, for every v with abs(v) <= 2**bits."""
    tally = Tally(stop_at_first)
    v, known = variable("v", -(2**case.bits), 2**case.bits)
    unrounded = v >> max(case.shift, 0) if case.shift > 0 else v << -case.shift
    for mode in Rounding:
        what = Refutation("round_shift is the definition's", case, mode, None, {})
        q = module.round_shift(v, case.shift, int(mode))
        tally.claim(what, known, rounds(v, case.shift, q, mode), v=v, result=q)
        for t in targets(case.width):
            result = module.cast(v, case.shift, t.width, t.signed, int(mode), int(t.overflow), t.n)
            what = Refutation("cast is the definition's", case, mode, t, {})
            tally.claim(what, known, folds(q, unrounded, t, result), v=v, q=q, result=result)
    return tally


def prove_int64(case: Case, module: ModuleType = law) -> Tally:
    """Prove that law.py's domain is one: within it no operation leaves int64, and the shift passed on is exact.

    The source has as many bits as ``int64_domain`` allows for the shift; ``case.bits`` is not looked at.
    """
    tally = Tally()
    bits = max(b for b in range(1, 64) if module.int64_domain(b, case.shift, case.width))
    shift = module.int64_shift(case.shift)
    v, known = variable("v", -(2**bits), 2**bits)
    for mode in Rounding:
        what = Refutation("a bounded shift is exact", case, mode, None, {})
        q = module.round_shift(v, shift, int(mode))
        tally.claim(what, known, rounds(v, case.shift, q, mode), v=v, result=q)
        for t in targets(case.width):
            steps: list[tuple[Integer, int]] = []
            observe(lambda result, amount, steps=steps: steps.append((result, amount)))  # type: ignore[misc]
            try:
                module.cast(v, shift, t.width, t.signed, int(mode), int(t.overflow), t.n)
            finally:
                observe(None)
            what = Refutation("no step leaves int64", case, mode, t, {})
            fits = Truth(all(amount < 64 for _, amount in steps))
            for result, _ in steps:
                if not -(2**63) <= result.low <= result.high < 2**63:  # the interval alone does not tell
                    fits = fits & (result >= -(2**63)) & (result < 2**63)
            tally.claim(what, known, fits, v=v)
    return tally


def prove_cpp(case: Case, cpp: CppTerms, stop_at_first: bool = False) -> Tally:
    """Prove law.hpp (or a mutant) on the integer of 64 or 128 bits: every v of it, and that nothing is undefined."""
    tally, always, shift = Tally(stop_at_first), Truth(True), case.shift
    roundings = cpp.terms([round_line(case.bits, shift, mode) for mode in Rounding])
    for mode, given in zip(Rounding, roundings, strict=True):
        tally.claim(Refutation("round_shift is defined", case, mode, None, {}), always, given.defined, v=given.v)
        what = Refutation("round_shift is the definition's", case, mode, None, {})
        right = rounds(given.v, shift, given.result, mode)
        if shift <= 0:  # exact, modulo 2**bits; cast does not use it
            q = given.v << -shift
            right = folds(q, q, Target(case.bits, True, Overflow.WRAP), given.result)
        tally.claim(what, always, right, v=given.v, result=given.result)
        every = list(targets(case.width))
        for t, found in zip(every, cpp.terms([cast_line(case.bits, shift, mode, t) for t in every]), strict=True):
            q = given.result if shift > 0 else found.v << -shift
            unrounded = found.v >> shift if shift > 0 else q
            tally.claim(Refutation("cast is defined", case, mode, t, {}), always, found.defined, v=found.v)
            what = Refutation("cast is the definition's", case, mode, t, {})
            tally.claim(what, always, folds(q, unrounded, t, found.result), v=found.v, q=q, result=found.result)
            tally.paths += found.paths
    return tally


def conventions() -> Iterator[tuple[Format, Format, Rounding | None]]:
    """Pairs of formats with the rounding that C++ gives their assignment; None: the bits are copied."""
    symmetric = (Target(7, True, Overflow.SAT_SYM), Rounding.RND, 3, False)
    yield symmetric, symmetric, None
    kinds = ((7, True), (7, False), (3, False))  # ap_int<7>, the same as ap_fixed, one with fraction bits
    for signed, integer, (whole, is_int) in itertools.product((True, False), (-2, 0, 1, 5), kinds):
        source = (Target(12, signed, Overflow.SAT), Rounding.RND_INF, integer, False)
        target = (Target(7, True, Overflow.WRAP), Rounding.TRN_ZERO, whole, is_int)
        yield source, target, Rounding.TRN if is_int and signed and integer == 0 else Rounding.TRN_ZERO  # B13


def dropped(source: Format, target: Format) -> int:
    """Fraction bits of the source minus those of the target."""
    return (source[0].width - source[2]) - (target[0].width - target[2])


def prove_conventions(cpp: CppTerms, stop_at_first: bool = False) -> Tally:
    """Prove ``cast_between`` of law.hpp for the pairs of :func:`conventions`, for every v of 64 bits."""
    tally = Tally(stop_at_first)
    for source, target, mode in conventions():
        found = next(cpp.terms([between_line(64, source, target)]))
        shift = dropped(source, target)
        what = Refutation("a format's own convention", Case(64, 7, shift), mode or Rounding.TRN, target[0], {})
        if mode is None:
            known, claim = Truth(True), found.result == found.v
        else:
            q, known = rounded("q", found.v, shift, mode)
            claim = folds(q, q, target[0], found.result)
        tally.claim(what, known, claim & found.defined, v=found.v, result=found.result)
    return tally
