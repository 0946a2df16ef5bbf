"""Single values to get right, and every known quirk of the headers: each shown on the headers and on isobit's laws."""

from __future__ import annotations

import functools
from fractions import Fraction

import grid
import numpy as np
import pytest
import vendor
from casts import OPTIMISED, PLAIN, Case, refusals, run_cases
from laws import CppLaw, vectorised

from isobit import FixedArray, FixedType, Rounding
from isobit.engines.reference import law as reference
from isobit.errors import FormatError

WIDE = FixedType(60, 30)  # source of the casts: holds every value below

TIES = {
    "RND": (-1, 0, 1, 2),
    "RND_ZERO": (-1, 0, 0, 1),
    "RND_MIN_INF": (-2, -1, 0, 1),
    "RND_INF": (-2, -1, 1, 2),
    "RND_CONV": (-2, 0, 0, 2),
    "TRN": (-2, -1, 0, 1),
    "TRN_ZERO": (-1, 0, 0, 1),
}
WRAPPED = {
    ("WRAP", 9): (-7, 1, 5, 7),
    ("WRAP", -9): (7, -1, -5, -7),
    ("WRAP_SM", 9): (6, 6, 6, 6),
    ("WRAP_SM", 12): (3, 3, 4, 7),
    ("WRAP_SM", -12): (-5, -5, -5, -8),
}
#: (type, value, result)
VALUES: list[tuple[str, float, float]] = [
    *(
        (f"ap_fixed<8,8,{q}>", x, y)
        for q, row in TIES.items()
        for x, y in zip((-1.5, -0.5, 0.5, 1.5), row, strict=True)
    ),
    *((f"ap_fixed<4,4,TRN,{o},{n}>", x, y) for (o, x), row in WRAPPED.items() for n, y in enumerate(row)),
    # to even at the target's LSB, not at the units
    ("ap_fixed<6,5,RND_CONV>", 0.25, 0.0),
    ("ap_fixed<6,5,RND_CONV>", 0.75, 1.0),
    ("ap_fixed<6,5,RND_CONV>", 1.25, 1.0),
    # rounding up leaves the range
    ("ap_fixed<4,2,RND,WRAP>", 1.9375, -2.0),
    ("ap_fixed<4,2,RND,SAT>", 1.9375, 1.75),
    ("ap_fixed<4,2,RND,SAT_ZERO>", 1.9375, 0.0),
    ("ap_fixed<4,4,TRN,SAT_SYM>", -8, -7),
    ("ap_fixed<1,1>", 1, -1),
    ("ap_ufixed<4,4,TRN,WRAP,2>", 18, 14),
    # more integer bits than bits, and fewer than none
    ("ap_fixed<4,6>", 10, 8),
    ("ap_fixed<4,6,RND>", 10, 12),
    ("ap_fixed<4,6>", -1, -4),
    ("ap_fixed<4,6,TRN_ZERO>", -1, 0),
    ("ap_fixed<4,-2>", 0.25, 0),
    ("ap_fixed<4,-2,TRN,SAT>", 0.25, 0.109375),
    ("ap_fixed<1,-7>", 1 / 256, -1 / 256),  # UG1399's own example says 1/256
    ("ap_int<8>", -1.5, -1),
    ("ap_fixed<8,8>", -1.5, -2),
    ("ap_fixed<8,4,TRN,SAT>", 8, 7.9375),  # d = -d of the minimum
    # the quirks that isobit keeps
    ("ap_ufixed<4,4,TRN,WRAP,2>", -3, 13),  # B2: SystemC has 1
    ("ap_fixed<4,4,RND,WRAP_SM>", 7.5, 7),  # B3
    ("ap_fixed<1,1,TRN,SAT_SYM>", -1, -1),  # B4: SystemC has 0
    ("ap_fixed<1,1,TRN,SAT_SYM>", -7, -1),
    ("ap_fixed<1,1,TRN,SAT_SYM>", 7, 0),
]
TINY = [
    ("ap_fixed<8,4>", -1e-300, -0.0625),
    ("ap_fixed<8,4,RND>", -1e-300, 0.0),
    ("ap_fixed<8,4,TRN_ZERO>", -1e-300, 0.0),
]


def _raws(rows: list[tuple[str, float, float]]) -> list[tuple[FixedType, float, int]]:
    return [(t := FixedType.parse(name), x, int(Fraction(y) / t.lsb)) for name, x, y in rows]


@pytest.mark.parametrize(("name", "value", "expected"), [*VALUES, *TINY])
def test_value(name: str, value: float, expected: float) -> None:
    target = FixedType.parse(name)
    assert FixedArray.from_float(value, target).to_float() == expected
    assert reference.quantise(Fraction(value), target) * target.lsb == expected
    if (name, value, expected) not in TINY:
        source = FixedArray.from_raw(int(Fraction(value) / WIDE.lsb), WIDE)
        assert source.cast(target).to_float() == expected


def test_values_by_the_cpp_law(cpp_law: CppLaw) -> None:
    rows = _raws(VALUES)
    jobs = [(t, [int(Fraction(x) / WIDE.lsb)], WIDE.fraction - t.fraction) for t, x, _ in rows]
    for bits in (64, 128):
        found = [int(r[0]) for r in cpp_law.cast(jobs, bits)]
        wrong = [(str(t), x, got, y) for (t, x, y), got in zip(rows, found, strict=True) if got != y]
        assert not wrong, f"{len(wrong)} wrong (type, value, found, expected): {wrong[:5]}"


@pytest.mark.turn(3)
@pytest.mark.oracle(sample=1)
@pytest.mark.csim
@pytest.mark.parametrize("flags", [PLAIN, OPTIMISED], ids=["O0", "O2"])
def test_values_by_the_headers(flags: tuple[str, ...]) -> None:
    rows, tiny = _raws(VALUES), _raws(TINY)
    cases = [Case(None, t, (x,)) for t, x, _ in rows + tiny]
    cases += [Case(WIDE, t, (int(Fraction(x) / WIDE.lsb),)) for t, x, _ in rows]
    expected = [y for _, _, y in rows + tiny + rows]
    found = [r[0] for r in run_cases(cases, flags)]
    wrong = [(str(c.target), c, got, y) for c, got, y in zip(cases, found, expected, strict=True) if got != y]
    assert not wrong, f"{len(wrong)} wrong (case, found, expected): {wrong[:5]}"


def test_same_type_is_a_raw_copy() -> None:
    """SAT_SYM never yields -8 from a cast, but a copy or a raw write keeps it."""
    target = FixedType.parse("ap_fixed<4,4,TRN,SAT_SYM>")
    minimum = FixedArray.from_raw([-8], target)
    assert minimum.cast(target).raw[0] == -8 == reference.cast(-8, target, target)
    other = FixedType.parse("ap_fixed<4,4,RND,SAT_SYM>")
    assert minimum.cast(other).raw[0] == -7 == reference.cast(-8, target, other)


@pytest.mark.csim
def test_same_type_is_a_raw_copy_in_the_headers() -> None:
    sym, other = (FixedType.parse(f"ap_fixed<4,4,{q},SAT_SYM>") for q in ("TRN", "RND"))
    assert run_cases([Case(sym, sym, (-8, 7)), Case(sym, other, (-8, 7))]) == [[-8, 7], [-7, 7]]


CODE = 'ap_fixed<4,4,AP_RND> x = ap_fixed<4,-4>(-0.01); std::printf("%d", x.to_int());'
UNSIGNED_WRAP_SM = [
    f"ap_ufixed<4,4,AP_TRN,AP_WRAP_SM> x = {source};" for source in ("ap_fixed<4,4>(1)", "1.5", "ap_ufixed<5,4>(1)")
]


@pytest.mark.csim
def test_b1_rounding_away_the_whole_source_aborts_without_ndebug() -> None:
    asserting = [flag for flag in PLAIN if flag != "-DNDEBUG"]
    (status, text), truncated = refusals([CODE, CODE.replace("AP_RND", "AP_TRN")], asserting)
    assert status < 0
    assert "beyond MSB" in text
    assert truncated == (0, "-1")
    assert refusals([CODE, *UNSIGNED_WRAP_SM])[0] == (0, "0")


@pytest.mark.csim
def test_b1_exactly_the_casts_that_drop_more_than_the_source_abort() -> None:
    """Without -DNDEBUG. With it each gives a value (test_law.py), the same as here where it does not abort."""
    flags = tuple(flag for flag in vendor.FAST if flag != "-DNDEBUG")
    table = vendor.run_table(1, True, Rounding.RND, 2, flags)
    deep = [cell for cell in grid.cells(1, 2) if cell.shift > cell.width]
    names = [f"{cell.source} -> {target}: status -6" for target in table.targets for cell in deep]
    assert table.refused == names
    kept = ~np.isin(grid.points(1, 2).cell, [i for i, cell in enumerate(grid.cells(1, 2)) if cell in deep])
    for target, result in zip(table.targets, table.results, strict=True):
        assert np.array_equal(result[kept], grid.apply(vectorised, target, 2)[kept])


@pytest.mark.csim
def test_unsigned_wrap_sm_is_refused() -> None:
    for status, text in refusals([CODE, *UNSIGNED_WRAP_SM])[1:]:
        assert status == 1
        assert "cannot support AP_WRAP_SM" in text
    with pytest.raises(FormatError, match="WRAP_SM"):
        FixedType.parse("ap_ufixed<4,4,AP_TRN,AP_WRAP_SM>")


INTS = [FixedType.int_type(w, signed=s) for w in (1, 3, 4, 6, 9, 64) for s in (True, False)]
#: Every source with an integer bit, and the unsigned one without.
SOURCES = [*(FixedType(4, i, s) for i in (1, 2, 3, 4, 5, 7) for s in (True, False)), FixedType(4, 0, False)]


@functools.cache
def _by_headers() -> dict[FixedType, list[tuple[Case, list[int]]]]:
    """What the headers make of every value of the sources; one program."""
    cases = [Case(s, target, tuple(range(s.raw_min, s.raw_max + 1))) for s in SOURCES for target in INTS]
    found: dict[FixedType, list[tuple[Case, list[int]]]] = {source: [] for source in SOURCES}
    for case, results in zip(cases, run_cases(cases, per_unit=len(cases)), strict=True):
        assert case.source is not None
        found[case.source].append((case, results))
    return found


@pytest.mark.csim
@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_fixed_to_int(source: FixedType) -> None:
    """Fixed point to ap_int: toward zero, then wrap."""
    rows = _by_headers()[source]
    assert [case.target for case, _ in rows] == INTS
    for case, expected in rows:
        found = FixedArray.from_raw(list(case.values), source).cast(case.target).raw.tolist()
        wrong = [(v, f, e) for v, f, e in zip(case.values, found, expected, strict=True) if f != e]
        assert not wrong, f"{source} -> {case.target}: {len(wrong)} differ; raw, found, expected: {wrong[:5]}"


@pytest.mark.csim
@pytest.mark.parametrize("flags", [PLAIN, OPTIMISED], ids=["O0", "O2"])
def test_b13_signed_without_integer_bits_to_int(flags: tuple[str, ...]) -> None:
    """Quirk: ``ap_fixed<W,0>`` below zero becomes -1, not 0: the increment toward zero happens in a 1-bit integer."""
    source = FixedType(4, 0)
    values = tuple(range(-8, 8))
    header = [-1 if v < 0 else 0 for v in values]
    results = run_cases([Case(source, FixedType.int_type(w), values) for w in (1, 4, 9)], flags)
    assert results == [header] * 3


@pytest.mark.csim
def test_b9_fewer_than_no_integer_bits_to_int_is_undefined() -> None:
    """``to_ap_int_base`` leaves its result unset for I < 0: no oracle there; isobit truncates toward zero (UG1399)."""
    text = (vendor.headers() / "ap_fixed_base.h").read_text()
    body = text[text.index("to_ap_int_base(\n") :]
    body = body[: body.index("return ret;")]
    assert "_AP_I == 0" in body
    assert "_AP_I > 0 && _AP_I <= _AP_W" in body
    assert "_AP_I > _AP_W" in body
    assert "_AP_I < 0) {" not in body
    for source in (FixedType(4, -1), FixedType(4, -3, False)):
        values = list(range(source.raw_min, source.raw_max + 1))
        assert not FixedArray.from_raw(values, source).cast(FixedType.int_type(4)).raw.any()
