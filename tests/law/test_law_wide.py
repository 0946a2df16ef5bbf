"""Beyond the exhaustive grid: wide formats, the edges of int64, Numba, object arrays, random formats of all sizes."""

from __future__ import annotations

from typing import Any

import grid
import numba
import numpy as np
import pytest
from casts import OPTIMISED, PLAIN, Case, run_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import CppLaw, definition, differences, modes, vectorised
from numba.extending import register_jitable
from samples import random_target, wide_cases

from isobit import FixedArray, FixedType, Overflow, Rounding
from isobit.engines.reference import law as reference
from isobit.fixed import law
from tiers import drawn

for function in (law.round_shift, law.overflow):
    register_jitable(function)


@numba.njit(cache=False)
def _compiled(raw, shift, width, signed, rounding, mode, n, out):  # type: ignore[no-untyped-def]
    for i in range(raw.size):
        out[i] = _cast(raw[i], shift, width, signed, rounding, mode, n)


_cast = numba.njit(law.cast)


def by_numba(raw: np.ndarray, shift: int, target: FixedType) -> np.ndarray:
    out = np.empty_like(raw)
    _compiled(raw, law.int64_shift(shift), *modes(target), out)
    return out


def _explain(name: str, case: Case, found: list[Any], expected: list[int]) -> str:
    wrong = [(v, f, e) for v, f, e in zip(case.values, found, expected, strict=True) if f != e]
    if not wrong:
        return ""
    head = f"{name}: {case.source} -> {case.target}: {len(wrong)} of {len(expected)} differ; raw, found, expected:"
    return "\n  ".join([head, *map(str, wrong[:5])])


@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("seed", range(4))
def test_wide_formats(seed: int, cpp_law: CppLaw) -> None:
    """Widths to 200 bits: reference, law.py (by FixedArray) and law.hpp (to 127 bits) against the headers."""
    cases = wide_cases(1000 + seed, 20, 64, (90, 127, 150, 200)[seed])
    failures, compared = [], 0
    native: list[tuple[Case, list[int]]] = []
    for case, expected in zip(cases, run_cases(cases, PLAIN), strict=True):
        assert case.source is not None
        values = [int(v) for v in case.values]
        by_array = [
            int(v) for v in FixedArray.from_raw(np.array(values, dtype=object), case.source).cast(case.target).raw
        ]
        by_definition = [reference.cast(v, case.source, case.target) for v in values]
        failures += [_explain("law.py", case, by_array, expected), _explain("reference", case, by_definition, expected)]
        compared += 2 * len(values)
        if case.target.width <= 127 and case.source.width - case.source.signed <= 127:
            native.append((case, expected))
    jobs = [(c.target, list(c.values), c.source.fraction - c.target.fraction) for c, _ in native if c.source]
    for (case, expected), found in zip(native, cpp_law.cast(jobs, 128), strict=True):
        failures.append(_explain("law.hpp", case, [int(v) for v in found], expected))
        compared += len(expected)
    print(f"{compared} casts compared, {len(native)} of {len(cases)} formats by law.hpp")
    assert len(native) >= 3
    assert not any(failures), "\n".join(filter(None, failures))


@pytest.mark.turn(3)
@pytest.mark.csim
def test_headers_give_the_same_bits_optimised() -> None:
    """hls4ml compiles its C simulation with -O3, the grid here is made with -O0: same bits."""
    cases = drawn(wide_cases(7, 25, 3, 70), 10)
    assert run_cases(cases, PLAIN) == run_cases(cases, OPTIMISED)


@pytest.mark.parametrize("rounding", Rounding)
def test_numba_equals_numpy_on_the_grid(rounding: Rounding) -> None:
    for width, signed in ((1, True), (2, False), (3, True), (4, True), (4, False)):
        for target in grid.targets(width, signed, rounding):
            expected = grid.apply(vectorised, target, 4)
            found = grid.apply(by_numba, target, 4)
            assert np.array_equal(expected, found), differences("Numba", target, 4, expected, found)


@pytest.mark.parametrize("seed", range(4))
def test_edges_of_int64(seed: int, cpp_law: CppLaw) -> None:
    """61 bits of source, of shifted source and of target; right shifts to 100: int64 is exact up to its stated edge."""
    rng = np.random.default_rng(2000 + seed)
    jobs, failures = [], []
    for shift in (*range(101), *range(-60, 0)):
        target = random_target(rng, 1, law.INT64_BITS)
        bits = law.INT64_BITS - max(0, -shift)
        assert law.int64_domain(bits, shift, target.width)
        assert not law.int64_domain(bits + 1, shift, target.width)
        edge = 1 << bits
        powers = {p for p in (bits - 1, bits // 2, min(shift, bits) - 1, 0) if p >= 0}
        near = [edge - d for d in range(3)] + [(1 << p) + d for p in powers for d in (-1, 0, 1)]
        noise = [int(v) for v in rng.integers(-edge, edge, 20, endpoint=True)]
        raw = np.array([v for k in {*near, *noise} for v in (k, -k) if abs(v) <= edge], dtype=np.int64)
        jobs.append((target, raw, shift))
        expected = definition(raw, shift, target)
        for name, found in (
            ("NumPy", vectorised(raw, shift, target)),
            ("Numba", by_numba(raw, shift, target)),
            ("objects", vectorised(raw.astype(object), shift, target)),
        ):
            case = Case(None, target, tuple(raw.tolist()))
            failures.append(_explain(f"{name}, shift {shift}", case, list(found), list(expected)))
    for (target, raw, shift), found in zip(jobs, cpp_law.cast(jobs), strict=True):
        case = Case(None, target, tuple(raw.tolist()))
        failures.append(_explain(f"law.hpp, shift {shift}", case, list(found), list(definition(raw, shift, target))))
    assert not any(failures), "\n".join(filter(None, failures))


@st.composite
def casts(draw: st.DrawFn) -> tuple[int, int, FixedType]:
    """Draw raw value, shift and target, of up to 127 bits."""
    width = draw(st.integers(1, 127))
    signed = draw(st.booleans())
    mode = draw(st.sampled_from([m for m in Overflow if signed or m is not Overflow.WRAP_SM]))
    n = draw(st.integers(0, width)) if mode in (Overflow.WRAP, Overflow.WRAP_SM) else 0
    target = FixedType(width, draw(st.integers(-200, 200)), signed, draw(st.sampled_from(Rounding)), mode, n)
    bits = draw(st.integers(1, 126))
    shift = draw(st.integers(-width - 3, bits + 3))
    near = (1 << draw(st.integers(0, bits))) * draw(st.sampled_from((1, -1, 3, -3))) + draw(st.integers(-1, 1))
    raw = draw(st.one_of(st.integers(-(1 << bits), 1 << bits), st.just(near)))
    return raw, shift, target


@settings(derandomize=True, max_examples=60, deadline=None)
@given(batch=st.lists(casts(), min_size=1, max_size=50))
def test_three_laws_agree_at_any_width(batch: list[tuple[int, int, FixedType]], cpp_law: CppLaw) -> None:
    by_cpp = cpp_law.cast([(target, [raw], shift) for raw, shift, target in batch], 128)
    for (raw, shift, target), cpp in zip(batch, by_cpp, strict=True):
        value = np.array([raw], dtype=object)
        results = {
            "reference": int(definition(value, shift, target)[0]),
            "law.py": int(vectorised(value, shift, target)[0]),
            "law.hpp": int(cpp[0]),
        }
        assert len(set(results.values())) == 1, f"raw {raw}, shift {shift}, {target}: {results}"
        assert target.raw_min <= results["reference"] <= target.raw_max
