"""The law, exhaustively: source and target widths up to 4, every mode, every alignment, every value; zero differences.

All three laws against AMD's headers, built with -DNDEBUG. Widths up to 8 are in test_law_golden.py.
"""

from __future__ import annotations

import grid
import numpy as np
import pytest
import vendor
from laws import CppLaw, definition, differences, vectorised

from isobit import FixedType, Rounding

WIDTH = 4
CHUNKS = list(grid.walk(WIDTH))


def test_grid_holds_what_it_promises() -> None:
    every = [t for job in CHUNKS for t in grid.targets(*job)]
    assert len(set(every)) == len(every) == 84 + 105 + 2 * 126
    for width in range(1, WIDTH + 1):
        shifts = {c.shift for c in grid.cells(width, WIDTH) if c.width == WIDTH}
        assert shifts == set(range(-width - 2, WIDTH + 3))
    for cell in grid.cells(3, WIDTH):
        assert sorted(cell.values) == list(range(cell.source.raw_min, cell.source.raw_max + 1))


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize(("width", "signed", "rounding"), CHUNKS, ids=lambda v: getattr(v, "name", str(v)))
def test_exhaustive(width: int, signed: bool, rounding: Rounding, cpp_law: CppLaw, record_property) -> None:
    table = vendor.run_table(width, signed, rounding, WIDTH)
    assert not table.refused, f"the headers exit or trap on {len(table.refused)} casts: {table.refused[:5]}"
    by_cpp = cpp_law.apply(table.targets, WIDTH)
    failures, compared = [], 0
    for target, expected, cpp in zip(table.targets, table.results, by_cpp, strict=True):
        by_vector = grid.apply(vectorised, target, WIDTH)
        by_definition = grid.apply(definition, target, WIDTH)
        for name, found in (("law.py", by_vector), ("reference", by_definition), ("law.hpp", cpp)):
            compared += expected.size
            failures.append(differences(name, target, WIDTH, expected, found))
    record_property("casts_compared", compared)
    print(f"{compared} casts compared over {len(table.targets)} formats")
    assert not any(failures), "\n".join(filter(None, failures))


def test_native_and_wide_integers_agree(cpp_law: CppLaw) -> None:
    """law.hpp over int128 gives what it gives over int64 (checked against the oracle above)."""
    targets = [t for w in (1, 3, 4) for s in (False, True) for q in Rounding for t in grid.targets(w, s, q)]
    for target, narrow, wide in zip(targets, cpp_law.apply(targets, 3), cpp_law.apply(targets, 3, 128), strict=True):
        assert np.array_equal(narrow, wide), differences("int128", target, 3, narrow, wide)


def test_object_arrays_agree_with_int64() -> None:
    for job in grid.walk(WIDTH):
        for target in grid.targets(*job):
            narrow = grid.apply(vectorised, target, WIDTH)
            wide = grid.apply(lambda raw, shift, t: vectorised(raw.astype(object), shift, t), target, WIDTH)
            assert np.array_equal(narrow, wide), differences("object arrays", target, WIDTH, narrow, wide)


def test_fixed_array_cast_is_the_law() -> None:
    """FixedArray.cast hands the law what it should, and copies raw where source and target are one type."""
    from isobit import FixedArray

    for job in grid.walk(3):
        for target in grid.targets(*job):
            flat = grid.apply(vectorised, target, 3)
            begin = 0
            for cell in grid.cells(target.width, 3):
                found = FixedArray.from_raw(cell.values, cell.source).cast(target).raw & 0xFF
                assert np.array_equal(found, flat[begin : begin + cell.values.size]), f"{cell.source} -> {target}"
                begin += cell.values.size


def test_any_binary_point(cpp_law: CppLaw) -> None:
    """A cast knows two binary points only by their distance: the reference, with both moved."""
    from isobit.engines.reference import law as reference

    rng = np.random.default_rng(20260101)
    for _ in range(500):
        width, integer, bits = (int(v) for v in rng.integers((1, -6, 1), (9, 14, 9)))
        move, shift = (int(v) for v in rng.integers(-20, 21, 2))
        here = FixedType(width, integer, True, int(rng.integers(7)), int(rng.integers(5)))
        there = FixedType(width, integer + move, True, here.rounding, here.overflow)
        raw = int(rng.integers(-(1 << bits), 1 << bits))
        results = {
            reference.cast(raw, FixedType.from_bits(bits + 1, fraction=t.fraction + shift, signed=True), t)
            for t in (here, there)
        }
        assert len(results) == 1, (raw, shift, here, there, results)
