"""The comparison that has to notice a mutant: what the tests compare, against what the vendor's headers gave.

The expected values are law.py's own grid, after its hashes have been found equal to those of AMD's headers
(exhaustive_8.json), and golden_wide.json, which the headers made.
"""

from __future__ import annotations

import functools
import itertools
import random
import shutil
import signal
import subprocess
import tempfile
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import golden
import grid
import laws
import numpy as np
import numpy.typing as npt
import vendor
from mutants import Mutant

from isobit.fixed.modes import Overflow, Rounding
from isobit.fixed.types import FixedType

__all__ = ["judge"]

TIMEOUT_S = 120.0


class TooSlow(Exception):
    """A mutant that does not end."""


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Of the process's own time, which a busy machine does not stretch."""

    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@functools.cache
def _samples() -> tuple[tuple[FixedType, int, npt.NDArray[np.uint8]], ...]:
    """Targets, the greatest width of their sources, the vendor's bytes: all of up to 4 bits, then some wider."""
    small = [t for job in grid.walk(4) for t in grid.targets(*job)]
    wide = [t for job in grid.walk(golden.WIDTH) if job[0] > 4 for t in grid.targets(*job)]
    order = random.Random(1)
    order.shuffle(small)
    chosen = [(t, 4) for t in small] + [(t, 7) for t in order.sample(wide, 6)]
    return tuple((t, m, golden.expected(t, m)) for t, m in chosen)


def _judge_python(apply: Callable[[npt.NDArray[Any], int, FixedType], npt.NDArray[Any]], module: Any) -> str | None:
    for target, max_source, expected in _samples():
        if report := laws.differences("mutant", target, max_source, expected, grid.apply(apply, target, max_source)):
            return report
    for case in golden.wide():
        found = golden.by_law(case, apply, module)
        if found != list(case.results):
            return f"{case.source} -> {case.target}: {found[:3]} expected {list(case.results[:3])}"
    return _judge_edges(module) if hasattr(module, "int64_domain") else _judge_overflows(module)


def _judge_overflows(module: Any) -> str | None:
    """Check the reference's public ``overflows`` against the format's own bounds."""
    for target in (t for job in grid.walk(3) for t in grid.targets(*job)):
        for integer in range(-10, 11):
            if module.overflows(integer, target) == (target.min <= integer * target.lsb <= target.max):
                return f"overflows({integer}, {target}) is wrong"
    return _judge_whole_numbers(module)


def _judge_whole_numbers(module: Any) -> str | None:
    """Check what an ``ap_int``, and nothing else, takes from numbers with -1, 0 or 1 integer bits (B13)."""
    whole, fixed = FixedType.int_type(5), FixedType(5, 5, True, Rounding.TRN_ZERO)
    for integer, signed in itertools.product((-1, 0, 1), (False, True)):
        source = FixedType(3, integer, signed)
        for raw in range(source.raw_min, source.raw_max + 1):
            toward_zero = 0 if integer < 1 else int(raw / 4)
            down = signed and integer == 0 and raw < 0
            if module.cast(raw, source, whole) != (-1 if down else toward_zero):
                return f"{raw} of {source} -> {whole} is wrong"
            if module.cast(raw, source, fixed) != toward_zero or module.cast(raw, source, source) != raw:
                return f"{raw} of {source} -> {fixed} is wrong"
    symmetric = FixedType(3, 3, True, Rounding.TRN, Overflow.SAT_SYM)
    if module.cast(symmetric.raw_min, symmetric, symmetric) != symmetric.raw_min:
        return "a copy within one format is not a copy"
    return None


def _judge_edges(module: Any) -> str | None:
    """Compare law.py at the edge of its domain, as test_law_wide.test_edges_of_int64 does."""
    bits = laws.law.INT64_BITS
    for shift in (-60, -1, 0, 1, 2, 60, 61, 62, 63, 64, 100):
        room = bits - max(0, -shift)
        if not module.int64_domain(room, shift, bits) or module.int64_domain(room + 1, shift, bits):
            return f"the domain's edge moved at shift {shift}"
        raw = np.array([(1 << room), -(1 << room), (1 << room) - 1, 1, -1], dtype=np.int64)
        for target in (t for q in Rounding for s in (False, True) for t in grid.targets(3, s, q)):
            expected, found = laws.definition(raw, shift, target), laws.vectorised(raw, shift, target, module)
            if not np.array_equal(expected, found):
                return f"int64, shift {shift} -> {target}: {found.tolist()} expected {expected.tolist()}"
    return None


def _judge_cpp(mutant: Mutant) -> str | None:
    with tempfile.TemporaryDirectory() as scratch:
        include = Path(scratch) / "include"
        shutil.copytree(laws.INCLUDE, include)
        (include / "isobit" / "law.hpp").write_text(mutant.source)
        try:
            law = laws.CppLaw(Path(scratch), include, ("-std=c++14", "-w", "-O0"))
        except vendor.OracleError:
            return "does not compile"
        samples = _samples()
        jobs = []
        for target, max_source, _ in samples:
            points = grid.points(target.width, max_source)
            jobs.append((target, points.raw, points.shift))
        native = [c for c in golden.wide() if c.fits(127)]
        wide = [(c.target, c.values, c.shift) for c in native]
        try:
            for (target, limit, expected), found in zip(samples, law.cast(jobs, 64, TIMEOUT_S), strict=True):
                bytes_ = (found & 0xFF).astype(np.uint8)
                if report := laws.differences("mutant", target, limit, expected, bytes_):
                    return report
            for case, found in zip(native, law.cast(wide, 128, TIMEOUT_S), strict=True):
                if [int(v) for v in found] != list(case.results):
                    return f"{case.source} -> {case.target}: wide values differ"
        except subprocess.SubprocessError as error:
            return f"fails: {type(error).__name__}"
    return None


def judge(mutant: Mutant) -> str | None:
    """Compare a mutant as the tests compare the law: how it was noticed, or None if it survived."""
    if mutant.law == "law.hpp":
        return _judge_cpp(mutant)
    module: Any = types.ModuleType("mutant")
    try:
        with _limit(TIMEOUT_S), np.errstate(all="ignore"):
            exec(compile(mutant.source, mutant.name, "exec"), module.__dict__)
            adapter = laws.vectorised if mutant.law == "law.py" else laws.definition
            return _judge_python(lambda raw, shift, target: adapter(raw, shift, target, module), module)
    except TooSlow:
        return f"does not end within {TIMEOUT_S:.0f} s"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
