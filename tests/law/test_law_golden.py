"""Widths up to 8: isobit's laws against the hashes that AMD's headers gave in the run made once (exhaustive_8.json).

All formats by law.py and by law.hpp, a sample by the reference; ``tools/law_exhaustive.py --verify`` does all by all.
"""

from __future__ import annotations

import json
import os
import random

import golden
import grid
import numpy as np
import pytest
import vendor
from laws import CppLaw, definition, vectorised

from isobit import FixedType, Rounding

CHUNKS = list(grid.walk(golden.WIDTH))


def _compare(name: str, rows: list[tuple[FixedType, np.ndarray]]) -> None:
    wrong = [str(target) for target, found in rows if grid.digest(found) != golden.hashes()[str(target)]]
    casts = sum(found.size for _, found in rows)
    print(f"{name}: {casts} casts over {len(rows)} formats")
    assert not wrong, (
        f"{name}: {len(wrong)} of {len(rows)} hashes differ from the headers'; the first five: {wrong[:5]}"
    )


def test_the_run_was_complete() -> None:
    report = json.loads(golden.HASHES.read_text())
    every = [t for job in CHUNKS for t in grid.targets(*job)]
    assert list(report["sha256"]) == [str(t) for t in every]
    assert report["casts"] == sum(grid.points(t.width, golden.WIDTH).raw.size for t in every)
    assert report["refused_or_trapped"] == []
    assert report["versions"]["ap_types_sha256"] == vendor.versions()["ap_types_sha256"], (
        "other headers than the hashes'"
    )


@pytest.mark.parametrize("rounding", Rounding)
def test_law_py(rounding: Rounding) -> None:
    targets = [t for job in CHUNKS if job[2] is rounding for t in grid.targets(*job)]
    _compare("law.py", [(t, grid.apply(vectorised, t, golden.WIDTH)) for t in targets])


@pytest.mark.csim
@pytest.mark.parametrize("rounding", Rounding)
def test_law_hpp(rounding: Rounding, cpp_law: CppLaw) -> None:
    targets = [t for job in CHUNKS if job[2] is rounding for t in grid.targets(*job)]
    _compare("law.hpp", list(zip(targets, cpp_law.apply(targets, golden.WIDTH), strict=True)))


@pytest.mark.oracle(sample=2)
@pytest.mark.parametrize("part", range(4))
def test_reference_sample(part: int) -> None:
    every = [t for job in CHUNKS for t in grid.targets(*job)]
    targets = random.Random(part).sample(every, 10)
    _compare("reference", [(t, grid.apply(definition, t, golden.WIDTH)) for t in targets])


@pytest.mark.turn(3)
@pytest.mark.csim
def test_vendor_sample() -> None:
    """The committed hashes are what the headers give here, too: two formats anew, drawn by the run's seed."""
    draw = random.Random(os.environ["ISOBIT_FRESH_SEED"])
    table = vendor.run_targets(draw.sample(grid.targets(*draw.choice(CHUNKS)), 2), golden.WIDTH)
    assert not table.refused
    _compare("the headers", list(zip(table.targets, table.results, strict=True)))


@pytest.mark.parametrize("law", [vectorised, definition], ids=["law.py", "reference"])
def test_wide(law) -> None:  # type: ignore[no-untyped-def]
    for case in golden.wide():
        found = golden.by_law(case, law)
        wrong = [(v, f, e) for v, f, e in zip(case.values, found, case.results, strict=True) if f != e]
        assert not wrong, f"{case.source} -> {case.target}: {len(wrong)} differ; raw, found, expected: {wrong[:5]}"


@pytest.mark.csim
def test_core_is_the_law(cpp_law: CppLaw) -> None:
    """The compiled ``isobit._core`` carries the same law.hpp: the grid of 4 bits, by hash-checked values."""
    from isobit import _core

    def by_core(raw: np.ndarray, shift: int, target: FixedType) -> np.ndarray:
        modes = int(target.rounding), int(target.overflow), target.saturation_bits
        source = _core.Format(60, 60 - shift, True, int(Rounding.TRN), 3, 0, False)
        to = _core.Format(target.width, target.integer, target.signed, *modes, False)
        return np.asarray(_core.cast(raw, source, to))

    for job in grid.walk(4):
        for target in grid.targets(*job):
            assert np.array_equal(grid.apply(by_core, target, 4), golden.expected(target, 4)), str(target)
